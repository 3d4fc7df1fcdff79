import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import run_layer_checks

from dilatednets.errors import InputError
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


@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"scale": False, "center": False}])
def test_without_scale_or_shift_it_is_keras_s_layer_faults(rng, options):
    x = rng.standard_normal((2, 4, 4, 3)).astype("float32")
    fused, plain = FusedBatchNormalization(**options), keras.layers.BatchNormalization(**options)
    np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=1e-5)


def test_no_pixels_leave_the_moving_averages_alone_faults():
    norm = FusedBatchNormalization()
    norm.build((None, 4, 4, 3))
    for shape in ((0, 4, 4, 3), (2, 0, 4, 3)):
        with pytest.raises(InputError, match=r"^inputs: is empty"):
            norm(np.zeros(shape, "float32"), training=True)
    assert np.isfinite(ops.convert_to_numpy(norm.moving_mean)).all()


@pytest.mark.tensorflow
@pytest.mark.parametrize("dtype", ["float64", "float16", "mixed_float16"])
def test_faults_other_types_are_keras_s(dtype, rng):
    x = rng.standard_normal((2, 4, 4, 3)).astype("float32")
    fused, plain = FusedBatchNormalization(dtype=dtype), keras.layers.BatchNormalization(dtype=dtype)
    y, expected = fused(x, training=True), plain(x, training=True)
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y, expected, atol=1e-2 if "16" in dtype else 1e-9)
    for mine, keras_s in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, keras_s, atol=1e-2 if "16" in dtype else 1e-9)
