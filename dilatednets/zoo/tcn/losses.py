"""Losses and metrics of the TCN's tasks. Padded steps do not count, as Keras's masks have it."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.zoo.sample_weights import spread


@keras.saving.register_keras_serializable("dilatednets")
class ScaledLoss(keras.losses.Loss):
    """Squared error, or pinball loss, of values of any size, each divided by its scale.

    `((y - p) / scale)**2`; with quantiles, the mean over them of `max(q e, (q - 1) e)` with `e = (y - p) / scale`.

    Args:
        scale: What errors of each value are divided by; empty for 1.
        quantiles: Those that predictions have as their last dimension; empty for predictions of the mean.
        **kwargs: Arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: (..., values).
        y_pred: (..., values), or (..., values, quantiles).
        sample_weight: Weights of sequences, (batch,), or of all places but the last dimension of `y_true`.

    Raises:
        InputError: if both differ in shape: they would be broadcast; and for weights of another shape.

    Reference:
        Koenker & Bassett 1978, "Regression Quantiles", Econometrica 46.

    Example:
    >>> float(ScaledLoss(scale=[2.0])([[4.0]], [[0.0]])), float(ScaledLoss(quantiles=[0.9])([[1.0]], [[[0.0]]]))
    (4.0, 0.8999999761581421)
    """

    def __init__(self, scale: Sequence[float] = (), quantiles: Sequence[float] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.quantiles = tuple(scale), tuple(quantiles)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss, reduced as Keras does; weights of sequences are those of all their steps."""
        weights = spread(sample_weight, ops.convert_to_tensor(y_pred), values=2 if self.quantiles else 1)
        return super().__call__(y_true, y_pred, weights)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each place but the last dimension of `y_true`."""
        error = aligned(y_true, y_pred, bool(self.quantiles))
        if self.scale:
            scale = np.asarray(self.scale, np.float32)
            error = error / (scale[:, None] if self.quantiles else scale)
        if not self.quantiles:
            return ops.mean(ops.square(error), axis=-1)
        level = np.asarray(self.quantiles, np.float32)
        return ops.mean(ops.maximum(level * error, (level - 1) * error), axis=(-2, -1))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": list(self.scale), "quantiles": list(self.quantiles)}


@keras.saving.register_keras_serializable("dilatednets")
class AbsoluteError(keras.metrics.MeanMetricWrapper):
    """Mean absolute error of values, in their own unit; of quantiles, that of the one nearest to the median.

    Args:
        quantiles: As of `ScaledLoss`.
        name: Name of the metric.
        dtype: Of the result.

    Example:
    >>> metric = AbsoluteError()
    >>> metric.update_state([[4.0, 1.0]], [[1.0, 1.0]])
    >>> float(metric.result())
    1.5
    """

    def __init__(self, quantiles: Sequence[float] = (), name: str = "absolute_error", dtype: Any = None) -> None:
        self.quantiles = tuple(quantiles)
        super().__init__(self._error, name, dtype)

    def _error(self, y_true: Any, y_pred: Any) -> Any:
        error = aligned(y_true, y_pred, bool(self.quantiles))
        if self.quantiles:
            error = error[..., middle(self.quantiles)]
        return ops.mean(ops.abs(error), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"quantiles": list(self.quantiles), "name": self.name, "dtype": self.dtype}


def middle(quantiles: Sequence[float]) -> int:
    """The place of the quantile nearest to the median.

    Example:
    >>> middle([0.1, 0.5, 0.9])
    1
    """
    return int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))


def aligned(y_true: Any, y_pred: Any, with_quantiles: bool) -> Any:
    """`y_true - y_pred`, float32, without broadcasting.

    Args:
        y_true: (..., values); the values may be left out where there is but one.
        y_pred: (..., values), or (..., values, quantiles).
        with_quantiles: Whether there are quantiles.

    Raises:
        InputError: if the shapes differ.
    """
    y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
    values = tuple(y_pred.shape[:-1] if with_quantiles else y_pred.shape)
    if len(y_true.shape) == len(values) - 1 and values[-1] == 1:
        y_true = y_true[..., None]
    shape = tuple(y_true.shape)
    if len(shape) != len(values) or any(a != b for a, b in zip(shape, values, strict=True) if None not in (a, b)):
        raise InputError(f"y: must have the shape of the answers, {values}, not {shape}")
    if None in (*shape[1:], *values[1:]):  # lengths that a graph does not know yet: to stack does not broadcast, either
        y_true = ops.stack([y_true, y_pred[..., 0] if with_quantiles else y_pred])[0]
    return (y_true[..., None] if with_quantiles else y_true) - y_pred
