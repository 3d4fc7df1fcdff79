import functools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from layer_checks import conv1d_oracle, run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers import CentredDilatedConv, TemporalBlock


def test_passes_the_checks_of_all_layers(rng):
    run_layer_checks(CentredDilatedConv(4, 3, 2, activation="tanh"), rng.standard_normal((2, 9, 3)))
    run_layer_checks(CentredDilatedConv(4, 3, 2, padding="reflect"), rng.standard_normal((2, 9, 3)))


@settings(deadline=None, max_examples=12)
@given(kernel_size=st.integers(1, 5), dilation=st.integers(1, 6), time=st.integers(1, 25), seed=st.integers(0, 99))
def test_equals_the_oracle(kernel_size, dilation, time, seed):
    x = np.random.default_rng(seed).standard_normal((2, time, 3)).astype(np.float32)
    conv = CentredDilatedConv(4, kernel_size, dilation)
    conv.build(x.shape)
    expected = conv1d_oracle(x, ops.convert_to_numpy(conv.kernel), dilation, kernel_size // 2 * dilation)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), expected, atol=1e-4)


@settings(deadline=None, max_examples=12)
@given(kernel_size=st.integers(1, 5), dilation=st.integers(1, 6), time=st.integers(1, 25), seed=st.integers(0, 99))
@pytest.mark.parametrize("padding", ["reflect", "learned"])
def test_what_lies_outside_is_as_the_argument_says(padding, kernel_size, dilation, time, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, time, 3)).astype(np.float32)
    conv = CentredDilatedConv(4, kernel_size, dilation, padding=padding)
    conv.build(x.shape)
    before, after = kernel_size // 2 * dilation, (kernel_size - 1) // 2 * dilation
    if padding == "reflect":
        padded = np.pad(x, ((0, 0), (before, after), (0, 0)), mode="reflect")
    else:
        conv.outside.assign(outside := rng.standard_normal(3).astype(np.float32))
        ends = (np.broadcast_to(outside, (2, count, 3)) for count in (before, after))
        padded = np.concatenate([next(ends), x, next(ends)], axis=1)
    taps = [padded[:, i * dilation :][:, :time] @ tap for i, tap in enumerate(ops.convert_to_numpy(conv.kernel))]
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), sum(taps), atol=1e-4)


def test_has_no_steps():
    conv = CentredDilatedConv(4)
    for call in (lambda: conv.initial_state(1), lambda: conv.state_after(None), lambda: conv.step(None, None)):
        with pytest.raises(ValueError, match="sees the future"):
            call()


def test_checks_its_arguments_as_the_causal_one():
    with pytest.raises(InputError, match="filters: must be above 0, not 0"):
        CentredDilatedConv(0)


@pytest.mark.parametrize("make_layer", [CentredDilatedConv, functools.partial(TemporalBlock, causal=False)])
@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 5, 3), (0, 0, 3)])
def test_faults_no_steps_are_reflected_as_none(make_layer, shape):
    layer = make_layer(4, 3, 2, padding="reflect")
    assert layer(np.zeros(shape, "float32")).shape == (*shape[:2], 4)
    assert keras.Sequential([keras.Input((None, 3)), layer])(np.zeros(shape, "float32")).shape == (*shape[:2], 4)
    x = np.ones((1, 4, 3), "float32")  # of a length that is not known, as of one that is
    model = keras.Sequential([keras.Input((None, 3)), layer])
    np.testing.assert_allclose(model.predict(x, verbose=0), ops.convert_to_numpy(layer(x)), atol=1e-5)
