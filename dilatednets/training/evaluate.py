"""Measures a trained model on a split of its data set."""

from typing import Any

from dilatednets.training import segmentation, speech
from dilatednets.zoo.context_segmenter import ContextSegmenter


def evaluate(model: Any, data_dir: str, split: str, reader: str | None = None, **options: Any) -> dict[str, Any]:
    """Figures of a model on a split of its data set.

    Args:
        model: A WaveNet with text, measured on spoken_digits, or a ContextSegmenter.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set of a ContextSegmenter, a module of dilatednets.data; None finds it by the model's classes.
        **options: Of `ContextSegmenter.segment`: `scales`, `flip`.

    Returns:
        {"bits_per_sample", "samples", "recordings", "split"} of a WaveNet; {"mean_iou", "pixel_accuracy", "class_iou",
        "images", "split"} of a ContextSegmenter, {"mae", "psnr", "images", "split"} with a regression head.

    Raises:
        InputError: for bad data, or data that does not fit the model.
    """
    if isinstance(model, ContextSegmenter):
        return segmentation.evaluate(model, data_dir, split, reader, **options)
    return speech.evaluate(model, data_dir, split)
