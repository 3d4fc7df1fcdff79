"""TIFF files by tifffile: which pages there are, and those with bands, bits and types of numbers that Pillow lacks."""

import logging
import os
from typing import Any

import numpy as np

from dilatednets.data.picture_numbers import Numbers
from dilatednets.errors import InputError

PIXELS_A_BYTE = 10_000
"""More than any compression of a picture reaches: who claims more has a damaged header."""
ALPHA = (1, 2)
"""Kinds of extra bands that are transparency."""
logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it logs every tag of a damaged file


def tiff_pages(file: Any, origin: str) -> list[int]:
    """The places of a TIFF file's pages, without previews and masks of others.

    Args:
        file: The open file.
        origin: What messages begin with.

    Raises:
        InputError: If it is a camera's raw picture, or pages are hidden in another.
    """
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        # By their number, which is known to be finite: of damaged files, tifffile goes through pages in a circle.
        all_pages: Any = tiff.pages
        pages = [index for index in range(len(all_pages)) if not all_pages[index].subfiletype & 5]
        if not pages or 50706 in all_pages[0].tags:  # DNGVersion
            raise InputError(f"{origin}: is a camera's raw picture, which is not read; develop it to TIFF or PNG")
        images = int((tiff.imagej_metadata or {}).get("images", 1))
        if images > len(all_pages):
            raise InputError(f"{origin}: holds {images} pictures in one page, as ImageJ has it; save each as a file")
        return pages


def tiff_orientation(file: Any, index: int) -> int:
    """The orientation of a page, as EXIF numbers them."""
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages[index]
        tag = page.tags.get(274)
        return 1 if tag is None else int(tag.value)


def tiff_size(file: Any, index: int) -> tuple[int, int]:
    """The height and width of a page."""
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages[index]
        return page.imagelength, page.imagewidth


def tiff_numbers(file: Any, index: int, origin: str) -> Numbers:
    """The numbers of a page, not turned.

    Args:
        file: The open file.
        index: The place of the page.
        origin: What messages begin with.

    Raises:
        InputError: If the page is no picture, or compressed in a way that takes more libraries.
    """
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages[index]
        pixels, size = page.imagewidth * page.imagelength, file.seek(0, os.SEEK_END)
        if pixels > size * PIXELS_A_BYTE:
            raise ValueError(f"{size} bytes cannot hold its {page.imagewidth}x{page.imagelength} pixels")
        if page.axes not in ("YX", "YXS", "SYX") or page.photometric in (5, 8):
            kind = {5: "CMYK colours", 8: "LAB colours"}.get(page.photometric, f"axes {page.axes}")
            raise InputError(f"{origin}: has {kind}; save it as grey or RGB")
        try:
            values = page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            words = f"is compressed by {getattr(page.compression, 'name', page.compression)}"
            raise InputError(f"{origin}: {words}; pip install imagecodecs, or save it with deflate") from error
        if values.shape != page.shape or not values.size:
            raise ValueError("it has no pixels")
        values = {"YX": values[..., None], "SYX": np.moveaxis(values, 0, -1)}.get(page.axes, values)
        extra = tuple(page.extrasamples)
    values, largest = values.astype(values.dtype.newbyteorder("="), copy=False), 0
    if page.photometric == 0 and values.dtype.kind in "bu":  # white is 0
        kinds, largest = (values.shape[2] - len(extra)) * (0,) + extra, 2**page.bitspersample - 1
        values = values ^ np.array([0 if kind in ALPHA else largest for kind in kinds], values.dtype)
    return Numbers(values, None, len(extra) == 1 and extra[0] in ALPHA, largest)
