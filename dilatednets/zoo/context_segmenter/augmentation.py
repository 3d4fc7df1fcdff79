"""Random views of an image and its labels: scale, crop, flip, colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter


@dataclass(frozen=True)
class Augmentation:
    """What augmentation varies, and how much.

    Args:
        crop: Height and width of the view.
        scale: Smallest and largest magnification, drawn evenly in the logarithm.
        aspect: Largest factor by which width and height are magnified differently.
        flip: Whether half of the views are mirrored left to right.
        turn: Whether views are also mirrored top to bottom and transposed, for images without an up.
        colour: Strength of changes of brightness, contrast, saturation and gamma; 0 for none.
        blur: Share of the views that are blurred slightly.
    """

    crop: Sequence[int]
    scale: Sequence[float] = (0.5, 2.0)
    aspect: float = 1.0
    flip: bool = True
    turn: bool = False
    colour: float = 0.0
    blur: float = 0.0


def augment(
    image: np.ndarray, labels: np.ndarray, options: Augmentation, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A random view of an image and its labels.

    The image is resampled bilinearly and continued by reflection, labels by nearest neighbour, with -1 (ignored) beyond
    the edge: no label is ever mixed from others, and none is made up.

    Args:
        image: Bytes of shape (height, width, 3).
        labels: Class numbers of shape (height, width), or values of shape (height, width, n) for regression.
        options: What is varied, and how much.
        rng: A generator; the same state gives the same view.

    Returns:
        (uint8 (crop height, crop width, 3), labels of the crop's size).

    Example:
    >>> image, labels = np.zeros((60, 80, 3), "uint8"), np.ones((60, 80), "int16")
    >>> view, labels = augment(image, labels, Augmentation((90, 90), (1, 1)), np.random.default_rng(0))
    >>> view.shape, int((labels == 1).sum()) == 60 * 80
    ((90, 90, 3), True)
    """
    height, width = labels.shape[:2]
    scale = np.exp(rng.uniform(*np.log(options.scale)))
    stretch = np.sqrt(np.exp(rng.uniform(-1, 1) * np.log(options.aspect)))
    rows = _window(height, options.crop[0] / (scale * stretch), rng)
    columns = _window(width, options.crop[1] / (scale / stretch), rng)
    image, labels = _resample(image, labels, rows, columns, options.crop)
    if options.flip and rng.random() < 0.5:
        image, labels = image[:, ::-1], labels[:, ::-1]
    if options.turn:
        if rng.random() < 0.5:
            image, labels = image[::-1], labels[::-1]
        if options.crop[0] == options.crop[1] and rng.random() < 0.5:
            image, labels = image.swapaxes(0, 1), labels.swapaxes(0, 1)
    if options.colour:
        image = _recolour(image, options.colour, rng)
    if rng.random() < options.blur:
        image = np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0))))
    return np.ascontiguousarray(image), np.ascontiguousarray(labels)


def _window(length: int, extent: float, rng: np.random.Generator) -> tuple[float, float]:
    """First source pixel of a view along one axis, possibly negative, and its extent in source pixels."""
    room = length - extent
    return rng.uniform(min(room, 0.0), max(room, 0.0)), extent


def _resample(
    image: np.ndarray, labels: np.ndarray, rows: tuple[float, float], columns: tuple[float, float], size: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The window of source pixels `rows` x `columns`, each (first, extent), brought to `size`."""
    (height, width), (top, tall), (left, wide) = labels.shape[:2], rows, columns
    # Whole pixels around the window, two more for the filter; those beyond the edge by reflection.
    source_rows = np.arange(int(np.floor(top)) - 2, int(np.ceil(top + tall)) + 2)
    source_columns = np.arange(int(np.floor(left)) - 2, int(np.ceil(left + wide)) + 2)
    part = Image.fromarray(image[_reflect(source_rows, height)][:, _reflect(source_columns, width)])
    dx, dy = left - source_columns[0], top - source_rows[0]
    view = np.asarray(part.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=(dx, dy, dx + wide, dy + tall)))
    y = np.floor(top + (np.arange(size[0]) + 0.5) * tall / size[0]).astype(int)
    x = np.floor(left + (np.arange(size[1]) + 0.5) * wide / size[1]).astype(int)
    labels = labels[np.clip(y, 0, height - 1)][:, np.clip(x, 0, width - 1)]
    labels[(y < 0) | (y >= height)] = -1
    labels[:, (x < 0) | (x >= width)] = -1
    return view, labels


def _reflect(index: np.ndarray, length: int) -> np.ndarray:
    """Row numbers as numpy.pad's "reflect" takes them, however far beyond the edge."""
    period = max(2 * (length - 1), 1)
    index = index % period
    return np.minimum(index, period - index)


def _recolour(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    picture = Image.fromarray(np.ascontiguousarray(image))
    enhancers = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for index in rng.permutation(len(enhancers)):
        picture = enhancers[index](picture).enhance(float(np.exp(rng.uniform(-strength, strength))))
    gamma, balance = np.exp(rng.uniform(-strength, strength)), np.exp(rng.uniform(-strength, strength, 3) / 4)
    ramp = (np.arange(256) / 255) ** gamma * 255
    table = np.clip(ramp * balance[:, None] + 0.5, 0, 255).astype(np.uint8).ravel()
    return np.asarray(picture.point(table.tolist()))
