"""An audio effect's weights as the native kernel reads them: one array of numbers, in the order in which they are used."""

from typing import Any

import numpy as np

from dilatednets.layers.kernel_and_bias import kernel_and_bias
from dilatednets.native.packed_weights import TILE, padded
from dilatednets.zoo.audio_effect.effect_block import ACTIVATIONS

ROOM = 1024
"""Samples that fit behind a layer's past before it is moved to the front."""


class NativeNet:
    """A copy of an AudioEffect's weights for the native kernel, at fixed settings of its knobs.

    Args:
        model: The AudioEffect.
        knobs: The settings, (knobs,).

    Attributes:
        arrays: int64 (arrays, 6), of each its padded inputs and channels, its layers, its activation, whether it is
            gated, and whether its skips are summed.
        layers: int64 (layers, 4), of each its taps, its dilation, where its past begins, and how long one of its rows is.
        weights: float32, all numbers.
        size: Numbers that a stream remembers.
    """

    def __init__(self, model: Any, knobs: np.ndarray) -> None:
        summed, arrays, layers, place = model.skips == "sum", [], [], 0
        self.parts: list[np.ndarray] = []
        for number, blocks in enumerate(model.blocks):
            kernel, *bias = kernel_and_bias(model.input_layers[number])
            self._matrix(kernel)
            self._vector(bias[0] if bias else np.zeros(kernel.shape[1]))
            head, *head_bias = kernel_and_bias(model.heads[number])
            last = number == len(model.blocks) - 1
            scale = model.head_scale if last else 1.0
            for place_in_array, block in enumerate(blocks):
                known = block.get_weights()
                conv, bias = known[0], known[1]
                mixer = known[2] if block.conditions else np.zeros((0, len(bias)))
                dry = mixer[0] if summed else np.zeros_like(bias)
                self._gates(bias + knobs @ mixer[int(summed) :], block)
                self._gates(dry, block)
                for tap in conv:
                    self._matrix(
                        np.concatenate([padded(part, {1: TILE}) for part in np.split(tap, 1 + block.gated, 1)], 1)
                    )
                self._matrix(known[-2])
                self._vector(known[-1])
                if not summed:
                    rows = slice(place_in_array * block.channels, (place_in_array + 1) * block.channels)
                    self._matrix(head[rows] * scale)
                channels = -(-block.channels // TILE) * TILE
                length = block.history + ROOM
                layers.append((block.kernel_size, block.dilation_rate, place, length))
                place += channels * length
            if summed:
                self._matrix(head * scale)
            self._vector((head_bias[0] if head_bias else np.zeros(head.shape[1])) * scale)
            inputs = -(-len(kernel) // TILE) * TILE
            activation = list(ACTIVATIONS).index(blocks[0].activation)
            arrays.append((inputs, channels, len(blocks), activation, int(blocks[0].gated), int(summed)))
        self.arrays, self.layers = np.array(arrays, np.int64), np.array(layers, np.int64)
        self.weights = np.concatenate(self.parts).astype(np.float32)
        self.size = place

    def _vector(self, values: np.ndarray) -> None:
        self.parts.append(padded(np.asarray(values, np.float64), {0: TILE}))

    def _gates(self, values: np.ndarray, block: Any) -> None:
        for half in np.split(values, 1 + block.gated):
            self._vector(half)

    def _matrix(self, kernel: np.ndarray) -> None:
        """(inputs, outputs) in tiles of outputs by inputs, those of the first outputs first."""
        tiles = padded(kernel.T, {0: TILE, 1: TILE})
        rows, columns = tiles.shape
        self.parts.append(tiles.reshape(rows // TILE, TILE, columns // TILE, TILE).swapaxes(1, 2).ravel())
