"""Weights of samples: those of whole sequences count at all their steps, which Keras would take for weights of the steps."""

from typing import Any

from keras import ops

from dilatednets.arrays import as_array, numbers
from dilatednets.errors import InputError


def spread(sample_weight: Any, y_pred: Any, values: int = 1) -> Any:
    """Weights of the places of a loss, where they may have been given for whole sequences.

    Keras broadcasts them against the last axis of the losses: weights (batch,) of losses (batch, steps) would be those of
    the steps, if there are as many.

    Args:
        sample_weight: (batch,), or some or all of (batch, ..., steps); None for none.
        y_pred: Answers (batch, ..., steps, values).
        values: Dimensions of the answer at one place, over which the loss is a mean.

    Returns:
        Weights (batch, ..., steps), or what was given where that has as many dimensions or more.

    Raises:
        InputError: for weights of another shape, as far as that is known.

    Example:
    >>> import numpy as np
    >>> spread(np.array([1.0, 2.0]), np.zeros((2, 3, 1))).numpy().tolist()
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    places = len(y_pred.shape) - values
    if sample_weight is None or places < 2:
        return sample_weight
    weights = ops.convert_to_tensor(sample_weight)
    rank, shape = len(weights.shape), tuple(y_pred.shape[:places])
    if not 0 < rank <= places:
        return weights
    weights = ops.reshape(weights, (*ops.shape(weights), *(1,) * (places - rank)))
    if any(None not in (x, y) and x not in (1, y) for x, y in zip(weights.shape, shape, strict=True)):
        raise InputError(_words(shape, tuple(weights.shape[:rank])))
    return ops.broadcast_to(weights, ops.shape(y_pred)[:places])


def check(sample_weight: Any, places: tuple[int, ...]) -> None:
    """Refuses arrays that are no weights of the places of a loss.

    Args:
        sample_weight: What was given.
        places: The shape of the losses, (batch, ...).

    Raises:
        InputError: for another shape, and for NaN and infinity.

    Example:
    >>> import numpy as np
    >>> check(np.ones(3), (8, 5))
    Traceback (most recent call last):
    dilatednets.errors.InputError: sample_weight: must be of shape (8,), or (8, 5) for each step, not (3,)
    """
    weights = as_array(sample_weight, "sample_weight")
    fitting = {places[:rank] for rank in range(1, len(places) + 1)} | {(places[0], 1), (*places, 1)}
    if weights.shape not in fitting:
        raise InputError(_words(places, weights.shape))
    numbers(weights, "sample_weight", weights.shape)


def is_of_keras(loss: Any) -> bool:
    """Whether a loss is one of Keras's own, each of which gives one number for all but the last dimension.

    Example:
    >>> import keras
    >>> is_of_keras("mse"), is_of_keras(keras.losses.MeanSquaredError()), is_of_keras(lambda y_true, y_pred: 0.0)
    (True, True, False)
    """
    return isinstance(loss, str) or str(getattr(loss, "__module__", "")).split(".")[0] == "keras"


def _words(places: tuple[Any, ...], shape: tuple[Any, ...]) -> str:
    named = ("batch" if places[0] is None else places[0], *places[1:])
    each = f", or ({', '.join(map(str, named))}) for each step" if len(named) > 1 else ""
    return f"sample_weight: must be of shape ({named[0]},){each}, not {shape}"
