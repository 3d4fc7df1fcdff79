"""A convolution with batch normalisation, the brick of residual nets in two dimensions."""

from typing import Any

import keras
from keras import ops

from dilatednets.layers.direct_conv import direct_conv
from dilatednets.layers.fused_batch_normalization import FusedBatchNormalization


@keras.saving.register_keras_serializable("dilatednets")
class ConvNorm(keras.layers.Layer):
    """2-D convolution without bias, batch normalisation, and ReLU unless told otherwise.

    Convolutions of stride 2 have even kernels with equal padding on all sides, so that output pixel r of stride s sits over
    the middle of input pixels s r to s r + s - 1: the half-pixel convention in which bilinear resizing puts it back.
    Keras's own "same" padding of an odd kernel shifts each such level to one side.

    Args:
        filters: Output channels.
        kernel_size: Taps a side: odd with an odd stride, even with an even one, and at least the stride.
        stride: Step between output pixels.
        dilation: Spacing of the taps.
        activation: Whether ReLU follows.
        zero_scale: Start the normalisation's scale at 0, so that a residual branch starts as nothing.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, channels); height and width multiples of the stride.

    Output shape:
        (batch, height / stride, width / stride, filters)

    Raises:
        ValueError: for a kernel size that would shift the picture.

    Example:
    >>> import numpy as np
    >>> ConvNorm(8, kernel_size=4, stride=2)(np.zeros((1, 6, 10, 3), "float32")).shape
    TensorShape([1, 3, 5, 8])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        stride: int = 1,
        dilation: int = 1,
        activation: bool = True,
        zero_scale: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if kernel_size < stride or (kernel_size - stride) % 2:
            raise ValueError(
                f"ConvNorm: a kernel of {kernel_size} taps at stride {stride} would shift the picture; "
                "they must be both odd or both even, and the kernel at least the stride"
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.stride = stride
        self.dilation = dilation
        self.activation = activation
        self.zero_scale = zero_scale
        self.margin = (kernel_size - stride) // 2
        self.conv = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=stride,
            dilation_rate=dilation,
            padding="same" if stride == 1 else "valid",
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
        self.conv.build(input_shape)
        self.norm.build((*input_shape[:-1], self.filters))
        self.built = True

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, channels) -> (batch, height / stride, width / stride, filters)."""
        if self.stride > 1 and self.margin:
            x = ops.pad(x, ((0, 0), (self.margin, self.margin), (self.margin, self.margin), (0, 0)))
        if training:
            x = self.norm(self.conv(x), training=True)
        else:  # the normalisation is a scale and a shift by now, which the convolution can do
            norm = self.norm
            scale = norm.gamma * ops.rsqrt(norm.moving_variance + norm.epsilon)
            x = direct_conv(self.conv, x, self.conv.kernel * scale, norm.beta - norm.moving_mean * scale)
        return ops.relu(x) if self.activation else x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Height and width divided by the stride."""
        batch, *size, _ = input_shape
        return (batch, *(None if n is None else n // self.stride for n in size), self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("filters", "kernel_size", "stride", "dilation", "activation", "zero_scale")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
