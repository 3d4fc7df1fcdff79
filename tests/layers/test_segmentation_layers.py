"""The bricks of the light front end: values against NumPy, alignment, fields, and round trips."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from dilatednets.layers.conv_norm import ConvNorm
from dilatednets.layers.dilated_residual_block import DilatedResidualBlock
from dilatednets.layers.fused_batch_normalization import FusedBatchNormalization
from dilatednets.layers.light_front_end import LightFrontEnd
from dilatednets.layers.upsample import upsample

SMALL = {"widths": (4, 4, 8, 8), "blocks": (1, 1), "dilations": (1, 2), "output_channels": 6}


def numpy_conv(x, kernel, stride, dilation, margin):
    """Convolution of (height, width, channels), written out."""
    size = kernel.shape[0]
    reach = (size - 1) * dilation
    x = np.pad(x, ((margin, margin), (margin, margin), (0, 0)))
    height, width = ((length - reach - 1) // stride + 1 for length in x.shape[:2])
    y = np.zeros((height, width, kernel.shape[3]))
    for i in range(size):
        for j in range(size):
            rows = slice(i * dilation, i * dilation + stride * (height - 1) + 1, stride)
            columns = slice(j * dilation, j * dilation + stride * (width - 1) + 1, stride)
            y += x[rows, columns] @ kernel[i, j]
    return y


def randomise(layer, rng):
    """Weights of all layers drawn anew, batch normalisation's statistics included."""
    for weight in layer.weights:
        value = rng.standard_normal(weight.shape) * 0.5
        weight.assign(np.abs(value) + 0.5 if "variance" in weight.path else value)


@pytest.mark.parametrize(("size", "stride", "dilation"), [(3, 1, 1), (3, 1, 3), (1, 1, 1), (2, 2, 1), (4, 2, 1)])
def test_conv_norm_is_what_numpy_says(size, stride, dilation, rng):
    layer = ConvNorm(5, size, stride, dilation)
    layer.build((None, None, None, 3))
    randomise(layer, rng)
    x = rng.standard_normal((1, 8, 10, 3)).astype("float32")
    margin = (size - 1) * dilation // 2 if stride == 1 else (size - stride) // 2
    y = numpy_conv(x[0], ops.convert_to_numpy(layer.conv.kernel), stride, dilation, margin)
    norm = {name: ops.convert_to_numpy(getattr(layer.norm, name)) for name in ("gamma", "beta", "moving_mean")}
    deviation = np.sqrt(ops.convert_to_numpy(layer.norm.moving_variance) + layer.norm.epsilon)
    expected = np.maximum((y - norm["moving_mean"]) / deviation * norm["gamma"] + norm["beta"], 0)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x))[0], expected, rtol=1e-4, atol=1e-4)
    assert tuple(layer.compute_output_shape(x.shape)) == (1, *expected.shape)


@pytest.mark.parametrize(("size", "stride"), [(2, 1), (3, 2), (1, 2)])
def test_conv_norm_refuses_what_would_shift_the_picture(size, stride):
    with pytest.raises(ValueError, match="shift the picture"):
        ConvNorm(4, size, stride)


def test_strided_convolutions_keep_left_and_right_alike(rng):
    """A mirrored picture through mirrored kernels is the mirrored output: nothing is shifted to one side."""
    layer = ConvNorm(3, 4, 2)
    layer.build((None, None, None, 2))
    x = rng.standard_normal((1, 8, 12, 2)).astype("float32")
    plain = ops.convert_to_numpy(layer(x))
    layer.conv.kernel.assign(ops.convert_to_numpy(layer.conv.kernel)[:, ::-1])
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x[:, :, ::-1]))[:, :, ::-1], plain, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_fused_batch_normalization_is_keras_s(dtype, rng):
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
def test_fused_batch_normalization_has_keras_s_gradient(rng):
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


@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 4))
def test_upsampling_is_interpolation_between_pixel_centres(height, width, factor):
    x = np.random.default_rng(0).standard_normal((1, height, width, 2)).astype("float32")
    rows, columns = (
        np.clip((np.arange(length * factor) + 0.5) / factor - 0.5, 0, length - 1) for length in (height, width)
    )
    tall = np.stack(
        [np.apply_along_axis(lambda v: np.interp(rows, range(height), v), 0, x[0, ..., c]) for c in (0, 1)], -1
    )
    expected = np.stack(
        [np.apply_along_axis(lambda v: np.interp(columns, range(width), v), 1, tall[..., c]) for c in (0, 1)], -1
    )
    np.testing.assert_allclose(ops.convert_to_numpy(upsample(x, factor))[0], expected, atol=1e-5)


def test_residual_block_adds_its_branches(rng):
    block = DilatedResidualBlock(4, (1, 3))
    block.build((None, None, None, 4))
    x = np.abs(rng.standard_normal((1, 9, 9, 4))).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(block(x)), x)  # a branch of scale 0 to begin with
    randomise(block, rng)
    entered = block.enter(x)
    parts = [block.branches[0](entered[..., :2]), block.branches[1](entered[..., 2:])]
    expected = ops.relu(x + block.leave(ops.concatenate(parts, -1)))
    np.testing.assert_allclose(ops.convert_to_numpy(block(x)), ops.convert_to_numpy(expected), atol=1e-5)
    assert block.receptive_field == 7
    with pytest.raises(ValueError, match="cannot share 4 channels"):
        DilatedResidualBlock(4, (1, 2, 3))


@pytest.mark.parametrize("stride", [2, 4, 8])
def test_light_front_end_s_field_is_what_it_says(stride, rng):
    """By perturbation: no pixel beyond the field changes an output, and the field has no holes."""
    layer = LightFrontEnd(**{**SMALL, "dilations": (1, 2, 4), "blocks": (1, 1)}, stride=stride)
    layer.build((None, None, None, 3))
    randomise(layer, np.random.default_rng(3))
    for weight in layer.weights:  # everything passes every ReLU, so that every path counts
        weight.assign(np.abs(ops.convert_to_numpy(weight)) * (0.0 if "moving_mean" in weight.path else 1.0) + 1e-3)
    side = 480
    x = np.ones((1, 16, side, 3), "float32")
    batch = np.repeat(x, side, axis=0)
    batch[np.arange(side), :, np.arange(side)] += 1e4  # image n: column n is brighter, by far
    row, middle, fields = 8 // stride, side // stride // 2, []
    before, after = ops.convert_to_numpy(layer(x))[0, row], ops.convert_to_numpy(layer(batch))[:, row]
    for column in range(middle, middle + 16 // stride):
        seen = np.flatnonzero((after[:, column] / before[column]).max(axis=1) > 1 + 1e-6)
        assert np.all(np.diff(seen) == 1), "a grid of holes"
        assert (seen[0], seen[-1]) == layer.span(column, column)
        fields.append(len(seen))
    assert max(fields) == layer.receptive_field


@pytest.mark.parametrize("stride", [2, 4, 8])
def test_light_front_end_counts_itself(stride):
    layer = LightFrontEnd(**SMALL, stride=stride)
    layer.build((None, None, None, 3))
    assert layer.compute_output_shape((2, 48, 64, 3)) == (2, 48 // stride, 64 // stride, 6)
    assert layer(np.zeros((2, 48, 64, 3), "float32")).shape == (2, 48 // stride, 64 // stride, 6)
    # By hand: stem 4x4x3x4 at stride 2; 2x2 downs; blocks 1x1, two halves of 3x3, 1x1; joins.
    macs = 192 / 4 + (64 + 4 * 4 * 2 + 2 * 9 * 4) / 16 + (128 + 2 * 64 + 2 * 9 * 16) / 64
    macs += (256 + 2 * (2 * 64 + 2 * 9 * 16) + 64) / 256 + (64 + 9 * 8 * 6) / 64
    macs += (4 * 16 + 9 * 22 * 6) / 16 if stride <= 4 else 0
    macs += (4 * 16 + 9 * 22 * 6) / 4 if stride == 2 else 0
    assert layer.macs_per_pixel == pytest.approx(macs)


def test_light_front_end_refuses_another_stride():
    with pytest.raises(ValueError, match="stride must be 2, 4 or 8"):
        LightFrontEnd(stride=16)


@pytest.mark.parametrize(
    "layer", [ConvNorm(4, 4, 2, activation=False), DilatedResidualBlock(4, (1, 2)), LightFrontEnd(**SMALL)]
)
def test_layers_survive_their_configuration(layer, rng):
    channels = 4 if isinstance(layer, DilatedResidualBlock) else 3
    layer.build((None, None, None, channels))
    randomise(layer, rng)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    copy.set_weights(layer.get_weights())
    x = rng.standard_normal((1, 32, 32, channels)).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(x)), ops.convert_to_numpy(layer(x)))


@pytest.mark.tensorflow
def test_a_gradient_reaches_every_weight(rng):
    import tensorflow as tf

    layer = LightFrontEnd(**SMALL)
    layer.build((None, None, None, 3))
    randomise(layer, rng)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(rng.standard_normal((2, 64, 64, 3)).astype("float32"), training=True) ** 2)
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    dead = [w.path for w, g in zip(layer.trainable_weights, gradients, strict=True) if g is None or not np.any(g)]
    assert dead == []
