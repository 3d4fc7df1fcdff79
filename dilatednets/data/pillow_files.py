"""Image files by Pillow: their values with all bits, of which Pillow keeps fewer in some modes."""

import math
import re
import sys
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from dilatednets.data.picture_numbers import Numbers
from dilatednets.errors import InputError

STRIP = 512
"""Rows to convert at once; Pillow would copy a large image three times over."""


def pillow_orientation(picture: Image.Image) -> int:
    """The orientation of a picture, as EXIF numbers them."""
    return int(picture.getexif().get(ExifTags.Base.Orientation, 1))


def pillow_numbers(picture: Image.Image, file: Any, index: int, origin: str) -> Numbers:
    """The numbers of a picture, not turned.

    Args:
        picture: The picture, at the page that is wanted.
        file: The open file, or the picture itself where there is none.
        index: The place of the page.
        origin: What messages begin with.

    Raises:
        InputError: If its colours depend on a profile.
    """
    mode, transparent = picture.mode, picture.mode in ("RGBA", "RGBa", "LA", "La")
    if mode in ("CMYK", "YCCK", "LAB"):
        raise InputError(f"{origin}: is in {mode} colours, which depend on a profile; convert it to RGB first")
    low = deep = None
    if not isinstance(file, Image.Image):
        low, deep = _low_bytes(picture, file, index), _deep_ppm(picture, file)
    if low == "interleaved":  # grey and transparency, four bytes a pixel
        values = np.ascontiguousarray(_rows(picture)).view(">u2").astype(np.uint16)
    elif deep is not None:
        values = deep
    else:
        wanted = mode if mode in ("1", "L", "P", "F") or mode.startswith("I") else "RGB"
        wanted = {"La": "LA", "LA": "LA", "RGBa": "RGBA", "RGBA": "RGBA"}.get(mode, wanted)
        values = _rows(picture, wanted)
        if isinstance(low, Image.Image):
            values = values.astype(np.uint16) << 8 | _rows(low, wanted)
        if mode == "I" and picture.format in ("PNG", "PPM"):  # 16 bits, of which Pillow makes 32
            values = np.clip(values, 0, 65535).astype(np.uint16)
    palette = None
    if mode == "P":
        colours = np.array(picture.getpalette("RGB") or [], np.uint8)[:768]
        palette = np.zeros((256, 3), np.uint8)
        palette.reshape(-1)[: len(colours)] = colours
    largest = 0
    if getattr(picture, "tag_v2", {}).get(262) == 0 and mode in ("1", "L", "I;16"):  # white is 0
        largest = {"1": 1, "L": 255}.get(mode, 65535)
        values = values ^ np.uint16(largest) if mode == "I;16" else values  # others Pillow has turned round already
    return Numbers(values, palette, transparent, largest)


def _low_bytes(picture: Any, file: Any, index: int) -> Any:
    """Of colours of 16 bits Pillow keeps the high bytes: a second image that will be decoded to the low ones.

    "interleaved" if `picture` itself will be decoded to both; None if it is not of 16 bits.
    """
    tiles = getattr(picture, "tile", [])
    modes = {tile.args if isinstance(tile.args, str) else tile.args[0] for tile in tiles if tile.args}
    if modes == {"LA;16B"}:
        picture.tile = [tile._replace(args="RGBA") for tile in tiles]
        return "interleaved"
    if not modes or not all(re.fullmatch(r"RGB[AaX]?;16[BLN]", str(mode)) for mode in modes):
        return None
    other = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
    file.seek(0)
    low: Any = Image.open(file)
    low.seek(index)
    for place, tile in enumerate(low.tile):
        mode, *rest = [tile.args] if isinstance(tile.args, str) else tile.args
        mode = mode[:-1] + other[mode[-1]]
        low.tile[place] = tile._replace(args=(mode, *rest) if rest else mode)
    return low


def _deep_ppm(picture: Any, file: Any) -> np.ndarray | None:
    """The colours of a PPM file of more than 8 bits, whose largest number is white, in 16; None for any other picture."""
    tiles = picture.tile if picture.format == "PPM" and picture.mode == "RGB" else []
    tile = next((tile for tile in tiles if tile.codec_name in ("ppm", "ppm_plain") and tile.args[1] > 255), None)
    if tile is None:
        return None
    white, shape = tile.args[1], (picture.height, picture.width, 3)
    file.seek(tile.offset)
    if tile.codec_name == "ppm":
        numbers = np.frombuffer(file.read(), ">u2", math.prod(shape))
    else:
        numbers = np.array(re.sub(rb"#[^\r\n]*", b"", file.read()).split()[: math.prod(shape)], int)
        if numbers.min(initial=0) < 0 or numbers.max(initial=0) > white:
            raise ValueError(f"it holds numbers that are not from 0 to {white}")
    in_16_bits = np.minimum(np.rint(np.arange(65536) * (65535 / white)), 65535).astype(np.uint16)
    return in_16_bits[numbers.reshape(shape)]


def _rows(picture: Image.Image, mode: str | None = None) -> np.ndarray:
    """The values of a picture, or of what it is in another mode, (height, width, bands)."""
    picture.load()
    if 0 in picture.size:
        raise ValueError("it has no pixels")
    result = np.empty(0)
    for top in range(0, picture.height, STRIP):
        bottom = min(top + STRIP, picture.height)
        strip = picture.crop((0, top, picture.width, bottom))
        rows = np.asarray(strip if mode in (None, strip.mode) else strip.convert(mode))
        rows = rows[..., None] if rows.ndim == 2 else rows
        if top == 0:
            result = np.empty((picture.height, *rows.shape[1:]), rows.dtype.newbyteorder("="))
        result[top:bottom] = rows
    return result
