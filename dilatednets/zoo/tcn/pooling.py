"""What is made of the steps of a sequence before the answer; padded steps do not count."""

from typing import Any

from keras import ops


def last_step(x: Any, mask: Any = None) -> Any:
    """The last real step of each sequence, which `x[:, -1]` is not where sequences are padded at the end.

    Args:
        x: (batch, time, channels).
        mask: bool (batch, time), True for real steps; None if all are.

    Returns:
        (batch, channels); zeros for a sequence without a real step.

    Example:
    >>> import numpy as np
    >>> x = np.arange(6.0).reshape(2, 3, 1)
    >>> last_step(x, np.array([[True, True, False], [True, True, True]])).numpy().tolist()
    [[1.0], [5.0]]
    """
    if mask is None:
        return x[:, -1]
    places = ops.arange(ops.shape(x)[1], dtype="int32")
    last = ops.max(ops.where(mask, places, -1), axis=1, keepdims=True)
    return ops.sum(ops.where((places == last)[..., None], x, ops.zeros_like(x)), axis=1)


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
