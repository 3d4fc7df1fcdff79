"""Sentences end to end in one sequence, which a net of convolutions tags without padding them to equal length."""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

WINDOW = 4096
"""Words that go through the net at once, besides those that it sees on both sides."""

Table = dict[str, np.ndarray]


class PackedSentences:
    """Sentences one after the other, with padding between them that is as wide as a convolution reaches.

    Each different word comes once in a table, and the sequence holds numbers of its rows: what a net makes of a word by
    itself it makes once.

    Args:
        sentences: Words of each.
        pos: Parts of speech of each, for a net that sees them; the same word with another one is another row.
        gap: Padding after each sentence: the reach of a single convolution, since padding is zero before each.
        encode: Makes a batch of arrays of a list of sentences and their parts of speech, as `TCNChunker.encode`.
        few_shapes: Whether to pad what goes through the net to sizes of which there are few, for a compiler that starts
            anew for each.

    Example:
    >>> def encode(sentences, pos):
    ...     return {"words": np.array([[{"it": 2, "works": 3}[word] for word in words] for words in sentences])}
    >>> packed = PackedSentences([["it", "works"], ["it"]], None, 1, encode)
    >>> packed.places.tolist(), packed.table["words"].tolist()
    ([1, 2, 0, 1, 0], [[0, 2, 3]])
    """

    def __init__(
        self,
        sentences: Sequence[Sequence[str]],
        pos: Sequence[Sequence[str]] | None,
        gap: int,
        encode: Callable[[Any, Any], Table],
        few_shapes: bool = False,
    ) -> None:
        self.few_shapes = few_shapes
        numbers: dict[tuple[str, str | None], int] = {}
        places: list[int] = []
        self.slices: list[slice] = []
        """Where each sentence is."""
        for words, tags in zip(sentences, repeat(repeat(None)) if pos is None else pos, strict=False):
            start = len(places)
            places.extend(numbers.setdefault(pair, len(numbers) + 1) for pair in zip(words, tags, strict=False))
            self.slices.append(slice(start, len(places)))
            places.extend(repeat(0, gap))
        self.places = np.array(places, np.int32)
        table = encode([[word for word, _ in numbers]], None if pos is None else [[tag for _, tag in numbers]])
        # Row 0 is padding.
        self.table = {name: np.pad(a, [(0, 0), (1, 0), *[(0, 0)] * (a.ndim - 2)]) for name, a in table.items()}

    def windows(self, reach: int) -> Iterator[tuple[Table, np.ndarray, slice]]:
        """Parts of the sequence that overlap, so that what is kept of each is as it would be in the whole.

        Args:
            reach: Words that the net sees on either side.

        Yields:
            (table, places (1, words) in it, slice of these to keep).
        """
        for table, places, kept in self._windows(reach):
            if self.few_shapes:
                size = _power_of_two(len(places))
                table = {
                    name: _padded(array, [1, *map(_power_of_two, array.shape[1:])]) for name, array in table.items()
                }
                places = _padded(places, [size])
            yield table, places[None], kept

    def _windows(self, reach: int) -> Iterator[tuple[Table, np.ndarray, slice]]:
        length = len(self.places)
        if length <= WINDOW + 2 * reach:
            yield self.table, self.places, slice(0, length)
            return
        for start in range(0, length, WINDOW):
            first, last = max(start - reach, 0), min(start + WINDOW, length)
            rows, places = np.unique(np.append(self.places[first : last + reach], 0), return_inverse=True)
            table = {name: array[:, rows] for name, array in self.table.items()}
            yield table, places[:-1].astype(np.int32), slice(start - first, last - first)


def _power_of_two(size: int) -> int:
    return 1 << max(size - 1, 15).bit_length()


def _padded(array: np.ndarray, shape: list[int]) -> np.ndarray:
    """With zeros at the end of each axis, which are padding in all that goes into the net."""
    return np.pad(array, [(0, size - length) for size, length in zip(shape, array.shape, strict=True)])
