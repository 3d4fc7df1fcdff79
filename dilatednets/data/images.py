"""Any image as RGB: files, PIL images, arrays; grey, palette, 16-bit, with transparency, rotated by EXIF."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

from dilatednets.errors import InputError, one_line

SMALLEST_SIDE = 2
STRIP = 512
"""Rows to convert at once."""


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """Opens and decodes an image file.

    Args:
        path: The file, in any format that Pillow reads.

    Raises:
        InputError: If the file is missing, empty, truncated, or not an image.

    Example:
    >>> open_image("nowhere.png")
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere.png: no such file
    """
    path = Path(path)
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path}: is empty; fetch or write it again")
    try:
        with warnings.catch_warnings(), open(path, "rb") as file:
            # A large picture is no attack, above twice that size Pillow refuses; and of what it makes of a damaged one it
            # either gives an image or an error.
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(file)
            image.load()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: has more pixels than Pillow opens at once; cut it into parts") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: not a readable image ({one_line(error)}); fetch or write it again") from error
    return image


def as_rgb(image: Any) -> np.ndarray:
    """Gives any image as RGB.

    Args:
        image: A path; a PIL image of any mode but CMYK; or an array, uint8 or uint16, (height, width) or (height, width,
            1, 3 or 4). 16-bit values are scaled to 8 by their full range. Transparency is dropped, and a rotation noted in
            EXIF carried out.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: If a file is not an image, if an array has another shape or type, if the colours are CMYK (which depend
            on a profile), or if the image is below 2x2 pixels.

    Example:
    >>> as_rgb(np.full((4, 6), 65535, "uint16"))[0, 0].tolist()
    [255, 255, 255]
    """
    origin = "image"
    if isinstance(image, str | os.PathLike):
        origin, image = str(image), open_image(image)
    if not isinstance(image, np.ndarray | Image.Image):
        raise InputError(f"image: must be a path, a PIL image or an array, not {type(image).__name__}")
    rgb = _array_as_rgb(image) if isinstance(image, np.ndarray) else _picture_as_rgb(image, origin)
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"{origin}: {rgb.shape[1]}x{rgb.shape[0]} pixels; an image needs at least {SMALLEST_SIDE}x{SMALLEST_SIDE}"
        )
    return rgb


def _picture_as_rgb(image: Image.Image, origin: str) -> np.ndarray:
    if image.mode in ("CMYK", "YCCK", "LAB"):
        raise InputError(f"{origin}: is in {image.mode} colours, which depend on a profile; convert it to RGB first")
    # Pillow 10 opens the 16-bit values of PNG in mode I.
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG"):
        values = "floating-point" if image.mode == "F" else "32-bit"
        raise InputError(f"{origin}: holds {values} values of unknown range; convert it to 8 or 16 bits first")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # EXIF that is damaged turns nothing
            if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:  # without it, a large image would be copied, too
                image = ImageOps.exif_transpose(image)
        rgb = np.empty((image.height, image.width, 3), np.uint8)
        for top in range(0, image.height, STRIP):  # Pillow would copy a large image three times over
            bottom = min(top + STRIP, image.height)
            strip = image.crop((0, top, image.width, bottom))
            if image.mode.startswith("I"):
                rgb[top:bottom] = _array_as_rgb(np.clip(np.asarray(strip), 0, 65535).astype(np.uint16))
            else:
                rgb[top:bottom] = np.asarray(strip.convert("RGB"))
    except (SyntaxError, ValueError, OSError) as error:
        raise InputError(f"{origin}: cannot be read as RGB ({one_line(error)}); save it again as plain PNG") from error
    return rgb


def _array_as_rgb(image: np.ndarray) -> np.ndarray:
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or 0 in image.shape:
        raise InputError(f"image: an array must be (height, width) or (height, width, 1, 3 or 4), not {image.shape}")
    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    if image.dtype != np.uint8:
        raise InputError(f"image: an array must be uint8 or uint16, not {image.dtype}; scale it to 0..255 first")
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else np.ascontiguousarray(image[..., :3])


def read_labels(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a label image: class or instance numbers, int32 (height, width).

    Args:
        path: The file, whose grey values or palette indices are the numbers.

    Raises:
        InputError: If the file is not an image, or is one in colours.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> read_labels(next((sample("nuclei") / "labels").iterdir())).ndim
    2
    """
    image = open_image(path)
    if image.mode not in ("L", "P", "1") and not image.mode.startswith("I"):
        raise InputError(
            f"{path}: is in mode {image.mode}; label images hold class numbers as grey values or palette indices"
        )
    return np.asarray(image).astype(np.int32)
