"""Files that commands are told to write: what is read, or there already, is not lost."""

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dilatednets.errors import InputError
from dilatednets.files import as_path, check_writable


def check_target(name: str, target: str | os.PathLike[str], overwrite: bool, *sources: str | os.PathLike[str]) -> None:
    """All that is asked before the work of a file that a command will write: `check_writable`, and that nothing is lost.

    Args:
        name: The argument that names the target.
        target: The file that is to be written.
        overwrite: Whether what is there already may be replaced.
        *sources: Files that are read, which never may.

    Raises:
        InputError: as `check_writable`, `check_not_read` and `check_absent`.

    Example:
    >>> check_target("output", __file__, True, __file__)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: output: /...: is the file that is read; choose another name
    """
    check_writable(target)
    check_not_read(name, target, *sources)
    check_absent(name, target, overwrite)


def check_not_read(name: str, target: str | os.PathLike[str], *sources: str | os.PathLike[str]) -> None:
    """Says before the work when what is to be written would take the place of what is read.

    Args:
        name: The argument that names the target, for the message.
        target: The file that is to be written later.
        sources: The files that are read; what is no file, such as "-", is none.

    Raises:
        InputError: If the target is one of them.

    Example:
    >>> check_not_read("output", __file__, "-", __file__)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: output: /...: is the file that is read; choose another name
    """
    for source in sources if os.path.exists(target) else ():
        if os.path.exists(source) and os.path.samefile(target, source):
            raise InputError(f"{name}: {target}: is the file that is read; choose another name")


def check_absent(name: str, target: str | os.PathLike[str], overwrite: bool) -> None:
    """Refuses to write over what is there already, unless that is wanted.

    Args:
        name: The argument that names the target.
        target: The file that is to be written.
        overwrite: Whether --overwrite was given.

    Raises:
        InputError: If it is there.

    Example:
    >>> check_absent("output", __file__, overwrite=False)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: output: /...: is there already; give --overwrite to replace it, or choose another name
    """
    if os.path.exists(target) and not overwrite:
        raise InputError(f"{name}: {target}: is there already; give --overwrite to replace it, or choose another name")


def numbered_targets(
    output: str, plot: str | None, count: int, sources: Sequence[str] = ()
) -> list[tuple[Path, Path | None]]:
    """Where sounds and their pictures go: of several, to files with numbers, none of which is there yet.

    Args:
        output: The file that was given.
        plot: The picture's, if one is wanted.
        count: How many sounds there are.
        sources: Files that are read.

    Raises:
        InputError: as `check_target`.

    Example:
    >>> [str(sound) for sound, _ in numbered_targets("say.wav", None, 2)]
    ['say_1.wav', 'say_2.wav']
    """
    numbers: Iterator[int | None] = itertools.count(1) if count > 1 else iter([None])
    pairs = ((_numbered(output, number), plot and _numbered(plot, number)) for number in numbers)
    free = (pair for pair in pairs if count == 1 or not any(one and one.exists() for one in pair))
    chosen = list(itertools.islice(free, count))
    for sound, picture in chosen:
        check_target("output", sound, True, *sources)  # one is named outright
        if picture:
            check_target("plot", picture, True, *sources)
    return [(sound, picture or None) for sound, picture in chosen]


def _numbered(name: str, number: int | None) -> Path:
    path = as_path(name)
    return path if number is None else path.with_name(f"{path.stem}_{number}{path.suffix}")
