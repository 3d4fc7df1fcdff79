"""Metrics of segmentation, over a whole data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np


class ConfusionMatrix:
    """Counts pixels by true and predicted class.

    Args:
        num_classes: Number of classes.

    Example:
    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 0]))  # the last pixel does not count
    >>> matrix.result(["a", "b"])
    {'mean_iou': 0.5, 'pixel_accuracy': 0.6666666666666666, 'class_iou': {'a': 0.5, 'b': 0.5}}
    """

    def __init__(self, num_classes: int) -> None:
        self.counts = np.zeros((num_classes, num_classes), np.int64)

    def update(self, labels: np.ndarray, predicted: np.ndarray) -> None:
        """Adds pixels; labels that are not classes, such as -1 or 255, do not count."""
        valid = (labels >= 0) & (labels < len(self.counts))
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
        """Adds values; true values below 0 do not count."""
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
