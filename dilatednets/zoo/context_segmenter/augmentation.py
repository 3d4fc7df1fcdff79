"""Random views of an image and its labels: scale, crop, flip, colour."""

from collections.abc import Callable, Sequence
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
        sharpness: Largest standard deviation of that blur, in pixels.
        exposed: Share of the views whose brightness is changed by what follows.
        gamma: Largest exponent of brightness, and one over the smallest, drawn evenly in the logarithm.
        gain: Largest factor by which views are darkened, drawn evenly in the logarithm.
        offset: Largest brightness that is added, of 255.
        noise: Largest standard deviation of noise that is added, as a share of the brightest value of the view.
    """

    crop: Sequence[int]
    scale: Sequence[float] = (0.5, 2.0)
    aspect: float = 1.0
    flip: bool = True
    turn: bool = False
    colour: float = 0.0
    blur: float = 0.0
    sharpness: float = 1.0
    exposed: float = 0.0
    gamma: float = 1.0
    gain: float = 1.0
    offset: float = 0.0
    noise: float = 0.0


def augment(
    image: np.ndarray, labels: np.ndarray, options: Augmentation, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A random view of an image and its labels.

    The image is resampled bilinearly and continued by reflection, labels by nearest neighbour, with -1 (ignored) beyond
    the edge: no label is ever mixed from others, and none is made up.

    Args:
        image: Bytes of shape (height, width, channels).
        labels: Class numbers of shape (height, width), or values of shape (height, width, n) for regression.
        options: What is varied, and how much.
        rng: A generator; the same state gives the same view.

    Returns:
        (uint8 (crop height, crop width, channels), labels of the crop's size).

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
        radius = rng.uniform(0.3, options.sharpness)
        image = _by_band(image, lambda picture: picture.filter(ImageFilter.GaussianBlur(radius)))
    if options.exposed and rng.random() < options.exposed:
        image = _expose(image, options, rng)
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
    part = image[_reflect(source_rows, height)][:, _reflect(source_columns, width)]
    dx, dy = left - source_columns[0], top - source_rows[0]
    box, smooth = (dx, dy, dx + wide, dy + tall), Image.Resampling.BILINEAR
    view = _by_band(part, lambda picture: picture.resize((size[1], size[0]), smooth, box=box))
    y = np.floor(top + (np.arange(size[0]) + 0.5) * tall / size[0]).astype(int)
    x = np.floor(left + (np.arange(size[1]) + 0.5) * wide / size[1]).astype(int)
    labels = labels[np.clip(y, 0, height - 1)][:, np.clip(x, 0, width - 1)]
    labels[(y < 0) | (y >= height)] = -1
    labels[:, (x < 0) | (x >= width)] = -1
    return view, labels


def _by_band(image: np.ndarray, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """What Pillow makes of an image of any number of bands."""
    if image.shape[2] == 3:
        return np.asarray(change(Image.fromarray(np.ascontiguousarray(image))))
    bands = [Image.fromarray(np.ascontiguousarray(image[..., band])) for band in range(image.shape[2])]
    return np.stack([np.asarray(change(band)) for band in bands], axis=-1)


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


def _expose(image: np.ndarray, options: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """As another microscope, camera and exposure would have it, in 8 bits; what is brightest keeps eight grey levels."""
    gamma, gain = np.exp(rng.uniform(-1, 1) * np.log(options.gamma)), np.exp(-rng.uniform() * np.log(options.gain))
    x = (image / np.float32(255)) ** np.float32(gamma) * 255
    top = float(x.max())
    noise = rng.normal(0, rng.uniform(0, options.noise) * top + 1e-9, image.shape[:2])[..., None]  # of a grey camera
    x = (x + noise) * max(gain, min(1.0, 8 / max(top, 1e-3))) + rng.uniform(0, options.offset)
    return np.clip(x + 0.5, 0, 255).astype(np.uint8)
