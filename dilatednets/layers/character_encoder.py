"""Words as vectors, from their characters."""

from typing import Any

import keras
from keras import ops

from dilatednets.layers.centred_dilated_conv import CentredDilatedConv


@keras.saving.register_keras_serializable("dilatednets")
class CharacterEncoder(keras.layers.Layer):
    """Embeds the characters of each word, convolves them, and keeps the largest value of each filter.

    Args:
        num_characters: Numbers there are, padding (0) included.
        channels: Length of a character's vector.
        filters: Length of a word's vector.
        kernel_size: Characters that a filter sees; beyond a word's ends they are zero.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        Integers (batch, time, characters), 0 after the last of each word.

    Output shape:
        (batch, time, filters), at least 0; 0 for a word without characters.

    Reference:
        dos Santos & Zadrozny 2014, "Learning Character-level Representations for Part-of-Speech Tagging", ICML, section 2.1.

    Example:
    >>> import numpy as np
    >>> encoder = CharacterEncoder(num_characters=30, channels=8, filters=16)
    >>> encoder(np.array([[[3, 4, 0], [5, 0, 0]]])).shape
    TensorShape([1, 2, 16])
    """

    def __init__(
        self, num_characters: int, channels: int = 32, filters: int = 64, kernel_size: int = 3, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_characters = num_characters
        self.channels = channels
        self.filters = filters
        self.kernel_size = kernel_size
        self.embedding = keras.layers.Embedding(num_characters, channels, dtype=self.dtype_policy, name="embedding")
        self.conv = CentredDilatedConv(filters, kernel_size, activation="relu", dtype=self.dtype_policy, name="conv")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights."""
        self.embedding.build((None, None))
        self.conv.build((None, None, self.channels))
        self.built = True

    def call(self, characters: Any) -> Any:
        """See the class."""
        batch, time, length = ops.shape(characters)
        flat = ops.reshape(characters, (batch * time, length))
        keep = ops.cast(flat != 0, self.compute_dtype)[..., None]
        x = self.conv(self.embedding(flat) * keep) * keep
        return ops.reshape(ops.max(x, axis=1), (batch, time, self.filters))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(batch, time, characters) -> (batch, time, filters)."""
        return (*input_shape[:2], self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_characters": self.num_characters,
            "channels": self.channels,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
        }
