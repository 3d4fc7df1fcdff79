"""Files that are whole or absent: written beside their target, then renamed over it."""

import contextlib
import ctypes
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError

NO_TEXT = {
    **dict.fromkeys((".csv", ".tsv", ".conllu", ".conll"), "a table"),
    **{".json": "JSON in one piece", ".jsonl": "lines of JSON", ".ndjson": "lines of JSON"},
    **dict.fromkeys((".htm", ".html", ".xml"), "text between tags"),
}
"""What files are, by their suffixes, that could be read as text and are none."""


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a path to write to and renames it to `target` when the block ends without an error.

    The path has the name of the target, since some writers choose the format by it, and lies in a hidden folder beside
    it. After an error or a crash, `target` is what it was before.

    Args:
        target: The file to write. Its folder is created when missing; a link stays one.

    Raises:
        InputError: If it cannot be written there, or the disk is full, or `target` is a folder or a device.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(os.path.join(folder, "a.txt")) as path:
    ...         _ = path.write_text("whole")
    ...     print((Path(folder) / "a.txt").read_text())
    whole
    """
    target = _resolved(target)
    with folder_beside(target, is_file=True) as folder:
        path = folder / target.name
        yield path
        os.replace(path, target)


@contextlib.contextmanager
def atomic_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields an empty folder to fill, which takes the place of `target` when the block ends without an error.

    Args:
        target: The folder to write. What is there before is replaced as a whole.

    Raises:
        InputError: If it cannot be written there, or the disk is full.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for text in ("first", "second"):
    ...         with atomic_folder(os.path.join(folder, "a")) as path:
    ...             _ = (path / "b.txt").write_text(text)
    ...     print(os.listdir(folder), (Path(folder) / "a" / "b.txt").read_text())
    ['a'] second
    """
    target = _resolved(target)
    with folder_beside(target) as folder:
        new = folder / target.name
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
    target = _resolved(target)
    made = [folder for folder in target.parents if not folder.exists()]
    with folder_beside(target, is_file=True):
        pass
    for folder in made:  # the innermost first
        folder.rmdir()


@contextlib.contextmanager
def locked(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Within it, no other training, or whatever else asks for it, has the folder; the lock of a killed process is gone.

    Args:
        folder: It is created when missing.

    Raises:
        InputError: If another has it, or it cannot be created.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder, locked(folder), locked(folder):
    ...     pass  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: /...: is being written by another process; wait for it, or choose another output
    """
    import fcntl

    folder = _resolved(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise _refusal(folder, str(error.strerror)) from error
    try:
        with contextlib.suppress(OSError):  # of file systems that know no locks
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                words = "is being written by another process; wait for it, or choose another output"
                raise InputError(f"{folder}: {words}") from error
        yield
    finally:
        os.close(handle)


def check_room(path: Path, size: int) -> None:
    """Says before a library writes a file that it would not fit; HDF5 cannot even close a file that it cannot write.

    Args:
        path: A file that is not there yet.
        size: Its bytes, rather too many than too few.

    Raises:
        OSError: If the disk is full or the user may not write so much.
    """
    with open(path, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except (AttributeError, OSError) as error:  # other systems and file systems cannot say
            if getattr(error, "errno", None) in _FULL:
                raise
    path.unlink()


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


@contextlib.contextmanager
def folder_beside(target: Path, is_file: bool = False) -> Iterator[Path]:
    """Yields a hidden folder on the disk of `target`, which is gone after the block; a full disk is an InputError.

    Args:
        target: What is being written, as messages name it. Its folder is created when missing.
        is_file: Whether it is to be a file, and so may be no folder or device.

    Raises:
        InputError: If it cannot be written there, or if the block fails since the disk is full.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder, folder_beside(Path(folder) / "a"):
    ...     raise OSError(28, "Full", "part")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: ...a: cannot write there (No space left on device); make room, or choose another output
    """
    try:
        if is_file and target.exists() and not target.is_file():
            raise OSError(0, "it is a folder" if target.is_dir() else "it is a device")
        target.parent.mkdir(parents=True, exist_ok=True)
        # The name may be as long as a file system takes, so that nothing could be added to the whole of it. What is made in
        # the folder gets the modes of the user's umask.
        beside = tempfile.TemporaryDirectory(
            prefix=f".{target.name[:50]}.", dir=target.parent, ignore_cleanup_errors=True
        )
    except (OSError, ValueError) as error:  # the latter for what no name can hold
        raise _refusal(target, getattr(error, "strerror", None) or str(error)) from error
    with beside as folder:
        try:
            yield Path(folder)
        except Exception as error:
            if isinstance(error, InputError) or not (reason := _full(error)):
                raise
            raise _refusal(target, reason, "make room, or ") from error


_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
"""What a system says when a file cannot be written further."""


def _full(error: BaseException | None) -> str:
    """What the system said, if that is why writing failed; h5py and TensorFlow hand on its words, in errors of their own."""
    while error is not None:
        for code in _FULL:
            if getattr(error, "errno", None) == code or os.strerror(code) in str(error):
                return os.strerror(code)
        error = error.__cause__ or error.__context__
    return ""


def _refusal(target: Path, reason: str, cure: str = "") -> InputError:
    return InputError(f"{target}: cannot write there ({reason}); {cure}choose another output")


def as_path(target: Any) -> Path:
    """A path.

    Raises:
        InputError: for what is none, or an empty one, which would be the current folder.

    Example:
    >>> as_path(None)
    Traceback (most recent call last):
    dilatednets.errors.InputError: None: not the name of a file or folder; give one
    """
    if not isinstance(target, str | os.PathLike) or not os.fspath(target):
        raise InputError(f"{target!r}: not the name of a file or folder; give one")
    return Path(target)


def as_utf8(text: str) -> str:
    r"""A text that a file in UTF-8 can hold: bytes of a file's name that are not UTF-8 stand in it as escapes.

    Example:
    >>> print(as_utf8(os.fsdecode(b"caf\xe9.png")))
    caf\udce9.png
    """
    return text.encode(errors="backslashreplace").decode()


def _resolved(target: str | os.PathLike[str]) -> Path:
    """The path, or of a link that to which it leads, so that what is written takes the place of that and not of the link."""
    path = as_path(target)
    return Path(os.path.realpath(path)) if os.path.islink(path) else path
