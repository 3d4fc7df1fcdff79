"""Weights of layers as numbers, for what computes with them outside Keras."""

from typing import Any

import numpy as np
from keras import ops

from dilatednets.errors import InputError


def kernel_and_bias(layer: Any) -> list[np.ndarray]:
    """The kernel and, of a layer that has one, the bias with which a layer computes: what LoRA adds is in the kernel.

    `get_weights` would give LoRA's matrices apart, or numbers of a quantised kernel without their scale.

    Args:
        layer: A built `Dense` or `CausalDilatedConv`.

    Raises:
        InputError: for a layer that Keras has quantised.

    Example:
    >>> import keras
    >>> layer = keras.layers.Dense(3)
    >>> layer.build((None, 2))
    >>> [weight.shape for weight in kernel_and_bias(layer)]
    [(2, 3), (3,)]
    """
    if quantised_layer(layer):
        raise InputError(f"{layer.name}: is quantised, and its weights cannot be read; read them before quantize()")
    return [ops.convert_to_numpy(weight) for weight in (layer.kernel, layer.bias) if weight is not None]


def quantised_layer(model: Any) -> str:
    """The name of the first layer of a model that Keras has quantised; empty if there is none.

    Example:
    >>> import keras
    >>> quantised_layer(keras.layers.Dense(3))
    ''
    """
    return next((layer.name for layer in model._flatten_layers() if getattr(layer, "quantization_mode", None)), "")
