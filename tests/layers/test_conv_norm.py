import numpy as np
import pytest
from keras import ops
from layer_checks import conv2d_oracle, randomise, run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers.conv_norm import ConvNorm


@pytest.mark.parametrize(
    "options", [{}, {"kernel_size": 4, "stride": 2, "activation": False}, {"dilation": 2, "zero_scale": True}]
)
def test_passes_the_checks_of_all_layers(rng, options):
    run_layer_checks(ConvNorm(5, **options), rng.standard_normal((2, 8, 10, 3)))


@pytest.mark.parametrize(("size", "stride", "dilation"), [(3, 1, 1), (3, 1, 3), (1, 1, 1), (2, 2, 1), (4, 2, 1)])
def test_equals_the_oracle(size, stride, dilation, rng):
    layer = ConvNorm(5, size, stride, dilation)
    layer.build((None, None, None, 3))
    randomise(layer)
    x = rng.standard_normal((1, 8, 10, 3)).astype("float32")
    margin = (size - 1) * dilation // 2 if stride == 1 else (size - stride) // 2
    y = conv2d_oracle(x, ops.convert_to_numpy(layer.conv.kernel), dilation, margin, stride)
    norm = {name: ops.convert_to_numpy(getattr(layer.norm, name)) for name in ("gamma", "beta", "moving_mean")}
    deviation = np.sqrt(ops.convert_to_numpy(layer.norm.moving_variance) + layer.norm.epsilon)
    expected = np.maximum((y - norm["moving_mean"]) / deviation * norm["gamma"] + norm["beta"], 0)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("size", "stride"), [(2, 1), (3, 2), (1, 2)])
def test_refuses_what_would_shift_the_picture(size, stride):
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


@pytest.mark.parametrize(
    ("size", "stride", "shape"), [(2, 2, (1, 7, 8, 3)), (4, 2, (1, 8, 9, 3)), (4, 4, (2, 2, 4, 3))]
)
def test_refuses_pictures_whose_edge_it_would_leave_out_faults(size, stride, shape):
    with pytest.raises(InputError, match=rf"^x: height and width must be multiples of {stride}, not [^\n]*; pad"):
        ConvNorm(4, size, stride)(np.zeros(shape, "float32"))


@pytest.mark.parametrize(("size", "stride", "pixels"), [(4, 2, 2), (6, 2, 2), (6, 4, 4)])
def test_is_built_for_pictures_smaller_than_its_kernel_faults(size, stride, pixels):
    assert ConvNorm(4, size, stride)(np.zeros((1, pixels, pixels, 3), "float32")).shape == (1, 1, 1, 4)
