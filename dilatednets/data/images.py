"""Any image as RGB: files, PIL images, arrays; grey, palette, 16-bit, with transparency, rotated by EXIF."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dilatednets.errors import InputError

SMALLEST_SIDE = 2
STRIP = 512
SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """Opens and decodes an image file.

    Raises:
        InputError: if it is missing, empty, truncated, or no image.
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
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        words = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: not a readable image ({words}); fetch or write it again") from error
    return image


def as_rgb(image: Any) -> np.ndarray:
    """An image as RGB.

    Args:
        image: A path; a PIL image of any mode but CMYK; or an array, uint8 or uint16, (height, width) or (height, width,
            1, 3 or 4). 16-bit values are scaled to 8 by their full range. Transparency is dropped, and a rotation noted in
            EXIF carried out.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: for a file that is no image, an array of another shape or type, CMYK (whose colours depend on a
            profile), or an image below 2x2 pixels.

    Example:
    >>> as_rgb(np.full((4, 6), 65535, "uint16"))[0, 0].tolist()
    [255, 255, 255]
    """
    if isinstance(image, np.ndarray):
        rgb, origin = _array_as_rgb(image), "image"
    elif isinstance(image, Image.Image):
        rgb, origin = _picture_as_rgb(image, "image", in_place=False), "image"
    elif isinstance(image, str | os.PathLike):
        rgb, origin = _picture_as_rgb(open_image(image), str(image)), str(image)
    else:
        raise InputError(f"image: must be a path, a PIL image or an array, not {type(image).__name__}")
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"{origin}: {rgb.shape[1]}x{rgb.shape[0]} pixels; an image needs at least {SMALLEST_SIDE}x{SMALLEST_SIDE}"
        )
    return rgb


def _picture_as_rgb(image: Image.Image, origin: str, in_place: bool = True) -> np.ndarray:
    if image.mode in ("CMYK", "YCCK", "LAB"):
        raise InputError(f"{origin}: is in {image.mode} colours, which depend on a profile; convert it to RGB first")
    if image.mode == "F":
        raise InputError(f"{origin}: holds floating-point values of unknown range; convert it to 8 or 16 bits first")
    if image.mode == "I" and image.format != "PNG":  # whose 16-bit values Pillow 10 opens in this mode
        raise InputError(f"{origin}: holds 32-bit values of unknown range; convert it to 8 or 16 bits first")
    try:
        image = image if in_place else image.copy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # EXIF that is damaged turns nothing
            ImageOps.exif_transpose(image, in_place=True)
        rgb = np.empty((image.height, image.width, 3), np.uint8)
        for top in range(0, image.height, STRIP):  # Pillow would copy a large image three times over
            bottom = min(top + STRIP, image.height)
            strip = image.crop((0, top, image.width, bottom))
            if image.mode in SIXTEEN_BIT or image.mode == "I":
                rgb[top:bottom] = _array_as_rgb(np.clip(np.asarray(strip), 0, 65535).astype(np.uint16))
            else:
                rgb[top:bottom] = np.asarray(strip.convert("RGB"))
    except (SyntaxError, ValueError, OSError) as error:
        words = " ".join(str(error).split())[:120]
        raise InputError(f"{origin}: cannot be read as RGB ({words}); save it again as plain PNG") from error
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
    """A label image: class or instance numbers, int32 (height, width).

    Raises:
        InputError: for an image in colours: numbers come as grey values or palette indices.
    """
    image = open_image(path)
    if image.mode not in ("L", "P", "1", "I", *SIXTEEN_BIT):
        raise InputError(
            f"{path}: is in mode {image.mode}; label images hold class numbers as grey values or palette indices"
        )
    return np.asarray(image).astype(np.int32)
