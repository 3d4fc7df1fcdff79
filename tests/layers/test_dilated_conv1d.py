import numpy as np
import pytest
from keras import ops
from layer_checks import conv1d_oracle

from dilatednets.layers.dilated_conv1d import dilated_conv1d


@pytest.mark.parametrize(("kernel_size", "dilation_rate"), [(1, 1), (2, 5), (3, 1), (7, 2)])
def test_equals_the_oracle(rng, kernel_size, dilation_rate):
    reach = (kernel_size - 1) * dilation_rate
    x = rng.standard_normal((2, reach + 9, 3)).astype(np.float32)
    kernel = rng.standard_normal((kernel_size, 3, 4)).astype(np.float32)
    expected = conv1d_oracle(x, kernel, dilation_rate, 0)[:, :9]
    np.testing.assert_allclose(ops.convert_to_numpy(dilated_conv1d(x, kernel, dilation_rate)), expected, atol=1e-4)


@pytest.mark.tensorflow
def test_second_derivatives_are_there():
    import tensorflow as tf

    x, kernel = tf.ones((1, 8, 1)), tf.ones((2, 1, 1))
    with tf.GradientTape() as outer:
        outer.watch(kernel)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(dilated_conv1d(x, kernel, 3) ** 2)
        slope = tf.reduce_sum(inner.gradient(y, x))
    # y = 5 (a + b)^2 for taps a and b, and the slopes with x add up to 10 (a + b)^2.
    assert float(slope) == pytest.approx(40)
    np.testing.assert_allclose(np.ravel(outer.gradient(slope, kernel)), [40, 40])
