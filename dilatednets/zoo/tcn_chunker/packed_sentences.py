"""Sentences end to end in one sequence, which a net of convolutions tags without padding them to equal length."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from typing import Any

import numpy as np

WINDOW = 4096
"""Words that go through the net at once, besides those that it sees on both sides."""
FORGET_BEYOND = 1 << 15
"""Different words, after which those known are forgotten before the next sentences."""

Arrays = dict[str, np.ndarray]
Word = tuple[str, Any]
"""A word, and its part of speech where the net is given one."""


class PackedScorer:
    """Scores the sentences of one stream, packed, and remembers what the net makes of each word by itself.

    Args:
        encode: Makes a batch of arrays of a list of sentences and their parts of speech, as `TCNChunker.encode`.
        score: The net. It is given the arrays of new words, as one sentence; vectors (words, channels) of the words to
            score, 0 for new ones; which of the new words each of them is, counted from 1 on, or 0; and what `seen` returns.
            It makes {"vectors": those of new words, "tags": scores (words, tags)} and, with parts of speech, "pos": their
            numbers (words,).
        channels: Length of the vectors.
        offsets: How many words ahead each tap of each convolution looks, integers (convolutions, kernel_size).
        reach: Words that the net sees on either side.
        few_shapes: Whether to pad what goes through the net to sizes of which there are few, for a compiler that starts
            anew for each.

    Example:
    >>> def score(new, vectors, places, seen):
    ...     embedded = new["words"][0, :, None]
    ...     return {"vectors": embedded, "tags": vectors + np.pad(embedded, ((1, 0), (0, 0)))[places]}
    >>> encode = lambda sentences, pos: {"words": np.array([[len(word) for word in sentences[0]] or [0]])}
    >>> scorer = PackedScorer(encode, score, channels=1, offsets=np.eye(1), reach=1)
    >>> scores, _ = scorer([["it", "works"], ["it"]], None)
    >>> [array[:, 0].tolist() for array in scores]
    [[2.0, 5.0], [2.0]]
    """

    def __init__(
        self,
        encode: Callable[[Any, Any], Arrays],
        score: Callable[[Arrays, np.ndarray, np.ndarray, np.ndarray], dict[str, Any]],
        channels: int,
        offsets: np.ndarray,
        reach: int,
        few_shapes: bool = False,
    ) -> None:
        self.encode, self.score = encode, score
        self.offsets, self.reach, self.few_shapes = offsets, reach, few_shapes
        self.vectors = np.zeros((1, channels), np.float32)
        """Those of known words, after row 0."""
        self._rows: dict[Word, int] = {}

    def __call__(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Scores as `dilatednets.zoo.tcn_chunker.tagger.Scorer` has them."""
        if len(self._rows) > FORGET_BEYOND:
            self._rows.clear()
        # The same word with another part of speech is another.
        words: list[Word] = [*zip(chain(*sentences), repeat(None) if pos is None else chain(*pos), strict=False)]
        ends = list(accumulate(map(len, sentences)))
        near = seen(ends, self.offsets)
        outputs: dict[str, list[np.ndarray]] = {"tags": [], "pos": []}
        for part, kept in windows(len(words), self.reach):
            taps = near[:, part]
            if taps.shape[1] < len(words):
                taps = taps - part.start
                taps[(taps < 0) | (taps > taps.shape[1])] = 0
            for name, array in self._scored(words[part], taps, pos is not None).items():
                outputs[name].append(array[kept])
        scores, parts = (np.concatenate(arrays) if arrays else np.zeros(0, int) for arrays in outputs.values())
        places = [slice(end - len(sentence), end) for sentence, end in zip(sentences, ends, strict=True)]
        return [scores[place] for place in places], [parts[place] for place in places]

    def _scored(self, words: Sequence[Word], taps: np.ndarray, with_pos: bool) -> Arrays:
        new = {word: place for place, word in enumerate((w for w in dict.fromkeys(words) if w not in self._rows), 1)}
        arrays = self.encode([[word for word, _ in new]], [[tag for _, tag in new]] if with_pos else None)
        x = self.vectors[[self._rows.get(word, 0) for word in words]]
        places = np.array([new.get(word, 0) for word in words], np.int32)
        if self.few_shapes:
            arrays = {name: _padded(array, [1, *map(_power_of_two, array.shape[1:])]) for name, array in arrays.items()}
            size = _power_of_two(len(words))
            x, places = _padded(x, [size, x.shape[1]]), _padded(places, [size])
            taps = _padded(taps, [len(taps), size, taps.shape[2]])
        outputs = {name: np.asarray(array) for name, array in self.score(arrays, x, places, taps).items()}
        self._remember(new, outputs.pop("vectors"))
        return outputs

    def _remember(self, new: dict[Word, int], vectors: np.ndarray) -> None:
        first = len(self._rows)
        if first + len(new) >= len(self.vectors):
            self.vectors = _padded(self.vectors, [_power_of_two(first + len(new) + 1), self.vectors.shape[1]])
        self.vectors[first + 1 : first + 1 + len(new)] = vectors[: len(new)]
        self._rows.update((word, first + place) for word, place in new.items())


def seen(ends: Sequence[int], offsets: np.ndarray) -> np.ndarray:
    """Which words each tap of each convolution sees, of sentences that lie end to end.

    Args:
        ends: Where each sentence ends.
        offsets: How many words ahead each tap looks, (convolutions, kernel_size).

    Returns:
        int32 (convolutions, words, kernel_size): numbers of words, counted from 1 on; 0 outside the sentence.

    Example:
    >>> seen([2, 3], np.array([[-1, 0, 1]])).tolist()
    [[[0, 1, 2], [1, 2, 0], [0, 3, 0]]]
    """
    lengths = np.diff(ends, prepend=0)
    last = np.repeat(ends, lengths)[:, None]
    first = last - np.repeat(lengths, lengths)[:, None]
    words = np.arange(1, len(last) + 1)[:, None] + offsets[:, None]
    return np.where((words > first) & (words <= last), words, 0).astype(np.int32)


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
