"""The loop over samples, chunk by chunk, state in and state out: by a native kernel, or by a program that XLA compiles."""

import functools
import itertools
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated, Any

import numpy as np
from keras import ops

from dilatednets import native
from dilatednets.backend import compiled, on_cpu
from dilatednets.errors import InputError
from dilatednets.layers.kernel_and_bias import quantised_layer
from dilatednets.rules import checked, one_of, positive
from dilatednets.zoo.wavenet.linear_prediction import SpeechFilter, excitation, filters_of
from dilatednets.zoo.wavenet.native_weights import NativeNet
from dilatednets.zoo.wavenet.noise import uniform
from dilatednets.zoo.wavenet.request import Request

CHUNK_SAMPLES = 2000  # long enough to hide the call (0.1 ms), short enough to listen while the rest is being made
ENGINES = {"native": "int16", "native_float32": "float32", "native_int8": "int8", "xla": None}
"""What runs the loop: the native kernel, by the type that it keeps the weights in, or XLA's program."""


def stream(
    model: Any, request: Request, chunk_samples: int | None = None, engine: str | None = None
) -> Iterator[np.ndarray]:
    """Yields the audio of a request in chunks.

    A batch is shared out among the processor's cores, since one compiled loop of small products keeps one core busy.
    The next chunk is already being made while the caller handles the last one.

    Args:
        model: The WaveNet that makes the audio.
        request: What to make, as `request.resolve` returns it.
        chunk_samples: The length of a chunk. None means `CHUNK_SAMPLES`; any length makes the same audio.
        engine: What runs the loop, as `WaveNet.generate` explains.

    Yields:
        float32 (batch, chunk_samples); the last chunk may be shorter.

    Raises:
        InputError: if `chunk_samples` is not positive, for an engine that is not there, or if there are to be several takes.

    Example:
    >>> from dilatednets.zoo.wavenet.model import WaveNet
    >>> from dilatednets.zoo.wavenet.request import resolve
    >>> model = WaveNet((1, 2), 2, 4, 8, 4)
    >>> [chunk.shape for chunk in stream(model, resolve(model, 5), chunk_samples=3)]
    [(1, 3), (1, 2)]
    """
    if request.takes > 1:
        raise InputError(
            "takes: they are compared when they are whole, so there is no stream of the best; use generate"
        )
    chunk = (
        CHUNK_SAMPLES if chunk_samples is None else checked(chunk_samples, Annotated[int, positive], "chunk_samples")
    )
    net = native_net(model, engine)
    # Rows with seeds of their own are made one by one: products of several rows are rounded in another order.
    apart = not isinstance(request.seed, int)
    shares = [slice(row, row + 1) for row in range(request.batch)] if apart else _shares(request.batch, net is not None)
    shards = [_Shard(model, request, rows, chunk, net) for rows in shares]

    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def start(position: int) -> list[Future[np.ndarray]]:
            noise = _noise(request, model.distribution.noise_size, position, chunk)
            return [pool.submit(shard.next_chunk, position, noise[shard.rows]) for shard in shards]

        running = start(0)
        for position in range(0, request.num_samples, chunk):
            audio = np.concatenate([future.result() for future in running])
            following = position + chunk
            if following < request.num_samples:
                running = start(following)
            yield audio[:, : request.num_samples - position]


def native_net(model: Any, engine: str | None) -> NativeNet | None:
    """The model's weights for the native kernel; None where XLA is to run the loop.

    Raises:
        InputError: for another engine than those of `ENGINES`, or a native one where numba is not installed.
    """
    quantised = quantised_layer(model)
    if engine is None:
        engine = "native" if native.available() and not quantised else "xla"
    kind = ENGINES[checked(engine, Annotated[str, one_of(*ENGINES)], "engine")]
    if kind is None:
        return None
    native.check_available(engine, "xla", quantised)
    return NativeNet(model, kind)


def _noise(request: Request, size: int, position: int, chunk: int) -> np.ndarray:
    """Uniform numbers for the samples from `position` on, (batch, chunk, size).

    Numbered sample by sample, so that the audio does not depend on the length of a chunk.
    """
    seeds, rows = ([request.seed], request.batch) if isinstance(request.seed, int) else (request.seed, 1)
    shape = chunk, rows, size
    drawn = [uniform(seed, position * rows * size, math.prod(shape)).reshape(shape) for seed in seeds]
    return np.concatenate(drawn, axis=1).swapaxes(0, 1)


def _shares(batch: int, native: bool) -> list[slice]:
    """Shares the rows of a batch out: among the cores on a CPU, not at all on an accelerator.

    The native kernel is compiled for one voice and for two, which read the weights together; more gain nothing.
    """
    shares = min(batch, os.cpu_count() or 1) if on_cpu() else 1
    edges = np.linspace(0, batch, 1 + max(shares, -(-batch // 2) if native else 1)).round().astype(int).tolist()
    return [slice(*pair) for pair in itertools.pairwise(edges)]


class _Shard:
    """Some rows of a batch in the making: their conditions, and the state between chunks."""

    def __init__(self, model: Any, request: Request, rows: slice, chunk: int, net: Any) -> None:
        self.rows, self.chunk = rows, chunk
        batch = rows.stop - rows.start
        speaker, frames, prime = (
            None if array is None else array[rows] for array in (request.speaker, request.frames, request.prime)
        )
        primed = 0 if prime is None else prime.shape[1]
        self.ends = request.ends(model.condition_hop)[rows]
        if frames is not None and request.lasts is not None:
            frames = frames[:, : request.lasts[rows].max()]
        self.filter = None
        if model.mel_front_end is not None and model.mel_front_end.prediction:
            filters = filters_of(model.mel_front_end, frames)
            self.filter = SpeechFilter(filters, model.condition_hop, prime, primed)
            if prime is not None:
                prime = excitation(prime, filters, model.condition_hop).astype(np.float32)
        speaker = model.global_condition(speaker)
        local = model.local_condition(frames, primed + request.num_samples)
        self.voices: Any
        if net is None:
            self.voices = CompiledVoices(model, batch, speaker, request.temperature)
        else:
            from dilatednets.zoo.wavenet.native_voices import NativeVoices  # which needs numba

            self.voices = NativeVoices(net, batch, speaker, request.temperature)
        if prime is not None:
            recent = slice(max(primed - model.receptive_field - 1, 0), primed)
            self.voices.prime(prime[:, recent], None if local is None else local[:, recent])
        self.local = None if local is None else np.asarray(ops.cast(local, "float32"))[:, primed:]

    def next_chunk(self, position: int, noise: np.ndarray) -> np.ndarray:
        left = self.ends - position
        if left.max() <= 0:
            return np.zeros(noise.shape[:2], np.float32)
        local = None if self.local is None else self.local[:, position : position + self.chunk]
        audio = self.voices.make(local, noise)
        if self.filter is not None:
            audio = self.filter(audio)
        return np.where(np.arange(self.chunk) < left[:, None], audio, np.float32(0))


class CompiledVoices:
    """Voices in the making by the program that XLA compiles for chunks of one length."""

    def __init__(self, model: Any, batch: int, speaker: Any, temperature: float) -> None:
        self.model, self.speaker, self.temperature = model, speaker, np.float32(temperature)
        self.state, self.last = model.initial_state(batch), np.zeros(batch, np.float32)

    def prime(self, audio: np.ndarray, local: Any) -> None:
        """Goes on from `audio` (batch, samples) and its local condition."""
        self.state, self.last = self.model.state_after(audio, self.speaker, local), audio[:, -1]

    def make(self, local: np.ndarray | None, noise: np.ndarray) -> np.ndarray:
        """Audio (batch, samples) of local conditions (batch, samples, channels) and noise (batch, samples, noise_size)."""
        batch, chunk = noise.shape[:2]
        if local is not None:  # the last chunk is made whole, too, and cut afterwards
            local = np.pad(local, ((0, 0), (0, chunk - local.shape[1]), (0, 0)), mode="edge")
        program = chunk_program(self.model, batch, chunk)
        audio, self.state, self.last = program(self.state, self.last, noise, self.speaker, local, self.temperature)
        return np.asarray(audio)


def chunk_program(model: Any, batch: int, chunk: int) -> Callable[..., tuple[Any, Any, Any]]:
    """`make_samples`, compiled for `chunk` samples of `batch` voices; compiled programs are kept on the model."""
    programs: dict[Any, Callable[..., Any]] = model.__dict__.setdefault("_chunk_programs", {})
    if (batch, chunk) not in programs:
        programs[batch, chunk] = compiled(functools.partial(make_samples, model), model)
    return programs[batch, chunk]


def make_samples(
    model: Any, state: Any, last: Any, noise: Any, speaker: Any, local: Any, temperature: Any
) -> tuple[Any, Any, Any]:
    """Makes as many samples as there is noise for, one after the other.

    Args:
        model: The WaveNet that makes them.
        state: What the model's `initial_state` or `state_after` returned, or the last call of this function.
        last: The sample before, (batch,).
        noise: Uniform numbers in (0, 1), (batch, samples, noise_size).
        speaker: Vectors of the speakers, (batch, channels), or None.
        local: The local condition, (batch, samples, channels), or None.
        temperature: A scalar above 0.

    Returns:
        Audio (batch, samples), the next state, and the last sample.
    """
    batch, count = ops.shape(noise)[:2]
    # Conditions of all blocks, for all samples, in a few large products before the loop.
    conditions = model.project_conditions(speaker, local)

    def one_sample(t: Any, carry: Any) -> Any:
        state, last, audio = carry
        condition = None if conditions is None else _at(conditions, 0 if local is None else t)
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
