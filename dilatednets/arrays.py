"""What arrays and texts must be at the doors of the package: each kind has one function that checks it."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from dilatednets.errors import InputError

SILENCE = 10 ** (-70 / 20)
"""Root mean square below which a recording is digital silence with dither, not something heard from afar: -70 dB."""
NOT_FINITE = (
    "the answer of the model is not finite: its weights are not, or what it was given is far from all that it learnt"
)
"""What Python and servers say instead of such an answer."""
_LOST = 0.01
"""Share of a column's deviation that float32 may round off."""
ROUNDING = 1e-12
"""Of a column's mean, up to which its values differ by the rounding of float64 alone."""
_MOST_CHANNELS = 8
CLEARLY_ABOVE_1 = 2.0
"""Decoders of MP3 and filters exceed full scale by less; samples in the range of integers exceed it by much more."""


def numbers(
    value: Any, where: str, shape: tuple[int | None, ...], finite: bool = True, empty: bool = False
) -> np.ndarray:
    """A NumPy array of real numbers, of the shape that is asked for.

    Args:
        value: What was given: an array of any library, or nested lists.
        where: What messages begin with, such as the name of the argument.
        shape: The length of each dimension; None for any length above 0.
        finite: Whether NaN and infinity are refused.
        empty: Whether the first length may be 0.

    Raises:
        InputError: for something else.

    Example:
    >>> numbers([[1, 2], [3, 4]], "condition", (None, 3))
    Traceback (most recent call last):
    dilatednets.errors.InputError: condition: must be an array of shape (any, 3), not (2, 2)
    """
    array = as_array(value, where)
    if array.dtype.kind not in "iufb" and str(array.dtype) not in ("bfloat16", "float16"):
        raise InputError(f"{where}: must hold real numbers, not {array.dtype}")
    wanted = ", ".join("any" if length is None else str(length) for length in shape) + ("," if len(shape) == 1 else "")
    fits = len(shape) == array.ndim and all(x in (y, None) for x, y in zip(shape, array.shape, strict=True))
    if not fits:
        raise InputError(f"{where}: must be an array of shape ({wanted}), not {array.shape}")
    if 0 in (array.shape[1:] if empty else array.shape):
        raise InputError(f"{where}: is empty, of shape {array.shape}")
    if finite and array.dtype.kind not in "iub":
        with np.errstate(over="ignore"):
            wrong = ~np.isfinite(array.astype(np.float32))
        if np.any(wrong):
            large = bool(np.all(np.isfinite(array[wrong].astype(np.float64))))
            raise InputError(f"{where}: holds {'numbers beyond those of float32' if large else 'NaN or infinity'}")
    return array


def check_kept(values: np.ndarray, where: str, names: Sequence[str] = (), scale: Any = 0.0) -> None:
    """Refuses numbers of which float32, in which models compute, keeps too little, such as times of this year in seconds.

    Args:
        values: Real numbers (..., columns) that float32 can hold.
        where: What messages begin with.
        names: Of the columns; empty for their numbers.
        scale: What the columns vary by elsewhere, such as in what a model has learnt from: what is small beside that may be
            lost.

    Raises:
        InputError: naming the column.

    Example:
    >>> check_kept(np.array([[20000001.0], [20000002.0]]), "x")
    Traceback (most recent call last):
    dilatednets.errors.InputError: x: column 0: differs by 0.5 around 2e+07, of which numbers of 32 bits keep too little; \
take 2e+07 off it
    """
    if not values.size or np.can_cast(values.dtype, np.float32):
        return
    rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
    lost, mean, spread = np.abs(rows - rows.astype(np.float32)).max(axis=0), rows.mean(axis=0), rows.std(axis=0)
    varies = np.ptp(rows, axis=0) > ROUNDING * np.abs(mean)
    for column in np.flatnonzero(varies & (lost > _LOST * np.maximum(spread, scale))):
        words = (
            f"differs by {spread[column]:.2g} around {mean[column]:.7g}, of which numbers of 32 bits keep too little"
        )
        name = names[column] if len(names) else column
        raise InputError(f"{where}: column {name}: {words}; take {mean[column]:.4g} off it")


def as_array(value: Any, where: str) -> np.ndarray:
    """A NumPy array of whatever is one, or can be made one.

    Args:
        value: What was given.
        where: What messages begin with.

    Raises:
        InputError: for lists of unequal lengths, text, masked values, and what is no array at all.

    Example:
    >>> as_array([1, 2], "audio").shape
    (2,)
    """
    if value is None or isinstance(value, str | bytes | dict | set | os.PathLike):
        raise InputError(f"{where}: must be an array of numbers, not {type(value).__name__}")
    if np.ma.is_masked(value):
        raise InputError(f"{where}: holds masked values; fill them, as numpy.ma.filled does")
    try:
        array = np.asarray(value)
    except Exception as error:  # each library has its own
        raise InputError(f"{where}: must be an array of numbers with rows of equal length") from error
    if array.dtype == object:
        kind = (
            "of Python objects; make it numbers by astype(float)"
            if isinstance(value, np.ndarray)
            else type(value).__name__
        )
        raise InputError(f"{where}: must be an array of numbers, not {kind}")
    return array


def as_audio(value: Any, where: str = "audio", ndim: int | None = None) -> np.ndarray:
    """Sound as float32 in [-1, 1], whatever it came as.

    Args:
        value: Samples, of any shape. Integers are scaled by the range of their type (unsigned 8 bits have silence at 128);
            floats must be in [-1, 1], and are cut where a filter or a decoder went a little beyond. So must integers of
            64 bits, such as Python's, unless they use that range.
        where: What messages begin with, such as the name of the argument or file.
        ndim: The number of dimensions; None for any.

    Raises:
        InputError: for another shape, no samples, NaN or infinity, or floats that are clearly not in [-1, 1].

    Example:
    >>> as_audio(np.array([0, 16384, -32768], "int16")).tolist()
    [0.0, 0.5, -1.0]
    >>> as_audio([0.0, 20000.0])
    Traceback (most recent call last):
    dilatednets.errors.InputError: audio: reaches 20000, but floats must be in [-1, 1]; divide by the largest possible value
    """
    array = as_array(value, where)
    if ndim is not None and array.ndim != ndim:
        shape = {1: "(samples,)", 2: "(batch, samples)"}.get(ndim, f"{ndim} dimensions")
        raise InputError(f"{where}: must be of shape {shape}, not {array.shape}")
    array = numbers(array, where, (None,) * array.ndim)
    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128.0) / 128.0
    if array.dtype.kind == "i" and (array.dtype.itemsize < 8 or np.max(np.abs(array.astype(float))) > 2**31):
        return (array / -float(np.iinfo(array.dtype).min)).astype(np.float32)
    if array.dtype.kind in "ub":
        raise InputError(f"{where}: {array.dtype} is no type of samples; give integers with a sign, uint8 or floats")
    kind = "floats" if array.dtype.kind == "f" else array.dtype
    array = array.astype(np.float32)
    peak = float(np.max(np.abs(array)))
    if peak > CLEARLY_ABOVE_1:
        raise InputError(
            f"{where}: reaches {peak:g}, but {kind} must be in [-1, 1]; divide by the largest possible value"
        )
    return np.clip(array, -1.0, 1.0)


def check_rows(audio: np.ndarray, where: str) -> None:
    """Refuses a batch of recordings that can only be one recording with its channels last, as soundfile reads it.

    Args:
        audio: (batch, samples).
        where: What messages begin with.

    Raises:
        InputError: for more recordings than samples, of which there are a handful.

    Example:
    >>> check_rows(np.zeros((48000, 2)), "audio")
    Traceback (most recent call last):
    dilatednets.errors.InputError: audio: of shape (48000, 2) would be 48000 recordings of 2 samples; transpose it
    """
    if audio.shape[1] <= _MOST_CHANNELS < audio.shape[0]:
        words = f"would be {audio.shape[0]} recordings of {audio.shape[1]} samples; transpose it"
        raise InputError(f"{where}: of shape {audio.shape} {words}")


def text(value: Any, where: str) -> str:
    """A string, which bytes and lists are not.

    Args:
        value: What was given.
        where: What messages begin with.

    Raises:
        InputError: for something else.

    Example:
    >>> text(b"two", "text")
    Traceback (most recent call last):
    dilatednets.errors.InputError: text: must be a string, not bytes; decode them first
    """
    if isinstance(value, str):
        return str(value)
    cure = "; decode them first" if isinstance(value, bytes) else ""
    raise InputError(f"{where}: must be a string, not {type(value).__name__}{cure}")
