"""What depends on Keras's backend: whether there is one, compiling a function, and making it pure."""

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from dilatednets.errors import InputError, one_line

try:
    import keras
except Exception as error:  # each backend has its own
    raise InputError(
        f"KERAS_BACKEND: Keras does not load ({one_line(error)}); set it to tensorflow or jax, whichever is installed"
    ) from error
if keras.backend.backend() not in ("tensorflow", "jax"):
    raise InputError(
        f"KERAS_BACKEND: models compute on tensorflow and jax, not on {keras.backend.backend()}; set it to one of these"
    )


def compiled(
    function: Callable[..., Any],
    variables: Any,
    xla: bool = True,
    signature: Sequence[Any] | None = None,
    frozen: bool = False,
) -> Callable[..., Any]:
    """Compiles `function`; it sees the current values of `variables` at every call, unless it is frozen.

    On JAX the weights become arguments of the compiled program. Closed over, they would be frozen at the first call, and a
    model trained further would go on computing with its old weights. TensorFlow's program refers to the variables
    themselves, which spares handing them over at each call.

    Args:
        function: Takes and gives tensors and nests of tensors, and is pure but for reading `variables`.
        variables: The Keras layer, such as a model, that it reads, or a list of Keras variables. A layer may come to have
            other variables, as `enable_lora` and `quantize` do it; it is then compiled anew at the next call.
        xla: False leaves TensorFlow's program to its own kernels, whose convolutions are faster on CPUs and take inputs of
            any size without compiling anew.
        signature: A `keras.KerasTensor`, or a nest of them, for each argument, with None for lengths that differ from call
            to call. TensorFlow then has one program for all, and need not look for the right one, which takes as long as a
            small net and longer the more sizes it has seen.
        frozen: Whether the values of the variables become part of the program, as they are now. To look at many variables
            takes as long as a small net.

    Example:
    >>> import numpy as np
    >>> scale = keras.Variable(2.0)
    >>> double = compiled(lambda x: x * scale, [scale])
    >>> scale.assign(3.0)  # doctest: +ELLIPSIS
    <...>
    >>> float(double(np.float32(2.0)))
    6.0
    """
    if isinstance(variables, keras.layers.Layer):
        layer = variables
        return _Recompiled(layer, lambda: compiled(function, layer.variables, xla, signature, frozen))
    if frozen:
        values, pure = [keras.ops.convert_to_numpy(v) for v in variables], stateless(function, variables)
        # Made anew in each program: a tensor that was made outside would be handed over at each call.
        return compiled(lambda *x: pure([keras.ops.convert_to_tensor(v) for v in values], *x), [], xla, signature)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if signature is None:
            return tf.function(function, autograph=False, jit_compile=xla, reduce_retracing=not xla)
        specs = keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), list(signature))
        return tf.function(function, autograph=False, jit_compile=xla, input_signature=specs).get_concrete_function()
    import jax

    program = jax.jit(stateless(function, variables))
    return lambda *arguments: program([keras.ops.convert_to_tensor(v) for v in variables], *arguments)


class _Recompiled:
    """A program that is compiled again where the variables of a layer are no longer those it was compiled for.

    Args:
        layer: The layer.
        compile_now: Compiles the program for the variables that the layer has now.
    """

    def __init__(self, layer: Any, compile_now: Callable[[], Callable[..., Any]]) -> None:
        self._layer, self._compile_now = layer, compile_now
        self._kept = self._compiled()

    def __call__(self, *arguments: Any) -> Any:
        # One attribute, so that threads see a program and what it was compiled for together.
        _, stores, parts = kept = self._kept
        now = list(itertools.chain.from_iterable(stores))
        if len(now) != len(parts) or not all(map(operator.is_, now, parts)):
            self._kept = kept = self._compiled()
        return kept[0](*arguments)

    def _compiled(self) -> tuple[Callable[..., Any], list[list[Any]], list[Any]]:
        """The program; the lists in which Keras keeps sublayers and variables of all layers; and what they hold.

        To gather `layer.variables` at each call would take as long as a step of a small net.
        """
        stores = [
            store
            for layer in self._layer._flatten_layers()
            for store in (layer._layers, layer._trainable_variables, layer._non_trainable_variables)
        ]
        # Held themselves, and not by their ids, which those that come would have of those that went.
        parts = list(itertools.chain.from_iterable(stores))
        return self._compile_now(), stores, parts


def on_cpu() -> bool:
    """Whether Keras computes on CPUs alone."""
    return all(device.startswith("cpu") for device in keras.distribution.list_devices())


def stateless(function: Callable[..., Any], variables: list[Any]) -> Callable[..., Any]:
    """`function` with the values of the `variables` that it reads as one more argument, the first."""

    def with_values(values: list[Any], *arguments: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*arguments)

    return with_values
