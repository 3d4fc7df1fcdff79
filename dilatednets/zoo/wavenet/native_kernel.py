"""The loop over samples as one kernel for CPUs, compiled by numba for the sizes of a net."""

import functools
from typing import Any

import numpy as np

from dilatednets.layers.output_distributions import DISTRIBUTIONS, LOG_SCALE_AT_0, MIN_LOG_SCALE
from dilatednets.native.arithmetic import add_product, exp_below_0, kernel, relu, sigmoid, tanh
from dilatednets.zoo.wavenet.native_weights import NativeSizes

SOFTMAX, LOGISTICS, _ = range(len(DISTRIBUTIONS))
AHEAD = 8
"""Samples whose conditions are multiplied at once: the same numbers however long a chunk is, unlike BLAS's."""
_F = np.float32


@functools.cache
def loop_for(sizes: NativeSizes, voices: int) -> Any:
    """The kernel for nets of these sizes and as many voices, which are constants in it: `run(...)`, as described there."""
    layers, past_taps, channels, half, skips, input_taps, condition_channels, parameters, distribution, components = (
        sizes
    )
    gates = 2 * half

    @kernel
    def run(
        position: Any,
        net: Any,
        known: Any,
        local: Any,
        history: Any,
        recent: Any,
        temperature: Any,
        noise: Any,
        given: Any,
        told: Any,
        samples: Any,
    ) -> None:
        """Makes the next samples of some voices, one after the other.

        Args:
            position: Samples made before.
            net: The weights, `NativeWeights`.
            known: What biases and speakers add before the gates, float32 (voices, layers * gates).
            local: The local condition, (voices, samples rounded up to `AHEAD`, condition_channels).
            history: Past inputs of all layers, in rings, (slots * voices, channels); the kernel moves it on.
            recent: The last samples, (voices, input_taps), codes with a softmax; the kernel moves them on.
            temperature: A scalar above 0.
            noise: (voices, samples, 1 or 2), as `NativeVoices` makes it of uniform numbers.
            given: Samples to be taken instead of drawn, (voices, at most samples).
            told: Where the parameters of each sample are written, (voices, samples, parameters), or (voices, 0, parameters).
            samples: Where the samples are written, (voices, samples), codes with a softmax.
        """
        count = samples.shape[1]
        x = np.zeros((voices, channels), np.float32)
        gate = np.zeros((voices, gates), np.float32)
        z = np.zeros((voices, half), np.float32)
        zs = np.zeros((voices, layers * half), np.float32)  # of all layers: one product makes all skips
        passed_on = np.zeros((voices, channels), np.float32)
        skip = np.zeros((voices, skips), np.float32)
        hidden = np.zeros((voices, skips), np.float32)
        y = np.zeros((voices, parameters), np.float32)
        ready = np.zeros((voices, AHEAD, layers * gates), np.float32)  # all that is known of a gate before its samples
        for t in range(count):
            at = t % AHEAD
            if t == 0 or (condition_channels and at == 0):
                for voice in range(voices):
                    for row in range(AHEAD):
                        for i in range(layers * gates):
                            ready[voice, row, i] = known[voice, i]
                    if condition_channels:
                        add_product(
                            ready[voice], local[voice], t, net.condition, 0, AHEAD, condition_channels, layers * gates
                        )
            for voice in range(voices):
                for i in range(channels):
                    x[voice, i] = net.input_bias[i]
                for tap in range(input_taps):
                    row = int(recent[voice, tap]) if distribution == SOFTMAX else 0
                    factor = _F(1) if distribution == SOFTMAX else recent[voice, tap]
                    for i in range(channels):
                        x[voice, i] += factor * net.input_table[tap, row, i]
            for layer in range(layers):
                gate[:] = 0
                ring = past_taps * net.dilations[layer]
                for tap in range(past_taps):
                    slot = net.first_slots[layer] + (position + t + tap * net.dilations[layer]) % ring
                    add_product(
                        gate, history, slot * voices, net.conv, layer * (past_taps + 1) + tap, voices, channels, gates
                    )
                add_product(gate, x, 0, net.conv, layer * (past_taps + 1) + past_taps, voices, channels, gates)
                if past_taps:
                    slot = net.first_slots[layer] + (position + t) % ring
                    for voice in range(voices):
                        for i in range(channels):
                            history[slot * voices + voice, i] = x[voice, i]
                for voice in range(voices):
                    for i in range(half):
                        j = layer * gates + i
                        filtered = gate[voice, i] * net.conv_scales[layer, i] + ready[voice, at, j]
                        gated = gate[voice, half + i] * net.conv_scales[layer, half + i] + ready[voice, at, j + half]
                        z[voice, i] = tanh(filtered) * sigmoid(gated)
                    for i in range(half):
                        zs[voice, layer * half + i] = z[voice, i]
                if layer < layers - 1:
                    passed_on[:] = 0
                    add_product(passed_on, z, 0, net.residual, layer, voices, half, channels)
                    for voice in range(voices):
                        for i in range(channels):
                            x[voice, i] += (
                                passed_on[voice, i] * net.residual_scales[layer, i] + net.residual_biases[layer, i]
                            )
            if told.shape[1] or t >= given.shape[1]:
                skip[:] = 0
                add_product(skip, zs, 0, net.skip, 0, voices, layers * half, skips)
                for voice in range(voices):
                    for i in range(skips):
                        skip[voice, i] = relu(skip[voice, i] * net.skip_scales[0, i] + net.skip_bias[i])
                hidden[:] = 0
                add_product(hidden, skip, 0, net.hidden, 0, voices, skips, skips)
                for voice in range(voices):
                    for i in range(skips):
                        hidden[voice, i] = relu(hidden[voice, i] * net.hidden_scales[0, i] + net.hidden_bias[i])
                y[:] = 0
                add_product(y, hidden, 0, net.head, 0, voices, skips, parameters)
                for voice in range(voices):
                    for i in range(parameters):
                        y[voice, i] = y[voice, i] * net.head_scales[0, i] + net.head_bias[i]
                        if told.shape[1]:
                            told[voice, t, i] = y[voice, i]
            for voice in range(voices):
                if t < given.shape[1]:
                    sample = given[voice, t]
                elif distribution == SOFTMAX:
                    sample = _F(_pick(y, voice, parameters, temperature, noise[voice, t, 0]))
                else:
                    chosen = 0
                    if distribution == LOGISTICS:
                        chosen = _pick(y, voice, components, temperature, noise[voice, t, 1])
                    if chosen == components:
                        sample = _F(np.nan)
                    else:
                        mean = y[voice, parameters - 2 * components + chosen]
                        log_scale = y[voice, parameters - components + chosen] + _F(LOG_SCALE_AT_0)
                        scale = np.exp(_F(MIN_LOG_SCALE) if log_scale < MIN_LOG_SCALE else log_scale)
                        sample = mean + temperature * scale * noise[voice, t, 0]
                        sample = _F(-1) if sample < -1 else _F(1) if sample > 1 else sample
                for tap in range(input_taps - 1):
                    recent[voice, tap] = recent[voice, tap + 1]
                recent[voice, input_taps - 1] = sample
                samples[voice, t] = sample

    return run


@kernel
def _pick(logits: Any, row: Any, count: Any, temperature: Any, noise: Any) -> Any:
    """Where the cumulative distribution of the first `count` logits reaches `noise`; `count` if one is NaN."""
    top = logits[row, 0]
    for i in range(count):
        top = max(top, logits[row, i])
    total = _F(0)
    for i in range(count):
        logits[row, i] = exp_below_0((logits[row, i] - top) / temperature)
        total += logits[row, i]
    if not total > 0:
        return count
    wanted, code, reached = noise * total, 0, logits[row, 0]
    while reached < wanted and code < count - 1:
        code += 1
        reached += logits[row, code]
    return code
