"""The doors of Keras, behind which arrays are cut into batches: they are checked before."""

from typing import Any

import keras

from dilatednets.errors import InputError
from dilatednets.rules import Size, checked


class CheckedArrays(keras.Model):
    """The methods of a model that train and test on all data, which look at arrays; data sets pass."""

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
