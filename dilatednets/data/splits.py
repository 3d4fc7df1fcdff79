"""Folders of data sets, and names of their splits."""

import hashlib
import os
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError
from dilatednets.folders import inside

SPLITS = {"train": "train", "validation": "val", "val": "val", "test": "test"}
"""Names of splits as a user gives them, and as CamVid and nuclei write them in their files."""
FOLDERS = {"train": ("train",), "validation": ("validation", "val", "valid", "dev"), "test": ("test",)}
"""What folders of splits may be called, in small letters or capitals."""


def split_name(data_set: str, split: str) -> str:
    """The name of a split in the files of a data set.

    Args:
        data_set: The name of the data set, for the error.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split.

    Example:
    >>> split_name("camvid", "validation")
    'val'
    """
    if not isinstance(split, str) or split not in SPLITS:
        raise InputError(f"split: {data_set} has {', '.join(SPLITS)}, not {split!r}")
    return SPLITS[split]


def split_of(folder: Path) -> str:
    """The split that a folder is for, by its name; empty for none, and for the folder of a run.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> split_of(sample("ljspeech") / "train"), split_of(sample("ljspeech"))
    ('train', '')
    """
    named = [split for split, names in FOLDERS.items() if folder.name.lower() in names]
    return named[0] if named and folder.is_dir() and not is_run(folder) else ""


def split_folders(root: Path) -> dict[str, Path]:
    """The folders of splits by split, where splits have folders of their own; else none.

    Args:
        root: The folder of the data, in which they would lie.

    Raises:
        InputError: for one of them without the two that training takes, and for two of one split.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> sorted(split_folders(sample("ljspeech"))), split_folders(sample("spoken_digits"))
    (['train', 'validation'], {})
    """
    found: dict[str, Path] = {}
    for one in inside(root):
        if split := split_of(one):
            if split in found:
                raise InputError(f"{one}: is for {split}, as {found[split].name} is; put all into one of them")
            found[split] = one
    for split in ("train", "validation") if found else ():
        if split not in found:
            other = next(iter(found.values())).name
            words = f"no such folder, but one called {other}; add it, or give that another name if it is no split"
            raise InputError(f"{root / split}: {words}")
    return found


def beside(root: Path, own: dict[str, Path]) -> list[Path]:
    """What lies beside the folders of splits, if there are any, and is no run."""
    return [one for one in inside(root) if one not in own.values() and not is_run(one)] if own else []


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a training run, which is no data, wherever it lies."""
    return (folder / "state.npz").is_file()


def draw_key(name: str) -> bytes:
    """What puts things in an order that is always the same and has nothing to do with the alphabet: their names' SHA-256.

    Args:
        name: The thing's; a file's may hold bytes that are no UTF-8, as surrogates.

    Example:
    >>> sorted(["a", "b", "c", "d"], key=draw_key)
    ['d', 'c', 'b', 'a']
    """
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def data_folder(data_dir: Any) -> Path:
    """The folder of a data set.

    Raises:
        InputError: If it is no path, an empty one, which would be the current folder, or that of a file.

    Example:
    >>> data_folder("")
    Traceback (most recent call last):
    dilatednets.errors.InputError: data_dir: must be the path of a folder, not ''
    """
    if not isinstance(data_dir, str | os.PathLike) or not os.fspath(data_dir):
        raise InputError(f"data_dir: must be the path of a folder, not {data_dir!r}")
    folder = Path(data_dir)
    if folder.is_file():
        raise InputError(f"{folder}: is a file; give the folder that holds the data set")
    return folder
