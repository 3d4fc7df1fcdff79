"""Sequences in NumPy's files, and which of several belong to which split."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dilatednets.data.splits import data_folder, draw_key
from dilatednets.errors import InputError, unreadable
from dilatednets.files import as_path

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Sequences:
    """Sequences of one length, or padded to it.

    Args:
        x: Features (count, time, features), or token numbers int (count, time).
        y: An answer for each, (count, ...), or None.
        lengths: int (count,), the real steps of each, or None if all are real.
        origin: Where they come from, for messages.
    """

    x: np.ndarray
    y: np.ndarray | None
    lengths: np.ndarray | None
    origin: str


def load(data_dir: str | os.PathLike[str], split: str) -> Sequences:
    """Reads a split of a folder of `train.npz`, `validation.npz` and `test.npz`, each with x, y, and perhaps lengths.

    Args:
        data_dir: The folder.
        split: "train", "validation" or "test".

    Raises:
        InputError: as `read`; for a file that is missing or has no y.
    """
    path = data_folder(data_dir) / f"{check_split(split)}.npz"
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; the layout is train.npz, validation.npz and test.npz with x, y, lengths"
        )
    return read(path)


def read(path: str | os.PathLike[str]) -> Sequences:
    """Reads an archive of x, and perhaps y and lengths.

    Args:
        path: The file, as `numpy.savez` writes it.

    Raises:
        InputError: for a file that is none, or arrays that do not fit together.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/a.npz", x=np.zeros((5, 20, 3)), y=np.arange(5))
    ...     read(f"{folder}/a.npz").x.shape
    (5, 20, 3)
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path: must be the path of a file, not {path!r}")
    arrays, name = {}, ""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            for name in stored.files:
                arrays[name] = stored[name]
    except OSError as error:
        raise unreadable(path, error, "an .npz archive") from error
    except Exception as error:  # a damaged one can fail anywhere in NumPy and zipfile
        if _of_objects(error):
            cure = f"write numbers by {name}.astype(float), and names by {name}.astype(str)"
            raise InputError(f"{path}: {name} is of Python objects; {cure}") from error
        raise InputError(f"{path}: no archive of NumPy arrays; write it by numpy.savez(file, x=..., y=...)") from error
    x, y, lengths = (arrays.get(name) for name in ("x", "y", "lengths"))
    if x is None:
        raise InputError(
            f"{path}: holds {', '.join(arrays) or 'nothing'}, not x; write numpy.savez(file, x=..., y=...)"
        )
    if y is not None and y.dtype.kind == "S":
        try:
            y = np.char.decode(y, "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: y holds bytes that are no UTF-8; write names by numpy.char.decode") from error
    strange = sorted(arrays.keys() - {"x", "y", "lengths"})
    if strange:
        raise InputError(f"{path}: {strange[0]} is none of x, y and lengths; leave it out")
    if x.ndim not in (2, 3) or 0 in x.shape or x.dtype.kind not in "iufb":
        raise InputError(f"{path}: x must be numbers (count, time, features) or (count, time), not {x.dtype} {x.shape}")
    for name, array in (("y", y), ("lengths", lengths)):
        if array is not None and (array.ndim == 0 or len(array) != len(x)):
            raise InputError(f"{path}: {name} is of shape {array.shape} where x has {len(x)} sequences")
    if lengths is not None:
        if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or lengths.min() < 1 or lengths.max() > x.shape[1]:
            raise InputError(f"{path}: lengths must be integers from 1 to the {x.shape[1]} steps of x")
        real = (np.arange(x.shape[1]) < lengths[:, None]).reshape(*x.shape[:2], *(1,) * (x.ndim - 2))
        x = np.where(real, x, np.zeros((), x.dtype))
    for name, array in (("x", x), ("y", y)):
        if array is None or array.dtype.kind != "f":
            continue
        with np.errstate(over="ignore"):  # models compute in float32
            wrong = np.argwhere(~np.isfinite(array.astype(np.float32)))
        if wrong.size:
            words, cure = "NaN or infinity", "fill it, or say lengths"
            if np.isfinite(array[tuple(wrong[0])]):
                words, cure = "numbers beyond those of float32", "divide them"
            raise InputError(f"{path}: {name} holds {words} in sequence {wrong[0][0]}; {cure}")
    return Sequences(x, y, None if lengths is None else lengths.astype(np.int32), str(path))


def _of_objects(error: Exception) -> bool:
    """Whether an array was not read since it is one of Python objects, as pandas makes of texts."""
    return str(error).startswith("Object arrays")


def read_array(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads one array.

    Args:
        path: The file, as `numpy.save` writes it.

    Raises:
        InputError: for a file that is none.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/a.npy", np.zeros((5, 80)))
    ...     read_array(f"{folder}/a.npy").shape
    (5, 80)
    """
    as_path(path)
    try:
        with open(path, "rb") as file:
            array = np.load(file, allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error, "an .npy file") from error
    except Exception as error:  # a damaged one can fail anywhere in NumPy
        what, how = (" numbers, but of Python objects", ".astype(float)") if _of_objects(error) else ("", "")
        raise InputError(f"{path}: no array of NumPy's{what}; write it by numpy.save(file, array{how})") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: an archive of arrays; write the one that is meant by numpy.save(file, array)")
    return array


def check_split(split: str) -> str:
    """The name of a split.

    Raises:
        InputError: if it is none.
    """
    if not isinstance(split, str) or split not in SPLITS:
        raise InputError(f"split: no split {split!r}; choose one of {', '.join(SPLITS)}")
    return split


def shared_out(names: Sequence[str], validation: float, test: float, origin: str) -> dict[str, np.ndarray]:
    """Which of the things of these names belong to which split: the same each time.

    In the order of their names' SHA-256 the first are to report on, the next to choose by. So what is added or removed moves
    few others, and none at once from those to train on to those to report on.

    Args:
        names: Different ones, at least 3.
        validation: Share of those to choose by.
        test: Share of those to report on.
        origin: Where they come from, for messages.

    Raises:
        InputError: if there are too few for three splits.

    Example:
    >>> {split: len(places) for split, places in shared_out([f"{n}.wav" for n in range(20)], 0.15, 0.15, "here").items()}
    {'test': 3, 'validation': 3, 'train': 14}
    """
    count = len(names)
    counts = {"test": max(round(count * test), 1), "validation": max(round(count * validation), 1)}
    counts["train"] = count - sum(counts.values())
    if counts["train"] < 1:
        raise InputError(
            f"{origin}: holds {count}, too few to train on, to choose by and to report on; give at least 3"
        )
    order, first, places = sorted(range(count), key=lambda place: draw_key(names[place])), 0, {}
    for split, number in counts.items():
        places[split] = np.sort(order[first : first + number])
        first += number
    return places
