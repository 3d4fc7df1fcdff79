"""A small front end for segmentation that trains from scratch."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.layers.conv_norm import ConvNorm
from dilatednets.layers.dilated_residual_block import DilatedResidualBlock
from dilatednets.layers.upsample import upsample, upsample_span

DILATIONS = (1, 2, 4, 6, 8, 10)
FINE_CHANNELS = 16


@keras.saving.register_keras_serializable("dilatednets")
class LightFrontEnd(keras.layers.Layer):
    """Residual stages at strides 4, 8 and 16, the last with growing dilations, joined again at stride 8, 4 or 2.

    Pixels halve only where a level begins, by convolutions that keep pixel centres aligned (see `ConvNorm`); all blocks
    pair a dilated with a plain branch (see `DilatedResidualBlock`), and the joining 3x3 convolutions come last and are
    plain, without a residual around them, as DRN's degridding layers are.

    Args:
        widths: Channels at strides 2, 4, 8 and 16.
        blocks: Blocks at strides 4 and 8.
        dilations: One a block at stride 16.
        stride: Of the output: 8, 4, or 2 for things of few pixels.
        output_channels: Channels of the output.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, 3), normalised, height and width multiples of 16.

    Output shape:
        (batch, height / stride, width / stride, output_channels)

    Raises:
        ValueError: for another stride.

    Reference:
        Yu, Koltun & Funkhouser 2017, "Dilated Residual Networks" (arXiv 1705.09914), section 4; Gao 2021 (arXiv
        2111.09957) for blocks and joining.

    Example:
    >>> import numpy as np
    >>> LightFrontEnd()(np.zeros((1, 32, 64, 3), "float32")).shape
    TensorShape([1, 8, 16, 64])
    """

    multiple = 16
    """Height and width of the input must be multiples of it."""
    margin = 0
    """Pixels that the input must have beyond the image on each side."""
    mean = (104.0, 107.0, 109.0)
    std = (76.0, 77.0, 76.0)

    def __init__(
        self,
        widths: Sequence[int] = (32, 48, 128, 256),
        blocks: Sequence[int] = (1, 4),
        dilations: Sequence[int] = DILATIONS,
        stride: int = 4,
        output_channels: int = 64,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if stride not in (2, 4, 8):
            raise ValueError(f"LightFrontEnd: stride must be 2, 4 or 8, not {stride!r}")
        # TensorFlow 2.16's XLA does not compile the training step in mixed_bfloat16 ("mixed precision is disallowed").
        self.supports_jit = keras.backend.backend() != "tensorflow"
        self.widths = tuple(widths)
        self.block_counts = tuple(blocks)
        self.dilations = tuple(dilations)
        self.stride = stride
        self.output_channels = output_channels
        policy = self.dtype_policy
        stem, fine, middle, coarse = self.widths

        def norm(filters: int, size: int, stride: int, name: str) -> ConvNorm:
            return ConvNorm(filters, size, stride, dtype=policy, name=name)

        def stage(width: int, dilations: Sequence[int], name: str) -> list[DilatedResidualBlock]:
            return [
                DilatedResidualBlock(width, (1, d), dtype=policy, name=f"{name}_{i}") for i, d in enumerate(dilations)
            ]

        self.stem = norm(stem, 4, 2, "stem")
        self.downs = [norm(fine, 2, 2, "down_4"), norm(middle, 2, 2, "down_8"), norm(coarse, 2, 2, "down_16")]
        self.stages = [
            stage(fine, [1] * self.block_counts[0], "fine"),
            stage(middle, [2] * self.block_counts[1], "middle"),
            stage(coarse, self.dilations, "coarse"),
        ]
        self.from_coarse = norm(middle, 1, 1, "from_coarse")
        self.from_middle = norm(middle, 1, 1, "from_middle")
        self.join_8 = norm(output_channels, 3, 1, "join_8")
        # Then, a finer level at a time: its features, narrowed, beside what came from below.
        levels = [(name, level) for name, level in (("fine", 4), ("stem", 2)) if stride <= level]
        self.narrows = [norm(FINE_CHANNELS, 1, 1, f"from_{name}") for name, _ in levels]
        self.joins = [norm(output_channels, 3, 1, f"join_{level}") for _, level in levels]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last pixel, along one axis, that output pixels `first` to `last` see, far from any edge."""
        for _ in [*self.joins, self.join_8]:
            first, last = upsample_span(first - 1, last + 1, 2)
        for level, stage in enumerate(reversed(self.stages)):
            reach = sum(block.receptive_field // 2 for block in stage)
            first, last = first - reach, last + reach
            down = self.downs[len(self.downs) - 1 - level]
            first, last = 2 * first, 2 * last + down.kernel_size - 1
        return 2 * first - self.stem.margin, 2 * last - self.stem.margin + self.stem.kernel_size - 1

    @property
    def receptive_field(self) -> int:
        """Height and width, in pixels, of the largest patch that an output pixel sees."""
        spans = [self.span(pixel, pixel) for pixel in range(self.multiple // self.stride)]
        return max(last - first + 1 for first, last in spans)

    @property
    def macs_per_pixel(self) -> float:
        """Multiply-accumulates a pixel of the input."""
        layers: list[tuple[Any, int]] = [(self.stem, 2), *zip(self.downs, (4, 8, 16), strict=True)]
        layers += [(block, 4 * 2**level) for level, stage in enumerate(self.stages) for block in stage]
        layers += [(self.from_coarse, 16), (self.from_middle, 8), (self.join_8, 8)]
        layers += [(layer, 4 // 2**i) for i, pair in enumerate(self._finer) for layer in pair]
        kernels = [(weight, stride) for layer, stride in layers for weight in layer.weights if len(weight.shape) > 1]
        return float(sum(np.prod(kernel.shape) / stride**2 for kernel, stride in kernels))

    @property
    def _finer(self) -> list[tuple[ConvNorm, ConvNorm]]:
        return list(zip(self.narrows, self.joins, strict=True))

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        stem, fine, middle, coarse = self.widths

        def shape(channels: int) -> tuple[Any, ...]:
            return (None, None, None, channels)

        self.stem.build(shape(input_shape[-1]))
        for down, stage, before, width in zip(
            self.downs, self.stages, (stem, fine, middle), (fine, middle, coarse), strict=True
        ):
            down.build(shape(before))
            for block in stage:
                block.build(shape(width))
        self.from_coarse.build(shape(coarse))
        self.from_middle.build(shape(middle))
        self.join_8.build(shape(middle))
        for (narrow, join), width in zip(self._finer, (fine, stem), strict=False):
            narrow.build(shape(width))
            join.build(shape(self.output_channels + FINE_CHANNELS))
        self.built = True

    def call(self, x: Any, training: Any = None) -> Any:
        """See the class."""
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
        for (narrow, join), level in zip(self._finer, (fine, stem), strict=False):
            x = join(ops.concatenate([upsample(x, 2), narrow(level, training=training)], axis=-1), training=training)
        return x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Height and width divided by the stride."""
        batch, *size, _ = input_shape
        return (batch, *(None if n is None else n // self.stride for n in size), self.output_channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "widths": list(self.widths),
            "blocks": list(self.block_counts),
            "dilations": list(self.dilations),
            "stride": self.stride,
            "output_channels": self.output_channels,
        }
