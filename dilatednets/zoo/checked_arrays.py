"""The doors of Keras, behind which arrays are cut into batches: they are checked before."""

from typing import Any

import keras

from dilatednets.errors import InputError


class CheckedArrays(keras.Model):
    """The methods of a model that train and test on all data, which look at arrays; data sets pass."""

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked, also those of `validation_data`."""
        x, y = self._pair(x, y)
        held = kwargs.get("validation_data")
        if isinstance(held, tuple | list) and len(held) > 1:
            kwargs["validation_data"] = (*self._checked(held[0], held[1]), *held[2:])
        return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().evaluate(*self._pair(x, y), *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        return super().predict(self._checked(x)[0], *args, **kwargs)

    def _pair(self, x: Any, y: Any) -> tuple[Any, Any]:
        x, y = self._checked(x, y)
        if y is None and (isinstance(x, dict) or hasattr(x, "__array__")):
            raise InputError("y: missing; give what the model is to answer to each of x")
        return x, y

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        """Inputs and answers in arrays that are right, and what is no array as it is: each model says how."""
        raise NotImplementedError


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
