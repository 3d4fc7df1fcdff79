import numpy as np
import pytest
from keras import ops

from dilatednets.backend import compiled
from dilatednets.zoo.wavenet import noise
from dilatednets.zoo.wavenet.noise import threefry2x32, uniform

ONES = 2**32 - 1
MANY = 2**20
PLACES = [0, 2**31 - 3, 2**32 - 3, 2**40, 2**63 - 8]  # near the edges of 32-bit words


@pytest.mark.parametrize("xp", [np, ops], ids=["numpy", "keras"])
def test_the_published_vectors(xp):
    """Those of Random123, threefry2x32 with 20 rounds, in one call."""
    keys = np.array([(0, 0), (ONES, ONES), (0x13198A2E, 0x03707344)], np.uint32)
    counters = np.array([(0, 0), (ONES, ONES), (0x243F6A88, 0x85A308D3)], np.uint32)
    words = threefry2x32(*(tuple(map(xp.array, pair.T)) for pair in (keys, counters)), xp)
    expected = [(0x6B200159, 0x99BA4EFE), (0x1CB996FC, 0xBB002BE7), (0xC4923A9C, 0x483DF7A0)]
    np.testing.assert_array_equal(np.stack([ops.convert_to_numpy(word) for word in words], axis=1), expected)


@pytest.mark.parametrize("first", PLACES)
def test_a_number_depends_on_its_seed_and_place_alone(first):
    whole = uniform(5, first, 8)
    np.testing.assert_array_equal(np.concatenate([uniform(5, first, 3), uniform(5, first + 3, 5)]), whole)
    np.testing.assert_array_equal(np.concatenate([uniform(5, first + i, 1) for i in range(8)]), whole)


@pytest.mark.parametrize("first", PLACES)
def test_equal_bits_on_numpy_and_on_the_backend_plain_and_compiled(first):
    expected = uniform(2**40 + 9, first, 8)
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(ops.convert_to_numpy(uniform(2**40 + 9, first, 8, ops)), expected)
    np.testing.assert_array_equal(compiled(lambda: uniform(2**40 + 9, first, 8, ops), [])(), expected)


@pytest.mark.tensorflow
@pytest.mark.parametrize("xla", [False, True])
def test_equal_bits_in_a_graph_that_is_told_seed_and_place_when_it_runs(xla):
    import tensorflow as tf

    graph = tf.function(lambda seed, first: uniform(seed, first, 8, ops), jit_compile=xla, autograph=False)
    for first in PLACES:
        drawn = graph(tf.constant(2**40 + 9, tf.int64), tf.constant(first, tf.int64))
        np.testing.assert_array_equal(drawn, uniform(2**40 + 9, first, 8))


def test_no_seed_and_no_place_comes_twice():
    edges = [0, 1, 2**31, 2**32, 2**32 + 1, 2**33, 2**63, 2**64 - 1]
    assert len({uniform(seed, 0, 4).tobytes() for seed in edges}) == len(edges)
    assert len({uniform(0, place, 4).tobytes() for place in edges}) == len(edges)


def test_the_ends_of_the_interval_are_open(monkeypatch):
    words = np.array([0, ONES], np.uint32)
    monkeypatch.setattr(noise, "threefry2x32", lambda *_: (words, words))
    assert uniform(0, 0, 2).tolist() == [2**-24, 1 - 2**-24]


def test_the_numbers_are_uniform():
    """Within five standard deviations of what chance gives: moments, and the counts of each byte."""
    numbers = uniform(0, 0, MANY).astype(np.float64)
    assert abs(numbers.mean() - 1 / 2) < 5 * (1 / 12 / MANY) ** 0.5
    assert abs(numbers.var() - 1 / 12) < 5 * (1 / 180 / MANY) ** 0.5
    bits = (numbers * 2**23).astype(np.uint32)
    for shift in (15, 7, 0):
        counts = np.bincount((bits >> shift) & 255, minlength=256)
        chi_square = np.sum((counts - MANY / 256) ** 2) / (MANY / 256)
        assert abs(chi_square - 255) < 5 * (2 * 255) ** 0.5


def test_neighbours_are_not_correlated():
    numbers = uniform(0, 0, MANY)
    others = [np.roll(numbers, lag) for lag in (1, 2, 8)] + [uniform(seed, 0, MANY) for seed in (1, 2, 2**32)]
    for other in others:
        assert abs(np.corrcoef(numbers, other)[0, 1]) < 5 * MANY**-0.5
