"""The context module: dilated convolutions in two dimensions that see far without losing resolution."""

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from dilatednets.layers.dilated_identity import DilatedIdentity
from dilatednets.layers.direct_conv import direct_conv

DILATIONS = (1, 1, 2, 4, 8, 16, 1)


@keras.saving.register_keras_serializable("dilatednets")
class ContextModule(keras.layers.Layer):
    """Aggregates context: 3x3 convolutions of growing dilation with ReLU, then a linear 1x1 convolution.

    As many maps come out as go in, at the same resolution. At the start the module passes its input through:
    without noise the output is ReLU(input).

    Args:
        variant: "basic", C channels in every layer, or "large", 2C channels and twice as many with each doubling of the
            dilation (2C, 2C, 4C, 8C, 16C, 32C, 32C for the default dilations).
        dilations: One a 3x3 layer. The default makes Dilation8; without 16 it is Dilation7, with 32 and 64 after the 16
            Dilation10.
        padding: "same" pads every layer with zeros; "once" pads the input and leaves nothing to pad in the layers; "valid"
            pads nothing, and the output is smaller by `receptive_field - 1`: for input that comes with a margin.
        noise: Standard deviation of the initialiser's noise; see `DilatedIdentity`. It must not be 0 in the large variant,
            or the channels of a group stay equal for ever.
        identity: False starts from Keras's default initialiser instead, for comparison.
        seed: Of the noise.
        multipliers: Channels of each 3x3 layer as a multiple of C; None: those of the variant.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, height, width, C)

    Output shape:
        (batch, height, width, C); smaller with padding "valid".

    Raises:
        ValueError: for an unknown variant or padding, a dilation or multiplier that is no positive integer, or another
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

    def __init__(
        self,
        variant: str = "basic",
        dilations: Sequence[int] = DILATIONS,
        padding: str = "same",
        noise: float | None = None,
        identity: bool = True,
        seed: int | None = None,
        multipliers: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if variant not in ("basic", "large"):
            raise ValueError(f"ContextModule: variant must be 'basic' or 'large', not {variant!r}")
        if padding not in ("same", "once", "valid"):
            raise ValueError(f"ContextModule: padding must be 'same', 'once' or 'valid', not {padding!r}")
        dilations = _positive_integers("dilations", dilations)
        if multipliers is None:
            widest = itertools.accumulate(dilations, max)
            multipliers = [1] * len(dilations) if variant == "basic" else [2 * dilation for dilation in widest]
        multipliers = _positive_integers("multipliers", multipliers)
        if len(multipliers) != len(dilations):
            raise ValueError(
                f"ContextModule: multipliers must be {len(dilations)} numbers, one a dilation, not {multipliers!r}"
            )
        self.variant = variant
        self.dilations = dilations
        self.multipliers = multipliers
        self.padding = padding
        self.noise = {"basic": 0.0, "large": 0.01}[variant] if noise is None else noise
        self.identity = identity
        self.seed = seed
        self.convs: list[keras.layers.Conv2D] = []

    @property
    def receptive_field(self) -> int:
        """Height and width of the patch that one output pixel sees."""
        return 1 + 2 * sum(self.dilations)

    def widths(self, channels: int) -> list[int]:
        """Channels of the 3x3 layers for an input of `channels`."""
        return [channels * multiplier for multiplier in self.multipliers]

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        channels = input_shape[-1]
        widths = self.widths(channels)
        self.convs = [
            self._conv(index, channels, filters, 3, dilation, "relu")
            for index, (filters, dilation) in enumerate(zip(widths, self.dilations, strict=True))
        ]
        self.convs.append(self._conv(len(widths), channels, channels, 1, 1, None))
        shape = (*input_shape[:-1], channels)
        for conv, filters in zip(self.convs, [*widths, channels], strict=True):
            conv.build(shape)
            shape = (*shape[:-1], filters)
        self.built = True

    def _conv(
        self, index: int, groups: int, filters: int, size: int, dilation: int, activation: str | None
    ) -> keras.layers.Conv2D:
        seed = None if self.seed is None else self.seed + index  # noise of its own for each layer
        initializer = DilatedIdentity(groups, self.noise, seed) if self.identity else "glorot_uniform"
        return keras.layers.Conv2D(
            filters,
            size,
            dilation_rate=dilation,
            padding="same" if self.padding == "same" else "valid",
            activation=activation,
            kernel_initializer=initializer,
            dtype=self.dtype_policy,
            name=f"conv_{index}",
        )

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, height, width, C) -> (batch, height, width, C); `training=True` wherever a gradient is taken.

        Without it, on TensorFlow, a kernel is used that has no gradient on some CPUs.
        """
        if self.padding == "once":
            margin = sum(self.dilations)
            x = ops.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        for conv in self.convs:
            x = conv(x) if training else direct_conv(conv, x)
        return x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape, less the margin with padding "valid"."""
        if self.padding != "valid":
            return tuple(input_shape)
        batch, *size, channels = input_shape
        return (batch, *(None if n is None else n - self.receptive_field + 1 for n in size), channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "variant": self.variant,
            "dilations": list(self.dilations),
            "padding": self.padding,
            "noise": self.noise,
            "identity": self.identity,
            "seed": self.seed,
            "multipliers": list(self.multipliers),
        }


def _positive_integers(name: str, numbers: Sequence[int]) -> tuple[int, ...]:
    """The numbers as Python's own, NumPy's included."""
    try:
        found = tuple(operator.index(number) for number in numbers)
    except TypeError:
        found = ()
    if not found or min(found) < 1:
        raise ValueError(f"ContextModule: {name} must be positive integers, not {numbers!r}")
    return found
