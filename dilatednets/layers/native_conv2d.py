"""A layer's convolution by the backend's own kernel for dilated convolutions, for inference."""

from typing import Any

import keras
from keras import ops


def native_conv2d(conv: keras.layers.Conv2D, x: Any, kernel: Any = None, bias: Any = None) -> Any:
    """What `conv(x)` gives, faster on CPUs where the convolution is dilated.

    Keras lets TensorFlow cut a dilated convolution into several plain ones and shuffles the pixels before and after
    (SpaceToBatchND), since not every build of TensorFlow has gradients of the native kernel on CPUs. Inference needs none.

    Args:
        conv: A built layer with channels last.
        x: Images, (batch, height, width, channels).
        kernel: A kernel to use instead of the layer's.
        bias: A bias to use instead of the layer's.

    Returns:
        (batch, new height, new width, filters), with the layer's activation.

    Example:
    >>> import numpy as np
    >>> conv = keras.layers.Conv2D(2, 3, dilation_rate=3, padding="same", activation="relu")
    >>> x = np.random.default_rng(0).standard_normal((1, 12, 9, 4)).astype("float32")
    >>> bool(np.abs(conv(x) - native_conv2d(conv, x)).max() < 1e-5)
    True
    """
    x = ops.cast(x, conv.compute_dtype)
    kernel = ops.cast(conv.kernel if kernel is None else kernel, conv.compute_dtype)
    bias = conv.bias if bias is None else bias
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        y = tf.nn.conv2d(x, kernel, conv.strides, conv.padding.upper(), dilations=conv.dilation_rate)
    else:
        y = ops.conv(x, kernel, conv.strides, conv.padding, conv.data_format, conv.dilation_rate)
    if bias is not None:
        y = y + ops.cast(bias, conv.compute_dtype)
    return y if conv.activation is None else conv.activation(y)
