"""What most layers of the package share: the arguments of the constructor are the configuration."""

from typing import Any

import keras

from dilatednets.errors import InputError
from dilatednets.layers.kernel_and_bias import quantised_layer
from dilatednets.layers.shapes import check_shape
from dilatednets.rules import config_of


class ConfiguredLayer(keras.layers.Layer):
    """A layer that kept its constructor's arguments by `dilatednets.rules.keep_arguments(self, locals())`.

    Its output has the shape of its input but for `filters`, the number of channels; other layers say their own.
    """

    rank: int | None = 3
    """Number of dimensions of the input; None for any."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=self.rank)

    def set_channels(self, input_shape: Any) -> int:
        """The channels of the input that a layer is built for; from then on Keras refuses inputs with others.

        Raises:
            InputError: for a shape of another rank, or one that does not say how many channels there are.
        """
        check_shape(input_shape, f"{self.name}: the input", (None,) * (self.rank or 0))
        channels = input_shape[-1]
        if not channels:
            raise InputError(f"{self.name}: the input must have a fixed number of channels, not {channels}")
        self.input_spec = keras.layers.InputSpec(ndim=self.rank, axes={-1: channels})
        return int(channels)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(..., channels) -> (..., filters)."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Raises:
            InputError: for a layer that Keras has quantised, since its configuration could not say so.
        """
        if quantised_layer(self):
            raise InputError(f"{self.name}: is quantised, and could not be loaded again; save it before quantize()")
        return {**super().get_config(), **config_of(self)}
