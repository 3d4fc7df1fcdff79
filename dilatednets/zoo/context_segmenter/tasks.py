"""Data sets of a ContextSegmenter, and what it learns of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dilatednets.data import camvid, image_folder, nuclei
from dilatednets.data.label_images import LabelledImages
from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter.counting import count_error, things_of
from dilatednets.zoo.context_segmenter.metrics import ConfusionMatrix, RegressionErrors
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.normalization import eight_bits


@dataclass(frozen=True)
class ImageTask:
    """A data set and a head.

    Args:
        pairs: A function that loads a split of a folder, and of camvid a fold.
        outputs: Names of the classes or values; empty for those that the pairs bring.
        target: A function that makes of labels what the net learns.
        things: Names of the classes, or of the value, by which things are counted; the data set's labels then are the
            numbers of its things.
    """

    pairs: Callable[..., LabelledImages]
    outputs: tuple[str, ...] = ()
    target: Callable[[np.ndarray], np.ndarray] = np.asarray
    things: tuple[str, ...] = ()

    def names(self, pairs: LabelledImages) -> tuple[str, ...]:
        """Names of the net's outputs."""
        return self.outputs or tuple(pairs.class_names)


TASKS: dict[tuple[str, str], ImageTask] = {
    ("camvid", "classification"): ImageTask(camvid.load),
    ("folder", "classification"): ImageTask(image_folder.load),
    ("folder", "regression"): ImageTask(
        lambda folder, split: image_folder.load(folder, split, True),
        ("value",),
        lambda labels: labels[..., None].astype(np.float32),
    ),
    ("nuclei", "classification"): ImageTask(nuclei.load, nuclei.CLASSES, nuclei.nucleus_mask, ("nucleus",)),
    ("nuclei", "regression"): ImageTask(nuclei.load, ("distance",), nuclei.edge_distance, ("distance",)),
}


def task(reader: str, head: str) -> ImageTask:
    """The task of a recipe's data and head.

    Args:
        reader: The data set, a module of dilatednets.data.
        head: "classification" or "regression".

    Raises:
        InputError: if the data set has nothing for the head.
    """
    if (reader, head) not in TASKS:
        readers = ", ".join(name for name, kind in TASKS if kind == head)
        raise InputError(f"data.reader: {reader} has nothing for a head of {head}; choose one of {readers}")
    return TASKS[reader, head]


def task_of(model: ContextSegmenter, reader: str | None = None) -> ImageTask:
    """The task that a model was made for, found by the names of its outputs; a folder's if they are of no known data set.

    Args:
        model: The model.
        reader: The data set; None finds it by the names.
    """
    if reader is not None:
        return task(reader, model.head)
    readers: dict[tuple[str, ...], str] = {camvid.CLASSES: "camvid", nuclei.CLASSES: "nuclei", ("distance",): "nuclei"}
    return task(readers.get(model.class_names, "folder"), model.head)


def show(pairs: LabelledImages, net: Any) -> None:
    """Lets pairs give images as a net sees them.

    Args:
        pairs: The pairs.
        net: A ContextSegmenter, or its table in a recipe.
    """
    pairs.channels, pairs.eight_bits = net.channels, eight_bits if net.normalization == "percentiles" else None


def evaluate_pairs(model: ContextSegmenter, pairs: LabelledImages, images: ImageTask, **options: Any) -> dict[str, Any]:
    """Figures of a model over all images of a split.

    Args:
        model: The model.
        pairs: Images and labels.
        images: The task, which says what the labels mean.
        **options: The arguments `scales`, `flip` and `diameter` of `ContextSegmenter.segment`.

    Returns:
        {"mean_iou", "pixel_accuracy", "class_iou"} or {"mae", "psnr"}; where things are counted also "count_error", the
        mean over all images of the share by which the number of things is wrong.
    """
    classes = model.head == "classification"
    matrix, errors, count_errors = ConfusionMatrix(model.num_classes), RegressionErrors(), []
    for image, labels in pairs:
        predicted = model.segment(image, **options) if classes else model.regress(image, **options)
        (matrix if classes else errors).update(images.target(labels), predicted)
        if images.things and model.things:
            count_errors.append(count_error(labels, things_of([(model, predicted)], **options)))
    result: dict[str, Any] = matrix.result(images.names(pairs)) if classes else dict(errors.result())
    return {**result, "count_error": float(np.mean(count_errors))} if count_errors else result
