"""Pictures of labels: palette images, overlays with a legend."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dilatednets.errors import InputError
from dilatednets.plots.palette import GREY, HEAT, INK, PAPER

if TYPE_CHECKING:
    from PIL import Image

LONGEST_SIDE = 2048
BRIGHT = 0.999
"""Share of the values of a picture of 16 bits below the one that is shown as white: a hot pixel leaves the others light."""
LINE, SWATCH, EDGE = 22, 14, 10  # of the legend, in pixels


def label_image(labels: np.ndarray, palette: Sequence[Sequence[int]]) -> "Image.Image":
    """A palette image: its pixel values are the class numbers, its colours the palette's.

    Of more than 256 classes, which no palette holds, the numbers are 16-bit grey values.

    Args:
        labels: Class numbers, of shape (height, width).
        palette: One (R, G, B) for each class.

    Raises:
        InputError: If there are more than 65,536 classes.

    Example:
    >>> label_image(np.array([[0, 1]]), [(0, 0, 0), (128, 0, 0)]).getpixel((1, 0))
    1
    """
    from PIL import Image

    if len(palette) > 65536:
        raise InputError(f"{len(palette)} classes: a label image holds 65,536 at most")
    if len(palette) > 256:
        return Image.fromarray(labels.astype(np.uint16))
    image = Image.fromarray(labels.astype(np.uint8))
    image.putpalette([value for colour in palette for value in colour])
    return image


def value_steps(values: np.ndarray) -> int:
    """Grey levels a unit with which values fit into 16 bits: 256, or 1 for large ones.

    Args:
        values: What will be written.

    Example:
    >>> value_steps(np.array([0.5, 300.0]))
    1
    """
    return 256 if values.max(initial=0) < 256 else 1


def value_image(values: np.ndarray, steps: int = 256) -> "Image.Image":
    """Values as 16-bit grey; those below 0 become 0, those above 65535 / steps that.

    Args:
        values: Numbers of shape (height, width).
        steps: Grey levels a unit.

    Example:
    >>> value_image(np.array([[0.5, -1.0]])).getpixel((0, 0))
    128
    """
    from PIL import Image

    return Image.fromarray(np.clip(np.round(values * steps), 0, 65535).astype(np.uint16))


def overlay(
    image: np.ndarray, labels: np.ndarray, palette: Sequence[Sequence[int]], names: Sequence[str], strength: float = 0.5
) -> "Image.Image":
    """The image with its labels' colours over it, and a legend of the classes that occur below.

    Large images are shown smaller, at most 2,048 pixels a side.

    Args:
        image: Pixels of 8 or 16 bits, of shape (height, width, bands).
        labels: Class numbers of shape (height, width).
        palette: One (R, G, B) for each class.
        names: One name for each class.
        strength: The share of the colour, from 0 to 1.

    Example:
    >>> overlay(np.zeros((40, 300, 3), np.uint8), np.ones((40, 300), int), [(0, 0, 0), (128, 0, 0)], ["a", "b"]).size
    (300, 72)
    """
    image, labels = _shown(_smaller(image)), _smaller(labels)
    legend = [(names[number], tuple(palette[number])) for number in np.unique(labels)]
    return _mixed(image, np.asarray(palette, np.float32)[labels], strength, legend)


def plain(image: np.ndarray) -> "Image.Image":
    """The image by itself, as `overlay` shows it below its colours.

    Args:
        image: Pixels of 8 or 16 bits, of shape (height, width, bands).

    Example:
    >>> plain(np.zeros((40, 300, 1), np.uint16)).mode
    'RGB'
    """
    from PIL import Image

    return Image.fromarray(_shown(_smaller(image)))


def value_overlay(image: np.ndarray, values: np.ndarray, name: str) -> "Image.Image":
    """The image with values as heat over it, and their range in the legend.

    Args:
        image: Pixels of 8 or 16 bits, of shape (height, width, bands).
        values: Numbers of shape (height, width).
        name: What they measure, for the legend.

    Example:
    >>> value_overlay(np.zeros((40, 400, 3), np.uint8), np.ones((40, 400)), "height").size
    (400, 72)
    """
    image, values = _shown(_smaller(image)), _smaller(values)
    top = float(max(values.max(), 1e-6))
    heat = np.clip(values / top, 0, 1)[..., None]
    places = np.linspace(0, 1, len(HEAT))
    colours = np.concatenate([np.interp(heat, places, channel) for channel in zip(*HEAT, strict=True)], -1)
    legend = [(f"{name} {place * top:.1f}", colour) for place, colour in zip(places, HEAT, strict=True)]
    return _mixed(image, colours, 0.75 * np.sqrt(heat), legend)


def shares(labels: np.ndarray, names: Sequence[str]) -> str:
    """The classes that occur, the largest first, with their share of the pixels.

    Args:
        labels: Class numbers of shape (height, width).
        names: One name for each class.

    Example:
    >>> shares(np.array([[0, 0, 0, 2]]), ["road", "sky", "car"])
    'road 75.0 %, car 25.0 %'
    """
    counts = np.zeros(len(names), np.int64)
    for row in labels:  # a row at a time: NumPy would make 64-bit numbers of them all
        counts += np.bincount(row, minlength=len(names))
    order = [number for number in np.argsort(-counts, kind="stable") if counts[number]]
    return ", ".join(f"{names[number]} {100 * counts[number] / labels.size:.1f} %" for number in order)


def _smaller(array: np.ndarray) -> np.ndarray:
    step = -(-max(array.shape[:2]) // LONGEST_SIDE)
    return array[::step, ::step]


def _shown(image: np.ndarray) -> np.ndarray:
    """As RGB of 8 bits: one or the first three bands; 16 bits, few of which are often used, from black to bright."""
    bands = image[..., :3] if image.shape[-1] > 2 else np.repeat(image[..., :1], 3, axis=-1)
    if bands.dtype == np.uint8:
        return bands
    bright = max(float(np.quantile(bands, BRIGHT)), 1.0)
    return (np.minimum(bands, bright) * (255.0 / bright) + 0.5).astype(np.uint8)


def _mixed(
    image: np.ndarray, colours: np.ndarray, strength: Any, legend: Sequence[tuple[str, tuple[int, ...]]]
) -> "Image.Image":
    """Colours over the image, and the legend below it in as many lines as it needs."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray((image * (1 - strength) + colours * strength + 0.5).astype(np.uint8))
    font = ImageFont.load_default(13)
    width = max(picture.width, 2 * EDGE + max(int(font.getlength(text)) + SWATCH + 8 for text, _ in legend))
    places, x, y = [], EDGE, EDGE
    for text, colour in legend:
        length = SWATCH + 6 + int(font.getlength(text))
        if x + length > width - EDGE and x > EDGE:
            x, y = EDGE, y + LINE
        places.append((x, y, text, colour))
        x += length + 16
    whole = Image.new("RGB", (width, picture.height + y + LINE), PAPER)
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    for x, y, text, colour in places:
        top = picture.height + y
        draw.rectangle((x, top, x + SWATCH, top + SWATCH), fill=colour, outline=GREY)
        draw.text((x + SWATCH + 6, top - 1), text, INK, font)
    return whole
