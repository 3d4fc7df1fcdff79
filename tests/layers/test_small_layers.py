"""MuLaw, ConditionUpsampler, CharacterEncoder, receptive_field."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import ops

from dilatednets.layers import CausalDilatedConv, CharacterEncoder, ConditionUpsampler, MuLaw, receptive_field


@given(hnp.arrays(np.float32, 20, elements=st.floats(-1, 1, width=32)), st.sampled_from([2, 16, 256]))
def test_mu_law_expand_undoes_quantisation_within_a_step(audio, levels):
    mu_law = MuLaw(levels)
    codes = ops.convert_to_numpy(mu_law(audio))
    assert codes.min() >= 0 and codes.max() < levels
    back = ops.convert_to_numpy(mu_law.expand(codes))
    np.testing.assert_array_equal(ops.convert_to_numpy(mu_law(back)), codes)
    mu = levels - 1
    companded = [np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu) for x in (audio.astype(np.float64), back)]
    assert np.abs(companded[0] - companded[1]).max() <= 1.001 / mu


def test_mu_law_has_the_known_values_and_clips():
    assert ops.convert_to_numpy(MuLaw()(np.array([-2.0, -1.0, 0.0, 1.0, 3.0]))).tolist() == [0, 0, 128, 255, 255]
    with pytest.raises(ValueError, match="levels"):
        MuLaw(1)


def test_upsampler_begins_as_linear_interpolation(rng):
    upsampler = ConditionUpsampler(3, hop=8)
    frames = rng.standard_normal((2, 5, 7)).astype(np.float32)
    upsampled = ops.convert_to_numpy(upsampler(frames))
    encoded = frames
    for layer in upsampler.encoder:
        encoded = layer(encoded)
    encoded = ops.convert_to_numpy(encoded)
    samples, centres = np.arange(40) + 0.5, (np.arange(5) + 0.5) * 8
    for b in range(2):
        for c in range(3):
            np.testing.assert_allclose(upsampled[b, :, c], np.interp(samples, centres, encoded[b, :, c]), atol=1e-5)


@pytest.mark.parametrize("mode", ["transposed", "repeat"])
def test_upsampler_trains_all_weights_and_serialises(rng, mode):
    frames, target = rng.standard_normal((4, 5, 7)).astype(np.float32), rng.standard_normal((4, 40, 3))
    inputs = keras.Input((5, 7))
    model = keras.Model(inputs, ConditionUpsampler(3, 8, mode)(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = [w.copy() for w in model.get_weights()]
    losses = [float(model.train_on_batch(frames, target)) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert all(np.abs(new - old).max() > 0 for new, old in zip(model.get_weights(), before, strict=True))
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(model(frames)), ops.convert_to_numpy(copy(frames)))
    with pytest.raises(ValueError, match="mode"):
        ConditionUpsampler(3, 8, "nearest")


def character_encoder(**options):
    """With random weights, biases too."""
    encoder = CharacterEncoder(9, **{"channels": 3, "filters": 5, **options})
    encoder.build()
    rng = np.random.default_rng(0)
    for weight in encoder.weights:
        weight.assign(rng.normal(0, 1, weight.shape))
    return encoder


@settings(max_examples=20)
@given(
    words=st.lists(st.lists(st.integers(1, 8), max_size=7), min_size=1, max_size=6),
    kernel_size=st.sampled_from([1, 2, 3, 5]),
    more=st.integers(0, 3),
)
def test_character_encoder_equals_the_oracle_however_words_are_padded(words, kernel_size, more):
    """A word by itself, a filter's window at a time."""
    encoder = character_encoder(kernel_size=kernel_size)
    table, kernel, bias = (ops.convert_to_numpy(weight) for weight in encoder.weights)
    codes = np.zeros((1, len(words), max(1, *map(len, words)) + more), np.int32)
    expected = np.zeros((1, len(words), 5))
    for column, word in enumerate(words):
        codes[0, column, : len(word)] = word
        for place in range(len(word)):
            value = bias.copy()
            for tap in range(kernel_size):
                seen = place + tap - kernel_size // 2
                if 0 <= seen < len(word):
                    value += table[word[seen]] @ kernel[tap]
            expected[0, column] = np.maximum(expected[0, column], value)
    np.testing.assert_allclose(ops.convert_to_numpy(encoder(codes)), expected, atol=1e-4)
    by_rows = ops.convert_to_numpy(encoder(codes.reshape(len(words), 1, -1)))
    np.testing.assert_allclose(by_rows[:, 0], expected[0], atol=1e-4)


def test_character_encoder_trains_all_weights_and_serialises(rng):
    codes, target = rng.integers(1, 9, (8, 4, 6)), rng.standard_normal((8, 4, 5))
    inputs = keras.Input((None, None), dtype="int32")
    model = keras.Model(inputs, character_encoder()(inputs))
    assert model.output_shape == (None, None, 5)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = [weight.copy() for weight in model.get_weights()]
    losses = [float(model.train_on_batch(codes, target)) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert all(np.abs(new - old).max() > 0 for new, old in zip(model.get_weights(), before, strict=True))
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(model(codes)), ops.convert_to_numpy(copy(codes)))
    encoder = model.layers[-1]
    assert CharacterEncoder.from_config(encoder.get_config()).get_config() == encoder.get_config()
    half = character_encoder(dtype="mixed_bfloat16")
    half.set_weights(encoder.get_weights())
    found = half(codes)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(found, "float32")), model(codes), atol=0.1)


def test_receptive_field_of_stacks():
    stack = [CausalDilatedConv(4, 2, 2**i) for i in range(10)]
    assert receptive_field(stack) == 1024
    assert receptive_field([stack, stack, stack]) == 3070
    assert receptive_field([CausalDilatedConv(4, 3, d) for d in (1, 2, 4)]) == 15
    with pytest.raises(ValueError, match="Dense"):
        receptive_field([keras.layers.Dense(3)])
