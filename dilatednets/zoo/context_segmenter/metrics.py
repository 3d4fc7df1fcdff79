"""Metrics of segmentation, over a whole data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dilatednets.errors import InputError

VOID = -1
"""The label of pixels that do not count."""


def counted(labels: np.ndarray, num_classes: int, ignore: int = VOID, where: str = "labels") -> np.ndarray:
    """Which pixels count: those with the label of a class.

    Args:
        labels: Class numbers, and -1 for pixels that do not count.
        num_classes: Number of classes.
        ignore: Another label of pixels that do not count, such as 255.
        where: What messages begin with.

    Raises:
        InputError: for other labels.

    Example:
    >>> counted(np.array([0, 1, -1]), 2).tolist()
    [True, True, False]
    >>> counted(np.array([0, 255]), 2)
    Traceback (most recent call last):
    dilatednets.errors.InputError: labels: hold 255, but classes are 0 to 1; give ignore=255 if it marks void, else 0 to 1
    """
    counts = (labels != VOID) & (labels != ignore)
    wrong = labels[counts & ~((labels >= 0) & (labels < num_classes) & (labels == np.floor(labels)))]
    if wrong.size:
        value = wrong.max().item()
        last = num_classes - 1
        cure = f"give ignore={value} if it marks void, else 0 to {last}"
        if value == num_classes and not np.any(labels == 0):
            cure = "subtract 1 if they count from 1"
        raise InputError(f"{where}: hold {value}, but classes are 0 to {last}; {cure}")
    return counts


class ConfusionMatrix:
    """Counts pixels by true and predicted class.

    Args:
        num_classes: Number of classes.
        ignore: The label, besides -1, of pixels that do not count, such as 255.

    Example:
    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 0]))  # the last pixel does not count
    >>> matrix.result(["a", "b"])
    {'mean_iou': 0.5, 'pixel_accuracy': 0.6666666666666666, 'class_iou': {'a': 0.5, 'b': 0.5}}
    """

    def __init__(self, num_classes: int, ignore: int = VOID) -> None:
        self.ignore = ignore
        self.counts = np.zeros((num_classes, num_classes), np.int64)

    def update(self, labels: np.ndarray, predicted: np.ndarray) -> None:
        """Adds pixels.

        Args:
            labels: Class numbers, -1 and `ignore` for pixels that do not count.
            predicted: Class numbers, of the same shape.

        Raises:
            InputError: for other numbers, or shapes that differ.
        """
        _check_shapes(labels, predicted)
        valid = counted(labels, len(self.counts), self.ignore)
        counted(predicted, len(self.counts), where="predicted")
        pairs = labels[valid].astype(np.int64) * len(self.counts) + predicted[valid]
        self.counts += np.bincount(pairs, minlength=self.counts.size).reshape(self.counts.shape)

    def result(self, class_names: Sequence[str]) -> dict[str, Any]:
        """Mean over the classes that occur, in truth or prediction; share of pixels right; IoU by class."""
        right = np.diag(self.counts)
        union = self.counts.sum(axis=0) + self.counts.sum(axis=1) - right
        iou = {name: float(r / u) for name, r, u in zip(class_names, right, union, strict=True) if u}
        return {
            "mean_iou": float(np.mean(list(iou.values()))) if iou else 0.0,
            "pixel_accuracy": float(right.sum() / max(self.counts.sum(), 1)),
            "class_iou": iou,
        }


class RegressionErrors:
    """Sums up errors of values.

    Example:
    >>> errors = RegressionErrors()
    >>> errors.update(np.array([0.0, 10.0, -1.0]), np.array([1.0, 10.0, 5.0]))  # the last value does not count
    >>> errors.result()
    {'mae': 0.5, 'psnr': 23.010299956639813}
    """

    def __init__(self) -> None:
        self.count, self.absolute, self.squared, self.peak = 0, 0.0, 0.0, 0.0

    def update(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Adds values, of the same shape; true values below 0, and NaN, do not count."""
        _check_shapes(truth, predicted)
        valid = truth >= 0
        difference = truth[valid].astype(np.float64) - predicted[valid]
        self.count += difference.size
        self.absolute += float(np.abs(difference).sum())
        self.squared += float((difference**2).sum())
        self.peak = max(self.peak, float(truth[valid].max(initial=0.0)))

    def result(self) -> dict[str, float | None]:
        """Mean absolute error; peak signal-to-noise ratio in dB, the peak being the largest true value.

        The ratio is None where it is undefined: without an error, or with nothing but zeros for truth.
        """
        count = max(self.count, 1)
        mean_square = self.squared / count
        psnr = float(10 * np.log10(self.peak**2 / mean_square)) if mean_square and self.peak else None
        return {"mae": self.absolute / count, "psnr": psnr}


def _check_shapes(truth: np.ndarray, predicted: np.ndarray) -> None:
    """Refuses what NumPy would broadcast."""
    if truth.shape != predicted.shape:
        raise InputError(f"predicted: is of shape {predicted.shape}, but the truth of {truth.shape}")
