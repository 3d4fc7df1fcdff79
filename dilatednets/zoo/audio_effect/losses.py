"""What an audio effect is trained by: errors of samples, and of spectra at several resolutions."""

from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.zoo.checked_arrays import samples

RESOLUTIONS = ((512, 240, 50), (1024, 600, 120), (2048, 1200, 240))
"""Lengths of the transform, of its window, and from one window to the next."""
_SMALLEST = 1e-8


@keras.saving.register_keras_serializable("dilatednets")
class EffectLoss(keras.losses.Loss):
    """`mean (y - y^)^2 / power + weight * STFT`, over the last samples of a window.

    STFT is the mean over those of `RESOLUTIONS` that fit into a window, after pre-emphasis, of the spectral convergence
    `|S - S^| / |S|` plus the mean of `|log S - log S^|`, of magnitudes S.

    Args:
        power: Mean square of the wet signal, so that the loss does not depend on its level.
        weight: Weight of the spectra.
        emphasis: The pre-emphasis, `y[t] - emphasis * y[t - 1]`.
        **kwargs: Arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: Wet audio, (batch, samples) or (batch, samples, 1), as `dilatednets.arrays.as_audio` takes it.
        y_pred: What the model makes, (batch, at least as many samples), or this with a last dimension of 1.

    Raises:
        InputError: for windows into which no transform fits, and other shapes: they would be broadcast.

    Reference:
        Yamamoto, Song & Kim 2020, "Parallel WaveGAN" (arXiv 1910.11480), section 2.2.

    Example:
    >>> import numpy as np
    >>> wet = np.sin(np.arange(8192) / 5).reshape(1, -1)
    >>> round(float(EffectLoss(power=0.5)(wet, 0.9 * wet)), 4)  # 0.01 of the samples, and the rest of the spectra
    0.0112
    """

    def __init__(self, power: float = 1.0, weight: float = 0.01, emphasis: float = 0.85, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.power, self.weight, self.emphasis = power, weight, emphasis

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss; Keras would forget the type of the audio, which says what its range is."""
        return super().__call__(samples(y_true, "y_true"), y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each window, (batch,)."""
        y_true, y_pred = (_windows(ops.cast(one, "float32")) for one in (y_true, y_pred))
        (rows, length), (others, most) = y_true.shape, y_pred.shape
        if (None not in (rows, others) and rows != others) or (None not in (length, most) and length > most):
            raise InputError(f"y_true: is of shape {tuple(y_true.shape)}, but the model made {tuple(y_pred.shape)}")
        y_pred = y_pred[:, -ops.shape(y_true)[1] :]
        loss = ops.mean(ops.square(y_true - y_pred), axis=1) / self.power
        return loss + self.weight * self._of_spectra(y_true, y_pred) if self.weight else loss

    def _of_spectra(self, y_true: Any, y_pred: Any) -> Any:
        both = ops.concatenate([y_true, y_pred], axis=0)
        both = both[:, 1:] - self.emphasis * both[:, :-1]
        total, fitting = 0.0, [one for one in RESOLUTIONS if both.shape[1] is None or one[0] <= both.shape[1]]
        if not fitting:
            shortest = RESOLUTIONS[0][0]
            raise InputError(f"y_true: windows must be longer than {shortest} samples, not {y_true.shape[1]}")
        for length, window, step in fitting:
            real, imaginary = ops.stft(both, window, step, length, center=False)
            magnitude = ops.sqrt(ops.maximum(ops.square(real) + ops.square(imaginary), _SMALLEST))
            true, made = ops.split(magnitude, 2, axis=0)
            off = ops.sqrt(ops.sum(ops.square(true - made), axis=(1, 2)) + _SMALLEST)
            convergence = off / ops.sqrt(ops.sum(ops.square(true), axis=(1, 2)))
            total += convergence + ops.mean(ops.abs(ops.log(true) - ops.log(made)), axis=(1, 2))
        return total / len(fitting)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "power": self.power, "weight": self.weight, "emphasis": self.emphasis}


def _windows(audio: Any) -> Any:
    """Audio (batch, samples), which may come with a last dimension of 1.

    Raises:
        InputError: for another shape.
    """
    shape = tuple(audio.shape)
    if shape[2:] == (1,):
        return audio[..., 0]
    if len(shape) != 2:
        raise InputError(f"EffectLoss: audio must be of shape (batch, samples), not {shape}")
    return audio
