"""Trains a TCNChunker by a recipe."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from dilatednets.data import column_folder, conll2000, ewt, snips
from dilatednets.data.columns import TaggedSentence
from dilatednets.data.sentence_batches import SentenceBatches
from dilatednets.data.tag_schemes import repairs, spans
from dilatednets.data.word_vectors import read_word_vectors
from dilatednets.errors import InputError
from dilatednets.training.chunk_scoring import score
from dilatednets.training.chunking_recipe import ChunkingRecipe
from dilatednets.training.data_parallel import check_batch
from dilatednets.training.epoch_end import EpochEnd, Goal, tensorboard
from dilatednets.training.fitting import adamw, data_of
from dilatednets.training.run_folder import RunFolder
from dilatednets.training.schedules import averaging, warm_cosine
from dilatednets.zoo.tcn_chunker import TCNChunker
from dilatednets.zoo.word_features import WordFeatures

READERS: dict[str, Callable[[str | os.PathLike[str], str], Sequence[TaggedSentence]]] = {
    "conll2000": conll2000.load,
    "snips": snips.load,
    "columns": column_folder.load,
}


def train(recipe: ChunkingRecipe, data_dir: str | os.PathLike[str], output: str, resume: bool = False) -> Path:
    """As `dilatednets.training.fit.train`, for a TCNChunker."""
    keras.utils.set_random_seed(recipe.training.seed)
    sentences, held_out, more = load(recipe, data_dir)
    model = build_model(recipe, sentences, more)
    batches = make_batches(model, recipe, [*sentences, *more])
    check_batch("training.batch_size", recipe.training.batch_size)
    run = RunFolder(Path(output), recipe, resume)
    compile_model(model, recipe, batches.steps_per_epoch * recipe.training.epochs)
    callback = EpochEnd(
        model,
        recipe,
        run,
        Goal("f1", lambda net: evaluate_sentences(net, held_out), higher_is_better=True, unit="F1"),
        ("training.learning_rate", recipe.training.learning_rate),
        recipe.training.epochs,
        evaluate_every=recipe.training.evaluate_every,
    )
    first = callback.restore()
    if first < recipe.training.epochs:
        model.fit(
            data_of(batches, first),
            epochs=recipe.training.epochs,
            initial_epoch=first,
            steps_per_epoch=batches.steps_per_epoch,
            callbacks=[callback, *tensorboard(run.path)],
            shuffle=False,
            verbose=2,
        )
    return run.path / "best"


def load(
    recipe: ChunkingRecipe, data_dir: str | os.PathLike[str]
) -> tuple[list[TaggedSentence], list[TaggedSentence], list[TaggedSentence]]:
    """The recipe's sentences: to train on, to choose by, and more that teach parts of speech alone."""
    read = READERS[recipe.data.reader]
    if recipe.data.more_pos and not recipe.data.more_pos_dir:
        raise InputError(
            f"data.more_pos_dir: missing; name the folder of {recipe.data.more_pos} by --set data.more_pos_dir=DIR, or "
            "learn without it by --set data.more_pos="
        )
    more = ewt.load(recipe.data.more_pos_dir, "train") if recipe.data.more_pos else ()
    return list(read(data_dir, "train")), list(read(data_dir, "validation")), list(more)


def build_model(
    recipe: ChunkingRecipe, sentences: Sequence[TaggedSentence], more: Sequence[TaggedSentence] = ()
) -> TCNChunker:
    """The recipe's model, untrained or from `init`; words, labels and parts of speech come from the sentences.

    Raises:
        InputError: for sentences without tags, or without parts of speech where the recipe asks for them.
    """
    net = asdict(recipe.net)
    labels = sorted({span.label for sentence in sentences for span in spans(sentence.tags)})
    pos_tags = sorted({tag for sentence in sentences for tag in sentence.pos})
    if not labels:
        raise InputError(f"data.reader: {recipe.data.reader}: no span in its training sentences; give tagged ones")
    if not recipe.init and net["pos"] != "none" and not pos_tags:
        raise InputError(f"net.pos: {recipe.data.reader} has no parts of speech; set net.pos to none")
    start = TCNChunker.from_preset(recipe.init) if recipe.init else None
    length = net["word_channels"] if start is None else start.word_embedding.output_dim
    vectors = read_word_vectors(recipe.data.embeddings, length) if recipe.data.embeddings else {}
    features = WordFeatures.fit([sentence.words for sentence in (*sentences, *more)], extra=vectors)
    if start is None:
        model = TCNChunker(labels, **features.get_config(), pos_tags=pos_tags, dtype=recipe.training.dtype, **net)
    else:
        model = _from_preset(recipe, start, labels, pos_tags, features)
    if vectors:
        model.set_word_vectors(vectors)
    return model


def _from_preset(
    recipe: ChunkingRecipe, start: TCNChunker, labels: list[str], pos_tags: list[str], features: WordFeatures
) -> TCNChunker:
    """The model that the recipe starts from, with new words beside its own; it keeps its parts of speech if it has all."""
    if start.pos_embedding is not None and not pos_tags:
        raise InputError(
            f"init: {recipe.init} needs parts of speech, but {recipe.data.reader} has none; start from another"
        )
    own, new = start.features.get_config(), features.get_config()
    kept = ("scheme", "decoder", "input_dropout", "dropout", "pos_weight")
    return TCNChunker.from_preset(
        recipe.init,
        labels=labels,
        pos_tags=start.pos_tags if set(pos_tags) <= set(start.pos_tags) else pos_tags,
        dtype=recipe.training.dtype,
        **{name: list(dict.fromkeys([*own[name], *new[name]])) for name in own},
        **{name: getattr(recipe.net, name) for name in kept},
    )


def make_batches(
    model: TCNChunker, recipe: ChunkingRecipe, sentences: Sequence[TaggedSentence], seed: int | None = None
) -> SentenceBatches:
    """Training batches, by the recipe's seed or another; tags are converted to the model's scheme."""
    return SentenceBatches.of(
        model,
        sentences,
        recipe.training.batch_size,
        seed=recipe.training.seed if seed is None else seed,
        word_dropout=recipe.training.word_dropout,
        character_dropout=recipe.training.character_dropout,
        whole=keras.distribution.distribution() is not None,
    )


def compile_model(model: TCNChunker, recipe: ChunkingRecipe, steps: int) -> None:
    """AdamW with warm-up, cosine decay, clipping by norm and averaged weights."""
    training = recipe.training
    schedule = warm_cosine(training.learning_rate, training.final_learning_rate, steps, training.warmup_steps)
    optimizer = adamw(
        schedule,
        training.weight_decay,
        training.clip_norm,
        use_ema=True,
        ema_momentum=averaging(training.ema, steps),
    )
    model.compile(optimizer, jit_compile=keras.backend.backend() == "jax")
    optimizer.build(model.trainable_variables)


def evaluate_sentences(model: TCNChunker, sentences: Sequence[TaggedSentence]) -> dict[str, Any]:
    """Figures of a model on tagged sentences; see `dilatednets.training.evaluate`."""
    words = [sentence.words for sentence in sentences]
    pos = [sentence.pos for sentence in sentences] if model.pos_embedding is not None else None
    found = list(model.annotate(words, pos))
    scores = score([sentence.tags for sentence in sentences], [sentence.tags for sentence in found])
    kept = ("precision", "recall", "f1", "accuracy", "tokens", "by_label")
    result: dict[str, Any] = {name: scores[name] for name in kept}
    if model.pos_scores is not None and all(sentence.pos for sentence in sentences):
        pairs = [pair for a, b in zip(sentences, found, strict=True) for pair in zip(a.pos, b.pos, strict=True)]
        result["pos_accuracy"] = sum(a == b for a, b in pairs) / len(pairs)
    return result


def evaluate(
    model: TCNChunker, data_dir: str | os.PathLike[str], split: str, reader: str | None = None
) -> dict[str, Any]:
    """Figures of a model on a split of a data set.

    Args:
        model: The model.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set; None finds it by the model's labels.

    Raises:
        InputError: for bad data, or labels that the model does not know.
    """
    reader = reader or reader_of(model)
    if reader not in READERS:
        raise InputError(f"--reader: {reader}: a chunker's data sets are {', '.join(READERS)}")
    sentences = list(READERS[reader](data_dir, split))
    unknown = {span.label for sentence in sentences for span in spans(sentence.tags)} - set(model.labels)
    if unknown:
        raise InputError(
            f"{data_dir}: label {min(unknown)} is unknown to the model, which has {', '.join(model.labels)}; train it on "
            "sentences that have it, or name the data set by --reader"
        )
    repaired = sum(repairs(sentence.tags) for sentence in sentences)
    return {**evaluate_sentences(model, sentences), "sentences": len(sentences), "repaired": repaired, "split": split}


def reader_of(model: TCNChunker) -> str:
    """The data set that a model was made for, by its labels; "columns" if they are of no known one."""
    if {"NP", "VP", "PP"} <= set(model.labels):
        return "conll2000"
    return "snips" if model.tokenizer == "plain" else "columns"
