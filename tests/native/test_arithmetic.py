"""Functions and products of kernels, against NumPy in double precision."""

import numpy as np
import pytest

pytest.importorskip("numba")
from dilatednets.native.arithmetic import (
    add_matrix,
    add_product,
    add_tiles,
    exp_below_0,
    hard_swish,
    kernel,
    relu,
    sigmoid,
    tanh,
)
from dilatednets.native.packed_weights import LARGEST, pack, padded


@pytest.mark.parametrize(
    ("function", "exact", "low", "high", "relative"),
    [
        (tanh, np.tanh, -20, 20, 0),
        (sigmoid, lambda x: 1 / (1 + np.exp(-x)), -40, 40, 0),
        (exp_below_0, np.exp, -87, 0, 3e-7),
        (relu, lambda x: np.maximum(x, 0), -1, 1, 0),
        (hard_swish, lambda x: x * np.clip(x + 3, 0, 6) / 6, -4, 4, 0),
    ],
)
def test_functions(function, exact, low, high, relative):
    @kernel
    def apply(x, y):
        for i in range(len(x)):
            y[i] = function(x[i])

    x = np.linspace(low, high, 10001, dtype=np.float32)
    y = np.empty_like(x)
    apply(x, y)
    np.testing.assert_allclose(y, exact(x.astype(np.float64)), rtol=relative, atol=0 if relative else 5e-7)
    apply(np.array([np.nan], np.float32), y)
    assert np.isnan(y[0])


@pytest.mark.parametrize("kind", LARGEST)
@pytest.mark.parametrize("rows", [1, 2])
def test_products(rng, kind, rows):
    weights = rng.standard_normal((3, 21, 11))
    packed = pack(padded(weights, {1: 8}), kind)
    x = rng.standard_normal((7, 24)).astype(np.float32)

    @kernel
    def apply(out, x, first, weights, layer):
        add_product(out, x, first, weights, layer, rows, 24, 11)

    out = np.zeros((rows, 11), np.float32)
    apply(out, x, 4, packed.values, 2)
    atol = {"float32": 1e-5, "int16": 1e-3, "int8": 0.2}[kind]
    np.testing.assert_allclose(out * packed.scales[2], x[4 : 4 + rows, :21] @ weights[2], rtol=0, atol=atol)


@pytest.mark.parametrize("count", [1, 21, 64])
def test_tiles_with_time_innermost(rng, count):
    weights = rng.standard_normal(40).astype(np.float32)
    x = rng.standard_normal(400).astype(np.float32)
    out = rng.standard_normal((6, 64)).astype(np.float32)
    expected = out.astype(np.float64)
    expected[2:6, :count] += weights[8:24].reshape(4, 4) @ x[5:].reshape(5, 79)[:4, :count]
    add_tiles(out, 2, x, 5, 79, weights, 8, count)
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_matrices_with_time_innermost(rng):
    matrix, x = rng.standard_normal((8, 12)).astype(np.float32), rng.standard_normal((12, 30)).astype(np.float32)
    tiles = np.concatenate([np.zeros(5), *(matrix[r : r + 4, c : c + 4].ravel() for r in (0, 4) for c in (0, 4, 8))])
    out = np.zeros((8, 20), np.float32)
    assert add_matrix(out, x.ravel(), 3, 30, tiles.astype(np.float32), 5, 8, 12, 17) == 101
    np.testing.assert_allclose(out[:, :17], matrix.astype(np.float64) @ x[:, 3:20], atol=1e-5)
    assert not out[:, 17:].any()


def test_nan_stays_nan_when_it_is_packed():
    packed = pack(np.array([[[np.nan, 1.0], [2.0, 3.0]]]), "int16")
    assert np.isnan(packed.values * packed.scales[:, None]).tolist() == [[[True, False], [True, False]]]
