"""The context module: dilated convolutions in two dimensions that see far without losing resolution."""

import itertools
from collections.abc import Sequence
from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.dilated_identity import DilatedIdentity
from dilatednets.layers.native_conv2d import native_conv2d
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Sizes, checked, keep_arguments, not_negative, one_of

DILATIONS = (1, 1, 2, 4, 8, 16, 1)


@keras.saving.register_keras_serializable("dilatednets")
class ContextModule(ConfiguredLayer):
    """Aggregates context: 3x3 convolutions of growing dilation with ReLU, then a linear 1x1 convolution.

    As many maps come out as go in, at the same resolution. At the start the module passes its input through:
    without noise the output is ReLU(input).

    Args:
        variant: "basic", C channels in every layer, or "large", 2C channels and twice as many with each doubling of the
            dilation (2C, 2C, 4C, 8C, 16C, 32C, 32C for the default dilations).
        dilations: Dilation of each 3x3 layer. The default makes Dilation8; without 16 it is Dilation7, with 32 and
            64 after the 16 Dilation10.
        padding: "same" pads every layer with zeros; "once" pads the input and leaves nothing to pad in the layers; "valid"
            pads nothing, and the output is smaller by `receptive_field - 1`: for input that comes with a margin.
        noise: Standard deviation of the noise in the initialiser, `DilatedIdentity`. It must not be 0 in the large variant,
            or the channels of a group stay equal for ever.
        identity: False starts from Keras's default initialiser instead, for comparison.
        seed: Seed of the noise; drawn anew each time if left out.
        multipliers: Channels of each 3x3 layer as a multiple of C; the variant's if left out.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, C)

    Output shape:
        (batch, height, width, C); smaller with padding "valid".

    Raises:
        InputError: for an unknown variant or padding, a dilation or multiplier that is no positive integer, or another
            number of multipliers than of dilations.

    Reference:
        Yu & Koltun 2016, "Multi-Scale Context Aggregation by Dilated Convolutions" (arXiv 1511.07122), section 3, table 1.

    Example:
    >>> import numpy as np
    >>> module = ContextModule("basic")
    >>> scores = np.random.default_rng(0).standard_normal((1, 20, 30, 11)).astype("float32")
    >>> float(np.abs(module(scores) - np.maximum(scores, 0)).max())
    0.0
    >>> module.receptive_field, module.count_params()
    (67, 7832)
    """

    rank = 4

    def __init__(
        self,
        variant: Annotated[str, one_of("basic", "large")] = "basic",
        dilations: Sizes = DILATIONS,
        padding: Annotated[str, one_of("same", "once", "valid")] = "same",
        noise: Annotated[float, not_negative] | None = None,
        identity: bool = True,
        seed: Annotated[int, not_negative] | None = None,
        multipliers: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        if noise is None:
            self.noise = 0.0 if variant == "basic" else 0.01
        if multipliers is None:
            widest = itertools.accumulate(self.dilations, max)
            multipliers = [1 if variant == "basic" else 2 * dilation for dilation in widest]
        self.multipliers = tuple(checked(multipliers, Sizes, "multipliers"))
        if len(self.multipliers) != len(self.dilations):
            raise InputError(
                f"multipliers: must be {len(self.dilations)} numbers, one a dilation, not {len(self.multipliers)}"
            )
        self.convs: list[keras.layers.Conv2D] = []

    @property
    def receptive_field(self) -> int:
        """Height and width of the patch that one output pixel sees."""
        return 1 + 2 * sum(self.dilations)

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        channels = self.set_channels(input_shape)
        layers = [(m * channels, 3, d, "relu") for m, d in zip(self.multipliers, self.dilations, strict=True)]
        before, convs = channels, []
        for index, (filters, size, dilation, activation) in enumerate([*layers, (channels, 1, 1, None)]):
            seed = None if self.seed is None else self.seed + index  # noise of its own for each layer
            conv = keras.layers.Conv2D(
                filters,
                size,
                dilation_rate=dilation,
                padding="same" if self.padding == "same" else "valid",
                data_format="channels_last",
                activation=activation,
                kernel_initializer=DilatedIdentity(channels, self.noise, seed) if self.identity else "glorot_uniform",
                dtype=self.dtype_policy,
                name=f"conv_{index}",
            )
            conv.build((None, None, None, before))  # of any size: padding may be what makes a picture large enough
            convs.append(conv)
            before = filters
        self.convs = convs

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, C) -> (batch, height, width, C); `training=True` wherever a gradient is taken.

        Without it `native_conv2d` computes the convolutions, which on some CPUs has no gradient.
        """
        x = as_tensor(x, self.compute_dtype, "x", (None,) * 4, empty=False)
        self.compute_output_shape(x.shape)  # refuses too small an image
        if self.padding == "once":
            margin = sum(self.dilations)
            x = ops.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        for conv in self.convs:
            x = conv(x) if training else native_conv2d(conv, x)
        return x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape, less the margin with padding "valid"."""
        if self.padding != "valid":
            return tuple(input_shape)
        batch, *size, channels = input_shape
        if any(n is not None and n < self.receptive_field for n in size):
            raise InputError(
                f"x: {size[0]} x {size[1]} pixels are too few without padding; {self.receptive_field} are needed"
            )
        return (batch, *(None if n is None else n - self.receptive_field + 1 for n in size), channels)
