"""A convolution with batch normalisation, the brick of residual nets in two dimensions."""

from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.fused_batch_normalization import FusedBatchNormalization
from dilatednets.layers.native_conv2d import native_conv2d
from dilatednets.layers.shapes import as_tensor, check_multiples
from dilatednets.rules import Size, keep_arguments


@keras.saving.register_keras_serializable("dilatednets")
class ConvNorm(ConfiguredLayer):
    """2-D convolution without bias, batch normalisation, and ReLU unless told otherwise.

    Convolutions of stride 2 have even kernels with equal padding on all sides, so that output pixel r of stride s sits over
    the middle of input pixels s r to s r + s - 1: the half-pixel convention in which bilinear resizing puts it back.
    Keras's own "same" padding of an odd kernel shifts each such level to one side.

    Args:
        filters: Number of output channels.
        kernel_size: Number of taps a side: odd with an odd stride, even with an even one, and at least the stride.
        stride: Distance between output pixels, in input pixels.
        dilation: Distance between taps, in pixels.
        activation: Whether ReLU follows.
        zero_scale: Whether the scale of the normalisation starts at 0, so that a residual branch starts as nothing.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, channels); height and width multiples of the stride.

    Output shape:
        (batch, height / stride, width / stride, filters)

    Raises:
        InputError: for an argument out of range, a kernel size that would shift the picture, or pictures of other sizes.

    Example:
    >>> import numpy as np
    >>> ConvNorm(8, kernel_size=4, stride=2)(np.zeros((1, 6, 10, 3), "float32")).shape
    TensorShape([1, 3, 5, 8])
    """

    rank = 4

    def __init__(
        self,
        filters: Size,
        kernel_size: Size = 3,
        stride: Size = 1,
        dilation: Size = 1,
        activation: bool = True,
        zero_scale: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        self.margin, uneven = divmod(self.kernel_size - self.stride, 2)
        if self.margin < 0 or uneven:
            raise InputError(
                f"kernel_size: a kernel of {kernel_size} taps at stride {stride} would shift the picture; "
                "they must be both odd or both even, and the kernel at least the stride"
            )
        self.conv = keras.layers.Conv2D(
            self.filters,
            self.kernel_size,
            strides=self.stride,
            dilation_rate=self.dilation,
            padding="same" if self.stride == 1 else "valid",
            data_format="channels_last",
            use_bias=False,
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="conv",
        )
        self.norm = FusedBatchNormalization(
            momentum=0.99,
            epsilon=1e-3,
            gamma_initializer="zeros" if zero_scale else "ones",
            dtype=self.dtype_policy,
            name="norm",
        )

    @property
    def receptive_field(self) -> int:
        """Height and width of the patch that one output pixel sees."""
        return 1 + (self.kernel_size - 1) * self.dilation

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        # Of any size: the margin may be what makes a picture large enough.
        self.conv.build((None, None, None, self.set_channels(input_shape)))
        self.norm.build((None, None, None, self.filters))

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, channels) -> (batch, height / stride, width / stride, filters)."""
        x = as_tensor(x, self.compute_dtype, "x", (None,) * 4, empty=False)
        check_multiples(x.shape, "x", self.stride)
        if self.stride > 1 and self.margin:
            x = ops.pad(x, ((0, 0), (self.margin, self.margin), (self.margin, self.margin), (0, 0)))
        if training:
            x = self.norm(self.conv(x), training=True)
        else:  # the normalisation is a scale and a shift by now, which the convolution can do
            norm = self.norm
            scale = norm.gamma * ops.rsqrt(norm.moving_variance + norm.epsilon)
            x = native_conv2d(self.conv, x, self.conv.kernel * scale, norm.beta - norm.moving_mean * scale)
        return ops.relu(x) if self.activation else x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Height and width divided by the stride."""
        batch, *size, _ = input_shape
        return (batch, *(None if n is None else n // self.stride for n in size), self.filters)
