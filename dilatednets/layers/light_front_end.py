"""A small front end for segmentation that trains from scratch."""

import functools
from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.conv_norm import ConvNorm
from dilatednets.layers.dilated_residual_block import DilatedResidualBlock
from dilatednets.layers.shapes import check_multiples
from dilatednets.layers.upsample import upsample, upsample_span
from dilatednets.rules import Rule, Size, Sizes, keep_arguments

DILATIONS = (1, 2, 4, 6, 8, 10)
FINE_CHANNELS = 16
four_even = Rule(
    lambda x: len(x) == 4 and 0 < min(x) <= max(x) < 2**31 and not any(n % 2 for n in x), "four positive even integers"
)
two_counts = Rule(lambda x: len(x) == 2 and 0 <= min(x) <= max(x) < 2**31, "two integers, 0 or above")


@keras.saving.register_keras_serializable("dilatednets")
class LightFrontEnd(ConfiguredLayer):
    """Residual stages at strides 4, 8 and 16, the last with growing dilations, joined again at stride 8, 4 or 2.

    Pixels halve only where a level begins, by convolutions that keep pixel centres aligned (see `ConvNorm`); all blocks
    pair a dilated with a plain branch (see `DilatedResidualBlock`), and the joining 3x3 convolutions come last and are
    plain, without a residual around them, as DRN's degridding layers are.

    Args:
        widths: Number of channels at strides 2, 4, 8 and 16.
        blocks: Number of residual blocks at strides 4 and 8.
        dilations: Dilation of each block at stride 16.
        stride: Stride of the output: 8, 4, or 2 for things of few pixels.
        output_channels: Number of output channels.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, channels), normalised, height and width multiples of 16.

    Output shape:
        (batch, height / stride, width / stride, output_channels)

    Raises:
        InputError: for an argument out of range, or another stride.

    Reference:
        Yu, Koltun & Funkhouser 2017, "Dilated Residual Networks" (arXiv 1705.09914), section 4; Gao 2021 (arXiv
        2111.09957) for blocks and joining.

    Example:
    >>> import numpy as np
    >>> LightFrontEnd()(np.zeros((1, 32, 64, 3), "float32")).shape
    TensorShape([1, 8, 16, 64])
    """

    rank = 4
    multiple = 16
    """Height and width of the input must be multiples of it."""
    margin = 0
    """Pixels that the input must have beyond the image on each side."""
    mean = (104.0, 107.0, 109.0)
    std = (76.0, 77.0, 76.0)

    def __init__(
        self,
        widths: Annotated[Sequence[int], four_even] = (32, 48, 128, 256),
        blocks: Annotated[Sequence[int], two_counts] = (1, 4),
        dilations: Sizes = DILATIONS,
        stride: Annotated[int, Rule((2, 4, 8).__contains__, "2, 4 or 8")] = 4,
        output_channels: Size = 64,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        # TensorFlow 2.16's XLA does not compile the training step in mixed_bfloat16 ("mixed precision is disallowed").
        self.supports_jit = keras.backend.backend() != "tensorflow"
        policy = self.dtype_policy
        stem, _, middle, _ = self.widths
        norm = functools.partial(ConvNorm, dtype=policy)
        self.stem = norm(stem, 4, 2, name="stem")
        self.downs = [norm(width, 2, 2, name=f"down_{4 * 2**i}") for i, width in enumerate(self.widths[1:])]
        dilations_of = {"fine": [1] * self.blocks[0], "middle": [2] * self.blocks[1], "coarse": self.dilations}
        self.stages = [
            [DilatedResidualBlock(width, (1, d), dtype=policy, name=f"{name}_{i}") for i, d in enumerate(stage)]
            for width, (name, stage) in zip(self.widths[1:], dilations_of.items(), strict=True)
        ]
        self.from_coarse = norm(middle, 1, 1, name="from_coarse")
        self.from_middle = norm(middle, 1, 1, name="from_middle")
        self.join_8 = norm(self.output_channels, 3, 1, name="join_8")
        # Then, a finer level at a time: its features, narrowed, beside what came from below.
        levels = [(name, level) for name, level in (("fine", 4), ("stem", 2)) if self.stride <= level]
        self.narrows = [norm(FINE_CHANNELS, 1, 1, name=f"from_{name}") for name, _ in levels]
        self.joins = [norm(self.output_channels, 3, 1, name=f"join_{level}") for _, level in levels]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last pixel, along one axis, that output pixels `first` to `last` see, far from any edge."""
        for _ in [*self.joins, self.join_8]:
            first, last = upsample_span(first - 1, last + 1, 2)
        for stage in reversed(self.stages):
            reach = sum(block.receptive_field // 2 for block in stage)
            first, last = 2 * (first - reach), 2 * (last + reach) + 1  # a down has 2 taps
        return 2 * first - self.stem.margin, 2 * last - self.stem.margin + self.stem.kernel_size - 1

    @property
    def receptive_field(self) -> int:
        """Height and width, in pixels, of the largest patch that an output pixel sees."""
        spans = [self.span(pixel, pixel) for pixel in range(self.multiple // self.stride)]
        return max(last - first + 1 for first, last in spans)

    @property
    def macs_per_pixel(self) -> float:
        """Multiply-accumulates a pixel of the input."""
        kernels = [(w.shape, stride) for part, _, stride in self._parts() for w in part.weights if len(w.shape) > 1]
        return float(sum(np.prod(shape) / stride**2 for shape, stride in kernels))

    def _parts(self) -> list[tuple[Any, int, int]]:
        """Each layer with the channels of its input and the stride of its output."""
        stem, fine, middle, coarse = self.widths
        return [
            (self.stem, self.channels, 2),
            *zip(self.downs, (stem, fine, middle), (4, 8, 16), strict=True),
            *((block, block.filters, 4 * 2**level) for level, stage in enumerate(self.stages) for block in stage),
            (self.from_coarse, coarse, 16),
            (self.from_middle, middle, 8),
            (self.join_8, middle, 8),
            *zip(self.narrows, (fine, stem), (4, 2), strict=False),
            *((join, self.output_channels + FINE_CHANNELS, 4 // 2**i) for i, join in enumerate(self.joins)),
        ]

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        self.channels = self.set_channels(input_shape)
        for layer, channels, _ in self._parts():
            layer.build((None, None, None, channels))

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, channels) -> (batch, height / stride, width / stride, output_channels)."""
        check_multiples(x.shape, "x", self.multiple)
        stem = x = self.stem(x, training=training)  # stride 2
        levels = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = down(x, training=training)
            for block in stage:
                x = block(x, training=training)
            levels.append(x)
        fine, middle, coarse = levels
        x = upsample(self.from_coarse(coarse, training=training), 2) + self.from_middle(middle, training=training)
        x = self.join_8(x, training=training)
        for narrow, join, level in zip(self.narrows, self.joins, (fine, stem), strict=False):
            x = join(ops.concatenate([upsample(x, 2), narrow(level, training=training)], axis=-1), training=training)
        return x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Height and width divided by the stride."""
        batch, *size, _ = input_shape
        return (batch, *(None if n is None else n // self.stride for n in size), self.output_channels)
