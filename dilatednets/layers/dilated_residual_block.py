"""A residual block of two parallel dilations, which leaves no grid."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from dilatednets.layers.conv_norm import ConvNorm


@keras.saving.register_keras_serializable("dilatednets")
class DilatedResidualBlock(keras.layers.Layer):
    """1x1, then 3x3 convolutions of several dilations side by side, then 1x1; all with batch normalisation; residual.

    Each dilation gets an equal share of the channels. With 1 among the dilations, every block also looks at adjacent
    pixels, so no stack of them leaves the grid of holes that equal dilations one after the other do (the HDC rule).

    Args:
        filters: Channels in and out.
        dilations: One a branch; their number must divide `filters`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, filters)

    Output shape:
        The input's.

    Raises:
        ValueError: if the branches do not share out the channels evenly.

    Reference:
        Gao 2021, "Rethinking Dilated Convolution for Real-time Semantic Segmentation" (arXiv 2111.09957), the D block;
        Wang et al. 2018, "Understanding Convolution for Semantic Segmentation" (arXiv 1702.08502), section 3.2 (HDC).

    Example:
    >>> import numpy as np
    >>> block = DilatedResidualBlock(16, dilations=(1, 4))
    >>> block(np.zeros((1, 20, 20, 16), "float32")).shape, block.receptive_field
    (TensorShape([1, 20, 20, 16]), 9)
    """

    def __init__(self, filters: int, dilations: Sequence[int] = (1, 2), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not dilations or filters % len(dilations):
            raise ValueError(f"DilatedResidualBlock: {len(dilations)} dilations cannot share {filters} channels evenly")
        self.filters = filters
        self.dilations = tuple(dilations)
        policy = self.dtype_policy
        self.enter = ConvNorm(filters, 1, dtype=policy, name="enter")
        self.branches = [
            ConvNorm(filters // len(self.dilations), 3, dilation=dilation, dtype=policy, name=f"branch_{index}")
            for index, dilation in enumerate(self.dilations)
        ]
        self.leave = ConvNorm(filters, 1, activation=False, zero_scale=True, dtype=policy, name="leave")

    @property
    def receptive_field(self) -> int:
        """Height and width of the patch that one output pixel sees."""
        return 1 + 2 * max(self.dilations)

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        shape = tuple(input_shape)
        self.enter.build(shape)
        for branch in self.branches:
            branch.build((*shape[:-1], self.filters // len(self.branches)))
        self.leave.build(shape)
        self.built = True

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, filters) -> the same shape."""
        parts = ops.split(self.enter(x, training=training), len(self.branches), axis=-1)
        parts = [branch(part, training=training) for branch, part in zip(self.branches, parts, strict=True)]
        return ops.relu(x + self.leave(ops.concatenate(parts, axis=-1), training=training))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters, "dilations": list(self.dilations)}
