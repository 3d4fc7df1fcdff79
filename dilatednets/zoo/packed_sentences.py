"""Sentences end to end in one sequence, which a net of convolutions tags without padding them to equal length."""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

WINDOW = 4096
"""Words that go through the net at once, besides those that it sees on both sides."""
FORGET_BEYOND = 1 << 15
"""Different words, after which those known are forgotten before the next sentences."""

Table = dict[str, np.ndarray]


class KnownWords:
    """What a net makes of each word by itself, made once for a whole stream of sentences.

    Args:
        encode: Makes a batch of arrays of a list of sentences and their parts of speech, as `TCNChunker.encode`.
        embed: Makes vectors (1, words, channels) of a batch of one sentence.
        few_shapes: Whether to pad what goes through the net to sizes of which there are few, for a compiler that starts
            anew for each.

    Example:
    >>> known = KnownWords(lambda sentences, pos: {"words": np.array([[len(word) for word in sentences[0]]])},
    ...                    lambda table: table["words"][..., None])
    >>> known.rows([["it", "works"], ["it"]])
    [[1, 2], [1]]
    >>> known.vectors[:3].tolist()
    [[0.0], [2.0], [5.0]]
    """

    def __init__(
        self, encode: Callable[[Any, Any], Table], embed: Callable[[Table], np.ndarray], few_shapes: bool = False
    ) -> None:
        self.encode, self.embed, self.few_shapes = encode, embed, few_shapes
        self.vectors = np.zeros((1, 0), np.float32)
        """Row 0 is padding."""
        self._numbers: dict[tuple[str, str | None], int] = {}

    def rows(self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None = None) -> list[list[int]]:
        """Where in `vectors` the words of each sentence are; the same word with another part of speech is another."""
        if len(self._numbers) > FORGET_BEYOND:
            self._numbers.clear()
        first = len(self._numbers) + 1
        new: dict[tuple[str, str | None], int] = {}  # known only once their vectors are there
        rows = [
            [
                self._numbers.get(pair) or new.setdefault(pair, first + len(new))
                for pair in zip(words, tags, strict=False)
            ]
            for words, tags in zip(sentences, repeat(repeat(None)) if pos is None else pos, strict=False)
        ]
        pairs = list(new)
        for start in range(0, len(pairs), WINDOW):
            self._add(first + start, pairs[start : start + WINDOW], pos is not None)
        self._numbers.update(new)
        return rows

    def _add(self, first: int, new: Sequence[tuple[str, Any]], with_pos: bool) -> None:
        table = self.encode([[word for word, _ in new]], [[tag for _, tag in new]] if with_pos else None)
        if self.few_shapes:
            table = {name: _padded(array, [1, *map(_power_of_two, array.shape[1:])]) for name, array in table.items()}
        vectors, end = self.embed(table)[0, : len(new)], first + len(new)
        if end > len(self.vectors):
            self.vectors = _padded(self.vectors, [_power_of_two(end), vectors.shape[-1]])
        self.vectors[first:end] = vectors


class PackedSentences:
    """Sentences one after the other, with padding between them that is as wide as a convolution reaches.

    Args:
        rows: Numbers of the words of each sentence, in a table whose row 0 is padding.
        gap: Padding after each sentence: the reach of a single convolution, since padding is zero before each.

    Example:
    >>> packed = PackedSentences([[1, 2], [1]], 1)
    >>> packed.places.tolist()
    [1, 2, 0, 1, 0]
    """

    def __init__(self, rows: Sequence[Sequence[int]], gap: int) -> None:
        places: list[int] = []
        self.slices: list[slice] = []
        """Where each sentence is."""
        for sentence in rows:
            self.slices.append(slice(len(places), len(places) + len(sentence)))
            places.extend(sentence)
            places.extend(repeat(0, gap if sentence else 0))
        self.places = np.array(places, np.int32)

    def windows(self, reach: int, few_shapes: bool = False) -> Iterator[tuple[np.ndarray, slice]]:
        """Parts of the sequence that overlap, so that what is kept of each is as it would be in the whole.

        Args:
            reach: Words that the net sees on either side.
            few_shapes: See `KnownWords`.

        Yields:
            (part of `places`, padded with zeros if shapes are to be few; slice of it to keep).
        """
        length = len(self.places)
        step = WINDOW if length > WINDOW + 2 * reach else max(length, 1)  # no words have no window
        for start in range(0, length, step):
            first, last = max(start - reach, 0), min(start + step, length)
            part = self.places[first : last + reach]
            yield _padded(part, [_power_of_two(len(part))]) if few_shapes else part, slice(start - first, last - first)


class PackedScorer:
    """Scores the sentences of one stream, packed, by a net of convolutions, and remembers the words.

    Args:
        encode: See `KnownWords`.
        embed: See `KnownWords`.
        score: Makes, of vectors (1, words, channels) and whether each is a word, {"tags": scores (1, words, tags)} and, with
            parts of speech, "pos": their numbers (1, words).
        gap: See `PackedSentences`.
        reach: See `PackedSentences.windows`.
        few_shapes: See `KnownWords`.
    """

    def __init__(
        self,
        encode: Callable[[Any, Any], Table],
        embed: Callable[[Table], np.ndarray],
        score: Callable[[np.ndarray, np.ndarray], Table],
        gap: int,
        reach: int,
        few_shapes: bool = False,
    ) -> None:
        self.known = KnownWords(encode, embed, few_shapes)
        self.score, self.gap, self.reach, self.few_shapes = score, gap, reach, few_shapes

    def __call__(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """See `dilatednets.zoo.tagger.Tagger.score_words`."""
        packed = PackedSentences(self.known.rows(sentences, pos), self.gap)
        found: dict[str, list[np.ndarray]] = {"tags": [], "pos": []}
        for places, kept in packed.windows(self.reach, self.few_shapes):
            for name, array in self.score(self.known.vectors[places][None], (places > 0)[None]).items():
                found[name].append(array[0, kept])
        scores, parts = (np.concatenate(found[name]) if found[name] else np.zeros(0, int) for name in ("tags", "pos"))
        return [scores[where] for where in packed.slices], [parts[where] for where in packed.slices]


def _power_of_two(size: int) -> int:
    return 1 << max(size - 1, 15).bit_length()


def _padded(array: np.ndarray, shape: list[int]) -> np.ndarray:
    """With zeros at the end of each axis, which are padding in all that goes into the net."""
    return np.pad(array, [(0, size - length) for size, length in zip(shape, array.shape, strict=True)])
