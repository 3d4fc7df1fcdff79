"""The examples of each task: made by a seed, or read."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dilatednets.data import mnist, polymusic, spoken_digits, tiny_shakespeare
from dilatednets.data.splits import data_folder


class Examples(NamedTuple):
    """Sequences of one length: x (count, time, ...), y, and weights, 0 where an answer does not count."""

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray


Buckets = list[Examples]
"""Examples of a split; where sequences differ in length, a bucket for each padded length."""
Reader = Callable[[Path | None, str, int], Buckets]
"""(the data set's folder, split, seed of what is drawn) -> the examples."""
HELD_OUT, HELD_OUT_SEED = 1000, 2**31
"""Made sequences of validation and of test, and what they are drawn by."""
SYMBOLS, COPIED = 10, 10
WINDOW, COUNTED = 320, 256
SAMPLES, FRAME = 6400, 16
SHORTEST_BUCKET = 64


def adding(steps: int, count: int) -> Reader:
    """The adding problem: the sum of the two numbers that are marked, one in each half.

    x (count, steps, 2): numbers, even in [0, 1], and marks; y (count, 1).

    Reference:
        Hochreiter & Schmidhuber 1997, "Long Short-Term Memory", section 5.4, in the form of Bai et al.

    Example:
    >>> x, y, _ = adding(20, 5)(None, "train", 0)[0]
    >>> x.shape, bool(np.allclose((x[..., 0] * x[..., 1]).sum(axis=1), y[:, 0]))
    ((5, 20, 2), True)
    """

    def make(folder: Path | None, split: str, seed: int) -> Buckets:
        rng, number = _drawn(split, seed, count)
        numbers, marks = rng.random((number, steps)), np.zeros((number, steps))
        first, second = rng.integers(0, steps // 2, number), rng.integers(steps // 2, steps, number)
        marks[np.arange(number), first] = marks[np.arange(number), second] = 1
        y = (numbers * marks).sum(axis=1, keepdims=True)
        return _all_count(np.stack([numbers, marks], axis=-1).astype("float32"), y.astype("float32"))

    return make


def copying(steps: int, count: int) -> Reader:
    """Copy memory: ten symbols of 1 to 8, `steps` - 1 blanks, then eleven signs of 9, at which the ten are to be said.

    x (count, steps + 20, 10), one-hot, where Bai et al.'s code gives one number a step; y (count, steps + 20), 0 before the
    answer. All steps count in the loss, as in the paper.

    Reference:
        Arjovsky, Shah & Bengio 2016, "Unitary Evolution Recurrent Neural Networks" (arXiv 1511.06464), section 5.1.

    Example:
    >>> x, y, _ = copying(30, 4)(None, "train", 0)[0]
    >>> x.shape, bool((x.argmax(axis=-1)[:, :10] == y[:, -10:]).all())
    ((4, 50, 10), True)
    """

    def make(folder: Path | None, split: str, seed: int) -> Buckets:
        rng, number = _drawn(split, seed, count)
        symbols = rng.integers(1, SYMBOLS - 1, (number, COPIED))
        x, y = (np.zeros((number, steps + 2 * COPIED), "int32") for _ in range(2))
        x[:, :COPIED], x[:, -COPIED - 1 :], y[:, -COPIED:] = symbols, SYMBOLS - 1, symbols
        return _all_count(np.eye(SYMBOLS, dtype="float32")[x], y)

    return make


def digits(permuted: bool) -> Reader:
    """MNIST, pixel by pixel: x (count, 784, 1) in [0, 1], y int (count,)."""

    def read(folder: Path | None, split: str, seed: int) -> Buckets:
        images, labels = mnist.read(_needed(folder), split)
        images = mnist.permuted(images) if permuted else images
        return _all_count((images[..., None] / np.float32(255)).astype("float32"), labels.astype("int32"))

    return read


def music(name: str) -> Reader:
    """What sounds next: x and y (count, time, 88), y a step ahead; lengths are padded to powers of 2, from 64 on."""

    def read(folder: Path | None, split: str, seed: int) -> Buckets:
        return bucketed(polymusic.read(_needed(folder), name, split))

    return read


def bucketed(pieces: Sequence[np.ndarray]) -> Buckets:
    """Pieces (time, keys) as examples, padded at their ends, where nothing counts.

    Example:
    >>> bucket, longer = bucketed([np.ones((5, 88)), np.ones((300, 88)), np.ones((3, 88))])
    >>> bucket.x.shape, bucket.weights.sum(axis=1).tolist(), longer.x.shape
    ((2, 64, 88), [4.0, 2.0], (1, 512, 88))
    """
    by_length: dict[int, list[np.ndarray]] = {}
    for piece in pieces:
        length = max(SHORTEST_BUCKET, 1 << (len(piece) - 2).bit_length()) if len(piece) > 1 else SHORTEST_BUCKET
        by_length.setdefault(length, []).append(np.asarray(piece, "float32"))
    buckets = []
    for length, of_length in sorted(by_length.items()):
        padded = np.stack([np.pad(piece, ((0, length + 1 - len(piece)), (0, 0))) for piece in of_length])
        known = np.arange(length) < np.array([len(piece) - 1 for piece in of_length])[:, None]
        buckets.append(Examples(padded[:, :-1], padded[:, 1:], known.astype("float32")))
    return buckets


def characters(folder: Path | None, split: str, seed: int) -> Buckets:
    """The next character: tokens int (count, 320) and those after them; the last 256 of a window count.

    Windows overlap by the 64 characters that do not count, so that each is said with at least as many before it, as in Bai
    et al.'s code.
    """
    text = tiny_shakespeare.read(_needed(folder), split)
    starts = np.arange(0, len(text) - WINDOW, COUNTED)
    places = starts[:, None] + np.arange(WINDOW)
    weights = np.zeros(places.shape, "float32")
    weights[:, WINDOW - COUNTED :] = 1
    return [Examples(text[places].astype("int32"), text[places + 1].astype("int32"), weights)]


def spoken(folder: Path | None, split: str, seed: int) -> Buckets:
    """Spoken digits: x (count, 400, 16), 0.8 s of raw samples at 8 kHz, 16 a step; y int (count,).

    A word shorter than that comes after silence, so that it ends at the last step; of a longer one its end is left out.
    """
    recordings = spoken_digits.load(_needed(folder), split)
    audio = [recording.audio[:SAMPLES] for recording in recordings]
    x = np.stack([np.pad(samples, (SAMPLES - len(samples), 0)) for samples in audio]) * 10  # a level of 1
    labels = [spoken_digits.WORDS.index(recording.word) for recording in recordings]
    return _all_count(x.reshape(len(x), -1, FRAME).astype("float32"), np.array(labels, "int32"))


def batches(buckets: Buckets, size: int, rng: np.random.Generator | None) -> Iterator[Examples]:
    """Batches of one bucket each; shuffled where there is a generator, and then with no smaller batch at a bucket's end.

    Args:
        buckets: The examples.
        size: Examples of a batch. A bucket that holds fewer is one batch.
        rng: Draws the order.

    Example:
    >>> bucket = Examples(np.arange(5), np.arange(5), np.ones(5))
    >>> [batch.x.tolist() for batch in batches([bucket], 2, None)]
    [[0, 1], [2, 3], [4]]
    """
    parts = []
    for bucket in buckets:
        count = len(bucket.x)
        order = np.arange(count) if rng is None else rng.permutation(count)
        end = count if rng is None or count < size else count - count % size
        parts += [(bucket, order[start : start + size]) for start in range(0, end, size)]
    if rng is not None:
        parts = [parts[place] for place in rng.permutation(len(parts))]
    for bucket, chosen in parts:
        yield Examples(*(part[chosen] for part in bucket))


def folder_of(data_dir: str | os.PathLike[str], names: Sequence[str]) -> Path:
    """A data set's folder: the one of its name in `data_dir`, or `data_dir` itself."""
    given = data_folder(data_dir)
    return next((given / name for name in names if (given / name).is_dir()), given)


def _needed(folder: Path | None) -> Path:
    assert folder is not None
    return folder


def _drawn(split: str, seed: int, count: int) -> tuple[np.random.Generator, int]:
    """What draws examples, and how many: `count` to train on, by the seed; of the other splits always the same."""
    if split == "train":
        return np.random.default_rng(seed), count
    return np.random.default_rng(HELD_OUT_SEED + (split == "test")), HELD_OUT


def _all_count(x: np.ndarray, y: np.ndarray) -> Buckets:
    return [Examples(x, y, np.ones(y.shape[:2] if y.ndim > 1 and y.shape[1] > 1 else y.shape[:1], "float32"))]
