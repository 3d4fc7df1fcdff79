"""Arithmetic in float32 for kernels: compiling, matrix products with packed weights, and the functions of a gate.

numba must be installed (`native.available`). What is `inlined` becomes a part of the kernel that calls it: give sizes as
constants there, and products are unrolled. A kernel that is cached on disk does not notice that this file has changed; numba
looks at the kernel's own file alone, so touch that.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from dilatednets.native.packed_weights import MULTIPLE, TILE

# Not all of fast-math: NaN in the weights must come out as NaN, and sums in another order would depend on a sample's place.
FAST = {"contract", "arcp", "nsz", "afn"}
_F = np.float32
_LOWEST = _F(-87)


def kernel(function: Callable[..., Any]) -> Any:
    """Compiles a kernel at its first call and keeps it on disk, for the next process; it runs without Python's lock."""
    try:
        return numba.njit(function, cache=True, nogil=True, error_model="numpy", fastmath=FAST)
    except RuntimeError:  # there is no folder for the cache
        return numba.njit(function, nogil=True, error_model="numpy", fastmath=FAST)


def inlined(function: Callable[..., Any]) -> Any:
    """A function that kernels call, and that is compiled as a part of each."""
    return numba.njit(function, inline="always", error_model="numpy", fastmath=FAST)


@inlined
def add_product(out: Any, x: Any, first: Any, weights: Any, layer: Any, rows: Any, inner: Any, outer: Any) -> None:
    """`out += x[first : first + rows] @ weights[layer]`; all but `first` and `layer` are constants in the kernel.

    Args:
        out: float32 (rows, outer).
        x: float32 (at least first + rows, inner).
        first: The first row of `x`.
        weights: Of any type, (layers, inner, outer).
        layer: Which of the weights.
        rows: Few.
        inner: A multiple of `MULTIPLE`.
        outer: Any.
    """
    for j in range(0, inner, MULTIPLE):
        for row in range(rows):
            x0, x1, x2, x3 = x[first + row, j], x[first + row, j + 1], x[first + row, j + 2], x[first + row, j + 3]
            x4, x5, x6, x7 = x[first + row, j + 4], x[first + row, j + 5], x[first + row, j + 6], x[first + row, j + 7]
            for i in range(outer):
                out[row, i] += (
                    x0 * _F(weights[layer, j, i])
                    + x1 * _F(weights[layer, j + 1, i])
                    + x2 * _F(weights[layer, j + 2, i])
                    + x3 * _F(weights[layer, j + 3, i])
                ) + (
                    x4 * _F(weights[layer, j + 4, i])
                    + x5 * _F(weights[layer, j + 5, i])
                    + x6 * _F(weights[layer, j + 6, i])
                    + x7 * _F(weights[layer, j + 7, i])
                )


@kernel
def add_tiles(out: Any, row: Any, x: Any, first: Any, stride: Any, weights: Any, place: Any, count: Any) -> None:
    """`out[row : row + 4, :count] += weights @ x`, of a tile of 4 by 4 weights and 4 stretches of x, time innermost.

    Args:
        out: float32 (rows, at least `count`).
        row: The first of its rows.
        x: float32, of one dimension.
        first: Where in it the first stretch begins.
        stride: How far the next one is.
        weights: float32, of one dimension: those of the first row of `out`, of the second, and so on.
        place: Where in it the tile begins.
        count: Steps of time.
    """
    w = weights[place : place + TILE * TILE]
    w00, w01, w02, w03 = w[0], w[1], w[2], w[3]
    w10, w11, w12, w13 = w[4], w[5], w[6], w[7]
    w20, w21, w22, w23 = w[8], w[9], w[10], w[11]
    w30, w31, w32, w33 = w[12], w[13], w[14], w[15]
    x0, x1 = x[first : first + count], x[first + stride : first + stride + count]
    x2, x3 = x[first + 2 * stride : first + 2 * stride + count], x[first + 3 * stride : first + 3 * stride + count]
    out0, out1, out2, out3 = out[row], out[row + 1], out[row + 2], out[row + 3]
    for t in range(count):
        a, b, c, d = x0[t], x1[t], x2[t], x3[t]
        out0[t] += (w00 * a + w01 * b) + (w02 * c + w03 * d)
        out1[t] += (w10 * a + w11 * b) + (w12 * c + w13 * d)
        out2[t] += (w20 * a + w21 * b) + (w22 * c + w23 * d)
        out3[t] += (w30 * a + w31 * b) + (w32 * c + w33 * d)


@kernel
def add_matrix(
    out: Any, x: Any, first: Any, stride: Any, weights: Any, place: Any, rows: Any, inputs: Any, count: Any
) -> Any:
    """`out[:rows, :count] += weights @ x` by `add_tiles`, tiles of the first rows first.

    Args:
        out: float32 (at least rows, at least count).
        x: float32, of one dimension.
        first: Where in it the first of its stretches begins.
        stride: How far the next one is.
        weights: float32, of one dimension.
        place: Where in it the matrix begins.
        rows: A multiple of `TILE`.
        inputs: Stretches of x, a multiple of `TILE`.
        count: Steps of time.

    Returns:
        Where in the weights the next matrix begins.
    """
    for row in range(0, rows, TILE):
        for i in range(0, inputs, TILE):
            add_tiles(out, row, x, first + i * stride, stride, weights, place + row * inputs + i * TILE, count)
    return place + rows * inputs


@inlined
def tanh(x: Any) -> Any:
    """Hyperbolic tangent of a float32 to 5e-7: the quotient of two polynomials (as in the Eigen library)."""
    x = _F(-7.9) if x < _F(-7.9) else _F(7.9) if x > _F(7.9) else x  # min and max would hide NaN
    s = x * x
    p = _F(-2.76076847742355e-16) * s + _F(2.00018790482477e-13)
    p = p * s + _F(-8.60467152213735e-11)
    p = p * s + _F(5.12229709037114e-08)
    p = p * s + _F(1.48572235717979e-05)
    p = p * s + _F(6.37261928875436e-04)
    p = p * s + _F(4.89352455891786e-03)
    q = _F(1.19825839466702e-06) * s + _F(1.18534705686654e-04)
    q = q * s + _F(2.26843463243900e-03)
    q = q * s + _F(4.89352518554385e-03)
    return x * p / q


@inlined
def sigmoid(x: Any) -> Any:
    """Logistic function of a float32 to 5e-7."""
    return _F(0.5) + _F(0.5) * tanh(_F(0.5) * x)


@inlined
def relu(x: Any) -> Any:
    """The float32, or 0 where it is below."""
    return _F(0) if x < 0 else x


@inlined
def hard_swish(x: Any) -> Any:
    """The float32 times what rises evenly from 0 at -3 to 1 at 3."""
    return _F(0) if x < _F(-3) else x if x > _F(3) else x * (x + _F(3)) * _F(1 / 6)


@inlined
def exp_below_0(x: Any) -> Any:
    """e**x for a float32 of 0 or less, to 3e-7 of its size, and e**-87 below -87; C's own is not vectorised."""
    x = _LOWEST if x < _LOWEST else x
    power = np.floor(x * _F(1.44269504) + _F(0.5))
    rest = x - power * _F(0.693359375) + power * _F(2.12194440e-4)  # ln 2 in two parts
    p = _F(1.9875691500e-4) * rest + _F(1.3981999507e-3)
    p = p * rest + _F(8.3334519073e-3)
    p = p * rest + _F(4.1665795894e-2)
    p = p * rest + _F(1.6666665459e-1)
    p = p * rest + _F(0.5)
    return (p * rest * rest + rest + _F(1)) * np.int32((np.int32(power) + np.int32(127)) << np.int32(23)).view(
        np.float32
    )
