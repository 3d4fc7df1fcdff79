"""The mean of a sequence; padded steps do not count."""

from typing import Any

from keras import ops


def mean_of_steps(x: Any, mask: Any = None) -> Any:
    """The mean over the real steps of each sequence, (batch, time, channels) -> (batch, channels).

    Args:
        x: (batch, time, channels).
        mask: bool (batch, time), True for real steps; None if all are.

    Example:
    >>> import numpy as np
    >>> mean_of_steps(np.array([[[1.0], [3.0], [8.0]]]), np.array([[True, True, False]])).numpy().tolist()
    [[2.0]]
    """
    if mask is None:
        return ops.mean(x, axis=1)
    count = ops.maximum(ops.sum(ops.cast(mask, x.dtype), axis=1, keepdims=True), 1)
    return ops.sum(ops.where(mask[..., None], x, ops.zeros_like(x)), axis=1) / count
