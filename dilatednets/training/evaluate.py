"""Measures a trained model on a split of its data set."""

import os
from typing import Any

from dilatednets.errors import InputError
from dilatednets.training import chunking, segmentation, speech
from dilatednets.zoo.context_segmenter import ContextSegmenter
from dilatednets.zoo.tcn_chunker import TCNChunker


def evaluate(
    model: Any, data_dir: str | os.PathLike[str], split: str, reader: str | None = None, **options: Any
) -> dict[str, Any]:
    """Figures of a model on a split of its data set.

    Args:
        model: A WaveNet with text, measured on spoken_digits, a ContextSegmenter or a TCNChunker.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set, a module of dilatednets.data; None finds it by the model's classes or labels.
        **options: Of `ContextSegmenter.segment`: `scales`, `flip`.

    Returns:
        {"bits_per_sample", "samples", "recordings", "split"} of a WaveNet; {"mean_iou", "pixel_accuracy", "class_iou",
        "images", "split"} of a ContextSegmenter, {"mae", "psnr", "images", "split"} with a regression head; {"precision",
        "recall", "f1", "accuracy", "by_label", "tokens", "sentences", "repaired", "split"} of a TCNChunker, and
        "pos_accuracy" if it predicts parts of speech.

    Raises:
        InputError: for bad data, or data that does not fit the model.
    """
    given = [name for name, value in options.items() if value is not None]
    if given and not isinstance(model, ContextSegmenter):
        raise InputError(f"{given[0]}: only a ContextSegmenter looks at images; leave it out")
    if isinstance(model, ContextSegmenter):
        return segmentation.evaluate(model, data_dir, split, reader, **options)
    if isinstance(model, TCNChunker):
        return chunking.evaluate(model, data_dir, split, reader)
    return speech.evaluate(model, data_dir, split)
