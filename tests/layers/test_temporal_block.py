"""Centred convolutions and temporal blocks against plain NumPy, with masks, and step by step."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from dilatednets.layers import CausalDilatedConv, CentredDilatedConv, TemporalBlock, receptive_field


def convolve(x, kernel, bias, dilation, before):
    """One output and one tap at a time; `before`: steps that the first tap lies before the output."""
    y = np.zeros((*x.shape[:2], kernel.shape[2])) + bias
    for t in range(x.shape[1]):
        for i in range(kernel.shape[0]):
            seen = t - before + i * dilation
            if 0 <= seen < x.shape[1]:
                y[:, t] += x[:, seen] @ kernel[i]
    return y


def normalized(conv):
    """The kernel of a weight-normalised convolution by its definition."""
    direction = ops.convert_to_numpy(conv.kernel)
    length = np.sqrt((direction**2).sum(axis=(0, 1)))
    return direction / length * ops.convert_to_numpy(conv.gain)


def block_oracle(block, x):
    """A block with weight normalisation, relu and a projection, for one sequence without padding."""
    reach = (block.kernel_size - 1) * block.dilation_rate
    before = reach if block.causal else reach - (block.kernel_size - 1) // 2 * block.dilation_rate
    h = x
    for conv in block.convs:
        bias = ops.convert_to_numpy(conv.bias)
        h = np.maximum(convolve(h, normalized(conv), bias, block.dilation_rate, before), 0)
    kernel, bias = (ops.convert_to_numpy(w) for w in block.projection.weights)
    return np.maximum(x @ kernel + bias + h, 0)


def make(**options):
    keras.utils.set_random_seed(1)
    block = TemporalBlock(5, **{"kernel_size": 3, "dilation_rate": 2, **options})
    block.build((None, None, 4))
    rng = np.random.default_rng(2)
    for weight in block.weights:  # gains and biases too must matter
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return block


@settings(deadline=None, max_examples=20)
@given(kernel_size=st.integers(1, 5), dilation=st.integers(1, 6), time=st.integers(1, 25), seed=st.integers(0, 99))
def test_centred_convolution_equals_the_oracle(kernel_size, dilation, time, seed):
    x = np.random.default_rng(seed).standard_normal((2, time, 3)).astype(np.float32)
    conv = CentredDilatedConv(4, kernel_size, dilation)
    conv.build(x.shape)
    before = kernel_size // 2 * dilation
    kernel = ops.convert_to_numpy(conv.kernel)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), convolve(x, kernel, 0, dilation, before), atol=1e-4)


def test_centred_convolution_has_no_steps():
    conv = CentredDilatedConv(4)
    for call in (lambda: conv.initial_state(1), lambda: conv.state_after(None), lambda: conv.step(None, None)):
        with pytest.raises(ValueError, match="sees the future"):
            call()


def test_weight_normalisation_starts_at_the_kernel_that_was_drawn(rng):
    x = rng.standard_normal((1, 9, 3)).astype(np.float32)
    conv, plain = CausalDilatedConv(4, 3, weight_normalization=True), CausalDilatedConv(4, 3)
    conv.build(x.shape), plain.build(x.shape)
    plain.kernel.assign(conv.kernel)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), ops.convert_to_numpy(plain(x)), atol=1e-5)
    conv.gain.assign(2 * conv.gain)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), 2 * ops.convert_to_numpy(plain(x)), atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("kernel_size", [2, 3])
def test_block_equals_the_oracle(rng, causal, kernel_size):
    block = make(causal=causal, kernel_size=kernel_size)
    x = rng.standard_normal((2, 17, 4)).astype(np.float32)
    np.testing.assert_allclose(ops.convert_to_numpy(block(x)), block_oracle(block, x), atol=1e-4)


@pytest.mark.parametrize("normalization", ["weight", "layer", "none"])
@pytest.mark.parametrize("gated", [False, True])
def test_steps_equal_the_parallel_call_for_whole_batches(rng, normalization, gated):
    block = make(normalization=normalization, gated=gated)
    x = rng.standard_normal((3, 12, 4)).astype(np.float32)
    whole, state = ops.convert_to_numpy(block(x)), block.initial_state(3)
    for t in range(12):
        y, state = block.step(x[:, t], state)
        np.testing.assert_allclose(ops.convert_to_numpy(y), whole[:, t], atol=1e-5)


@pytest.mark.parametrize("normalization", ["weight", "layer"])
@pytest.mark.parametrize("causal", [True, False])
def test_a_sequence_gives_the_same_alone_and_padded_in_a_batch(rng, normalization, causal):
    block = make(normalization=normalization, causal=causal, gated=True)
    second = TemporalBlock(5, dilation_rate=4, causal=causal, normalization=normalization)
    lengths = (3, 11, 1, 7)
    x = rng.standard_normal((4, 11, 4)).astype(np.float32)  # what lies in the padding must not matter
    mask = np.arange(11) < np.array(lengths)[:, None]
    together = ops.convert_to_numpy(second(block(x, mask=mask), mask=mask))
    for row, length in enumerate(lengths):
        alone = ops.convert_to_numpy(second(block(x[row : row + 1, :length])))
        np.testing.assert_allclose(together[row, :length], alone[0], atol=1e-5)
        assert not together[row, length:].any()


@pytest.mark.parametrize("causal", [True, False])
def test_receptive_field_is_what_perturbation_shows(rng, causal):
    block = make(causal=causal)
    x = rng.standard_normal((1, 41, 4)).astype(np.float32)
    before = ops.convert_to_numpy(block(x))
    seen = []
    for t in range(41):
        other = x.copy()
        other[:, t] += 3.0
        if np.abs(ops.convert_to_numpy(block(other)) - before)[0, 20].max() > 0:
            seen.append(t)
    reach = receptive_field(block) - 1
    assert reach == 8
    assert (seen[0], seen[-1]) == ((20 - reach, 20) if causal else (20 - reach // 2, 20 + reach // 2))


def test_keras_hands_on_the_mask():
    words = np.array([[3, 1, 2, 0, 0]])
    embedding = keras.layers.Embedding(5, 4, mask_zero=True)
    block = make()
    by_itself = ops.convert_to_numpy(block(embedding(words)))
    alone = ops.convert_to_numpy(block(embedding(words[:, :3])))
    np.testing.assert_allclose(by_itself[:, :3], alone, atol=1e-5)
    assert not by_itself[:, 3:].any()


def test_drops_whole_channels_in_training_only(rng):
    block = make(dropout=0.5)
    x = rng.standard_normal((1, 30, 4)).astype(np.float32)
    quiet = ops.convert_to_numpy(block(x))
    np.testing.assert_array_equal(quiet, ops.convert_to_numpy(block(x, training=False)))
    assert np.abs(ops.convert_to_numpy(block(x, training=True)) - quiet).max() > 0
    dropped = ops.convert_to_numpy(block.drops[0](np.ones((1, 30, 64), np.float32), training=True))
    assert all(len(set(channel)) == 1 for channel in dropped[0].T) and len(np.unique(dropped)) == 2


def test_serialises_and_trains(rng):
    keras.utils.set_random_seed(0)
    block = TemporalBlock(
        6, 2, 3, causal=False, normalization="layer", dropout=0.1, gated=True, residual_activation=False
    )
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(block))
    assert copy.get_config() == block.get_config()
    x, y = rng.standard_normal((8, 12, 3)).astype(np.float32), rng.standard_normal((8, 12, 6)).astype(np.float32)
    model = keras.Sequential([block])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("options", "words"), [({"normalization": "batch"}, "normalization"), ({"dropout": 1.0}, "dropout")]
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        TemporalBlock(4, **options)


def test_centred_convolution_names_itself_in_errors():
    with pytest.raises(ValueError, match="CentredDilatedConv: filters must be a positive integer"):
        CentredDilatedConv(0)


def test_steps_equal_the_parallel_call_in_bfloat16(rng):
    x = rng.standard_normal((1, 30, 64)).astype(np.float32)
    conv = CausalDilatedConv(32, 3, 2, weight_normalization=True, dtype="mixed_bfloat16")
    whole, state = ops.convert_to_numpy(ops.cast(conv(x), "float32")), conv.initial_state(1)
    differ = []
    for t in range(30):
        y, state = conv.step(x[:, t], state)
        differ.append(ops.convert_to_numpy(ops.cast(y, "float32")) != whole[:, t])
    # Sums in another order may round a few the other way; another kernel would round many.
    assert np.mean(differ) < 0.05
