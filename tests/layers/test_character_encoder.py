import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from layer_checks import randomise, run_layer_checks

from dilatednets.layers import CharacterEncoder


def test_passes_the_checks_of_all_layers(rng):
    run_layer_checks(CharacterEncoder(9, 3, 5), rng.integers(0, 9, (8, 4, 6)))


@settings(max_examples=20)
@given(
    words=st.lists(st.lists(st.integers(1, 8), max_size=7), min_size=4, max_size=4),
    kernel_size=st.sampled_from([1, 2, 3, 5]),
    length=st.sampled_from([7, 10]),
)
def test_equals_the_oracle_however_words_are_padded(words, kernel_size, length):
    """A word by itself, a filter's window at a time."""
    encoder = CharacterEncoder(9, 3, 5, kernel_size)
    encoder.build()
    randomise(encoder)
    table, kernel, bias = (ops.convert_to_numpy(weight) for weight in encoder.weights)
    codes = np.zeros((1, len(words), length), np.int32)
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


@pytest.mark.parametrize("shape", [(2, 3, 0), (2, 0, 4), (0, 3, 4), (0, 0, 0)])
def test_words_without_characters_faults(shape):
    found = ops.convert_to_numpy(CharacterEncoder(9, 3, 5)(np.zeros(shape, np.int32)))
    assert found.shape == (*shape[:2], 5) and not found.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_vector_of_padding_does_not_matter_faults(value):
    encoder = CharacterEncoder(9, 3, 5)
    encoder.build()
    randomise(encoder)
    codes = np.array([[[1, 2, 0, 0], [0, 0, 0, 0]]])
    before = ops.convert_to_numpy(encoder(codes))
    table = ops.convert_to_numpy(encoder.embedding.embeddings).copy()
    table[0] = value
    encoder.embedding.embeddings.assign(table)
    np.testing.assert_array_equal(ops.convert_to_numpy(encoder(codes)), before)
