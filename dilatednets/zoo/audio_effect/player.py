"""Audio effects on arrays, a whole recording or block by block, by a native kernel or a compiled program."""

import weakref
from typing import Annotated, Any, Protocol

import keras
import numpy as np

from dilatednets import native
from dilatednets.arrays import as_audio, check_rows
from dilatednets.backend import compiled
from dilatednets.errors import InputError
from dilatednets.layers.kernel_and_bias import quantised_layer
from dilatednets.rules import Size, checked, one_of
from dilatednets.zoo.audio_effect import inputs
from dilatednets.zoo.audio_effect.native_net import NativeNet

ENGINES = ("native", "compiled")
LARGEST_BLOCK = 1 << 16
"""Samples that a compiled program is given at once: it needs memory for all channels of all layers."""


class Player(Protocol):
    """What a stream remembers; `rows` is None for a stream in blocks (samples,)."""

    owner: Any  # a weak reference to its model, which a copy of the state shares
    rows: int | None

    def play(self, dry: np.ndarray) -> np.ndarray:
        """The next samples, float32 (batch, samples)."""
        ...


def make(model: Any, batch_size: int | None, knobs: Any, engine: str | None) -> Player:
    """A stream's beginning, as `AudioEffect.initial_state` describes it."""
    rows = checked(batch_size, Size | None, "batch_size")
    told = inputs.settings(model, knobs)
    quantised = quantised_layer(model)
    if engine is None:
        engine = "native" if native.available() and not quantised else "compiled"
    if checked(engine, Annotated[str, one_of(*ENGINES)], "engine") == "compiled":
        return CompiledPlayer(model, rows, told)
    native.check_available(engine, "compiled", quantised)
    return NativePlayer(model, rows, told)


def process(model: Any, audio: Any, state: Any, knobs: Any) -> Any:
    """Wet audio, as `AudioEffect.process` describes it."""
    if state is not None and not isinstance(state, CompiledPlayer | NativePlayer):
        raise InputError(f"state: must be what initial_state or the call before returned, not {type(state).__name__}")
    if state is not None and knobs is not None:
        raise InputError("knobs: are set in initial_state, for the whole stream; leave them out here")
    dry = audio if _is_right(audio) else as_audio(audio)
    if dry.ndim not in (1, 2):
        raise InputError(f"audio: must be of shape (samples,) or (batch, samples), not {dry.shape}")
    if state is not None and state.owner() is not model:
        raise InputError("state: is another model's; begin by this model's initial_state")
    if state is None and dry.ndim == 2:
        check_rows(dry, "audio")
    rows = None if dry.ndim == 1 else len(dry)
    if state is not None and rows != state.rows:
        one = "(samples,)" if state.rows is None else f"({state.rows}, samples)"
        raise InputError(f"audio: must be of shape {one}, as the state is for, not {dry.shape}")
    player = make(model, rows, knobs, None) if state is None else state
    wet = player.play(dry[None] if rows is None else dry)
    wet = wet[0] if rows is None else wet
    return wet if state is None else (wet, state)


def _is_right(audio: Any) -> bool:
    """Whether it is float32 in [-1, 1]: a quick look at the small blocks that a sound card asks for."""
    is_float = isinstance(audio, np.ndarray) and audio.dtype == np.float32 and audio.size > 0
    return is_float and bool(np.abs(audio).max() <= 1)  # NaN is not


class NativePlayer:
    """A stream by the native kernel, on one core and without Python's lock.

    Args:
        model: An AudioEffect.
        rows: Streams that are processed together; None for one, in blocks (samples,).
        knobs: Settings, (knobs,).
    """

    def __init__(self, model: Any, rows: int | None, knobs: np.ndarray) -> None:
        from dilatednets.zoo.audio_effect.native_kernel import run

        self.owner, self.rows, self.net, self.kernel = weakref.ref(model), rows, NativeNet(model, knobs), run
        self.position = 0
        self.history = np.zeros((rows or 1, self.net.size), np.float32)
        if model.prewarm:
            self.play(np.zeros((rows or 1, model.receptive_field), np.float32))

    def play(self, dry: np.ndarray) -> np.ndarray:
        """The next samples, float32 (batch, samples)."""
        wet = np.empty(dry.shape, np.float32)
        dry = np.array(dry, order="C")  # not read-only, which would be another type to the kernel
        net = self.net
        self.position = self.kernel(net.arrays, net.layers, net.weights, self.history, self.position, dry, wet)
        return wet


class CompiledPlayer:
    """A stream by a program that the backend compiles; arguments as those of `NativePlayer`."""

    def __init__(self, model: Any, rows: int | None, knobs: np.ndarray) -> None:
        self.owner: Any = weakref.ref(model)
        self.rows = rows
        self.knobs = np.broadcast_to(knobs, (rows or 1, len(knobs))) if len(knobs) else None
        self.past = model.silence(rows or 1, self.knobs)
        if model._program is None:
            size = None, model.past_size
            specs = [keras.KerasTensor((None, None)), keras.KerasTensor(size, model.compute_dtype)]
            specs += [keras.KerasTensor((None, len(model.knobs)))] if model.knobs else []
            model._program = compiled(model.run, model, xla=False, signature=specs)

    def play(self, dry: np.ndarray) -> np.ndarray:
        """The next samples, float32 (batch, samples)."""
        told = [] if self.knobs is None else [keras.ops.convert_to_tensor(self.knobs)]
        made = []
        for start in range(0, dry.shape[1], LARGEST_BLOCK):
            block = keras.ops.convert_to_tensor(dry[:, start : start + LARGEST_BLOCK])
            wet, self.past = self.owner()._program(block, self.past, *told)
            made.append(keras.ops.convert_to_numpy(wet))
        return np.concatenate(made, axis=1)
