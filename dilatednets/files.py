"""Files that are whole or absent: written beside their target, then renamed over it."""

import contextlib
import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dilatednets.errors import InputError


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path beside `target` and renames it to `target` when the block ends without an error.

    The temporary name keeps the target's suffix, since some writers choose the format by it. After an error, or a crash,
    `target` is what it was before.

    Args:
        target: The file to write. Its folder is created when missing.

    Raises:
        InputError: if the folder cannot be created or written to.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(os.path.join(folder, "a.txt")) as path:
    ...         _ = path.write_text("whole")
    ...     print((Path(folder) / "a.txt").read_text())
    whole
    """
    target = Path(target)
    temporary = _make_beside(target)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes 0600; a shared folder expects the user's usual mode
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """The same for a folder: what was at `target` gives way at once, when the block ends without an error.

    Args:
        target: The folder to write.

    Raises:
        InputError: if it cannot be written there.

    Example:
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for text in ("first", "second"):
    ...         with atomic_folder(os.path.join(folder, "a")) as path:
    ...             _ = (path / "b.txt").write_text(text)
    ...     print(os.listdir(folder), (Path(folder) / "a" / "b.txt").read_text())
    ['a'] second
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise InputError(f"{target}: cannot write there ({error.strerror}); choose another folder") from error
    try:
        yield work
        work.chmod(0o777 & ~_umask())
        _put_in_place(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _put_in_place(work: Path, target: Path) -> None:
    """Renames a folder; one that is there trades places with it, or where the system cannot do that, gives way first."""
    if not target.exists():
        os.replace(work, target)
    elif not _exchanged(work, target):
        old = work.with_name(f"{work.name}.old")
        os.replace(target, old)
        try:
            os.replace(work, target)
        except OSError:
            os.replace(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders could be made to trade places at once, which Linux can do."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def check_writable(target: str | os.PathLike[str]) -> None:
    """Says before the work, not after it, when `target` cannot be written.

    Raises:
        InputError: as `atomic_path`.
    """
    target = Path(target)
    made = [folder for folder in target.parents if not folder.exists()]
    _make_beside(target).unlink()
    for folder in made:  # the innermost first
        folder.rmdir()


def _make_beside(target: Path) -> Path:
    try:
        if target.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise InputError(f"{target}: cannot write there ({error.strerror}); choose another output") from error
    os.close(handle)
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
