import numpy as np
import pytest
from keras import ops
from layer_checks import conv1d_oracle

from dilatednets.layers.dilated_conv1d import dilated_conv1d, packed_conv1d


@pytest.mark.parametrize(("kernel_size", "dilation_rate"), [(1, 1), (2, 5), (3, 1), (7, 2)])
def test_equals_the_oracle(rng, kernel_size, dilation_rate):
    reach = (kernel_size - 1) * dilation_rate
    x = rng.standard_normal((2, reach + 9, 3)).astype(np.float32)
    kernel = rng.standard_normal((kernel_size, 3, 4)).astype(np.float32)
    expected = conv1d_oracle(x, kernel, dilation_rate, 0)[:, :9]
    np.testing.assert_allclose(ops.convert_to_numpy(dilated_conv1d(x, kernel, dilation_rate)), expected, atol=1e-4)


def test_sequences_end_to_end_equal_the_oracle(rng):
    kernel = rng.standard_normal((2, 3, 4)).astype(np.float32)
    sequences = [rng.standard_normal((1, length, 3)).astype(np.float32) for length in (5, 1, 4)]
    seen = [[0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [0, 6], [0, 7], [0, 8], [7, 9], [8, 10]]  # two steps back, and now
    found = packed_conv1d(np.concatenate(sequences, axis=1)[0], kernel, np.array(seen, np.int32))
    expected = [conv1d_oracle(x, kernel, 2, 2)[0, : x.shape[1]] for x in sequences]
    np.testing.assert_allclose(ops.convert_to_numpy(found), np.concatenate(expected), atol=1e-5)
    nothing = packed_conv1d(np.zeros((0, 3), np.float32), kernel, np.zeros((0, 2), np.int32))
    assert tuple(nothing.shape) == (0, 4)


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
