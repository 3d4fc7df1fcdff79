"""What a mel vocoder is trained by: errors of the spectrum, of quiet and of loud parts."""

from typing import Any

import keras
from keras import ops

from dilatednets.zoo.sample_weights import spread

QUIETEST = 1e-3
"""Magnitudes below it are heard by nobody, and count as this."""
_POWER = 0.3  # loudness grows about so with magnitude
_LOUD = 12.0  # weight of the errors of loudness


@keras.saving.register_keras_serializable("dilatednets")
class SpectrumLoss(keras.losses.Loss):
    """`mean |log S - y| + 12 mean |S^0.3 - e^(0.3 y)|`: the second term hears what is loud, and no error of what is not.

    Call arguments:
        y_true: Magnitudes S, (batch, frames, bins); those below `QUIETEST` count as this.
        y_pred: Their natural logarithms y, as a MelVocoder gives them, of the same shape.
        sample_weight: Weights of recordings, (batch,), or of frames, (batch, frames).

    Example:
    >>> import numpy as np
    >>> ones = np.ones((1, 4, 9), "float32")
    >>> round(float(SpectrumLoss()(ones, 0.1 * ones)), 3)
    0.465
    """

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss, reduced as Keras does; weights of recordings are those of all their frames."""
        return super().__call__(y_true, y_pred, spread(sample_weight, ops.convert_to_tensor(y_pred)))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each frame, (batch, frames)."""
        true = ops.log(ops.maximum(ops.cast(y_true, "float32"), QUIETEST))
        made = ops.cast(y_pred, "float32")
        loud = ops.abs(ops.exp(_POWER * true) - ops.exp(_POWER * ops.maximum(made, ops.log(QUIETEST))))
        return ops.mean(ops.abs(true - made) + _LOUD * loud, axis=-1)
