"""What all pictures share: their figure, their frame and their file. Matplotlib is imported when one is drawn."""

import os
import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Union

from dilatednets.errors import InputError
from dilatednets.files import as_path, atomic_path
from dilatednets.plots.palette import GREY, GRID, INK, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image

FIGURES = (".png", ".svg", ".pdf")
IMAGES = (".png", ".jpg", ".jpeg")
# Dates would make the files of equal pictures differ.
UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def figure(heights: Sequence[int], width: int = 900, share_x: bool = False) -> tuple["Figure", list["Axes"]]:
    """Makes a figure with axes one below the other.

    It is made without pyplot, which keeps every figure in a global list and is for one thread only.

    Args:
        heights: The height of each of the axes, with its title and labels, in pixels of a PNG file.
        width: The width of the figure in pixels of a PNG file.
        share_x: Whether all axes show one x axis, which is then aligned, and labelled at the bottom only.

    Example:
    >>> picture, (above, below) = figure([300, 200])
    >>> picture.get_size_inches().tolist()  # of 100 pixels
    [9.0, 5.0]
    """
    from matplotlib.figure import Figure

    picture = Figure((width / 100, sum(heights) / 100), dpi=100, facecolor=PAPER)
    picture.set_layout_engine("constrained", w_pad=0.15, h_pad=0.12, hspace=0)
    if share_x:
        return picture, list(picture.subplots(len(heights), sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    parts = picture.subfigures(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    return picture, [part.subplots() for part in parts]


def frame(ax: "Axes", title: str, x: str = "", y: str = "", grid: bool = True) -> None:
    """Gives axes the look of the package.

    Args:
        ax: The axes to change.
        title: The words above. Dollar signs in it are dollar signs, not mathematics.
        x: The label of the x axis.
        y: The label of the y axis.
        grid: Whether to draw a grid and no frame, or else a frame and no grid.

    Example:
    >>> _, (ax,) = figure([200])
    >>> frame(ax, "a title")
    >>> ax.get_title(loc="left")
    'a title'
    """
    ax.set_title(title, loc="left", color=INK, fontsize=12, pad=10, parse_math=False, wrap=True)
    ax.set_xlabel(x, color=INK, labelpad=8, parse_math=False)
    ax.set_ylabel(y, color=INK, labelpad=8, parse_math=False)
    ax.tick_params(which="both", color=GREY, labelcolor=INK, length=0 if grid else 4, pad=6)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set(color=GREY, visible=not grid)
    if grid:
        ax.grid(color=GRID)
    ax.set_axisbelow(True)


def save(picture: Union["Figure", "Image.Image"], path: str | os.PathLike[str]) -> None:
    """Writes a picture, whole or not at all, in the format that the suffix names; equal pictures give equal files.

    Args:
        picture: A figure for .png, .svg or .pdf, or a PIL image for .png, .jpg or .jpeg.
        path: The file to write.

    Raises:
        InputError: If the picture cannot have that suffix, or if the file cannot be written.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(figure([100])[0], f"{folder}/a.svg")
    ...     os.listdir(folder)
    ['a.svg']
    """
    data = encoded(picture, path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def encoded(picture: Union["Figure", "Image.Image"], path: str | os.PathLike[str] = "picture.png") -> bytes:
    r"""What `save` writes.

    Args:
        picture: As there.
        path: The name of the file that it could be, whose suffix says the format.

    Raises:
        InputError: If the picture cannot have that suffix.

    Example:
    >>> encoded(figure([100])[0])[:4]
    b'\x89PNG'
    """
    from PIL import Image

    suffix, buffer = Path(path).suffix.lower(), BytesIO()
    if isinstance(picture, Image.Image):
        # JPEG would change the numbers of a label map.
        check_suffix(path, IMAGES if picture.mode == "RGB" else IMAGES[:1])
        picture.save(buffer, "PNG" if suffix == ".png" else "JPEG")
    else:
        check_suffix(path)
        picture.draw_without_rendering()  # the layout settles at the second pass: a second file would differ otherwise
        picture.savefig(buffer, format=suffix[1:], metadata=UNDATED.get(suffix))
    return _with_plain_ids(buffer.getvalue()) if suffix == ".svg" else buffer.getvalue()


def check_suffix(path: str | os.PathLike[str], suffixes: Sequence[str] = FIGURES) -> None:
    """Says before the work, not after it, that a picture cannot have the suffix of a path.

    Args:
        path: The file that will be written.
        suffixes: The suffixes that are possible.

    Raises:
        InputError: If the path has another suffix.

    Example:
    >>> check_suffix("a.png")
    >>> check_suffix("a.gif")
    Traceback (most recent call last):
    dilatednets.errors.InputError: a.gif: cannot write a picture as '.gif'; choose a name that ends in .png, .svg or .pdf
    """
    suffix = as_path(path).suffix
    if suffix.lower() not in suffixes:
        names = " or ".join(filter(None, (", ".join(suffixes[:-1]), suffixes[-1])))
        raise InputError(f"{path}: cannot write a picture as {suffix!r}; choose a name that ends in {names}")


def _with_plain_ids(svg: bytes) -> bytes:
    """Numbers the names inside an SVG file, which Matplotlib draws at random unless a global setting says otherwise."""
    names: dict[bytes, bytes] = {}
    return re.sub(
        rb'(id="|#)(\w*[0-9a-f]{10})\b', lambda found: found[1] + names.setdefault(found[2], b"n%d" % len(names)), svg
    )
