"""Brightness taken out of pictures, so that answers do not depend on gain, offset or bit depth."""

from typing import Any

import numpy as np
from keras import ops

LOW, HIGH = 0.01, 0.999
"""Shares of the pixels below the level that becomes 0, and below the one that becomes 255."""
LEAST_SPREAD = 0.2
"""Of the widest spread of levels: a channel of less is empty, but for what JPEG left in it."""
SAMPLED = 256
"""Rows, and columns, that are looked at: enough for percentiles, of a picture of any size."""
KINDS = ("none", "percentiles")


def sampled(images: Any) -> Any:
    """Every so many rows and columns of images (batch, height, width, channels), at most `SAMPLED` of each."""
    batch, height, width, channels = ops.shape(images)
    down, across = -(-height // SAMPLED), -(-width // SAMPLED)
    # In a graph, a slice by steps that are not known yet has lost its shape.
    return ops.reshape(images[:, ::down, ::across], (batch, -(-height // down), -(-width // across), channels))


def levels(images: Any) -> Any:
    """The dark and the bright level of each picture: robust percentiles of the mean over its channels.

    Args:
        images: Of shape (batch, height, width, channels), of any number type; see `sampled` for large ones.

    Returns:
        float32 (batch, 2).

    Example:
    >>> ramp = np.arange(1001).reshape(1, 1, 1001, 1)
    >>> np.asarray(levels(ramp)).tolist()
    [[10.0, 999.0]]
    """
    return ops.concatenate(_levels(ops.mean(ops.cast(images, "float32"), axis=-1, keepdims=True)), axis=1)


def _levels(images: Any) -> list[Any]:
    """The dark and the bright level of each channel, both (batch, channels)."""
    ordered = ops.sort(ops.reshape(images, (ops.shape(images)[0], -1, images.shape[-1])), axis=1)
    last = ops.shape(ordered)[1] - 1
    return [ordered[:, int(share * 1000) * last // 1000] for share in (LOW, HIGH)]


def only_band(images: Any) -> Any:
    """Which channel of each picture holds all there is, as where a grey picture was coloured blue; -1 if several do.

    Args:
        images: As for `levels`.

    Returns:
        int32 (batch,).

    Example:
    >>> blue = np.arange(1001).reshape(1, 1, 1001, 1) * np.array([0, 0, 1])
    >>> np.asarray(only_band(blue)).tolist(), np.asarray(only_band(blue + blue[..., ::-1])).tolist()
    ([2], [-1])
    """
    dark, bright = _levels(ops.cast(images, "float32"))
    spread = bright - dark
    alone = ops.sum(ops.cast(spread > LEAST_SPREAD * ops.max(spread, axis=1, keepdims=True), "int32"), axis=1) == 1
    return ops.where(alone & (images.shape[-1] > 1), ops.cast(ops.argmax(spread, axis=1), "int32"), -1)


def grey(images: Any) -> Any:
    """Pictures, those of an `only_band` as this band in all channels: they were grey before they were coloured."""
    band = only_band(sampled(images))
    shown = ops.max(images * ops.one_hot(band, images.shape[-1], dtype=images.dtype)[:, None, None], -1, keepdims=True)
    return ops.where(band[:, None, None, None] >= 0, shown, images)


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    """A picture of 16 bits in 8, by the range that `normalized` keeps of it: a hot pixel takes no grey levels from others.

    Args:
        pixels: uint16 (height, width, channels).

    Returns:
        uint8 of the same shape.

    Example:
    >>> eight_bits(np.array([30, 50, 70, 65535], np.uint16).reshape(1, 4, 1)).ravel().tolist()
    [0, 64, 128, 255]
    """
    dark, bright = (ops.convert_to_numpy(level) for level in _levels(ops.cast(sampled(pixels[None]), "float32")))
    spread = max(float(bright.max() - dark.min()), 1.0)
    low = max(float(pixels.min()), float(dark.min()) - spread)
    high = min(float(pixels.max()), float(bright.max()) + spread)
    shown = np.clip(pixels.astype(np.float32), low, high) - low
    return np.rint(shown * (255 / max(high - low, 1.0))).astype(np.uint8)


def normalized(images: Any, dark_and_bright: Any) -> Any:
    """Pictures with their dark level at 0 and their bright one at 255; what lies far outside is cut.

    Args:
        images: float32 (batch, height, width, channels).
        dark_and_bright: The `levels` of each picture, or of the whole picture that each is a tile of.

    Example:
    >>> picture = np.array([30, 50, 900], "float32").reshape(1, 1, 3, 1)
    >>> np.asarray(normalized(picture, np.array([[30, 70]], "float32"))).ravel().tolist()
    [0.0, 127.5, 510.0]
    """
    dark, bright = (ops.reshape(dark_and_bright[:, i], (-1, 1, 1, 1)) for i in (0, 1))
    return ops.clip((images - dark) / ops.maximum(bright - dark, np.float32(1e-3)), -1.0, 2.0) * 255.0
