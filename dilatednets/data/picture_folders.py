"""Folders of pictures: what is in them and below them, and what is not used."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from dilatednets.errors import InputError, Note
from dilatednets.folders import files_below

LABEL_SUFFIXES = (".png", ".webp", ".bmp", ".tif", ".tiff")
SUFFIXES = (*LABEL_SUFFIXES, ".jpg", ".jpeg", ".gif", ".jp2", ".avif", ".pgm", ".ppm")
"""Suffixes of images. JPEG would change the numbers of labels near edges."""


def pictures_below(folder: Path, suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """The pictures of `files_below` a folder, in order; a note names files that are none.

    Args:
        folder: The folder. What begins with a dot, or is a system's, in it or below it, is not looked at.
        suffixes: Suffixes of pictures, which may be in capitals, too.

    Raises:
        InputError: If there is no such folder, or no picture in it; as `files_below`.

    Example:
    >>> pictures_below(Path("nowhere"))
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere: no such folder
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    files = files_below(folder)
    pictures = [path for path in files if path.suffix.lower() in suffixes]
    others = [path.relative_to(folder).as_posix() for path in files if path.suffix.lower() not in suffixes]
    if not pictures:
        raise InputError(f"{folder}: holds no images ({', '.join(suffixes)}){_but(others)}")
    if others:
        warnings.warn(f"{folder}: not used, since its suffix is none of {', '.join(suffixes)}{_but(others)}", Note, 3)
    return pictures


def _but(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f": {', '.join(names[:3])}{more}" if names else ""
