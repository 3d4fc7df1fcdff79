"""What a TCN learns from: sequences and their answers, as each reader of data gives them."""

import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dilatednets import arrays
from dilatednets.data import audio_folder, mnist, polymusic, sequences
from dilatednets.errors import InputError, Note
from dilatednets.training.batches import Batches
from dilatednets.zoo.tcn import table_examples
from dilatednets.zoo.tcn.inputs import hears

Pair = tuple[dict[str, np.ndarray], np.ndarray]


class Examples:
    """Sequences of one length, and their answers.

    Args:
        x: Features (count, time, features), or token numbers int (count, time).
        y: An answer for each, or for each step; classes and labels by number.
        lengths: The real steps of each, or None.
        settings: Arguments of `TCN` that the data say.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, lengths: Any = None, settings: dict[str, Any] | None = None
    ) -> None:
        self.x, self.y, self.lengths = x, y, lengths
        self.settings: dict[str, Any] = settings or {}

    def __len__(self) -> int:
        return len(self.x)

    @property
    def usual_steps(self) -> int:
        """Real steps of a sequence, the median."""
        return int(self.x.shape[1] if self.lengths is None else np.median(self.lengths))

    def take(self, places: Any) -> Pair:
        """Inputs by name, and answers."""
        inputs = {"sequence": self.x[places]}
        if self.lengths is not None:
            inputs["lengths"] = self.lengths[places]
        return inputs, self.y[places]

    def drawn(self, places: Any, rng: np.random.Generator) -> Any:
        """What to learn from: as `take` has it, or other each time, and perhaps with weights of the answers."""
        return self.take(places)

    def naive(self, places: Any) -> np.ndarray | None:
        """What one would forecast without a model; None where that is the mean."""
        return None


class ExampleBatches(Batches):
    """Batches of examples, in another order each epoch; an epoch leaves out what does not fill a batch.

    Args:
        examples: What to learn from.
        batch_size: Examples of a batch.
        seed: The same seed draws the same batches.
    """

    def __init__(self, examples: Any, batch_size: int, seed: int) -> None:
        self.examples, self.batch_size, self.seed = examples, batch_size, seed
        self.steps_per_epoch = max(len(examples) // batch_size, 1)

    def epoch(self, number: int) -> Iterator[Pair]:
        """See the class."""
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(len(self.examples))
        order = np.resize(order, self.steps_per_epoch * self.batch_size)
        for places in order.reshape(self.steps_per_epoch, self.batch_size):
            yield self.examples.drawn(places, rng)


def read(data: Any, net: Any, data_dir: str | os.PathLike[str], split: str, labels: Sequence[str] = ()) -> Any:
    """Reads examples of a split.

    Args:
        data: The table `data` of a recipe.
        net: What they are for: a TCN, or the table `net` of a recipe.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        labels: Names of classes in order; empty for all that are found.

    Raises:
        InputError: for bad data, or data that do not fit the task.
    """
    sequences.check_split(split)
    if data.reader == "csv":
        return table_examples.read(data, net, data_dir, split, labels)
    if data.reader == "spoken_digits":
        from dilatednets.zoo.tcn import spoken_examples  # which is made of what stands here

        return spoken_examples.read(data, net, data_dir, split)
    if data.reader == "mnist":
        return _of_digits(data, data_dir, split)
    if data.reader == "polymusic":
        return _of_music(data, data_dir, split)
    if data.reader == "audio_folder":
        examples = _of_clips(data, data_dir, split, labels)
    else:
        examples = of_arrays(sequences.load(data_dir, split), net, labels)
    if split == "train":
        examples.settings |= _scales(examples, net)
    return examples


def _scales(examples: Examples, net: Any) -> dict[str, list[float]]:
    """Means and scales of features and of values to learn, over real steps: units, and how loud sound is, do not matter.

    A filterbank keeps silence at 0, and its scale lies 30 dB below the sound: energies below that hardly count.
    """
    x, y, lengths = examples.x, examples.y, examples.lengths
    if net.task == "next":
        return {}
    found: dict[str, list[float]] = {}
    if x.dtype.kind == "f":
        mean, scale = _spread(_real(x, lengths))
        found = (
            {"scale": (scale / 10**1.5).tolist()} if net.filters else {"mean": mean.tolist(), "scale": scale.tolist()}
        )
    if net.task in ("regress", "forecast"):
        mean, scale = _spread(_real(y, lengths, net.frame) if net.pooling == "none" else y)
        found |= {"target_mean": mean.tolist(), "target_scale": scale.tolist()}
    return found


def _real(values: np.ndarray, lengths: np.ndarray | None, frame: int = 1) -> np.ndarray:
    """The values (count, time, ...) of steps, or of frames, that are no padding, (steps, ...)."""
    if lengths is None:
        return values.reshape(-1, *values.shape[2:])
    return values[np.arange(values.shape[1]) < -(-lengths[:, None] // frame)]


def _spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each column (..., columns); of one that does not vary, 1."""
    rows = values.reshape(-1, values.shape[-1])
    mean, scale = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    return mean, np.where(scale > 1e-7 * np.abs(mean), scale, 1.0)


def _of_digits(data: Any, data_dir: str | os.PathLike[str], split: str) -> Examples:
    """Images of digits, pixel by pixel."""
    images, digits = mnist.read(data_dir, split)
    settings = {"mean": [float(images.mean())], "scale": [float(images.std())]}
    x = (mnist.permuted(images) if data.order == "permuted" else images)[..., None].astype(np.float32)
    labels = [str(digit) for digit in range(10)]
    return Examples(x, digits.astype(np.int32), None, {"features": 1, "outputs": 10, "labels": labels, **settings})


def _of_music(data: Any, data_dir: str | os.PathLike[str], split: str) -> Examples:
    """Pieces, and what comes next in them: keys, or the tokens of voices; a token of silence begins and ends the latter."""
    pieces = polymusic.read(data_dir, data.set, split)
    if data.voices:
        rows = [np.pad(polymusic.as_tokens(piece, data.voices), 1) for piece in pieces]
        size = dict.fromkeys(("vocabulary", "outputs"), polymusic.TOKENS * data.voices)
    else:
        rows, size = [piece.astype(np.float32) for piece in pieces if len(piece) > 1], {"outputs": polymusic.KEYS}
    x, lengths = padded([row[:-1] for row in rows])
    y, _ = padded([row[1:] for row in rows])
    return Examples(x.astype(np.int32 if data.voices else np.float32), y, lengths, size)


def _of_clips(data: Any, data_dir: str | os.PathLike[str], split: str, labels: Sequence[str]) -> Examples:
    clips = audio_folder.load(data_dir, split, data.sample_rate, data.validation, data.test)
    x, lengths = padded([clip.audio[:, None] for clip in clips])
    y, names = numbered([clip.label for clip in clips], labels, str(data_dir))
    return Examples(x, y, lengths, {"outputs": len(names), "labels": names})


def padded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
    """Sequences (time, ...) as one array, zeros at their ends; and their lengths, or None if they are equal.

    Example:
    >>> padded([np.ones(1), np.ones(2)])[0].tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    lengths = np.array([len(row) for row in rows], np.int32)
    result = np.zeros((len(rows), lengths.max(), *rows[0].shape[1:]), rows[0].dtype)
    for place, row in enumerate(rows):
        result[place, : len(row)] = row
    return result, None if np.all(lengths == lengths[0]) else lengths


def numbered(texts: Sequence[str], labels: Sequence[str], origin: str) -> tuple[np.ndarray, list[str]]:
    """The number of each label, and the names by number.

    Raises:
        InputError: for a label that is none of those known.

    Example:
    >>> numbered(["no", "yes", "no"], (), "here")
    (array([0, 1, 0], dtype=int32), ['no', 'yes'])
    """
    names = list(labels) or sorted(set(texts))
    unknown = sorted(set(texts) - set(names))
    if unknown:
        raise InputError(f"{origin}: label {unknown[0]!r} is none of those trained on, {', '.join(names)}")
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[text] for text in texts], np.int32), names


def of_arrays(found: sequences.Sequences, net: Any, labels: Sequence[str] = ()) -> Examples:
    """Examples of an archive of x, y and lengths.

    A model says by its `vocabulary` whether x holds tokens. For a net that is yet to be made, integers
    (count, time) are tokens, and a `dilatednets.errors.Note` says so unless the task is what comes next.

    Args:
        found: What the archive holds.
        net: What they are for.
        labels: Names of classes in order, where y holds texts.

    Raises:
        InputError: for arrays that do not fit the task.
    """
    may_be_tokens, vocabulary = found.x.ndim == 2 and found.x.dtype.kind in "iu", getattr(net, "vocabulary", None)
    tokens = may_be_tokens if vocabulary is None else vocabulary > 0
    if tokens and not may_be_tokens:
        words = f"the model takes token numbers, integers (count, time), and x is {found.x.dtype} {found.x.shape}"
        raise InputError(f"{found.origin}: {words}; write x.astype(int) if it holds these")
    if vocabulary is not None and found.x.dtype.kind in "iu" and hears(net):
        raise InputError(
            f"{found.origin}: x holds integers, and the model hears sound in [-1, 1]; divide by their range"
        )
    if not tokens:
        features = found.x.reshape(*found.x.shape[:2], -1)
        scale = getattr(net, "scale", ()) or 0.0
        arrays.check_kept(_real(features, found.lengths), f"{found.origin}: x", scale=scale)
    x = found.x.astype(np.int32) if tokens else found.x.astype(np.float32).reshape(*found.x.shape[:2], -1)
    size = {"vocabulary": int(x.max()) + 1} if tokens else {"features": x.shape[2]}
    if tokens and x.min() < 0:
        words = "x holds negative token numbers, which count from 0"
        raise InputError(f"{found.origin}: {words}; of one feature a step write x[..., None]")
    if tokens and vocabulary is None and net.task != "next":
        words = f"x holds integers (count, time), taken for numbers of {size['vocabulary']} tokens"
        warnings.warn(f"{found.origin}: {words}; of measurements write x[..., None]", Note, stacklevel=2)
    if net.task == "next":
        if net.multi_label == tokens:
            words = "tokens, int (count, time)" if tokens else "features (count, time, features)"
            raise InputError(f"{found.origin}: x holds {words}; set net.multi_label to {'false' if tokens else 'true'}")
        if x.shape[1] < 2:
            raise InputError(f"{found.origin}: sequences of one step have nothing that comes next")
        lengths = None if found.lengths is None else np.maximum(found.lengths - 1, 1)
        return Examples(x[:, :-1], x[:, 1:], lengths, {"outputs": next(iter(size.values()))})
    if found.y is None:
        raise InputError(f"{found.origin}: holds no y, the answers to learn")
    y, settings = _answers(found, net, labels)
    return Examples(x, y, found.lengths, {**size, **settings})


def _answers(found: sequences.Sequences, net: Any, labels: Sequence[str]) -> tuple[np.ndarray, dict[str, Any]]:
    """The answers as the task has them, and what it says of the model."""
    assert found.y is not None
    y, origin = found.y, found.origin
    steps = (-(-found.x.shape[1] // net.frame),) if net.pooling == "none" else ()
    if net.task == "forecast":
        steps = (*steps, net.horizon)
    classes = net.task == "classify" and not net.multi_label
    if not classes and y.ndim == 1 + len(steps):
        y = y[..., None]
    if y.shape[1 : 1 + len(steps)] != steps or y.ndim != 1 + len(steps) + (not classes):
        wanted = ", ".join(map(str, ("count", *steps, *([] if classes else ["outputs"]))))
        raise InputError(f"{origin}: y must be of shape ({wanted}) for this task, not {found.y.shape}")
    if not classes:
        if y.dtype.kind not in "iufb" or (net.multi_label and not np.all(np.isin(y, (0, 1)))):
            raise InputError(f"{origin}: y must hold {'0 and 1' if net.multi_label else f'numbers, not {y.dtype}'}")
        told = _real(y, found.lengths, net.frame) if net.pooling == "none" else y
        arrays.check_kept(told, f"{origin}: y", scale=getattr(net, "target_scale", ()) or 0.0)
        return y.astype(np.float32), {"outputs": y.shape[-1]}
    if y.dtype.kind == "U":
        numbers, names = numbered(y.ravel().tolist(), labels, origin)
        return numbers.reshape(y.shape), {"outputs": len(names), "labels": names}
    if y.dtype.kind not in "iufb" or np.any((y < 0) | (y % 1 != 0)):
        found_there = f"{y.min():g}" if y.dtype.kind == "i" else y.dtype
        raise InputError(f"{origin}: y must hold numbers of classes from 0 on, or their names, not {found_there}")
    return y.astype(np.int32), {"outputs": int(y.max()) + 1}
