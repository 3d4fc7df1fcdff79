"""What a task's answers are trained for, and the score that they get."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras import ops


class Objective(NamedTuple):
    """A loss for Keras, and a score of single answers, which is averaged over those that count."""

    loss: Callable[[], keras.losses.Loss]
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]
    unit: str
    higher_is_better: bool = False

    def better(self, one: float, other: float) -> bool:
        """Whether a score beats another."""
        return one > other if self.higher_is_better else one < other


@keras.saving.register_keras_serializable("dilatednets")
class KeysLoss(keras.losses.Loss):
    """Cross-entropy of a frame: the sum over all keys of that of each, in nats."""

    def call(self, y_true: object, y_pred: object) -> object:
        """(batch, time, keys) twice, the latter logits -> (batch, time)."""
        return ops.sum(ops.binary_crossentropy(y_true, y_pred, from_logits=True), axis=-1)


def cross_entropy(y: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Of classes, in nats: y int (...), logits (..., classes) -> (...).

    Example:
    >>> cross_entropy(np.array([0]), np.array([[0.0, 0.0]])).round(3)
    array([0.693])
    """
    logits = logits.astype("float64")
    logits = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(logits, y[..., None], axis=-1)[..., 0]
    return np.asarray(np.log(np.exp(logits).sum(axis=-1)) - chosen)


def of_keys(y: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of frames, in nats: (..., keys) twice -> (...), summed over keys."""
    return np.asarray((np.logaddexp(0, logits.astype("float64")) - y * logits).sum(axis=-1))


_MEAN = {"reduction": "mean_with_sample_weight"}
OBJECTIVES = {
    "squared": Objective(
        lambda: keras.losses.MeanSquaredError(**_MEAN), lambda y, p: ((y - p) ** 2).mean(axis=-1), "squared error"
    ),
    "copying": Objective(
        lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True, **_MEAN), cross_entropy, "nats a step"
    ),
    "classes": Objective(
        lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True, **_MEAN),
        lambda y, p: (p.argmax(axis=-1) == y).astype("float64"),
        "accuracy",
        True,
    ),
    "characters": Objective(
        lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True, **_MEAN),
        lambda y, p: cross_entropy(y, p) / np.log(2),
        "bits a character",
    ),
    "keys": Objective(lambda: KeysLoss(**_MEAN), of_keys, "nats a frame"),
}
"""Music's score is summed over the 88 keys of a frame and averaged over all frames of all pieces, each frame with the same
weight, as Bai et al.'s code does."""
