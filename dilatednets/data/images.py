"""Any image as pixels: files, PIL images, arrays; grey, palette, 8 and 16 bits, more bands than three, rotated by EXIF."""

import os
from typing import Any

import numpy as np
from PIL import Image

from dilatednets.arrays import as_array
from dilatednets.data.image_files import chosen_page, name_of, numbers_of
from dilatednets.data.image_files import open_image as open_image
from dilatednets.data.image_files import pages_of as pages_of
from dilatednets.data.image_files import size_of as size_of
from dilatednets.data.picture_numbers import opposite_bits
from dilatednets.errors import InputError

SMALLEST_SIDE = 2


def pixels_of(image: Any, channels: int = 3, page: int | None = None) -> np.ndarray:
    """The pixels of any image.

    Args:
        image: A path; a file object; a PIL image; or an array, (height, width) or (height, width, bands), of integers of any
            type from 0 to 255 or 65535, or of bool, whose True is white.
        channels: Bands of the result. A fourth band that is transparency is dropped for 3, grey is repeated; and a
            picture of three equal bands is grey for 1. Otherwise the picture must have as many.
        page: Which picture of a file of several, such as a TIFF stack or an animation, from 1.

    Returns:
        uint8, or uint16 of pictures of 16 bits, (height, width, channels). A rotation noted in EXIF is carried out.

    Raises:
        InputError: If a file is not an image, or holds several and `page` does not say which; if an image has other bands,
            floating-point values, or CMYK colours (which depend on a profile); or if it is below 2x2 pixels.

    Example:
    >>> pixels_of(np.full((4, 6), 1000), channels=1).dtype
    dtype('uint16')
    """
    if isinstance(image, str | os.PathLike | Image.Image) or hasattr(image, "read"):
        origin, (values, palette, transparent, _) = name_of(image), numbers_of(image, page)
        if values.dtype.kind == "f" or values.dtype.itemsize > 2:
            kind = "floating-point" if values.dtype.kind == "f" else f"{8 * values.dtype.itemsize}-bit"
            raise InputError(f"{origin}: holds {kind} values of unknown range; convert it to 8 or 16 bits first")
        values = values if palette is None else palette[values[..., 0]]
    elif hasattr(image, "__array__"):
        origin, values = "image", as_array(image, "image")
        chosen_page(1, page, origin)
        if values.ndim not in (2, 3) or 0 in values.shape:
            raise InputError(f"image: an array must be (height, width) or (height, width, bands), not {values.shape}")
        values = values[..., None] if values.ndim == 2 else values
        transparent = values.shape[2] == 4
    else:
        kind = "a path, a file object, a PIL image or an array"
        cure = "; wrap them in io.BytesIO" if isinstance(image, bytes) else ""
        raise InputError(f"image: must be {kind}, not {type(image).__name__}{cure}")
    pixels = _with_bands(eight_or_sixteen_bits(values, origin), channels, transparent, origin)
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        height, width = pixels.shape[:2]
        raise InputError(f"{origin}: {width}x{height} pixels; an image needs at least {SMALLEST_SIDE}x{SMALLEST_SIDE}")
    return np.ascontiguousarray(pixels)


def eight_or_sixteen_bits(values: np.ndarray, origin: str) -> np.ndarray:
    """Pixels as models take them: bytes as they are, other integers in the smallest type that holds them.

    Args:
        values: Of any shape: integers of any type from 0 to 255 or 65535, or bool, whose True is white.
        origin: What messages begin with.

    Returns:
        uint8, or uint16 of 16 bits, of the same shape.

    Raises:
        InputError: for floats and integers out of range.

    Example:
    >>> eight_or_sixteen_bits(np.array([0, 300]), "image").dtype
    dtype('uint16')
    """
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind not in "iu":
        raise InputError(
            f"{origin}: must hold integers of 8 or 16 bits, not {values.dtype}; scale it to 0..255 and give uint8"
        )
    if values.dtype in (np.uint8, np.uint16):
        return values
    smallest, largest = int(values.min()), int(values.max())
    if smallest < 0 or largest > 65535:
        raise InputError(
            f"{origin}: holds values from {smallest} to {largest}; pixels are 0 to 255, or to 65535 for 16 bits"
        )
    return values.astype(np.uint8 if values.dtype.itemsize != 2 and largest < 256 else np.uint16)


def as_rgb(image: Any) -> np.ndarray:
    """Gives any image as RGB of 8 bits; 16-bit values are scaled by their full range.

    Args:
        image: What `pixels_of` takes, grey or in colours, of a single page.

    Returns:
        uint8 (height, width, 3).

    Raises:
        InputError: As `pixels_of`.

    Example:
    >>> as_rgb(np.full((4, 6), 65535, "uint16"))[0, 0].tolist()
    [255, 255, 255]
    """
    pixels = pixels_of(image)
    return pixels if pixels.dtype == np.uint8 else (pixels // 257).astype(np.uint8)


def check_size(path: str | os.PathLike[str], most: int, page: int | None = None) -> None:
    """Refuses a picture that is too large, before it is decoded.

    Args:
        path: The file.
        most: The most pixels.
        page: Which picture of a file of several, from 1.

    Raises:
        InputError: If it has more, is no image, or holds several and `page` does not say which.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> check_size(next((sample("nuclei") / "images").iterdir()), 10**6)
    """
    height, width = size_of(path, page)
    if height * width > most:
        raise InputError(f"{path}: is too large, {most:,} pixels are the most here; make it smaller, or cut it")


def read_labels(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a label image: class or instance numbers, or values.

    Args:
        path: The file, whose grey values or palette indices are the numbers, as they are stored even where white is 0.

    Returns:
        int32 (height, width), or float32 of a TIFF file of floating-point values.

    Raises:
        InputError: If the file is not an image, is one in colours, or a TIFF file of 1 bit in which white is 0.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> read_labels(next((sample("nuclei") / "labels").iterdir())).ndim
    2
    """
    picture = numbers_of(path)
    values = picture.stored
    if values.dtype == bool and picture.largest:
        raise opposite_bits(str(path))
    if values.shape[2] != 1:
        raise InputError(
            f"{path}: has {values.shape[2]} bands; label images hold class numbers as grey values or palette indices"
        )
    if values.dtype.kind == "f":
        return values[..., 0].astype(np.float32)
    if values.dtype.itemsize > 4 and np.abs(values).max() >= 2**31:
        raise InputError(f"{path}: holds numbers of 2**31 and more; number them anew from 0")
    return values[..., 0].astype(np.int32)


def _with_bands(values: np.ndarray, channels: int, transparent: bool, origin: str) -> np.ndarray:
    bands = values.shape[2]
    if transparent and channels in (1, 3) and bands != channels:
        values, bands = values[..., :-1], bands - 1
    if bands == 1 and channels == 3:
        return np.repeat(values, 3, axis=2)
    if bands == 3 and channels == 1 and all(np.array_equal(values[..., 0], values[..., band]) for band in (1, 2)):
        return values[..., :1]
    if bands != channels:
        words = f"{bands} band{'s' * (bands > 1)}, but {channels} {'are' if channels > 1 else 'is'} needed"
        raise InputError(
            f"{origin}: has {words}; an image is (height, width, bands): choose those that the model knows"
        )
    return values
