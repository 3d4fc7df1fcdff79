"""Tiles, blended, are the whole."""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.zoo.context_segmenter import tiling


@given(st.integers(1, 90), st.integers(1, 90), st.integers(10, 40), st.integers(2, 9), st.integers(0, 4))
def test_a_pointwise_net_gives_the_image(height, width, tile, overlap, ignored):
    ignored = min(ignored, (overlap - 1) // 2)
    image = np.random.default_rng(0).random((height, width, 2)).astype("float32")
    bands = list(tiling.rows_of_tiles(image, lambda part: 3 * part, tile, overlap, ignored))
    np.testing.assert_allclose(np.concatenate(bands), 3 * image, rtol=1e-5)


@given(st.integers(1, 300), st.integers(20, 60), st.integers(4, 15), st.integers(0, 2))
def test_weights_add_up_to_one_and_edges_do_not_count(length, tile, overlap, ignored):
    ignored = min(ignored, (overlap - 1) // 2)
    places = tiling.starts(length, tile, overlap)
    total = np.zeros(length)
    for index, (start, weight) in enumerate(
        zip(places, tiling.weights(places, length, tile, overlap, ignored), strict=True)
    ):
        assert len(weight) == min(tile, length - start) and (weight >= 0).all()
        total[start : start + len(weight)] += weight
        if index:
            assert places[index - 1] + tile - start >= overlap
            assert (weight[:ignored] == 0).all()
    np.testing.assert_allclose(total, 1, rtol=1e-5)


@given(st.integers(0, 10**6))
def test_what_lies_beyond_the_ignored_pixels_is_exact(seed):
    """A net that looks 3 pixels far, with tiles whose outer 3 pixels do not count, sees no tiles at all."""
    image = np.random.default_rng(seed).random((70, 55, 1)).astype("float32")

    def blur(part):
        padded = np.pad(part[..., 0], 3)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7))
        return windows.sum(axis=(2, 3))[..., None]

    bands = list(tiling.rows_of_tiles(image, blur, 30, 12, 3))
    np.testing.assert_allclose(np.concatenate(bands), blur(image), rtol=1e-4)


def test_memory_stays_within_two_rows_of_tiles():
    """Bands come one at a time, none higher than a tile, and none is kept; the image is never copied."""
    image = np.zeros((2000, 500, 1), np.uint8)
    rows = 0
    tracemalloc.start()
    try:
        for band in tiling.rows_of_tiles(image, lambda part: part.astype(np.float32).repeat(4, -1), 50, 10, 2):
            rows += len(band)
            assert len(band) <= 50
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 2000 and peak < 3 * 50 * 500 * 4 * 4, f"{peak / (50 * 500 * 4 * 4):.1f} bands"


def test_one_tile_needs_no_blending():
    calls = []
    list(tiling.rows_of_tiles(np.zeros((30, 40, 3)), lambda part: calls.append(part.shape) or part))
    assert calls == [(30, 40, 3)]
    assert tiling.starts(768, 768, 192) == [0] and tiling.starts(769, 768, 192) == [0, 1]
