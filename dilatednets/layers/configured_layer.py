"""What most layers of the package share: the arguments of the constructor are the configuration."""

from typing import Any

import keras

from dilatednets.rules import config_of


class ConfiguredLayer(keras.layers.Layer):
    """A layer that kept its constructor's arguments by `dilatednets.rules.keep_arguments(self, locals())`.

    Its output has the shape of its input but for `filters`, the number of channels; other layers say their own.
    """

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(..., channels) -> (..., filters)."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **config_of(self)}
