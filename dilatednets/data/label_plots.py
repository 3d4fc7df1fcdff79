"""Pictures of labels: palette images, overlays with a legend."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dilatednets.errors import InputError

LONGEST_SIDE = 2048
LINE, SWATCH, EDGE = 22, 14, 10


def default_palette(num_classes: int) -> list[tuple[int, int, int]]:
    """Distinct colours, those of PASCAL VOC: class number bits spread over the three channels.

    Example:
    >>> default_palette(3)
    [(0, 0, 0), (128, 0, 0), (0, 128, 0)]
    """

    def value(number: int, channel: int) -> int:
        return sum((number >> 3 * place + channel & 1) << 7 - place for place in range(3))

    return [(value(number, 0), value(number, 1), value(number, 2)) for number in range(num_classes)]


def label_image(labels: np.ndarray, palette: Sequence[Sequence[int]]) -> Image.Image:
    """A palette image: its pixel values are the class numbers, its colours the palette's; at most 256 classes."""
    if len(palette) > 256:
        raise InputError(f"{len(palette)} classes: a palette image holds 256 at most")
    image = Image.fromarray(labels.astype(np.uint8))
    image.putpalette([value for colour in palette for value in colour])
    return image


def value_steps(values: np.ndarray) -> int:
    """Grey levels a unit with which values fit into 16 bits: 256, or 1 for large ones."""
    return 256 if values.max(initial=0) < 256 else 1


def value_image(values: np.ndarray, steps: int = 256) -> Image.Image:
    """Values as 16-bit grey, so many levels a unit; those below 0 become 0, those above 65535 / steps that."""
    return Image.fromarray(np.clip(np.round(values * steps), 0, 65535).astype(np.uint16))


def overlay(
    image: np.ndarray, labels: np.ndarray, palette: Sequence[Sequence[int]], names: Sequence[str], strength: float = 0.5
) -> Image.Image:
    """The image with its labels' colours over it, and a legend of the classes that occur below.

    Large images are shown smaller, at most 2,048 pixels a side.

    Args:
        image: uint8 (height, width, 3).
        labels: Class numbers (height, width).
        palette: An (R, G, B) a class.
        names: Of the classes.
        strength: Share of the colour.
    """
    step = -(-max(labels.shape) // LONGEST_SIDE)
    image, labels = image[::step, ::step], labels[::step, ::step]
    colours = np.asarray(palette, np.float32)[labels]
    mixed = Image.fromarray((image * (1 - strength) + colours * strength + 0.5).astype(np.uint8))
    present = np.unique(labels)
    return _with_legend(mixed, [(names[number], tuple(palette[number])) for number in present])


def value_overlay(image: np.ndarray, values: np.ndarray, name: str) -> Image.Image:
    """The image with values as heat over it, and their range in the legend."""
    step = -(-max(values.shape) // LONGEST_SIDE)
    image, values = image[::step, ::step], values[::step, ::step]
    top = float(max(values.max(), 1e-6))
    heat = np.clip(values / top, 0, 1)[..., None]
    colours = np.concatenate([np.minimum(3 * heat, 1), np.clip(3 * heat - 1, 0, 1), np.clip(3 * heat - 2, 0, 1)], -1)
    strength = 0.75 * np.sqrt(heat)
    mixed = Image.fromarray((image * (1 - strength) + 255 * colours * strength + 0.5).astype(np.uint8))
    legend = [((0, 0, 0), 0.0), ((255, 0, 0), top / 3), ((255, 255, 0), 2 * top / 3), ((255, 255, 255), top)]
    return _with_legend(mixed, [(f"{name} {value:.1f}", colour) for colour, value in legend])


def shares(labels: np.ndarray, names: Sequence[str]) -> str:
    """The classes that occur, the largest first, with their share of the pixels.

    Example:
    >>> shares(np.array([[0, 0, 0, 2]]), ["road", "sky", "car"])
    'road 75.0 %, car 25.0 %'
    """
    counts = np.zeros(len(names), np.int64)
    for row in labels:  # a row at a time: NumPy would make 64-bit numbers of them all
        counts += np.bincount(row, minlength=len(names))
    order = [number for number in np.argsort(-counts, kind="stable") if counts[number]]
    return ", ".join(f"{names[number]} {100 * counts[number] / labels.size:.1f} %" for number in order)


def _with_legend(picture: Image.Image, entries: Sequence[tuple[str, tuple[int, ...]]]) -> Image.Image:
    """Entries below the picture, in as many lines as they need."""
    font = ImageFont.load_default(13)
    width = max(picture.width, 2 * EDGE + max(int(font.getlength(text)) + SWATCH + 8 for text, _ in entries))
    places, x, y = [], EDGE, EDGE
    for text, colour in entries:
        length = SWATCH + 6 + int(font.getlength(text))
        if x + length > width - EDGE and x > EDGE:
            x, y = EDGE, y + LINE
        places.append((x, y, text, colour))
        x += length + 16
    whole = Image.new("RGB", (width, picture.height + y + LINE), "white")
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    for x, y, text, colour in places:
        top = picture.height + y
        draw.rectangle((x, top, x + SWATCH, top + SWATCH), fill=colour, outline=(90, 90, 90))
        draw.text((x + SWATCH + 6, top - 1), text, (20, 20, 20), font)
    return whole
