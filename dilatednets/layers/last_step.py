"""The last step of sequences of different lengths."""

from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor


@keras.saving.register_keras_serializable("dilatednets")
class LastStep(ConfiguredLayer):
    """The last step of each sequence that the mask has as real, which `x[:, -1]` is not where sequences are padded.

    Call arguments:
        x: (batch, time, ...).
        mask: bool (batch, time), True for steps of the sequence, which may stand anywhere; Keras hands on the mask of a
            layer before by itself. All are if left out.

    Output shape:
        (batch, ...); zeros for a sequence without a real step.

    Raises:
        InputError: for sequences of no steps, or a mask of another shape.

    Example:
    >>> import numpy as np
    >>> x = np.arange(6, dtype="float32").reshape(2, 3, 1)
    >>> LastStep()(x, mask=np.array([[True, True, False], [True, True, True]])).numpy().tolist()
    [[1.0], [5.0]]
    """

    rank = None
    receptive_field = 1

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        self.supports_masking = True

    def call(self, x: Any, mask: Any = None) -> Any:
        """(batch, time, ...) -> (batch, ...)."""
        x = as_tensor(x, keras.backend.standardize_dtype(getattr(x, "dtype", self.compute_dtype)), "x")
        if x.shape[1] == 0:
            raise InputError(f"x: must have steps, (batch, time, ...), not be of shape {tuple(x.shape)}")
        if mask is None:
            return x[:, -1]
        mask = as_tensor(mask, "bool", "mask", tuple(x.shape[:2]))
        places = ops.arange(ops.shape(x)[1], dtype="int32")
        last = ops.max(ops.where(mask, places, -1), axis=1)
        last = ops.reshape(last, (-1, *[1] * (len(x.shape) - 1)))
        step = ops.take_along_axis(x, ops.broadcast_to(ops.maximum(last, 0), ops.shape(x[:, :1])), axis=1)
        return ops.where(last >= 0, step, ops.zeros_like(step))[:, 0]

    def compute_mask(self, x: Any, previous_mask: Any = None) -> None:
        """There are no steps left to mask."""

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(batch, time, ...) -> (batch, ...)."""
        return (input_shape[0], *input_shape[2:])
