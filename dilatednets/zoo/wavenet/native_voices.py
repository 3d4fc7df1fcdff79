"""Voices in the making by the native kernel: what it needs beside the weights, and what it keeps between chunks."""

from typing import Any

import numpy as np
from scipy.special import logit, ndtri

from dilatednets.layers.output_distributions import DISTRIBUTIONS
from dilatednets.zoo.wavenet.native_kernel import AHEAD, loop_for
from dilatednets.zoo.wavenet.native_weights import NativeNet


class NativeVoices:
    """Some voices of one net; it computes on one core, without Python's lock.

    Args:
        net: The packed weights.
        batch: How many voices.
        speaker: Vectors of the speakers, (batch, channels), or None.
        temperature: A number above 0.
    """

    def __init__(self, net: NativeNet, batch: int, speaker: Any, temperature: float) -> None:
        self.net, self.temperature = net, np.float32(temperature)
        self.loop = loop_for(net.sizes, batch)
        self.distribution = DISTRIBUTIONS[net.sizes.distribution]
        self.known = np.tile(net.bias, (batch, 1))
        if speaker is not None:
            self.known += np.asarray(speaker, np.float32) @ net.speaker
        self.position = 0
        self.history = np.zeros((net.slots * batch, net.sizes.channels), np.float32)
        self.recent = np.zeros((batch, net.sizes.input_taps), np.float32)
        if self.distribution == "softmax":
            self.recent[:] = net.sizes.parameters  # no code: before the first sample lies nothing
            self.recent[:, -1:] = net.codes(self.recent[:, -1:] * 0)

    def prime(self, audio: np.ndarray, local: Any) -> None:
        """Goes on from `audio` (batch, samples) and its local condition."""
        noise = np.zeros((*audio.shape, 2), np.float32)
        self._run(local, noise, self.net.codes(audio), told=0)

    def make(self, local: np.ndarray | None, noise: np.ndarray) -> np.ndarray:
        """Audio (batch, samples) of local conditions (batch, samples, channels) and noise (batch, samples, noise_size)."""
        samples, _ = self._run(local, self._noise(noise), np.zeros((len(noise), 0)), told=0)
        return self.net.audio(samples)

    def parameters(self, audio: np.ndarray, local: np.ndarray | None = None) -> np.ndarray:
        """What the net says of each of these samples, (batch, samples, num_parameters), as the parallel call does."""
        noise = np.zeros((*audio.shape, 2), np.float32)
        return self._run(local, noise, self.net.codes(audio), told=audio.shape[1])[1]

    def _run(self, local: Any, noise: np.ndarray, given: np.ndarray, told: int) -> tuple[np.ndarray, np.ndarray]:
        rows, channels = -(-noise.shape[1] // AHEAD) * AHEAD, self.net.sizes.condition_channels
        local = np.zeros((len(noise), rows, 0), np.float32) if local is None else np.asarray(local)
        missing = rows - local.shape[1], channels - local.shape[2]  # at the end of a chunk, and what no weight is for
        local = np.pad(local, ((0, 0), (0, missing[0]), (0, missing[1])), mode="edge" if local.size else "constant")
        local, noise, given = (np.array(x, np.float32, order="C") for x in (local, noise, given))  # none is read-only
        samples = np.empty(noise.shape[:2], np.float32)
        parameters = np.empty((len(noise), told, self.net.sizes.parameters), np.float32)
        self.loop(
            self.position,
            self.net.weights,
            self.known,
            local,
            self.history,
            self.recent,
            self.temperature,
            noise,
            given,
            parameters,
            samples,
        )
        self.position += samples.shape[1]
        return samples, parameters

    def _noise(self, noise: np.ndarray) -> np.ndarray:
        """What the kernel reads: the standard distribution's quantile and what picks a component; or what picks a code."""
        if self.distribution == "gaussian":
            noise = ndtri(noise)
        elif self.distribution == "logistics":
            noise = np.stack([logit(noise[..., 1]), noise[..., 0]], axis=-1)
        return noise
