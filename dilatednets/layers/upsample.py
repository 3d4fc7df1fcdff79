"""Bilinear resizing of images whose size is known only when they come."""

from typing import Any

import keras
from keras import ops


def upsample(x: Any, factor: int) -> Any:
    """Enlarges images by a whole factor, bilinearly, with half-pixel centres: pixel r becomes pixels f r to f r + f - 1.

    Args:
        x: Images, (batch, height, width, channels).
        factor: The whole factor f.

    Returns:
        (batch, f height, f width, channels), in the type of `x`.

    Example:
    >>> import numpy as np
    >>> np.asarray(upsample(np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1), 2))[0, 0, :, 0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    x = ops.convert_to_tensor(x)
    height, width = ops.shape(x)[1:3]
    return ops.cast(resize(x, factor * height, factor * width), x.dtype)


def resize(x: Any, height: Any, width: Any, antialias: bool = False) -> Any:
    """`keras.ops.image.resize`, bilinear, also to a size that is not known while a graph is traced.

    Args:
        x: Images, (batch, height, width, channels).
        height: Height of the result.
        width: Width of the result.
        antialias: Whether to smooth before shrinking.

    Returns:
        (batch, height, width, channels) of the new size.

    Example:
    >>> import numpy as np
    >>> resize(np.zeros((1, 8, 6, 3), "float32"), 4, 12).shape
    TensorShape([1, 4, 12, 3])
    """
    if keras.backend.backend() != "tensorflow":
        return ops.image.resize(
            x, (height, width), interpolation="bilinear", antialias=antialias, data_format="channels_last"
        )
    # Keras 3.15 compares the size with 0, which such a size does not allow.
    import tensorflow as tf

    return tf.image.resize(x, tf.stack([height, width]), antialias=antialias)


def upsample_span(first: int, last: int, factor: int) -> tuple[int, int]:
    """The first and the last pixel that pixels `first` to `last` of an enlarged image are made of, far from any edge.

    Example:
    >>> upsample_span(0, 0, 2), upsample_span(1, 1, 2)  # each of two neighbours
    ((-1, 0), (0, 1))
    """
    return (2 * first + 1 - factor) // (2 * factor), (2 * last + 1 - factor) // (2 * factor) + 1
