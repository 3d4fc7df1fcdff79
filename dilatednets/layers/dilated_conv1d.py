"""The dilated convolution along time as an operation, as fast as a backend has it, forward and backward."""

from typing import Any

import keras
from keras import ops


def dilated_conv1d(x: Any, kernel: Any, dilation_rate: int) -> Any:
    """Convolves without padding: `y[t] = sum_i kernel[i] . x[t + i * dilation_rate]`.

    TensorFlow's own kernel for dilated convolutions computes the outputs in one operation, but on CPUs its gradient is slow
    or missing. The gradient is that of Keras's convolution instead, which cuts the sequence into `dilation_rate` plain ones.

    Args:
        x: (batch, time, channels), at least `(kernel_size - 1) * dilation_rate` steps.
        kernel: (kernel_size, channels, filters), of the same type.
        dilation_rate: Distance between taps, in steps.

    Returns:
        (batch, time - (kernel_size - 1) * dilation_rate, filters).

    Example:
    >>> import numpy as np
    >>> dilated_conv1d(np.arange(6.0).reshape(1, 6, 1), np.ones((2, 1, 1)), 3).numpy().ravel().tolist()
    [3.0, 5.0, 7.0]
    """

    def plain(x: Any, kernel: Any) -> Any:
        return ops.conv(x, kernel, 1, "valid", "channels_last", dilation_rate)

    batch, time = ops.shape(x)[0], ops.shape(x)[1] - (kernel.shape[0] - 1) * dilation_rate
    if keras.backend.backend() != "tensorflow":  # Keras refuses to compute nothing
        return plain(x, kernel) if time else ops.zeros((batch, time, kernel.shape[2]), x.dtype)
    import tensorflow as tf

    @tf.custom_gradient
    def convolve(x: Any, kernel: Any) -> Any:
        def gradient(dy: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch((x, kernel))
                y = plain(x, kernel)
            return tape.gradient(y, (x, kernel), dy)

        y = tf.nn.conv2d(x[:, :, None], kernel[:, None], 1, "VALID", dilations=(dilation_rate, 1))
        # Where nothing is to be computed, oneDNN gives the input instead of nothing.
        return tf.reshape(y[:, :time], (batch, time, kernel.shape[2])), gradient

    return convolve(ops.convert_to_tensor(x), ops.convert_to_tensor(kernel))


def packed_conv1d(x: Any, kernel: Any, seen: Any, outside: Any = None) -> Any:
    """Convolves sequences that lie end to end: `y[t] = sum_i kernel[i] . x[seen[t, i] - 1]`, in few operations.

    Args:
        x: The steps of all sequences, (steps, channels).
        kernel: (kernel_size, channels, filters), of the same type.
        seen: Which step each tap sees, int32 (steps, kernel_size): a row of x, counted from 1 on, or 0 outside the sequence.
        outside: What lies there, (channels,); None for zeros.

    Returns:
        (steps, filters).

    Example:
    >>> import numpy as np
    >>> x, seen = np.array([[1.0], [2.0], [5.0]]), np.array([[0, 1], [1, 2], [0, 3]])  # two sequences, of two steps and one
    >>> packed_conv1d(x, np.ones((2, 1, 1)), seen).numpy().ravel().tolist()
    [1.0, 3.0, 5.0]
    """
    x = ops.pad(x, ((1, 0), (0, 0)))
    if outside is not None:
        x = ops.concatenate([ops.cast(outside, x.dtype)[None], x[1:]], axis=0)
    if keras.backend.backend() == "tensorflow":  # whose `take` of Keras's would first look for negative numbers
        import tensorflow as tf

        taps = tf.gather(x, seen)
    else:
        taps = ops.take(x, seen, axis=0)
    size = kernel.shape[0] * kernel.shape[1]
    return ops.matmul(ops.reshape(taps, (-1, size)), ops.reshape(kernel, (size, -1)))
