import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from dilatednets.layers import CausalDilatedConv, receptive_field


def oracle(x, kernel, bias, dilation):
    """The sum of the docstring, one term at a time."""
    batch, time, _ = x.shape
    taps = kernel.shape[0]
    y = np.zeros((batch, time, kernel.shape[2])) + bias
    for t in range(time):
        for i in range(taps):
            if t - i * dilation >= 0:
                y[:, t] += x[:, t - i * dilation] @ kernel[taps - 1 - i]
    return y


def make(kernel_size=2, dilation_rate=3, channels=3, filters=4, **kwargs):
    conv = CausalDilatedConv(filters, kernel_size, dilation_rate, **kwargs)
    conv.build((None, None, channels))
    if conv.bias is not None:
        conv.bias.assign(np.linspace(-1, 1, filters))
    return conv


def steps(conv, x, state=None):
    state = conv.initial_state(len(x)) if state is None else state
    outputs = []
    for t in range(x.shape[1]):
        y, state = conv.step(x[:, t], state)
        outputs.append(ops.convert_to_numpy(y))
    return np.stack(outputs, axis=1), state


@settings(deadline=None, max_examples=20)
@given(
    kernel_size=st.integers(1, 4),
    dilation=st.integers(1, 9),
    time=st.integers(1, 30),
    batch=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_equals_the_oracle_and_its_own_steps(kernel_size, dilation, time, batch, seed):
    x = np.random.default_rng(seed).standard_normal((batch, time, 3)).astype(np.float32)
    conv = make(kernel_size, dilation)
    expected = oracle(x, ops.convert_to_numpy(conv.kernel), ops.convert_to_numpy(conv.bias), dilation)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), expected, atol=1e-4)
    np.testing.assert_allclose(steps(conv, x)[0], expected, atol=1e-4)


@pytest.mark.parametrize("kernel_size", [1, 2, 3])
def test_state_after_continues_the_sequence(rng, kernel_size):
    x = rng.standard_normal((2, 40, 3)).astype(np.float32)
    conv = make(kernel_size, dilation_rate=5)
    whole = ops.convert_to_numpy(conv(x))
    for cut in (1, 3, 10, 25):
        rest, _ = steps(conv, x[:, cut:], conv.state_after(x[:, :cut]))
        np.testing.assert_allclose(rest, whole[:, cut:], atol=1e-5)


def test_no_output_sees_the_future(rng):
    x = rng.standard_normal((1, 30, 3)).astype(np.float32)
    conv = make(3, 4)
    before = ops.convert_to_numpy(conv(x))
    x[:, 17] += 1.0
    changed = np.abs(ops.convert_to_numpy(conv(x)) - before).max(axis=(0, 2)) > 0
    assert set(np.flatnonzero(changed)) == {17, 21, 25}


@pytest.mark.parametrize(("kernel_size", "dilation"), [(1, 7), (2, 1), (2, 8), (3, 5)])
def test_receptive_field_is_what_perturbation_shows(rng, kernel_size, dilation):
    conv = make(kernel_size, dilation)
    x = rng.standard_normal((1, 40, 3)).astype(np.float32)
    before = ops.convert_to_numpy(conv(x))[:, -1]
    seen = []
    for t in range(40):
        other = x.copy()
        other[:, t] += 1.0
        if np.abs(ops.convert_to_numpy(conv(other))[:, -1] - before).max() > 0:
            seen.append(t)
    assert receptive_field(conv) == 40 - seen[0]


def test_weights_exchange_with_keras_conv1d(rng):
    x = rng.standard_normal((2, 20, 3)).astype(np.float32)
    conv = make(3, 2)
    other = keras.layers.Conv1D(4, 3, dilation_rate=2, padding="causal")
    other.build(x.shape)
    other.set_weights(conv.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), ops.convert_to_numpy(other(x)), atol=1e-5)


def test_serialises(rng):
    conv = CausalDilatedConv(4, 3, 2, activation="relu", use_bias=False, kernel_regularizer="l2")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(conv))
    assert copy.get_config() == conv.get_config()
    x = rng.standard_normal((1, 9, 2)).astype(np.float32)
    conv(x), copy(x)
    copy.set_weights(conv.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(conv(x)), ops.convert_to_numpy(copy(x)))


def test_computes_in_bfloat16_with_float32_weights(rng):
    x = rng.standard_normal((1, 30, 3)).astype(np.float32)
    conv = make(2, 4, dtype="mixed_bfloat16")
    y = conv(x)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(conv.kernel.dtype) == "float32"
    expected = oracle(x, ops.convert_to_numpy(conv.kernel), ops.convert_to_numpy(conv.bias), 4)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(y, "float32")), expected, atol=0.1)
    y_t, (buffer, _) = conv.step(x[:, 0], conv.initial_state(1))
    assert {keras.backend.standardize_dtype(v.dtype) for v in (y_t, buffer)} == {"bfloat16"}
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(y_t, "float32")), expected[:, 0], atol=0.1)


def test_has_no_state_before_it_is_built():
    with pytest.raises(ValueError, match="build it, or call it once"):
        CausalDilatedConv(4).initial_state(1)


@pytest.mark.parametrize("bad", [{"filters": 0}, {"kernel_size": 0}, {"dilation_rate": -1}, {"dilation_rate": 1.5}])
def test_refuses_sizes_that_are_no_positive_integers(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        CausalDilatedConv(**{"filters": 2, **bad})
