"""A small front end for segmentation that trains from scratch."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.layers.conv_norm import ConvNorm
from dilatednets.layers.dilated_residual_block import DilatedResidualBlock
from dilatednets.layers.upsample import upsample

DILATIONS = (1, 2, 4, 6, 8, 10)


@keras.saving.register_keras_serializable("dilatednets")
class LightFrontEnd(keras.layers.Layer):
    """Residual stages at strides 4, 8 and 16, the last with growing dilations, joined again at stride 4 or 8.

    Pixels halve only where a level begins, by convolutions that keep pixel centres aligned (see `ConvNorm`); all blocks
    pair a dilated with a plain branch (see `DilatedResidualBlock`), and the joining 3x3 convolutions come last and are
    plain, without a residual around them, as DRN's degridding layers are.

    Args:
        widths: Channels at strides 2, 4, 8 and 16.
        blocks: Blocks at strides 4 and 8.
        dilations: One a block at stride 16.
        stride: Of the output, 4 or 8.
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
        if stride not in (4, 8):
            raise ValueError(f"LightFrontEnd: stride must be 4 or 8, not {stride!r}")
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
        self.from_fine = norm(16, 1, 1, "from_fine") if stride == 4 else None
        self.join_4 = norm(output_channels, 3, 1, "join_4") if stride == 4 else None

    @property
    def receptive_field(self) -> int:
        """Height and width, in pixels, of the patch that one output pixel sees, by its longest path."""
        # Pixels of each level that a path through it reaches to one side, in pixels of the image.
        reach = [block.receptive_field // 2 * 2 ** (2 + level) for level, s in enumerate(self.stages) for block in s]
        upsampling = 16 if self.stride == 8 else 16 + 8
        joining = 8 if self.stride == 8 else 8 + 4
        # The strided convolutions: each output pixel of level s covers s pixels, and the stem one more on each side.
        return 2 * (sum(reach) + upsampling + joining + 1) + 16

    @property
    def macs_per_pixel(self) -> float:
        """Multiply-accumulates a pixel of the input."""
        layers: list[tuple[Any, int]] = [(self.stem, 2), *zip(self.downs, (4, 8, 16), strict=True)]
        layers += [(block, 4 * 2**level) for level, stage in enumerate(self.stages) for block in stage]
        layers += [(self.from_coarse, 16), (self.from_middle, 8), (self.join_8, 8)]
        if self.from_fine is not None:
            layers += [(self.from_fine, 4), (self.join_4, 4)]
        kernels = [(weight, stride) for layer, stride in layers for weight in layer.weights if len(weight.shape) > 1]
        return float(sum(np.prod(kernel.shape) / stride**2 for kernel, stride in kernels))

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
        if self.from_fine is not None and self.join_4 is not None:
            self.from_fine.build(shape(fine))
            self.join_4.build(shape(self.output_channels + 16))
        self.built = True

    def call(self, x: Any, training: Any = None) -> Any:
        """See the class."""
        x = self.stem(x, training=training)  # stride 2
        levels = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = down(x, training=training)
            for block in stage:
                x = block(x, training=training)
            levels.append(x)
        fine, middle, coarse = levels
        x = upsample(self.from_coarse(coarse, training=training), 2) + self.from_middle(middle, training=training)
        x = self.join_8(x, training=training)
        if self.from_fine is None or self.join_4 is None:
            return x
        x = ops.concatenate([upsample(x, 2), self.from_fine(fine, training=training)], axis=-1)
        return self.join_4(x, training=training)

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
