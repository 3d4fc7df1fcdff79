"""The loop over samples: one compiled program a chunk, state in and state out."""

import functools
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.generation.compiled import compiled
from dilatednets.generation.request import Request

CHUNK_SAMPLES = 2000  # long enough to hide the call (0.1 ms), short enough to listen while the rest is being made
SMALLEST_NOISE = 1e-7  # samplers take logarithms of it, and of what it lacks to one


def stream(model: Any, request: Request, chunk_samples: int | None = None) -> Iterator[np.ndarray]:
    """Yields the audio of `request` in chunks, float32 (batch, up to chunk_samples).

    A batch is shared out among the processor's cores, since one compiled loop of small products keeps one core busy.
    The next chunk is already being made while the caller handles the last one.

    Raises:
        InputError: if `chunk_samples` is not positive.
    """
    chunk = CHUNK_SAMPLES if chunk_samples is None else chunk_samples
    if not isinstance(chunk, int) or chunk < 1:
        raise InputError(f"chunk_samples: must be a positive integer, not {chunk_samples!r}")
    noise = np.random.Generator(np.random.Philox(request.seed))
    voices = [_Shard(model, request, rows, chunk) for rows in shards(request.batch)]

    with ThreadPoolExecutor(len(voices)) as pool:

        def start(position: int) -> list[Future[np.ndarray]]:
            # Drawn sample by sample, so that the audio does not depend on the chunks' length.
            shape = (chunk, request.batch, model.distribution.noise_size)
            uniform = np.clip(noise.random(shape, np.float32), SMALLEST_NOISE, 1 - SMALLEST_NOISE).swapaxes(0, 1)
            return [pool.submit(v.next_chunk, position, uniform[v.rows]) for v in voices]

        running = start(0)
        for position in range(0, request.num_samples, chunk):
            audio = np.concatenate([future.result() for future in running])
            following = position + chunk
            if following < request.num_samples:
                running = start(following)
            yield audio[:, : request.num_samples - position]


def shards(batch: int) -> list[slice]:
    """Shares a batch out: among the cores on a CPU, not at all on an accelerator."""
    devices = keras.distribution.list_devices()
    parts = min(batch, os.cpu_count() or 1) if all(d.startswith("cpu") for d in devices) else 1
    edges = np.linspace(0, batch, parts + 1).round().astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


class _Shard:
    """Some rows of a batch in the making: their conditions, and the state between chunks."""

    def __init__(self, model: Any, request: Request, rows: slice, chunk: int) -> None:
        self.model, self.rows, self.chunk = model, rows, chunk
        self.batch = rows.stop - rows.start
        self.temperature = np.float32(request.temperature)
        self.speaker = None
        if request.speaker is not None:
            self.speaker = model.global_condition(request.speaker[rows])
        primed = 0 if request.prime is None else request.prime.shape[1]
        self.local = None
        if request.frames is not None:
            total = primed + request.num_samples
            local = np.asarray(ops.cast(model.local_condition(request.frames[rows], total), "float32"))
            padding = -request.num_samples % chunk  # the last chunk is made whole, too, and cut afterwards
            self.local = np.pad(local, ((0, 0), (0, padding), (0, 0)), mode="edge")
        if request.prime is None:
            self.state, self.last = model.initial_state(self.batch), np.zeros(self.batch, np.float32)
        else:
            self.state, self.last = self._prime(request.prime[rows])
        if self.local is not None:
            self.local = self.local[:, primed:]
        self.program = chunk_program(model, self.batch, chunk)

    def _prime(self, prime: np.ndarray) -> tuple[Any, np.ndarray]:
        recent = slice(max(prime.shape[1] - self.model.receptive_field - 1, 0), prime.shape[1])
        local = None if self.local is None else self.local[:, recent]
        return self.model.state_after(prime[:, recent], self.speaker, local), prime[:, -1]

    def next_chunk(self, position: int, noise: np.ndarray) -> np.ndarray:
        local = None if self.local is None else self.local[:, position : position + self.chunk]
        audio, self.state, self.last = self.program(self.state, self.last, noise, self.speaker, local, self.temperature)
        return np.asarray(audio)


def chunk_program(model: Any, batch: int, chunk: int) -> Callable[..., tuple[Any, Any, Any]]:
    """`make_samples`, compiled for `chunk` samples of `batch` voices; compiled programs are kept on the model."""
    programs: dict[Any, Callable[..., Any]] = model.__dict__.setdefault("_chunk_programs", {})
    if (batch, chunk) not in programs:
        programs[batch, chunk] = compiled(functools.partial(make_samples, model), model.variables)
    return programs[batch, chunk]


def make_samples(
    model: Any, state: Any, last: Any, noise: Any, speaker: Any, local: Any, temperature: Any
) -> tuple[Any, Any, Any]:
    """Makes as many samples as there is noise for, one after the other.

    Args:
        model: A WaveNet.
        state: From its `initial_state`, its `state_after`, or from here.
        last: The sample before, (batch,).
        noise: (batch, samples, noise_size).
        speaker: Vectors (batch, channels), or None.
        local: Local condition (batch, samples, channels), or None.
        temperature: ().

    Returns:
        Audio (batch, samples), the next state, and the last sample.
    """
    batch, count = ops.shape(noise)[:2]
    # Conditions of all blocks, for all samples, in a few large products before the loop.
    conditions = model.project_conditions(speaker, local)

    def one_sample(t: Any, carry: Any) -> Any:
        state, last, audio = carry
        condition = None
        if conditions is not None:
            condition = _at(conditions, t if local is not None else 0)
        parameters, state = model.step(last, state, condition)
        last = model.distribution.sample(parameters, _at(noise, t), temperature)
        return state, last, ops.slice_update(audio, (0, t), last[:, None])

    silence = ops.zeros((batch, count), "float32")
    state, last, audio = ops.fori_loop(0, count, one_sample, (state, last, silence))
    return audio, state, last


def _at(x: Any, t: Any) -> Any:
    """x[:, t] of a tensor (batch, time, ...), for a t known only while the loop runs."""
    starts = (0, t, *(0 for _ in x.shape[2:]))
    return ops.slice(x, starts, (ops.shape(x)[0], 1, *x.shape[2:]))[:, 0]
