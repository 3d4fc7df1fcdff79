"""The doors of Keras: arrays that are checked before they are cut into batches, and sound of any type."""

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.arrays import as_array, as_audio
from dilatednets.errors import InputError
from dilatednets.layers.shapes import known_values
from dilatednets.rules import Size, checked
from dilatednets.zoo import sample_weights


class CheckedArrays(keras.Model):
    """The methods of a model that train and test on all data, which look at arrays; data sets pass."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As Keras's; it makes 32-bit integers of 64-bit ones for JAX, so that sound would have another range."""
        if args and keras.backend.backend() == "jax" and any(map(_is_long, keras.tree.flatten(args[0]))):
            args = (self._checked(args[0])[0], *args[1:])
        return super().__call__(*args, **kwargs)

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked, also those of `validation_data`."""
        given = self._given(super().fit, x, y, *args, **kwargs)
        held = given.get("validation_data")
        if isinstance(held, tuple | list) and len(held) > 1:
            given["validation_data"] = (*self._checked(held[0], held[1]), *held[2:])
            self._check_weights(held[0], *held[2:3])
        return super().fit(**given)

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().evaluate(**self._given(super().evaluate, x, y, *args, **kwargs))

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        checked(args[0] if args else kwargs.get("batch_size"), Size | None, "batch_size")
        return super().predict(self._checked(x)[0], *args, **kwargs)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """As Keras's; weights of sequences (batch,) count at all their steps, whichever of Keras's losses it is."""
        if hasattr(y_pred, "shape") and sample_weights.is_of_keras(getattr(self, "loss", None)):
            sample_weight = sample_weights.spread(sample_weight, y_pred)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def _given(self, door: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The arguments of one of Keras's methods by name, of which the arrays are right."""
        given = dict(inspect.signature(door).bind(*args, **kwargs).arguments)
        given |= given.pop("kwargs", {})
        # No size: Keras would go through no data at all.
        checked(given.get("batch_size"), Size | None, "batch_size")
        x, y = given["x"], given["y"] = self._checked(given["x"], given["y"])
        if y is None and (isinstance(x, dict) or hasattr(x, "__array__")):
            raise InputError("y: missing; give what the model is to answer to each of x")
        self._check_weights(x, given.get("sample_weight"), given.get("class_weight"))
        return given

    def _check_weights(self, x: Any, sample_weight: Any = None, class_weight: Any = None) -> None:
        """Refuses weights of another shape than those of Keras's losses or the model's own have it."""
        if sample_weight is None and class_weight is None:
            return
        places, loss = self._places(x), getattr(self, "loss", None)
        own = str(getattr(loss, "__module__", "")).startswith("dilatednets.")
        if places is None or not (own or sample_weights.is_of_keras(loss)):
            return
        if class_weight is not None and len(places) > 1:  # Keras would take the last dimension for one-hot rows
            raise InputError(f"class_weight: there are answers at several steps; give sample_weight of shape {places}")
        if sample_weight is not None:
            sample_weights.check(sample_weight, places)

    def _places(self, x: Any) -> tuple[int, ...] | None:
        """The shape of the losses of inputs, (batch, ...); None where it is not known, and weights are not checked here."""
        return None

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        """Inputs and answers in arrays that are right, and what is no array as it is: each model says how."""
        raise NotImplementedError


def _is_long(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype in ("int64", "uint64")


class CheckedBatches(CheckedArrays):
    """Also the methods that take a single batch."""

    def train_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().train_on_batch(**self._given(super().train_on_batch, x, y, *args, **kwargs))

    def test_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().test_on_batch(**self._given(super().test_on_batch, x, y, *args, **kwargs))

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
