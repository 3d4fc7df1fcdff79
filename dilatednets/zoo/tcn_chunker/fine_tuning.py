"""What `dilatednets benchmark fine-tuning` teaches a TCNChunker: what people ask of a voice assistant."""

import os

import keras

from dilatednets.data import snips
from dilatednets.errors import InputError
from dilatednets.training.fine_tuning import FineTuning, fit_on
from dilatednets.training.optimizers import LayerwiseAdamW
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.sentence_batches import SentenceBatches
from dilatednets.zoo.tcn_chunker.training import evaluate_sentences


def fine_tuning(preset: str, data_dir: str | os.PathLike[str], held_out: str | os.PathLike[str]) -> FineTuning:
    """The slots of a snips folder."""
    train, test = snips.load(data_dir, "train"), snips.load(held_out, "validation")
    labels = sorted({tag[2:] for sentence in train for tag in sentence.tags} - {""})
    tuned = TCNChunker.from_preset(preset, labels=labels, tokenizer="plain")
    if tuned.pos_embedding is not None:
        raise InputError(f"{preset}: needs parts of speech, which snips has not; take a chunker of words alone")
    untrained = TCNChunker.from_config(tuned.get_config())
    batches = SentenceBatches(tuned, train, batch_size=8, word_dropout=0.25)
    tuned.compile(LayerwiseAdamW(2e-3, rates={"block": 0.3, "word_embedding": 0.3}))
    untrained.compile(keras.optimizers.AdamW(2e-3))
    return FineTuning(
        "f1",
        "F1 of slots",
        f"{len(train)} requests",
        tuned,
        untrained,
        epochs=15,
        learn=fit_on(batches),
        measure=lambda net: evaluate_sentences(net, test)["f1"],
    )
