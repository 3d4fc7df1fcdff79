"""The front end of Yu & Koltun 2016: VGG-16 with dilations in place of its last two poolings."""

import functools
from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError, one_line
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Rule, Size, keep_arguments, share

# Convolutions, dilation and stride of VGG-16's five blocks; pooling precedes a block where the stride doubles. Without
# pooling 4, block 5 needs dilation 2 to see as far; without pooling 5 as well, fc6 needs 4.
BLOCKS = ((2, 1, 1), (2, 1, 2), (3, 1, 4), (3, 1, 8), (3, 2, 8))
HEAD = {"fc6": "fc1", "fc7": "fc2"}  # the paper's names, and those of keras.applications
five_positive = Rule(
    lambda x: len(x) == len(BLOCKS) and 0 < min(x) <= max(x) < 2**31, "five positive integers, one a block"
)


@keras.saving.register_keras_serializable("dilatednets")
class VGG16FrontEnd(ConfiguredLayer):
    """VGG-16 as a dense feature extractor: three poolings, then dilated convolutions, all without padding.

    Output pixel r sees input pixels 8 r to 8 r + 379 of each axis. Their centre, less the margin, is image pixel 8 r + 3.5:
    the half-pixel convention of bilinear resizing. (The authors' Caffe code trains at 1/8 of the resolution as if output r
    lay on image pixel 8 r: with such weights, masks lie 3.5 pixels off here.)

    Args:
        widths: Number of channels of each of the five blocks.
        head_channels: Number of channels of fc6 and fc7. With 4096, three quarters of all weights are fc6's.
        dropout: Share of features that are dropped after fc6 and after fc7, in training.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, 3): RGB less `mean`, `margin` pixels beyond the image on each side. Pixels past the last
        multiple of 8 beyond 372 are ignored.

    Output shape:
        (batch, (height - 372) / 8, (width - 372) / 8, head_channels)

    Raises:
        InputError: for other than five widths, another argument out of range, or an input below 380 x 380.

    Reference:
        Yu & Koltun 2016, "Multi-Scale Context Aggregation by Dilated Convolutions" (arXiv 1511.07122), section 4;
        Simonyan & Zisserman 2015 (arXiv 1409.1556), table 1, column D.

    Example:
    >>> import numpy as np
    >>> front_end = VGG16FrontEnd(widths=(2, 2, 2, 2, 2), head_channels=4)
    >>> front_end(np.zeros((1, 388, 396, 3), "float32")).shape
    TensorShape([1, 2, 3, 4])
    """

    rank = 4
    stride = 8
    multiple = 8
    """Height and width of the input, less the margins, must be multiples of it."""
    margin = 186
    """Pixels that the input must have beyond the image on each side."""
    receptive_field = 380
    """Height and width, in pixels, of the patch that one output pixel sees."""
    mean = (123.68, 116.779, 103.939)
    std = (1.0, 1.0, 1.0)

    def __init__(
        self,
        widths: Annotated[Sequence[int], five_positive] = (64, 128, 256, 512, 512),
        head_channels: Size = 4096,
        dropout: Annotated[float, share] = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        self.supports_jit = keras.backend.backend() != "tensorflow"  # as in LightFrontEnd
        self.output_channels = self.head_channels
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: 3})
        # By He's initialiser: the signal fades with Keras's default, for nothing normalises it.
        conv = functools.partial(
            keras.layers.Conv2D,
            activation="relu",
            kernel_initializer="he_normal",
            data_format="channels_last",
            dtype=self.dtype_policy,
        )
        self.blocks = [
            [conv(width, 3, dilation_rate=dilation, name=f"block{number}_conv{i + 1}") for i in range(count)]
            for number, (width, (count, dilation, _)) in enumerate(zip(self.widths, BLOCKS, strict=True), start=1)
        ]
        self.fc6 = conv(self.head_channels, 7, dilation_rate=4, name="fc6")
        self.fc7 = conv(self.head_channels, 1, name="fc7")
        self.pool = keras.layers.MaxPooling2D(2, data_format="channels_last", dtype=self.dtype_policy, name="pool")
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last pixel of the image, along one axis, that output pixels `first` to `last` see."""
        return self.stride * first - self.margin, self.stride * last - self.margin + self.receptive_field - 1

    @property
    def convs(self) -> list[keras.layers.Conv2D]:
        """All convolutions, in order."""
        return [*(conv for block in self.blocks for conv in block), self.fc6, self.fc7]

    @property
    def kernel_shapes(self) -> list[tuple[int, int, int, int]]:
        """Shape of each convolution's kernel, in order; known before the weights exist."""
        channels = [3, *(conv.filters for conv in self.convs)]
        return [(*conv.kernel_size, n, conv.filters) for n, conv in zip(channels, self.convs, strict=False)]

    @property
    def macs_per_pixel(self) -> float:
        """Multiply-accumulates a pixel of a large input."""
        strides = [stride for count, _, stride in BLOCKS for _ in range(count)] + [self.stride] * 2
        shapes = zip(self.kernel_shapes, strides, strict=True)
        return float(sum(np.prod(shape) / stride**2 for shape, stride in shapes))

    def build(self, input_shape: Any) -> None:
        """Creates the weights; the input has three channels whatever `input_shape` says."""
        for conv, shape in zip(self.convs, self.kernel_shapes, strict=True):
            conv.build((None, None, None, shape[2]))

    def load_imagenet(self, source: keras.Model | None = None) -> None:
        """Takes over VGG-16's weights; fc1 and fc2 become convolutions, as fully connected layers can.

        Args:
            source: A model with the layers of `keras.applications.VGG16(include_top=True)`; if left out, that one with the
                ImageNet weights (553 MB, downloaded once).

        Raises:
            InputError: if the weights are neither here nor to be had, or this layer has other widths than `source`.
            ValueError: if `source` lacks a layer, for instance its top.
        """
        source = _imagenet_vgg16() if source is None else source
        pairs = [(conv, source.get_layer(HEAD.get(conv.name, conv.name))) for conv in self.convs]
        for (_, layer), shape in zip(pairs, self.kernel_shapes, strict=True):
            *inputs, filters = layer.kernel.shape
            if (np.prod(inputs), filters) != (np.prod(shape[:3]), shape[3]):
                raise InputError(
                    f"load_imagenet: {layer.name} has weights {tuple(layer.kernel.shape)}, {shape} are wanted here; "
                    "leave widths and head_channels at their defaults for ImageNet weights"
                )
        if not self.built:
            self.build((None, None, None, 3))
        for conv, layer in pairs:
            kernel, bias = layer.get_weights()
            # Keras flattens (row, column, channel), the order of a kernel's taps: fc1 needs no more than a reshape.
            conv.set_weights([kernel.reshape(conv.kernel.shape), bias])

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, 3) -> (batch, (height - 372) / 8, (width - 372) / 8, head_channels)."""
        x = as_tensor(x, self.compute_dtype, "x", (None, None, None, 3), empty=False)
        self.compute_output_shape(x.shape)  # refuses too small an image; a backend would speak of negative sizes
        x = ops.flip(x, axis=-1)  # VGG-16's weights come from Caffe: BGR
        reached = 1
        for convs, (_, _, stride) in zip(self.blocks, BLOCKS, strict=True):
            if stride > reached:
                x, reached = self.pool(x), stride
            for conv in convs:
                x = conv(x)
        x = self.drop(self.fc6(x), training=training)
        return self.drop(self.fc7(x), training=training)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Height and width less the margins, divided by the stride."""
        batch, *size, _ = input_shape
        if any(n is not None and n < self.receptive_field for n in size):
            raise InputError(
                f"VGG16FrontEnd: an input of {size[0]} x {size[1]} pixels is too small; "
                f"pad the image by {self.margin} on each side, to at least {self.receptive_field}"
            )
        outputs = [None if n is None else (n - 2 * self.margin) // self.stride for n in size]
        return (batch, *outputs, self.output_channels)


def _imagenet_vgg16() -> keras.Model:
    try:
        return keras.applications.VGG16(weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception without a network
        raise InputError(
            f"load_imagenet: no VGG-16 weights ({one_line(error)}); connect to a network once, or put "
            "vgg16_weights_tf_dim_ordering_tf_kernels.h5 into ~/.keras/models"
        ) from error
