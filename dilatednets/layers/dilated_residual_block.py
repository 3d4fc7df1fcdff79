"""A residual block of two parallel dilations, which leaves no grid."""

from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.conv_norm import ConvNorm
from dilatednets.layers.shapes import as_tensor, check_shape
from dilatednets.rules import Size, Sizes, keep_arguments


@keras.saving.register_keras_serializable("dilatednets")
class DilatedResidualBlock(ConfiguredLayer):
    """1x1, then 3x3 convolutions of several dilations side by side, then 1x1; all with batch normalisation; residual.

    Each dilation gets an equal share of the channels. With 1 among the dilations, every block also looks at adjacent
    pixels, so no stack of them leaves the grid of holes that equal dilations one after the other do (the HDC rule).

    Args:
        filters: Number of input and of output channels.
        dilations: Dilation of each branch; their number must divide `filters`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, filters)

    Output shape:
        The input's.

    Raises:
        InputError: for an argument out of range, or if the branches do not share out the channels evenly.

    Reference:
        Gao 2021, "Rethinking Dilated Convolution for Real-time Semantic Segmentation" (arXiv 2111.09957), the D block;
        Wang et al. 2018, "Understanding Convolution for Semantic Segmentation" (arXiv 1702.08502), section 3.2 (HDC).

    Example:
    >>> import numpy as np
    >>> block = DilatedResidualBlock(16, dilations=(1, 4))
    >>> block(np.zeros((1, 20, 20, 16), "float32")).shape, block.receptive_field
    (TensorShape([1, 20, 20, 16]), 9)
    """

    rank = 4

    def __init__(
        self,
        filters: Size,
        dilations: Sizes = (1, 2),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        if self.filters % len(self.dilations):
            raise InputError(f"dilations: {len(self.dilations)} branches cannot share {filters} channels evenly")
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: self.filters})
        policy = self.dtype_policy
        self.enter = ConvNorm(self.filters, 1, dtype=policy, name="enter")
        self.branches = [
            ConvNorm(self.filters // len(self.dilations), 3, dilation=dilation, dtype=policy, name=f"branch_{index}")
            for index, dilation in enumerate(self.dilations)
        ]
        self.leave = ConvNorm(self.filters, 1, activation=False, zero_scale=True, dtype=policy, name="leave")

    @property
    def receptive_field(self) -> int:
        """Height and width of the patch that one output pixel sees."""
        return 1 + 2 * max(self.dilations)

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        check_shape(input_shape, f"{self.name}: the input", (None, None, None, self.filters))
        self.enter.build(input_shape)
        for branch in self.branches:
            branch.build((*input_shape[:-1], branch.filters))
        self.leave.build(input_shape)

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, filters) -> the same shape."""
        x = as_tensor(x, self.compute_dtype, "x", (None, None, None, self.filters), empty=False)
        parts = ops.split(self.enter(x, training=training), len(self.branches), axis=-1)
        parts = [branch(part, training=training) for branch, part in zip(self.branches, parts, strict=True)]
        return ops.relu(x + self.leave(ops.concatenate(parts, axis=-1), training=training))
