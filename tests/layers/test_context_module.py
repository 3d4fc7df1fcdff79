"""The context module: Yu & Koltun's table 1."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from layer_checks import conv2d_oracle, run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers import ContextModule, receptive_field

DILATION8 = (1, 1, 2, 4, 8, 16, 1)
DILATION10 = (1, 1, 2, 4, 8, 16, 32, 64, 1)


def built(*arguments, channels=3, **settings):
    keras.utils.set_random_seed(0)
    module = ContextModule(*arguments, **settings)
    module.build((None, None, None, channels))
    return module


@pytest.mark.parametrize(
    ("variant", "options"), [("basic", {}), ("large", {"padding": "once", "seed": 3}), ("basic", {"padding": "valid"})]
)
def test_passes_the_checks_of_all_layers(rng, variant, options):
    run_layer_checks(ContextModule(variant, (1, 2), noise=0.05, **options), rng.uniform(0, 1, (2, 12, 13, 4)))


@pytest.mark.parametrize("variant", ["basic", "large"])
@pytest.mark.parametrize("padding", ["same", "once", "valid"])
def test_equals_the_oracle(rng, variant, padding):
    module = built(variant, (1, 2, 3), padding=padding, noise=0.2)
    for conv in module.convs:
        conv.bias.assign(rng.uniform(-0.1, 0.1, conv.bias.shape))
    x = rng.standard_normal((2, 17, 20, 3)).astype(np.float32)
    expected = x.astype(np.float64)
    if padding == "once":
        expected = np.pad(expected, ((0, 0), (6, 6), (6, 6), (0, 0)))
    for conv, dilation in zip(module.convs, (1, 2, 3, 1), strict=True):
        kernel, bias = (ops.convert_to_numpy(weight) for weight in conv.weights)
        expected = conv2d_oracle(expected, kernel, dilation, margin=dilation * (len(kernel) // 2)) + bias
        expected = expected if conv is module.convs[-1] else np.maximum(expected, 0)
    if padding != "same":  # what lies within the padding of a layer is not computed
        expected = expected[:, 6:-6, 6:-6]
    got = ops.convert_to_numpy(module(x))
    assert got.shape == expected.shape == module.compute_output_shape(x.shape)
    np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("variant", "dilations", "channels", "parameters"),
    [
        ("basic", DILATION8, 11, 7_832),
        ("basic", DILATION10, 19, 29_792),
        ("basic", DILATION8, 21, 28_392),
        ("large", DILATION8, 21, 6_803_139),
    ],
)
def test_parameters_are_the_published_ones(variant, dilations, channels, parameters):
    assert built(variant, dilations, channels=channels).count_params() == parameters


@pytest.mark.parametrize(("layers", "field"), list(enumerate([3, 5, 9, 17, 33, 65, 67], start=1)))
def test_receptive_field_is_table_1_s(rng, layers, field):
    module = built("basic", DILATION8[:layers], channels=1, noise=0.3)
    for conv in module.convs:  # positive weights: nothing cancels, no ReLU closes
        conv.kernel.assign(np.abs(ops.convert_to_numpy(conv.kernel)) + 0.1)
    assert receptive_field(module) == field
    size = field + 6
    x = np.zeros((1, size, size, 1), np.float32)
    x[0, size // 2, size // 2] = 1.0
    seen = ops.convert_to_numpy(module(x))[0, :, :, 0] > 0
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == field


@settings(max_examples=20)
@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(["basic", "large"]),
    st.sampled_from([(1,), DILATION8[:4], (1, 3)]),
)
def test_starts_as_the_identity(channels, seed, variant, dilations):
    """Each map's group of channels keeps its sum from layer to layer, so that ReLU(input) comes out."""
    module = built(variant, dilations, channels=channels, noise=0.0)
    x = np.random.default_rng(seed).standard_normal((1, 6, 7, channels)).astype(np.float32)
    y = x
    for conv in module.convs[:-1]:
        y = ops.convert_to_numpy(conv(y))
        sums = y.reshape(*y.shape[:3], channels, -1).sum(axis=-1)
        np.testing.assert_allclose(sums, np.maximum(x, 0), atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(module(x)), np.maximum(x, 0), atol=1e-5)


def test_noise_follows_the_seed_and_differs_from_layer_to_layer():
    one, same, other = (built("large", (1, 1), seed=seed, channels=2) for seed in (1, 1, 2))
    for a, b, c in zip(one.get_weights()[::2], same.get_weights()[::2], other.get_weights()[::2], strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.abs(a - c).max() > 0
    square = built("basic", (1, 1), seed=1, noise=0.1, channels=4)
    assert np.abs(square.get_weights()[0] - square.get_weights()[2]).max() > 0


def test_widths_need_not_follow_the_dilations(rng):
    """The large module without dilation, and with all its weights."""
    large = built("large", channels=5)
    flat = built("large", [1] * 7, channels=5, multipliers=large.multipliers)
    assert flat.receptive_field == 15 and large.receptive_field == 67
    assert flat.count_params() == large.count_params() > built("large", [1] * 7, channels=5).count_params()
    assert [conv.filters for conv in flat.convs] == [10, 10, 20, 40, 80, 160, 160, 5]
    same = ContextModule.from_config(flat.get_config())
    assert same.multipliers == flat.multipliers


def test_without_identity_it_starts_at_random(rng):
    x = rng.uniform(0, 1, (1, 9, 9, 3)).astype(np.float32)
    assert np.abs(ops.convert_to_numpy(built("basic", identity=False)(x)) - x).max() > 0.1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"variant": "huge"}, "variant: must be 'basic' or 'large', not 'huge'"),
        ({"padding": "full"}, "padding: must be"),
        ({"dilations": ()}, "dilations: must be a list of positive integers"),
        ({"dilations": (1, 0)}, "dilations: must be a list of positive integers"),
        ({"dilations": (1, 1.5)}, "dilations: must be an integer, not 1.5"),
        ({"dilations": (1, 2), "multipliers": (1,)}, "multipliers: must be 2 numbers, one a dilation, not 1"),
        ({"multipliers": (1, 1, 2, 2, 2, 2, 0)}, "multipliers: must be a list of positive integers"),
    ],
)
def test_refuses_bad_settings(settings, says):
    with pytest.raises(ValueError, match=says):
        ContextModule(**settings)


@pytest.mark.parametrize("size", [(66, 90), (90, 66), (1, 1)])
def test_refuses_pictures_too_small_without_padding_faults(size):
    with pytest.raises(InputError, match=rf"^x: {size[0]} x {size[1]} pixels are too few [^\n]*67 are needed$"):
        ContextModule("basic", padding="valid")(np.zeros((1, *size, 2), "float32"))


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (1, 70)])
def test_is_built_for_pictures_smaller_than_its_field_faults(size):
    assert ContextModule("basic", padding="once")(np.zeros((1, *size, 2), "float32")).shape == (1, *size, 2)
