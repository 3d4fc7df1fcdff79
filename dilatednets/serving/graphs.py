"""What all signatures are made with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.arrays import NOT_FINITE
from dilatednets.errors import InputError, a


def spec(name: str, shape: Sequence[int | None], dtype: Any = tf.float32) -> tf.TensorSpec:
    """What a graph takes."""
    return tf.TensorSpec(list(shape), dtype, name)


def graph(function: Callable[..., dict[str, tf.Tensor]], inputs: Mapping[str, tf.TensorSpec]) -> Any:
    """A function of tensors by name, traced for any size that their shapes leave open."""
    return tf.function(function, autograph=False).get_concrete_function(**inputs)


def table(numbers: Mapping[str, int], missing: int = -1) -> tf.lookup.StaticHashTable:
    """Numbers by name in a graph, `missing` for any other name."""
    names, values = (list(numbers), list(numbers.values())) if numbers else ([""], [missing])
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(names, values, tf.string, tf.int32), missing)


def refuse(wrong: Any, words: Any) -> tf.Operation:
    """Stops a graph if something is wrong; these words are the server's answer."""
    return tf.debugging.Assert(~tf.convert_to_tensor(wrong), [words])


def checked(value: Any, fits: Any, words: str) -> tf.Tensor:
    """The value, once it is known to fit; otherwise these words are the server's answer."""
    with tf.control_dependencies([refuse(~tf.convert_to_tensor(fits), words)]):
        return tf.identity(value)


def refusals_of_state(**state: tf.Tensor) -> list[tf.Operation]:
    """Refusals of a state that a client sends back spoilt: of numbers that are none, and of counts below 0."""
    return [
        refuse(~tf.reduce_all(tf.math.is_finite(values)), f"{name}: holds NaN or infinity")
        if values.dtype.is_floating
        else refuse(tf.reduce_any(values < 0), f"{name}: must be at least 0")
        for name, values in state.items()
    ]


def finite(answer: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """An answer that is one: NaN and infinity are refused, as Python does."""
    numbers = {name: values for name, values in answer.items() if values.dtype.is_floating}
    wrong = {name: ~tf.reduce_all(tf.math.is_finite(values)) for name, values in numbers.items()}
    with tf.control_dependencies([refuse(one, f"{name}: {NOT_FINITE}") for name, one in wrong.items()]):
        return {name: tf.identity(values) for name, values in answer.items()}


class ServedModel(tf.Module):
    """What a server can ask of a model; the class `Signatures` of a family derives from it.

    Args:
        model: The model. Its weights become those of the module, so that they are saved with the graphs.
    """

    unit = "examples"
    """What answers are counted in when their speed is measured."""
    timed: Mapping[bool, tuple[str, ...]] = {False: ("serving_default",), True: ()}
    """Signatures whose speed is measured, on a server without XLA and on one with it."""
    keras_uses_xla = False
    """Whether the model's own verb is compiled by XLA."""

    def __init__(self, model: Any) -> None:
        super().__init__(name=type(model).__name__)
        self.model = model
        self.weights = [variable.value for variable in model.variables]

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        raise NotImplementedError

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature, of those that a server can be warmed up with."""
        raise NotImplementedError

    def portable(self, batch: int | None) -> tuple[Callable[..., dict[str, tf.Tensor]], dict[str, tf.TensorSpec]]:
        """A function of numbers by name, and what it takes, for runtimes that know no texts.

        Args:
            batch: How many sequences it takes; None for any number.

        Raises:
            InputError: for a family that has none.
        """
        name = type(self.model).__name__
        raise InputError(f"format: {a(name)} is served as a SavedModel alone; leave it out")

    def ask_model(self, inputs: Mapping[str, np.ndarray]) -> Any:
        """What the model's own verb answers to a request of `serving_default`."""
        raise NotImplementedError

    def count(self, answer: Mapping[str, np.ndarray]) -> int:
        """Units of an answer."""
        return len(next(iter(answer.values())))
