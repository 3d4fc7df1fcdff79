"""The parts of a layer that Keras has: activations, initialisers and regularisers."""

import inspect
from typing import Any

import keras
import numpy as np

from dilatednets.errors import InputError

_KINDS: dict[str, tuple[Any, Any, str]] = {
    "activation": (keras.activations, None, "relu"),
    "initializer": (keras.initializers, keras.initializers.Initializer, "he_uniform"),
    "regularizer": (keras.regularizers, keras.regularizers.Regularizer, "l2"),
}


def keras_part(value: Any, where: str) -> Any:
    """An activation, initialiser or regulariser of Keras, as the end of the argument's name says.

    Args:
        value: Its name, its configuration, an object of Keras or a function; None for no activation or regulariser.
        where: The name of the argument.

    Raises:
        InputError: for something else.

    Example:
    >>> keras_part("l2", "kernel_regularizer").__class__.__name__
    'L2'
    >>> keras_part(None, "kernel_initializer")
    Traceback (most recent call last):
    dilatednets.errors.InputError: kernel_initializer: must be an initializer of Keras, such as 'he_uniform', not None
    """
    kind = where.rpartition("_")[2]
    module, base, example = _KINDS[kind]
    try:
        found = module.get(value)
    except Exception:  # Keras names neither the argument nor the cure, and fails in many ways
        found = ()
    none = value is None and kind != "initializer"
    right = not base or isinstance(found, base) or inspect.isfunction(value)
    if not none and (not callable(found) or not right or isinstance(value, np.generic | np.ndarray)):
        article = "a" if kind == "regularizer" else "an"
        raise InputError(f"{where}: must be {article} {kind} of Keras, such as {example!r}, not {value!r}")
    return found
