"""Weights as kernels read them: few bytes, sizes that products unroll well."""

from typing import NamedTuple

import numpy as np

LARGEST = {"float32": None, "int16": 32767, "int8": 127}
"""The types that weights are kept in, and the largest number that each uses."""


MULTIPLE = 8
"""Rows of a matrix that a product reads at a time: inner sizes are padded to a multiple of it."""


TILE = 4
"""Rows and columns of the parts that `arithmetic.add_tiles` multiplies."""


class PackedWeights(NamedTuple):
    """Matrices as whole numbers: `values` (layers, rows, columns) times `scales` float32 (layers, columns)."""

    values: np.ndarray
    scales: np.ndarray


def pack(weights: np.ndarray, kind: str) -> PackedWeights:
    """Rounds weights (layers, rows, columns) to a type of `LARGEST`, with one scale a column.

    Example:
    >>> packed = pack(np.array([[[0.5, -3.0], [1.0, 0.0]]]), "int8")
    >>> packed.values.tolist(), (packed.values * packed.scales[:, None]).round(2).tolist()
    ([[[64, -127], [127, 0]]], [[[0.5, -3.0], [1.0, 0.0]]])
    """
    largest = LARGEST[kind]
    if largest is None:
        return PackedWeights(weights.astype(np.float32), np.ones(weights[:, 0].shape, np.float32))
    scales = np.abs(weights).max(axis=1) / largest
    scales = np.where(np.isfinite(scales), np.maximum(scales, 1e-30), np.nan).astype(np.float32)
    values = np.nan_to_num(weights / scales[:, None]).round().clip(-largest, largest)
    return PackedWeights(values.astype(kind), scales)


def padded(array: np.ndarray, multiples: dict[int, int]) -> np.ndarray:
    """Zeros behind the last entry of an axis, up to the next multiple of a number.

    Example:
    >>> padded(np.ones((2, 3)), {1: 8}).shape
    (2, 8)
    """
    widths = [(0, 0)] * array.ndim
    for axis, multiple in multiples.items():
        widths[axis] = (0, -array.shape[axis] % multiple)
    return np.pad(array, widths)
