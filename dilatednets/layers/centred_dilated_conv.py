"""The dilated convolution in one dimension that sees as much of the future as of the past."""

from typing import Any, NoReturn

import keras

from dilatednets.errors import InputError
from dilatednets.layers.causal_dilated_conv import CausalDilatedConv


@keras.saving.register_keras_serializable("dilatednets")
class CentredDilatedConv(CausalDilatedConv):
    """As `CausalDilatedConv`, with its field centred on the output: for text and other sequences known as a whole.

    `y[t] = sum_i kernel[i] . x[t + (i - kernel_size // 2) * dilation_rate] + bias`, with zeros outside the sequence: an even
    `kernel_size` has one more tap in the past. `padding` may also be "reflect", the sequence mirrored at its ends. It has no
    steps, since it would have to wait for the future.

    Reference:
        Strubell et al. 2017, "Fast and Accurate Entity Recognition with Iterated Dilated Convolutions" (arXiv 1702.02098),
        section 3.

    Example:
    >>> import numpy as np
    >>> conv = CentredDilatedConv(filters=1, kernel_size=3, dilation_rate=2, kernel_initializer="ones")
    >>> conv(np.eye(1, 7, 3, dtype="float32")[..., None])[0, :, 0].numpy().tolist()
    [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    """

    causal = False

    @property
    def _padding(self) -> tuple[int, int]:
        after = (self.kernel_size - 1) // 2 * self.dilation_rate
        return self.history - after, after

    def initial_state(self, *_: Any, **__: Any) -> NoReturn:
        """Refuses: a step would have to wait for the future."""
        raise InputError("CentredDilatedConv: sees the future, so it cannot run step by step; use CausalDilatedConv")

    state_after = process = step = initial_state
