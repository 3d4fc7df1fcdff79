"""The doors of Keras: arrays that are checked before they are cut into batches, and sound of any type."""

from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.arrays import as_array, as_audio
from dilatednets.errors import InputError
from dilatednets.layers.shapes import known_values
from dilatednets.rules import Size, checked


class CheckedArrays(keras.Model):
    """The methods of a model that train and test on all data, which look at arrays; data sets pass."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As Keras's; it makes 32-bit integers of 64-bit ones for JAX, so that sound would have another range."""
        if args and keras.backend.backend() == "jax" and any(map(_is_long, keras.tree.flatten(args[0]))):
            args = (self._checked(args[0])[0], *args[1:])
        return super().__call__(*args, **kwargs)

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked, also those of `validation_data`."""
        _check_batch_size(args, kwargs)
        x, y = self._pair(x, y)
        held = kwargs.get("validation_data")
        if isinstance(held, tuple | list) and len(held) > 1:
            kwargs["validation_data"] = (*self._checked(held[0], held[1]), *held[2:])
        return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        _check_batch_size(args, kwargs)
        return super().evaluate(*self._pair(x, y), *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        _check_batch_size(args, kwargs)
        return super().predict(self._checked(x)[0], *args, **kwargs)

    def _pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        x, y = self._checked(x, y)
        if y is None and (isinstance(x, dict) or hasattr(x, "__array__")):
            raise InputError("y: missing; give what the model is to answer to each of x")
        return x, y

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        """Inputs and answers in arrays that are right, and what is no array as it is: each model says how."""
        raise NotImplementedError


def _is_long(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype in ("int64", "uint64")


def _check_batch_size(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuses what is no size, with which Keras would go through no data at all."""
    checked(args[0] if args else kwargs.get("batch_size"), Size | None, "batch_size")


class CheckedBatches(CheckedArrays):
    """Also the methods that take a single batch."""

    def train_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().train_on_batch(*self._pair(x, y), *args, **kwargs)

    def test_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().test_on_batch(*self._pair(x, y), *args, **kwargs)

    def predict_on_batch(self, x: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().predict_on_batch(self._checked(x)[0])


def samples(audio: Any, where: str = "audio", ndim: int | None = None) -> Any:
    """Audio of any type as a float32 tensor, integers by the range of their type.

    Args:
        audio: An array or a tensor, as `as_audio` takes it.
        where: What messages begin with.
        ndim: The number of dimensions; None for any.

    Raises:
        InputError: for what is no audio, as far as that is known.

    Example:
    >>> ops.convert_to_numpy(samples(np.array([0, 16384, -32768], "int16"))).tolist()
    [0.0, 0.5, -1.0]
    """
    audio = audio if hasattr(audio, "dtype") else as_array(audio, where)
    if getattr(audio.shape, "rank", 0) is None:  # as TensorFlow has what came with and without a last dimension of 1
        words = "must always have as many dimensions; it had more or fewer before, so compile the model anew"
        raise InputError(f"{where}: {words}")
    if ndim is not None and len(audio.shape) != ndim:
        raise InputError(f"{where}: must be of shape (batch, samples), not {tuple(audio.shape)}")
    known = known_values(audio)
    if known is not None and known.size:
        scaled = as_audio(known, where)
        if known.dtype.kind in "iu":  # of which there is no gradient
            return ops.convert_to_tensor(scaled)
    dtype = keras.backend.standardize_dtype(audio.dtype)
    x = ops.cast(audio, "float32")
    if dtype == "uint8":
        return (x - 128.0) / 128.0
    return x / -float(np.iinfo(dtype).min) if dtype.startswith("int") else x


def is_array(value: Any) -> bool:
    """Whether a value is an array of any library or a list, which are checked; data sets and generators are not."""
    return isinstance(value, list) or hasattr(value, "__array__")
