import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import run_layer_checks

from dilatednets.layers import FusedBatchNormalization


def test_passes_the_checks_of_all_layers(rng):
    run_layer_checks(FusedBatchNormalization(epsilon=0.01), rng.standard_normal((2, 6, 5, 3)))


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_is_keras_s(dtype, rng):
    x = (3 + 2 * rng.standard_normal((4, 6, 5, 3))).astype("float32")
    plain, fused = keras.layers.BatchNormalization(dtype=dtype), FusedBatchNormalization(dtype=dtype)
    tolerance = 1e-4 if dtype == "float32" else 0.05
    for _ in range(3):
        outputs = [ops.convert_to_numpy(ops.cast(layer(x, training=True), "float32")) for layer in (plain, fused)]
        np.testing.assert_allclose(*outputs, atol=tolerance)
    for a, b in zip(plain.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2 if dtype != "float32" else 1e-4, atol=1e-4)
    np.testing.assert_allclose(
        *(ops.convert_to_numpy(ops.cast(n(x), "float32")) for n in (plain, fused)), atol=tolerance
    )
    fused.trainable = False
    before = fused.get_weights()
    fused(x + 5, training=True)
    for a, b in zip(before, fused.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.tensorflow
def test_has_keras_s_gradient(rng):
    import tensorflow as tf

    x = tf.constant(rng.standard_normal((4, 6, 5, 3)), "float32")
    weights = rng.standard_normal(x.shape).astype("float32")
    gradients = []
    for layer in (keras.layers.BatchNormalization(), FusedBatchNormalization()):
        layer.build(x.shape)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) * weights)
        gradients.append(tape.gradient(loss, [x, layer.gamma.value, layer.beta.value]))
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
