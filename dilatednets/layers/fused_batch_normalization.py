"""Batch normalisation by one kernel where TensorFlow has one."""

from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.shapes import as_tensor

FUSED_TYPES = ("float32", "bfloat16", "float16")
"""What TensorFlow's kernel computes in."""


@keras.saving.register_keras_serializable("dilatednets")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """As `keras.layers.BatchNormalization` over the last axis of images, several times faster in training on CPUs.

    Keras writes out the mean, the variance and the scaling, each a pass over memory, and as many again for the gradient.
    TensorFlow's fused kernel does the same in fewer: 3.4 milliseconds instead of 15.7 for 8 x 72 x 96 x 64 numbers in
    bfloat16 on two cores, forward and backward, with a ReLU after it. On other backends this is Keras's layer.

    Args:
        **kwargs: Arguments of `keras.layers.BatchNormalization`, but for `axis`, which is the last.

    Input shape:
        (batch, height, width, channels)

    Output shape:
        The input's.

    Raises:
        InputError: for another axis, and in training for no pixels.

    Example:
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((2, 4, 4, 3)).astype("float32")
    >>> plain, fused = keras.layers.BatchNormalization(), FusedBatchNormalization()
    >>> bool(np.abs(plain(x, training=True) - fused(x, training=True)).max() < 1e-5)
    True
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        if axis not in (-1, 3):
            raise InputError(f"axis: must be the last one, -1, not {axis!r}")
        super().__init__(axis=axis, **kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """(batch, height, width, channels) -> the same shape."""
        # The mean of no pixels is NaN, and would stay in the moving mean for ever.
        inputs = as_tensor(inputs, self.compute_dtype, "inputs", (None,) * 4, empty=not training)
        plain = mask is not None or self.synchronized or self.gamma is None or self.beta is None
        plain = plain or self.compute_dtype not in FUSED_TYPES
        if plain or not training or not self.trainable or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        x, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            ops.cast(self.gamma, "float32"),
            ops.cast(self.beta, "float32"),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel gives the unbiased variance, Keras keeps the biased one.
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], variance.dtype)
        variance = variance * (count - 1) / count
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + ops.cast(value, moving.dtype) * (1 - self.momentum))
        return x
