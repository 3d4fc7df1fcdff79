"""Image files as the numbers that they hold: every page, band and bit, by Pillow, and by tifffile where Pillow has less."""

import contextlib
import io
import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from dilatednets.data.picture_numbers import Numbers
from dilatednets.data.pillow_files import pillow_numbers, pillow_orientation
from dilatednets.data.tiff_files import PIXELS_A_BYTE, tiff_numbers, tiff_orientation, tiff_pages, tiff_size
from dilatednets.errors import InputError, one_line
from dilatednets.rules import checked, positive

PAGED = ("TIFF", "GIF", "WEBP", "PNG", "AVIF")
"""Formats of several pictures. In others what comes second is a preview or a map that belongs to the first."""
NO_PICTURES = (
    (rb".{4}ftyp(hei|hev|mif1|msf1)", "a HEIC picture", "save it as JPEG, PNG or TIFF"),
    (rb".{4}ftypavi[fs]", "an AVIF picture", "save it as JPEG, PNG or TIFF"),
    (rb".{4}JXL |\xff\x0a", "a JPEG XL picture", "save it as JPEG, PNG or TIFF"),
    (rb".{4}jP  |\xff\x4f\xff\x51", "a JPEG 2000 picture", "save it as PNG or TIFF"),
    (rb".{4}ftypcrx|II\*\0.{4}CR|FUJIFILMCCD-RAW|IIR[OS]|IIU\0", "a camera's raw picture", "develop it to TIFF or PNG"),
    (rb".{4}ftyp|RIFF.{4}AVI |\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|FLV", "a video", "save its frames as PNG"),
    (rb".{128}DICM", "a DICOM file", "save its picture as 16-bit PNG or TIFF"),
    (rb"\s*%PDF|%!PS|\xc5\xd0\xd3\xc6", "a PDF or PostScript document", "save its pages as PNG"),
    (rb"\s*(<\?xml.*)?(<!--.*-->\s*)?<svg", "an SVG drawing", "save it as PNG"),
    (rb"\s*<(!doctype|html)", "a web page", "fetch the picture itself"),
    (rb"version https://git-lfs", "a pointer of Git LFS", "fetch the picture by git lfs pull"),
    (rb"\x93NUMPY|PK\x03\x04|\x89HDF", "a file of arrays or an archive", "load it, and give the array as uint8 or uint16"),
)  # fmt: skip
"""First bytes of what is taken for pictures, what it is, and the cure."""
T = TypeVar("T")
_no_limit = threading.Lock()
logging.getLogger("PIL.TiffImagePlugin").setLevel(logging.CRITICAL)  # what it logs of a damaged file is in the error


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """Opens and decodes an image file, as Pillow has it.

    Args:
        path: The file, in any format that Pillow reads.

    Raises:
        InputError: If the file is missing, empty, truncated, or not an image.

    Example:
    >>> open_image("nowhere.png")
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere.png: no such file
    """

    def decoded(file: Any) -> Image.Image:
        image: Image.Image = Image.open(file)
        image.load()
        return image

    return _of_file(path, decoded)


def pages_of(image: Any) -> int:
    """How many pictures a file holds: pages of a TIFF file, frames of an animation.

    Args:
        image: A path, a file object or a PIL image.

    Raises:
        InputError: If it is no image.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> pages_of(next((sample("nuclei") / "images").iterdir()))
    1
    """
    return len(_of_file(image, lambda file: _opened(file, name_of(image))[1]))


def orientation_of(image: Any) -> int:
    """The EXIF orientation of a file, 1 for upright, 6 for one that is turned clockwise to view."""

    def orientation(file: Any) -> int:
        picture, (first, *_) = _opened(file, name_of(image))
        return tiff_orientation(file, first) if picture is None else pillow_orientation(picture)

    return _of_file(image, orientation)


def size_of(file: Any, page: int | None = None) -> tuple[int, int]:
    """The height and width of a picture, by its header, not turned; its pixels may be damaged all the same.

    Args:
        file: A path or a file object.
        page: Which picture of a file of several, from 1.

    Raises:
        InputError: If it is no image, or if it holds several and `page` does not say which.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> size_of(next((sample("nuclei") / "images").iterdir()))
    (256, 256)
    """
    origin = name_of(file)

    def size(opened: Any) -> tuple[int, int]:
        picture, pages = _opened(opened, origin)
        index = pages[chosen_page(len(pages), page, origin)]
        return (
            tiff_size(opened, index) if picture is None or picture.format == "TIFF" else (picture.height, picture.width)
        )

    return _of_file(file, size)


def numbers_of(image: Any, page: int | None = None) -> Numbers:
    """The numbers of a picture, all bands and bits of them.

    Args:
        image: A path, a file object or a PIL image.
        page: Which picture of a file of several, from 1.

    Raises:
        InputError: If it is no image, if it holds several and `page` does not say which, or if its colours depend on a
            profile.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> numbers_of(next((sample("nuclei") / "labels").iterdir())).values.dtype
    dtype('uint16')
    """
    origin = name_of(image)
    return _of_file(image, lambda file: _numbers(file, origin, page))


def name_of(image: Any) -> str:
    """What messages call an image: its path, or `image`."""
    return str(image) if isinstance(image, str | os.PathLike) else "image"


def chosen_page(pages: int, page: int | None, origin: str) -> int:
    """The index of the page that is asked for.

    Raises:
        InputError: If there is no such page, or if there are several and none was asked for.
    """
    if page is None and pages > 1:
        raise InputError(
            f"{origin}: holds {pages} pages; choose one by page, from 1 to {pages}, or save each as a file of its own"
        )
    index = checked(page, Annotated[int, positive] | None, "page") or 1
    if index > pages:
        raise InputError(
            f"{origin}: has {pages} page{'s' * (pages > 1)}, so there is no page {index}; choose another page"
        )
    return index - 1


def _of_file(source: Any, use: Callable[[Any], T]) -> T:
    """What a function makes of an open file, or of a PIL image; what it raises becomes one line."""
    origin = name_of(source)
    with _file_of(source, origin) as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a damaged picture Pillow gives an image or an error
                try:
                    return use(file)
                except Image.DecompressionBombError:
                    with _without_limit(file, origin):
                        return use(file)
        except InputError:
            raise
        except MemoryError as error:
            raise InputError(f"{origin}: needs more memory than there is; cut it into parts") from error
        except Exception as error:  # each reader of a format has its own
            raise _refusal(file, origin, error) from error


@contextlib.contextmanager
def _file_of(source: Any, origin: str) -> Iterator[Any]:
    if not isinstance(source, str | os.PathLike):
        if hasattr(source, "read") and not (hasattr(source, "seekable") and source.seekable()):
            source = io.BytesIO(source.read())
        yield source
        return
    path = Path(source)
    try:
        file = open(path, "rb")  # noqa: SIM115
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder, not an image; give the files in it") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{origin}: cannot be opened ({one_line(error)})") from error
    with file:
        if not os.fstat(file.fileno()).st_size:
            raise InputError(f"{path}: is empty; fetch or write it again")
        yield file


@contextlib.contextmanager
def _without_limit(file: Any, origin: str) -> Iterator[None]:
    """Lets Pillow open a picture of any size: a large one is no attack, unless its file could not hold it."""
    with _no_limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            if not isinstance(file, Image.Image):
                file.seek(0)
                (width, height), size = Image.open(file).size, file.seek(0, os.SEEK_END)
                if width * height > size * PIXELS_A_BYTE:
                    raise InputError(
                        f"{origin}: not a readable image ({size} bytes cannot hold its {width}x{height} pixels); "
                        "fetch or write it again"
                    )
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _refusal(file: Any, origin: str, error: Exception) -> InputError:
    start = b""
    with contextlib.suppress(Exception):
        file.seek(0)
        start = bytes(memoryview(file.read(1024)))
    for pattern, kind, cure in NO_PICTURES:
        if re.match(pattern, start, re.DOTALL | re.IGNORECASE):
            return InputError(f"{origin}: is {kind}, which is not read; {cure}")
    if isinstance(error, UnidentifiedImageError):  # whose own words name an object in memory
        return InputError(f"{origin}: not a readable image (no known format); save it as PNG, TIFF or JPEG")
    return InputError(f"{origin}: not a readable image ({one_line(error)}); fetch or write it again")


def _opened(file: Any, origin: str) -> tuple[Image.Image | None, list[int]]:
    """The picture as Pillow has it, None if only tifffile may read it; and the places of its pages."""
    if isinstance(file, Image.Image):
        return file, _frames(file)
    file.seek(0)
    try:
        picture: Image.Image = Image.open(file)
    except UnidentifiedImageError:
        file.seek(0)
        if file.read(4) not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            raise
        return None, tiff_pages(file, origin)
    if picture.format == "TIFF":
        return picture, tiff_pages(file, origin)
    return picture, _frames(picture)


def _frames(picture: Image.Image) -> list[int]:
    return list(range(getattr(picture, "n_frames", 1) if picture.format in PAGED else 1))


def _numbers(file: Any, origin: str, page: int | None) -> Numbers:
    picture, pages = _opened(file, origin)
    index = pages[chosen_page(len(pages), page, origin)]
    if picture is None:
        return _by_tifffile(file, index, origin)
    before = picture.tell()
    try:
        if index != before:
            picture.seek(index)
        if picture.format == "TIFF" and not isinstance(file, Image.Image):
            tags: Any = picture.tag_v2  # type: ignore[attr-defined]
            no_transparency = set(tags.get(338, ())) - {1, 2, 999} or picture.mode == "RGBX"
            deep_planes = tags.get(284, 1) == 2 and max(tags.get(258, (1,))) > 8  # which Pillow reads as noise
            if no_transparency or deep_planes:
                return _by_tifffile(file, index, origin)
        numbers = pillow_numbers(picture, file, index, origin)
        return numbers._replace(values=_turned(numbers.values, pillow_orientation(picture)))
    except SyntaxError:
        if picture.format != "TIFF":
            raise
        return _by_tifffile(file, index, origin)
    finally:
        if isinstance(file, Image.Image) and picture.tell() != before:
            picture.seek(before)  # it is the caller's


def _by_tifffile(file: Any, index: int, origin: str) -> Numbers:
    numbers = tiff_numbers(file, index, origin)
    return numbers._replace(values=_turned(numbers.values, tiff_orientation(file, index)))


def _turned(values: np.ndarray, orientation: int) -> np.ndarray:
    """As EXIF defines its orientations 1 to 8; others turn nothing."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    down = orientation in (3, 4, 7, 8)
    across = orientation in (2, 3, 6, 7)
    return values[:: -1 if down else 1, :: -1 if across else 1]
