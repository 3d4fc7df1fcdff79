"""Folders of a user's files, as they lie there."""

from pathlib import Path

from dilatednets.errors import InputError, unreadable

OF_SYSTEMS = ("thumbs.db", "desktop.ini", "__macosx")
"""What Windows puts into folders, and archives made on a Mac hold beside what they are of; in small letters or capitals."""


def inside(folder: Path) -> list[Path]:
    """What lies in a folder, in order, but for what begins with a dot and what systems put there, `OF_SYSTEMS`.

    Raises:
        InputError: for a folder that cannot be read.

    Example:
    >>> Path(__file__) in inside(Path(__file__).parent)
    True
    """
    try:
        return sorted(
            one for one in folder.iterdir() if not one.name.startswith(".") and one.name.lower() not in OF_SYSTEMS
        )
    except OSError as error:
        raise unreadable(folder, error, "a folder that can be") from error


def files_below(folder: Path) -> list[Path]:
    """The files of a folder and of those in it, in order, whether these lie there or links lead to them.

    What `inside` leaves out is left out. A link to a folder that it lies in is not entered, since all is listed already.

    Args:
        folder: Where to look.

    Raises:
        InputError: for a folder that cannot be read, and a link to nothing.

    Example:
    >>> Path(__file__) in files_below(Path(__file__).parent)
    True
    """
    return sorted(_below(folder, ()))


def _below(folder: Path, above: tuple[Path, ...]) -> list[Path]:
    real = folder.resolve()
    if real in above:
        return []
    found = []
    for one in inside(folder):
        if one.is_dir():
            found += _below(one, (*above, real))
        elif one.is_file():
            found.append(one)
        elif one.is_symlink():
            raise InputError(f"{one}: is a link to what is not there; mend it, or remove it")
    return found
