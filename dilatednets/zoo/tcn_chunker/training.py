"""Trains a TCNChunker by a recipe, and measures it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras

from dilatednets.data import column_folder, conll2000, ewt, snips
from dilatednets.data.columns import TaggedSentence, read_columns
from dilatednets.data.word_vectors import read_word_vectors
from dilatednets.errors import InputError
from dilatednets.rules import checked
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.recipe import FREE, Recipe
from dilatednets.zoo.tcn_chunker.scoring import score
from dilatednets.zoo.tcn_chunker.sentence_batches import SentenceBatches
from dilatednets.zoo.tcn_chunker.tag_schemes import SCHEMES, Scheme, convert, repairs, scheme_of, spans
from dilatednets.zoo.tcn_chunker.word_features import WordFeatures

READERS: dict[str, Callable[[str | os.PathLike[str], str], Sequence[TaggedSentence]]] = {
    "conll2000": conll2000.load,
    "snips": snips.load,
    "columns": column_folder.load,
}


class Task(BaseTask):
    """Tagged sentences, and the TCNChunker that learns them.

    Args:
        recipe: A recipe of a TCNChunker.
        data_dir: The data set's folder.

    Raises:
        InputError: for bad data, or a folder of more sentences that is missing.
    """

    goal = Goal("f1", "F1", higher_is_better=True)

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        self.sentences, self.held_out, self.more = load(recipe, data_dir)
        keras.utils.set_random_seed(recipe.training.seed)
        self.net = build_model(recipe, self.sentences, self.more)

    def model(self, schedule: Any, previous: Any) -> TCNChunker:
        """The recipe's model, which was made with the sentences: making it shows whether they fit."""
        return self.net

    def batches(self, model: TCNChunker, schedule: Any) -> SentenceBatches:
        """Sentences of similar length together; those that teach parts of speech alone, or are taught, are among them."""
        return make_batches(model, self.recipe, [*self.sentences * self.recipe.data.repeats, *self.more])

    def objective(self, model: TCNChunker, schedule: Any = None) -> dict[str, Any]:
        """Nothing besides the model's own loss."""
        return {}

    def amounts(self) -> dict[str, int]:
        """Words of the sentences."""
        training, held_out = (sum(len(s.words) for s in of) for of in ([*self.sentences, *self.more], self.held_out))
        return {"training_words": training, "validation_words": held_out}

    def evaluate(self, model: TCNChunker) -> dict[str, Any]:
        """Precision, recall and F1 of spans."""
        return evaluate_sentences(model, self.held_out)


def load(
    recipe: Recipe, data_dir: str | os.PathLike[str]
) -> tuple[list[TaggedSentence], list[TaggedSentence], list[TaggedSentence]]:
    """The recipe's sentences: to train on, to choose by, and more to train on: of parts of speech alone, or of a teacher."""
    data = recipe.data
    if data.more_pos and not data.more_pos_dir:
        raise InputError(
            f"data.more_pos_dir: missing; name the folder of {data.more_pos} by --set data.more_pos_dir=DIR, or "
            "learn without it by --set data.more_pos="
        )
    more = ewt.load(data.more_pos_dir, "train") if data.more_pos else []
    if data.taught:
        taught = data.taught.replace("{fold}", str(data.fold))
        if not os.path.isfile(taught):
            raise InputError(
                f"data.taught: {taught}: missing; docs/training.md says how tools/teach_chunks makes it, and how to learn "
                "without it"
            )
        more = [*more, *read_columns(taught)]

    def tagged(split: str) -> list[TaggedSentence]:
        try:
            return read(data_dir, split, data.reader, data.columns, data.scheme, data.fold)
        except InputError as error:
            if not str(error).startswith(("columns: ", "scheme: ")):
                raise
            raise InputError(f"data.{error}") from error

    return tagged("train"), tagged("validation"), more


def read(
    data_dir: str | os.PathLike[str],
    split: str,
    reader: str,
    columns: Sequence[str] = (),
    scheme: str = "",
    fold: int = 0,
) -> list[TaggedSentence]:
    """The sentences of a split, with tags in IOB2.

    Args:
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set.
        columns: What the columns of a folder of the reader "columns" hold, such as `["word", "pos", "-", "tag"]`; without
            any they are found by their number.
        scheme: The scheme of their tags; found by their letters, if it is not given.
        fold: The stretch of conll2000 that is validation.

    Raises:
        InputError: for bad data.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> read(sample("conll2000"), "test", "columns", ["word", "pos", "tag"])[0].tags[:3]
    ('B-NP', 'I-NP', 'B-VP')
    """
    if reader not in READERS:
        raise InputError(f"reader: {reader!r}: a chunker's data sets are {', '.join(READERS)}")
    if fold and reader != "conll2000":
        raise InputError("fold: only conll2000 has any; leave it out")
    if reader != "columns":
        for name, value in (("columns", columns), ("scheme", scheme)):
            if value:
                raise InputError(f"{name}: {reader} has its own; leave it out, or take the reader columns")
        return conll2000.load(data_dir, split, fold) if fold else list(READERS[reader](data_dir, split))
    if scheme:
        checked(scheme, Scheme, "scheme")
    sentences = column_folder.load(data_dir, split, columns, SCHEMES.get(scheme, column_folder.PREFIXES))
    scheme = scheme or scheme_of(tag for sentence in sentences for tag in sentence.tags)
    if scheme == "iob2":  # whose faults are counted
        return sentences
    return [replace(one, tags=tuple(convert(one.tags, scheme, "iob2"))) for one in sentences]


def build_model(recipe: Recipe, sentences: Sequence[TaggedSentence], more: Sequence[TaggedSentence] = ()) -> TCNChunker:
    """The recipe's model, untrained or from `init`; words, labels and parts of speech come from the sentences.

    Raises:
        InputError: for sentences without tags, or without parts of speech where the recipe asks for them.
    """
    labels = sorted({span.label for sentence in sentences for span in spans(sentence.tags)})
    pos_tags = sorted({tag for sentence in sentences for tag in sentence.pos})
    if not labels:
        raise InputError(f"data.reader: {recipe.data.reader}: no span in its training sentences; give tagged ones")
    if not recipe.init and recipe.net.pos != "none" and not pos_tags:
        raise InputError(f"net.pos: {recipe.data.reader} has no parts of speech; set net.pos to none")
    length = TCNChunker.preset_config(recipe.init)["word_channels"] if recipe.init else recipe.net.word_channels
    vectors = read_word_vectors(recipe.data.embeddings, length) if recipe.data.embeddings else {}
    words = [sentence.words for sentence in (*sentences, *more)]
    vocabulary = WordFeatures.fit(words, extra=vectors, rare_words=recipe.data.rare_words).get_config()
    if recipe.init:
        model = _from_preset(recipe, labels, pos_tags, vocabulary)
    else:
        net = vars(recipe.net)
        model = TCNChunker(labels, **vocabulary, pos_tags=pos_tags, dtype=recipe.training.dtype, **net)
    if vectors:
        model.set_word_vectors(vectors)
    return model


def _from_preset(recipe: Recipe, labels: list[str], pos_tags: list[str], vocabulary: Any) -> TCNChunker:
    """The model that the recipe starts from, with new words beside its own; it keeps its parts of speech if it has all."""
    start = TCNChunker.preset_config(recipe.init)
    if start["pos"] == "input" and not pos_tags:
        raise InputError(
            f"init: {recipe.init} needs parts of speech, but {recipe.data.reader} has none; start from another"
        )
    return TCNChunker.from_preset(
        recipe.init,
        labels=labels,
        pos_tags=start["pos_tags"] if set(pos_tags) <= set(start["pos_tags"]) else pos_tags,
        dtype=recipe.training.dtype,
        **{name: list(dict.fromkeys([*start[name], *new])) for name, new in vocabulary.items()},
        **{name: getattr(recipe.net, name) for name in FREE},
    )


def make_batches(
    model: TCNChunker, recipe: Recipe, sentences: Sequence[TaggedSentence], seed: int | None = None
) -> SentenceBatches:
    """Training batches, by the recipe's seed or another."""
    training = recipe.training
    return SentenceBatches(
        model,
        sentences,
        training.batch_size,
        training.seed if seed is None else seed,
        training.word_dropout,
        training.character_dropout,
        whole=keras.distribution.distribution() is not None,
    )


def evaluate_sentences(model: TCNChunker, sentences: Sequence[TaggedSentence]) -> dict[str, Any]:
    """Scores of a model on tagged sentences, and the accuracy of its parts of speech if it predicts them."""
    if not sentences:
        raise InputError("sentences: there are none to measure on; give some")
    pos = [sentence.pos for sentence in sentences]
    predicted = list(model.annotate([s.words for s in sentences], pos if model.pos_embedding is not None else None))
    scores = score([sentence.tags for sentence in sentences], [sentence.tags for sentence in predicted])
    figures = {name: scores[name] for name in ("precision", "recall", "f1", "accuracy", "tokens", "by_label")}
    if model.pos_scores is not None and all(pos):
        right = [a == b for true, own in zip(pos, predicted, strict=True) for a, b in zip(true, own.pos, strict=True)]
        figures["pos_accuracy"] = sum(right) / len(right)
    return figures


def evaluate(
    model: TCNChunker,
    data_dir: str | os.PathLike[str],
    split: str,
    reader: str | None = None,
    columns: Sequence[str] = (),
    scheme: str = "",
    fold: int = 0,
) -> dict[str, Any]:
    """Figures of a model on a split of a data set.

    Args:
        model: A TCNChunker.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set; None finds it by the model's labels, or takes "columns" if these are named.
        columns: As `read` takes them.
        scheme: As `read` takes it.
        fold: As `read` takes it.

    Raises:
        InputError: for bad data, or labels that the model does not know.
    """
    sentences = read(data_dir, split, reader or ("columns" if columns else reader_of(model)), columns, scheme, fold)
    unknown = {span.label for sentence in sentences for span in spans(sentence.tags)} - set(model.labels)
    if unknown:
        raise InputError(
            f"{data_dir}: label {min(unknown)} is unknown to the model, which has {', '.join(model.labels)}; train it on "
            "sentences that have it, or name another reader"
        )
    repaired = sum(repairs(sentence.tags) for sentence in sentences)
    return {**evaluate_sentences(model, sentences), "sentences": len(sentences), "repaired": repaired, "split": split}


def reader_of(model: TCNChunker) -> str:
    """The data set that a model was made for, by its labels; "columns" if they are of no known one."""
    if {"NP", "VP", "PP"} <= set(model.labels):
        return "conll2000"
    return "snips" if model.tokenizer == "plain" else "columns"
