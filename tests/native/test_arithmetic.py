"""Functions and products of kernels, against NumPy in double precision."""

import numpy as np
import pytest

pytest.importorskip("numba")
from dilatednets.native.arithmetic import add_product, exp_below_0, kernel, relu, sigmoid, tanh
from dilatednets.native.packed_weights import LARGEST, pack, padded


@pytest.mark.parametrize(
    ("function", "exact", "low", "high", "relative"),
    [
        (tanh, np.tanh, -20, 20, 0),
        (sigmoid, lambda x: 1 / (1 + np.exp(-x)), -40, 40, 0),
        (exp_below_0, np.exp, -87, 0, 3e-7),
        (relu, lambda x: np.maximum(x, 0), -1, 1, 0),
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


def test_nan_stays_nan_when_it_is_packed():
    packed = pack(np.array([[[np.nan, 1.0], [2.0, 3.0]]]), "int16")
    assert np.isnan(packed.values * packed.scales[:, None]).tolist() == [[[True, False], [True, False]]]
