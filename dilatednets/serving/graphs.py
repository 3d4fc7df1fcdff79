"""What all signatures are made with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf


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
