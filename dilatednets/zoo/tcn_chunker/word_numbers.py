"""`dilatednets.zoo.tcn_chunker.word_features.WordFeatures` in a graph: from words to what a tagger sees of them."""

import sys
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.serving.graphs import table
from dilatednets.zoo.tcn_chunker.word_features import (
    MAX_CHARACTERS,
    PADDING,
    SHAPE_RUN,
    UNKNOWN,
    WordFeatures,
    numbers_of,
    sign,
)


class WordNumbers(tf.Module):
    """Numbers of words, their shapes and characters, as `WordFeatures.batch` has them.

    Args:
        features: The vocabulary.

    Example:
    >>> numbers = WordNumbers(WordFeatures(["it", "works"], "Itworks", ["Xx", "xx"]))
    >>> numbers(tf.constant([["It", "works"], ["Works", ""]]))["words"].numpy().tolist()
    [[2, 3], [3, 0]]
    """

    def __init__(self, features: WordFeatures) -> None:
        super().__init__(name="word_numbers")
        self.words, self.shapes = (table(numbers_of(names), UNKNOWN) for names in (features.words, features.shapes))
        characters = sorted((ord(character), number) for character, number in numbers_of(features.characters).items())
        self.codes, self.code_numbers = np.array(characters or [(0, UNKNOWN)], np.int32).T
        self.first_codes, self.signs = _runs_of_signs()

    def __call__(self, tokens: Any) -> dict[str, tf.Tensor]:
        """int32 "words" and "shapes" (batch, time) and "characters" (batch, time, longest) of string (batch, time)."""
        flat = tf.reshape(tokens, [-1])
        there = flat != ""
        letters = tf.strings.unicode_decode(flat, "UTF-8")
        normal = tf.strings.regex_replace(tf.strings.lower(flat, encoding="utf-8"), r"\p{Nd}", "0")
        numbers = {"words": self.words.lookup(normal), "shapes": self.shapes.lookup(self._shapes(letters))}
        numbers = {name: tf.reshape(tf.where(there, x, PADDING), tf.shape(tokens)) for name, x in numbers.items()}
        characters = tf.ragged.map_flat_values(self._characters, _seen(letters)).to_tensor(PADDING)
        characters = tf.pad(characters, [[0, 0], [0, tf.cast(tf.shape(characters)[1] == 0, tf.int32)]])
        longest = tf.shape(characters)[1]
        numbers["characters"] = tf.reshape(characters, [*tf.unstack(tf.shape(tokens)), longest])
        return numbers

    def _characters(self, codes: tf.Tensor) -> tf.Tensor:
        place = tf.minimum(tf.searchsorted(self.codes, codes), len(self.codes) - 1)
        return tf.where(tf.gather(self.codes, place) == codes, tf.gather(self.code_numbers, place), UNKNOWN)

    def _shapes(self, letters: tf.RaggedTensor) -> tf.Tensor:
        """Shapes (words,) of words of code points."""
        codes = letters[:, :MAX_CHARACTERS].to_tensor(-1)
        run = tf.searchsorted(self.first_codes, tf.reshape(codes, [-1]), side="right") - 1
        signs = tf.reshape(tf.gather(self.signs, tf.maximum(run, 0)), tf.shape(codes))
        signs = tf.where(signs == 0, codes, signs)
        padded = tf.pad(signs, [[0, 0], [SHAPE_RUN, 0]], constant_values=-1)
        before = [padded[:, back : back + tf.shape(signs)[1]] for back in range(SHAPE_RUN)]
        repeated = tf.reduce_all([signs == other for other in before], axis=0)
        kept = tf.ragged.boolean_mask(signs, (codes >= 0) & ~repeated)
        return tf.strings.unicode_encode(kept, "UTF-8")


def _seen(letters: tf.RaggedTensor) -> tf.RaggedTensor:
    """The first and the last half of long words, and all of others."""
    half, lengths = MAX_CHARACTERS // 2, letters.row_lengths()
    first = tf.where(lengths > MAX_CHARACTERS, lengths - half, tf.minimum(lengths, half))
    rest = tf.gather(letters, tf.ragged.range(first, lengths), batch_dims=1)
    return tf.concat([letters[:, :half], rest], axis=1)


def _runs_of_signs() -> tuple[np.ndarray, np.ndarray]:
    """Where runs of characters begin that have one sign in shapes, and the code of it; 0: they stand for themselves."""
    signs = [ord(sign(chr(code))) for code in range(sys.maxunicode + 1)]
    signs = [0 if code == own else own for code, own in enumerate(signs)]
    first = [0, *(code for code, (last, this) in enumerate(pairwise(signs), 1) if this != last)]
    return np.array(first, np.int32), np.array([signs[code] for code in first], np.int32)
