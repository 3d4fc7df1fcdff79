"""Words as vectors, from their characters."""

from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.layers.centred_dilated_conv import CentredDilatedConv
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.rules import Size, keep_arguments, positive


@keras.saving.register_keras_serializable("dilatednets")
class CharacterEncoder(ConfiguredLayer):
    """Embeds the characters of each word, convolves them, and keeps the largest value of each filter.

    Args:
        num_characters: Size of the alphabet, padding (0) included.
        channels: Length of a character's vector.
        filters: Length of a word's vector.
        kernel_size: Number of characters that a filter sees; beyond a word's ends they are zero.
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
        self,
        num_characters: Size,
        channels: Size = 32,
        filters: Size = 64,
        kernel_size: Annotated[int, positive] = 3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        policy = self.dtype_policy
        self.embedding = keras.layers.Embedding(self.num_characters, self.channels, dtype=policy, name="embedding")
        self.conv = CentredDilatedConv(self.filters, self.kernel_size, activation="relu", dtype=policy, name="conv")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights."""
        self.embedding.build((None, None))
        self.conv.build((None, None, self.channels))

    def call(self, characters: Any) -> Any:
        """Encodes words, (batch, time, characters) -> (batch, time, filters)."""
        batch, time, length = ops.shape(characters)
        flat = ops.reshape(characters, (batch * time, length))
        mask = (flat != 0)[..., None]
        x = self.conv(ops.where(mask, self.embedding(flat), 0))
        return ops.reshape(ops.max(ops.where(mask, x, 0), axis=1, initial=0), (batch, time, self.filters))
