"""Files that are whole or absent: written beside their target, then renamed over it."""

import contextlib
import ctypes
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dilatednets.errors import InputError


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a path to write to and renames it to `target` when the block ends without an error.

    The path has the name of the target, since some writers choose the format by it, and lies in a hidden folder beside
    it. After an error or a crash, `target` is what it was before.

    Args:
        target: The file to write. Its folder is created when missing.

    Raises:
        InputError: If the folder cannot be created or written to, or if `target` is itself a folder.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(os.path.join(folder, "a.txt")) as path:
    ...         _ = path.write_text("whole")
    ...     print((Path(folder) / "a.txt").read_text())
    whole
    """
    target = Path(target)
    with _folder_beside(target, is_file=True) as folder:
        path = Path(folder) / target.name
        yield path
        os.replace(path, target)


@contextlib.contextmanager
def atomic_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields an empty folder to fill, which takes the place of `target` when the block ends without an error.

    Args:
        target: The folder to write. What is there before is replaced as a whole.

    Raises:
        InputError: If it cannot be written there.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for text in ("first", "second"):
    ...         with atomic_folder(os.path.join(folder, "a")) as path:
    ...             _ = (path / "b.txt").write_text(text)
    ...     print(os.listdir(folder), (Path(folder) / "a" / "b.txt").read_text())
    ['a'] second
    """
    target = Path(target)
    with _folder_beside(target) as folder:
        new = Path(folder) / target.name
        new.mkdir()
        yield new
        replace_folder(new, target)


def replace_folder(new: Path, target: Path) -> None:
    """Renames a folder to `target`; what is there gives way, and the caller removes it from beside `new`.

    Args:
        new: The folder, in a temporary folder of the caller's on the same disk.
        target: The name it gets.

    Raises:
        OSError: If it cannot be renamed; `target` is then what it was before.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "new").mkdir()
    ...     replace_folder(Path(folder) / "new", Path(folder) / "target")
    ...     print(os.listdir(folder))
    ['target']
    """
    try:
        os.replace(new, target)
    except OSError:  # most likely a folder that is not empty is there
        if not target.exists():
            raise
        if not _exchanged(new, target):
            old = new.with_name(f"{new.name}.old")
            os.replace(target, old)
            try:
                os.replace(new, target)
            except OSError:
                os.replace(old, target)
                raise


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders traded places.

    No plain rename replaces a folder that is not empty. With two renames, a training run that is killed between them would
    have lost its `best`, and a reader could find nothing there; Linux can exchange both names in one step.
    """
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def check_writable(target: str | os.PathLike[str]) -> None:
    """Says before the work, not after it, when a file cannot be written; leaves nothing behind.

    Args:
        target: The file that is to be written later.

    Raises:
        InputError: If `atomic_path` would raise one.

    Example:
    >>> check_writable("/dev/null/a/b.txt")
    Traceback (most recent call last):
    dilatednets.errors.InputError: /dev/null/a/b.txt: cannot write there (Not a directory); choose another output
    """
    target = Path(target)
    made = [folder for folder in target.parents if not folder.exists()]
    _folder_beside(target, is_file=True).cleanup()
    for folder in made:  # the innermost first
        folder.rmdir()


def sha256(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file in hexadecimal digits, as `sha256sum` prints it.

    Args:
        path: The file to read.

    Example:
    >>> sha256("/dev/null")
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_beside(target: Path, is_file: bool = False) -> tempfile.TemporaryDirectory[str]:
    """A hidden folder, on the disk of `target`; what is made in it gets the modes of the user's umask."""
    try:
        if is_file and target.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise InputError(f"{target}: cannot write there ({error.strerror}); choose another output") from error
