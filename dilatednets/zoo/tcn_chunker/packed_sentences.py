"""Sentences end to end in one sequence, which a net of convolutions tags without padding them to equal length."""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

WINDOW = 4096
"""Words that go through the net at once, besides those that it sees on both sides."""
FORGET_BEYOND = 1 << 15
"""Different words, after which those known are forgotten before the next sentences."""

Arrays = dict[str, np.ndarray]


class PackedScorer:
    """Scores the sentences of one stream, packed, and remembers what the net makes of each word by itself.

    Args:
        encode: Makes a batch of arrays of a list of sentences and their parts of speech, as `TCNChunker.encode`.
        embed: Makes vectors (1, words, channels) of a batch of one sentence.
        score: Makes, of vectors (1, words, channels) and whether each is a word, {"tags": scores (1, words, tags)} and, with
            parts of speech, "pos": their numbers (1, words).
        gap: Padding after each sentence: the reach of a single convolution, since padding is zero before each.
        reach: Words that the net sees on either side.
        few_shapes: Whether to pad what goes through the net to sizes of which there are few, for a compiler that starts
            anew for each.

    Example:
    >>> scorer = PackedScorer(lambda sentences, pos: {"words": np.array([[len(word) for word in sentences[0]]])},
    ...                       lambda arrays: arrays["words"][..., None], lambda x, mask: {"tags": x}, gap=1, reach=1)
    >>> scores, _ = scorer([["it", "works"], ["it"]], None)
    >>> [array[:, 0].tolist() for array in scores]
    [[2.0, 5.0], [2.0]]
    """

    def __init__(
        self,
        encode: Callable[[Any, Any], Arrays],
        embed: Callable[[Arrays], Any],
        score: Callable[[np.ndarray, np.ndarray], dict[str, Any]],
        gap: int,
        reach: int,
        few_shapes: bool = False,
    ) -> None:
        self.encode, self.embed, self.score = encode, embed, score
        self.gap, self.reach, self.few_shapes = gap, reach, few_shapes
        self.vectors = np.zeros((1, 0), np.float32)
        """Those of known words; row 0 is padding."""
        self._rows: dict[tuple[str, str | None], int] = {}

    def __call__(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Scores as `dilatednets.zoo.tcn_chunker.tagger.Scorer` has them."""
        rows, places = pack(self._rows_of(sentences, pos), self.gap)
        outputs: dict[str, list[np.ndarray]] = {"tags": [], "pos": []}
        for seen, kept in windows(len(rows), self.reach):
            part = rows[seen]
            if self.few_shapes:
                part = _padded(part, [_power_of_two(len(part))])
            for name, array in self.score(self.vectors[part][None], (part > 0)[None]).items():
                outputs[name].append(np.asarray(array)[0, kept])
        scores, parts = (np.concatenate(arrays) if arrays else np.zeros(0, int) for arrays in outputs.values())
        return [scores[place] for place in places], [parts[place] for place in places]

    def _rows_of(self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None) -> list[list[int]]:
        """Where in `vectors` the words of each sentence are; the same word with another part of speech is another."""
        if len(self._rows) > FORGET_BEYOND:
            self._rows.clear()
        first = len(self._rows) + 1
        new: dict[tuple[str, str | None], int] = {}  # known only once their vectors are there
        rows = [
            [self._rows.get(pair) or new.setdefault(pair, first + len(new)) for pair in zip(words, tags, strict=False)]
            for words, tags in zip(sentences, repeat(repeat(None)) if pos is None else pos, strict=False)
        ]
        pairs = list(new)
        for start in range(0, len(pairs), WINDOW):
            self._embed(first + start, pairs[start : start + WINDOW], pos is not None)
        self._rows.update(new)
        return rows

    def _embed(self, first: int, new: Sequence[tuple[str, Any]], with_pos: bool) -> None:
        arrays = self.encode([[word for word, _ in new]], [[tag for _, tag in new]] if with_pos else None)
        if self.few_shapes:
            arrays = {name: _padded(x, [1, *map(_power_of_two, x.shape[1:])]) for name, x in arrays.items()}
        vectors, end = np.asarray(self.embed(arrays))[0, : len(new)], first + len(new)
        if end > len(self.vectors):
            self.vectors = _padded(self.vectors, [_power_of_two(end), vectors.shape[-1]])
        self.vectors[first:end] = vectors


def pack(sentences: Sequence[Sequence[int]], gap: int) -> tuple[np.ndarray, list[slice]]:
    """Sentences of numbers one after the other, with `gap` zeros after each, and where each of them is.

    Example:
    >>> pack([[1, 2], [1]], gap=1)
    (array([1, 2, 0, 1, 0], dtype=int32), [slice(0, 2, None), slice(3, 4, None)])
    """
    packed: list[int] = []
    places: list[slice] = []
    for sentence in sentences:
        places.append(slice(len(packed), len(packed) + len(sentence)))
        packed.extend([*sentence, *repeat(0, gap if sentence else 0)])
    return np.array(packed, np.int32), places


def windows(length: int, reach: int) -> Iterator[tuple[slice, slice]]:
    """Parts of a sequence that overlap by `reach`, so that what is kept of each is as it would be in the whole.

    Yields:
        (part of the sequence, what to keep of this part).
    """
    step = WINDOW if length > WINDOW + 2 * reach else max(length, 1)  # no words have no window
    for start in range(0, length, step):
        first, last = max(start - reach, 0), min(start + step, length)
        yield slice(first, last + reach), slice(start - first, last - first)


def _power_of_two(size: int) -> int:
    return 1 << max(size - 1, 15).bit_length()


def _padded(array: np.ndarray, shape: list[int]) -> np.ndarray:
    """With zeros at the end of each axis, which are padding in all that goes into the net."""
    return np.pad(array, [(0, size - length) for size, length in zip(shape, array.shape, strict=True)])
