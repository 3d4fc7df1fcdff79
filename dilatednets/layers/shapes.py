"""What tensors must be at the doors of layers. Lengths that are not known while a graph is traced pass, and cost nothing."""

from typing import Any

import numpy as np
from keras import ops

from dilatednets.arrays import as_array
from dilatednets.errors import InputError


def check_shape(shape: Any, where: str, expected: tuple[Any, ...]) -> None:
    """Refuses a shape that cannot be the expected one.

    Args:
        shape: The lengths of all dimensions; None for those not known.
        where: What messages begin with, such as the name of the argument.
        expected: The same; None for any length.

    Raises:
        InputError: for another number of dimensions, or another length.

    Example:
    >>> check_shape((2, 9), "x_t", (None, 8))
    Traceback (most recent call last):
    dilatednets.errors.InputError: x_t: must be of shape (any, 8), not (2, 9)
    """
    shape = tuple(shape)
    pairs = zip(shape, expected, strict=False)
    if len(shape) != len(expected) or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs):
        wanted = ", ".join("any" if length is None else str(length) for length in expected)
        raise InputError(f"{where}: must be of shape ({wanted}{',' * (len(expected) == 1)}), not {shape}")


def as_tensor(value: Any, dtype: str | None, where: str, expected: Any = None, empty: bool = True) -> Any:
    """A tensor of the type and the shape that are asked for, of real numbers of any type or nested lists of them.

    Args:
        value: What was given.
        dtype: The type of the result; None for that of the value.
        where: What messages begin with, such as the name of the argument.
        expected: The length of each dimension, None for any; left out for any shape.
        empty: Whether a length may be 0; some of the backends' kernels refuse that, in words of their own.

    Raises:
        InputError: for something else.

    Example:
    >>> as_tensor([["a", "b"]], "float32", "x_t", (None, 2))
    Traceback (most recent call last):
    dilatednets.errors.InputError: x_t: must hold real numbers, not str
    """
    if not hasattr(value, "dtype"):
        value = as_array(value, where)
    check_real(value.dtype, where)
    if expected is not None:
        check_shape(value.shape, where, tuple(expected))
    if not empty and 0 in tuple(value.shape):
        raise InputError(f"{where}: is empty, of shape {tuple(value.shape)}")
    return ops.convert_to_tensor(value) if dtype is None else ops.cast(value, dtype)


def check_real(dtype: Any, where: str) -> None:
    """Refuses a type, of any library, that is none of real numbers.

    Raises:
        InputError: for such a type.

    Example:
    >>> check_real(np.dtype("complex64"), "x")
    Traceback (most recent call last):
    dilatednets.errors.InputError: x: must hold real numbers, not complex
    """
    kind = getattr(dtype, "name", str(dtype))
    if not any(word in kind for word in ("float", "int", "bool")):
        raise InputError(f"{where}: must hold real numbers, not {kind.rstrip('0123456789')}")


def known_values(value: Any) -> np.ndarray | None:
    """The values of an array or an eager tensor; None of a symbolic one."""
    try:
        return np.asarray(value)
    except Exception:  # each backend has its own
        return None


def check_multiples(shape: Any, where: str, multiple: int) -> None:
    """Refuses images whose last rows or columns a stride would leave out.

    Args:
        shape: (batch, height, width, channels); None for a length that is not known.
        where: What messages begin with.
        multiple: What height and width must be multiples of.

    Raises:
        InputError: if one is not.

    Example:
    >>> check_multiples((1, 6, 9, 3), "x", 2)
    Traceback (most recent call last):
    dilatednets.errors.InputError: x: height and width must be multiples of 2, not 6 x 9; pad the images
    """
    height, width = tuple(shape)[1:3]
    if any(isinstance(length, int) and length % multiple for length in (height, width)):
        raise InputError(
            f"{where}: height and width must be multiples of {multiple}, not {height} x {width}; pad the images"
        )


def parts_of(state: Any, count: int) -> Any:
    """The parts of a layer's state.

    Raises:
        InputError: for something else than a list or tuple of as many.
    """
    if not isinstance(state, list | tuple) or len(state) != count:
        raise InputError(f"state: must be what initial_state or the step before returned, not {type(state).__name__}")
    return state
