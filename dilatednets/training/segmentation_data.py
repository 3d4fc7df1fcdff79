"""Data sets of a ContextSegmenter, and what it learns of each."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from dilatednets.data import camvid, image_folder, nuclei
from dilatednets.data.label_images import LabelledImages
from dilatednets.errors import InputError
from dilatednets.training.segmentation_metrics import ConfusionMatrix, RegressionErrors
from dilatednets.zoo.context_segmenter import ContextSegmenter


@dataclass(frozen=True)
class Task:
    """A data set and a head.

    Args:
        pairs: Loads a split of a folder.
        outputs: Names of the classes or values; empty: those of the pairs.
        target: Makes of labels what the net learns; None: the labels themselves.
        count: Number of things in an image, from what the net says of it; None if things are not counted.
    """

    pairs: Callable[[str | os.PathLike[str], str], LabelledImages]
    outputs: tuple[str, ...] = ()
    target: Callable[[np.ndarray], np.ndarray] | None = None
    count: Callable[[np.ndarray], int] | None = None

    def names(self, pairs: LabelledImages) -> tuple[str, ...]:
        """Names of the net's outputs."""
        return self.outputs or tuple(pairs.class_names)


def _values(labels: np.ndarray) -> np.ndarray:
    return labels[..., None].astype(np.float32)


TASKS: dict[tuple[str, str], Task] = {
    ("camvid", "classification"): Task(camvid.load),
    ("folder", "classification"): Task(image_folder.load),
    ("folder", "regression"): Task(lambda folder, split: image_folder.load(folder, split, True), ("value",), _values),
    ("nuclei", "classification"): Task(
        nuclei.load, nuclei.CLASSES, nuclei.nucleus_mask, lambda labels: int(ndimage.label(labels)[1])
    ),
    ("nuclei", "regression"): Task(
        nuclei.load, ("distance",), nuclei.edge_distance, lambda values: nuclei.count_peaks(values[..., 0])
    ),
}


def task(reader: str, head: str) -> Task:
    """The task of a recipe's data and head.

    Raises:
        InputError: if the data set has nothing for the head.
    """
    if (reader, head) not in TASKS:
        possible = ", ".join(name for name, kind in TASKS if kind == head)
        raise InputError(f"data.reader: {reader} has nothing for a head of {head}; data sets that have: {possible}")
    return TASKS[reader, head]


def task_of(model: ContextSegmenter, reader: str | None = None) -> Task:
    """The task that a model was made for, found by the names of its outputs; a folder's if they are of no known data set.

    Args:
        model: The model.
        reader: The data set, if it is known.
    """
    if reader is not None:
        return task(reader, model.head_name)
    known: dict[tuple[str, ...], str] = {camvid.CLASSES: "camvid", nuclei.CLASSES: "nuclei", ("distance",): "nuclei"}
    return task(known.get(model.class_names, "folder"), model.head_name)


def check_classes(model: ContextSegmenter, names: tuple[str, ...], data_dir: str | os.PathLike[str]) -> None:
    """Refuses data whose classes are not the model's.

    Raises:
        InputError: naming both lists.
    """
    if model.class_names and model.class_names != names:
        raise InputError(
            f"{data_dir}: its classes are {', '.join(names)}; the model knows {', '.join(model.class_names)}; "
            "load it with num_classes to train it on others"
        )
    if model.num_classes != len(names):
        raise InputError(f"{data_dir}: {len(names)} classes, but the model has {model.num_classes} outputs")


def evaluate_pairs(model: ContextSegmenter, pairs: LabelledImages, given: Task, **options: Any) -> dict[str, Any]:
    """Figures of a model over all images of a split.

    Args:
        model: The model.
        pairs: Images and labels.
        given: What the labels mean.
        **options: Of `ContextSegmenter.segment`: `scales`, `flip`.

    Returns:
        {"mean_iou", "pixel_accuracy", "class_iou"} or {"mae", "psnr"}; where things are counted also "count_error", the
        mean over all images of the share by which the number of things is wrong.
    """
    classes = model.head_name == "classification"
    matrix, errors, count_errors = ConfusionMatrix(model.num_classes), RegressionErrors(), []
    for image, labels in pairs:
        truth = labels if given.target is None else given.target(labels)
        guess = model.segment(image, **options) if classes else model.regress(image, **options)
        (matrix if classes else errors).update(truth, guess)
        if given.count is not None:
            things = len(np.unique(labels[labels > 0]))
            count_errors.append(abs(given.count(guess) - things) / max(things, 1))
    result: dict[str, Any] = matrix.result(given.names(pairs)) if classes else dict(errors.result())
    return {**result, "count_error": float(np.mean(count_errors))} if count_errors else result
