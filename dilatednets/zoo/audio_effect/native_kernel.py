"""The net of an audio effect as one kernel for CPUs, compiled by numba once for all nets.

Time lies innermost: a matrix product adds stretches of time to stretches of time, so that vectors are full whatever the
number of channels.
"""

from typing import Any

import numpy as np

from dilatednets.native.arithmetic import TILE, add_matrix, hard_swish, kernel, relu, sigmoid, tanh
from dilatednets.zoo.audio_effect.effect_block import ACTIVATIONS
from dilatednets.zoo.audio_effect.native_net import ROOM

TANH, HARD_TANH, RELU, LEAKY_RELU, SIGMOID, SILU, HARD_SWISH = range(len(ACTIVATIONS))
BLOCK = 128
"""Samples that go through all layers at once; what is made of them stays in the core's nearest cache."""
_F = np.float32


@kernel
def _activate(z: Any, channels: Any, activation: Any, gated: Any, count: Any) -> None:
    """The activation of the first rows, times the logistic function of the second ones if it is gated."""
    for c in range(channels):
        if activation == TANH:
            for t in range(count):
                z[c, t] = tanh(z[c, t])
        elif activation == HARD_TANH:
            for t in range(count):
                z[c, t] = _F(-1) if z[c, t] < _F(-1) else _F(1) if z[c, t] > _F(1) else z[c, t]
        elif activation == RELU:
            for t in range(count):
                z[c, t] = relu(z[c, t])
        elif activation == LEAKY_RELU:
            for t in range(count):
                z[c, t] = _F(0.01) * z[c, t] if z[c, t] < 0 else z[c, t]
        elif activation == SIGMOID:
            for t in range(count):
                z[c, t] = sigmoid(z[c, t])
        elif activation == SILU:
            for t in range(count):
                z[c, t] = z[c, t] * sigmoid(z[c, t])
        else:
            for t in range(count):
                z[c, t] = hard_swish(z[c, t])
        if gated:
            for t in range(count):
                z[c, t] *= sigmoid(z[channels + c, t])


@kernel
def _add_vector(out: Any, weights: Any, place: Any, rows: Any, count: Any) -> Any:
    """Adds a number to each of the first rows; returns where in the weights the next ones are."""
    for c in range(rows):
        for t in range(count):
            out[c, t] += weights[place + c]
    return place + rows


@kernel
def _to_front(arrays: Any, layers: Any, history: Any) -> None:
    """Moves what all layers still need to the beginning of their rows."""
    layer = 0
    for number in range(len(arrays)):
        for _ in range(arrays[number, 2]):
            past = (layers[layer, 0] - 1) * layers[layer, 1]
            start, length = layers[layer, 2], layers[layer, 3]
            for c in range(arrays[number, 1]):
                row = start + c * length
                for t in range(past):
                    history[row + t] = history[row + t + ROOM]
            layer += 1


@kernel
def _run(arrays: Any, layers: Any, weights: Any, history: Any, at: Any, dry: Any, wet: Any) -> Any:
    """The same for one stream."""
    widest = max(arrays[:, 0].max(), arrays[:, 1].max())
    told = np.zeros((TILE, BLOCK), np.float32)
    x = np.zeros((widest, BLOCK), np.float32)
    gates = np.zeros((2 * widest, BLOCK), np.float32)
    skips = np.zeros((widest, BLOCK), np.float32)
    begun = np.zeros((widest, BLOCK), np.float32)
    flat_x, flat_gates, flat_skips = x.ravel(), gates.ravel(), skips.ravel()
    flat_told = told.ravel()
    first = 0
    while first < len(dry):
        if at == ROOM:
            at = 0
            _to_front(arrays, layers, history)
        count = min(BLOCK, len(dry) - first, ROOM - at)
        for t in range(count):
            told[0, t] = dry[first + t]
        w = 0  # where in the weights
        layer = 0
        for number in range(len(arrays)):
            inputs, channels, size = arrays[number, 0], arrays[number, 1], arrays[number, 2]
            activation, gated, summed = arrays[number, 3], arrays[number, 4], arrays[number, 5]
            rows = channels * (1 + gated)
            source = flat_told if number == 0 else flat_x
            begun[:channels] = 0
            w = add_matrix(begun, source, 0, BLOCK, weights, w, channels, inputs, count)
            w = _add_vector(begun, weights, w, channels, count)
            x[:channels] = begun[:channels]
            # The sum of skips goes on from the head before; what is made of concatenated ones adds up in the head itself.
            if number == 0:
                skips[:] = 0
            for place in range(size):
                taps, dilation = layers[layer, 0], layers[layer, 1]
                start, length = layers[layer, 2], layers[layer, 3]
                past = start + (taps - 1) * dilation + at
                for c in range(channels):
                    for t in range(count):
                        history[past + c * length + t] = x[c, t]
                for c in range(rows):
                    bias, mixed = weights[w + c], weights[w + rows + c]
                    for t in range(count):
                        gates[c, t] = bias + mixed * told[0, t]
                w += 2 * rows
                for tap in range(taps):
                    seen = past - (taps - 1 - tap) * dilation
                    w = add_matrix(gates, history, seen, length, weights, w, rows, channels, count)
                _activate(gates, channels, activation, gated, count)
                if place < size - 1 or number < len(arrays) - 1:
                    w = add_matrix(x, flat_gates, 0, BLOCK, weights, w, channels, channels, count)
                    w = _add_vector(x, weights, w, channels, count)
                else:
                    w += channels * channels + channels
                if summed:
                    for c in range(channels):
                        for t in range(count):
                            skips[c, t] += gates[c, t]
                else:
                    w = add_matrix(skips, flat_gates, 0, BLOCK, weights, w, TILE, channels, count)
                layer += 1
            outputs = TILE if number == len(arrays) - 1 else arrays[number + 1, 1]
            if summed:
                begun[:outputs] = 0
                w = add_matrix(begun, flat_skips, 0, BLOCK, weights, w, outputs, channels, count)
                skips[:outputs] = begun[:outputs]
            w = _add_vector(skips, weights, w, outputs, count)
        for t in range(count):
            wet[first + t] = skips[0, t]
        first += count
        at += count
    return at


@kernel
def run(arrays: Any, layers: Any, weights: Any, history: Any, position: Any, dry: Any, wet: Any) -> Any:
    """Makes the next wet samples of some streams, one stream after the other.

    Args:
        arrays: What is in the net, as `NativeNet` describes it.
        layers: The same.
        weights: The same.
        history: What the streams remember, float32 (batch, numbers); the kernel moves it on.
        position: Where in the rows of a layer's history the next samples go.
        dry: float32 (batch, samples).
        wet: float32 (batch, samples), where they are written.

    Returns:
        The next position.
    """
    at = position
    for row in range(len(dry)):
        at = _run(arrays, layers, weights, history[row], position, dry[row], wet[row])
    return at
