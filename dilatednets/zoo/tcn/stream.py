"""A TCN as a stream: block by block of steps, with all that it remembers in a state that its caller keeps."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.errors import InputError
from dilatednets.layers.shapes import as_tensor
from dilatednets.zoo.tcn import inputs

MOST_COUNTED = 2**30
"""Frames after which the count of them stands still: it must not run over."""


def initial_state(model: Any, batch_size: int) -> dict[str, Any]:
    """The state before the first step.

    Args:
        model: A TCN.
        batch_size: Number of streams.

    Returns:
        Tensors by name, as a server can hand them over: "past" (batch, numbers), what all layers still need, end to end,
        since a call takes longer the more tensors it is given; "seen" int32 (batch,), the frames so far; and with
        `pooling="mean"`, "sum" (batch, channels).

    Raises:
        InputError: for a model that cannot stream.
    """
    if not model.causal:
        raise InputError("causal: a centred model waits for the future and cannot stream; train one with causal=True")
    if model.known:
        raise InputError("known: a model with known columns forecasts whole sequences only")
    layers = _layers(model)
    state = {"past": _packed(layers, [layer.initial_state(batch_size) for layer in layers])}
    if model.pooling == "mean":
        state["sum"] = ops.zeros((batch_size, model.channels), "float32")
    return {**state, "seen": ops.zeros((batch_size,), "int32")}


def _layers(model: Any) -> list[Any]:
    """Those that remember."""
    return [*([model.projection] if model.filters else []), *model.blocks]


def _packed(layers: list[Any], states: list[Any]) -> Any:
    """The buffers of all layers, a row a stream. The oldest step lies first in each, as `process` leaves them."""
    buffers = [
        ops.reshape(part, (ops.shape(part)[0], math.prod(like.shape)))  # lengths that a graph may not know
        for part, like in zip(keras.tree.flatten(states), _one(layers), strict=True)
        if len(like.shape) > 1
    ]
    return ops.concatenate(buffers, axis=1)


def _one(layers: list[Any]) -> list[Any]:
    """The state of a single stream."""
    state: list[Any] = keras.tree.flatten([layer.initial_state(1) for layer in layers])
    return state


def _unpacked(layers: list[Any], past: Any) -> list[Any]:
    """The states of the layers."""
    place = 0

    def part(like: Any) -> Any:
        nonlocal place
        if len(like.shape) < 2:
            return like
        first, place = place, place + math.prod(like.shape)
        return ops.reshape(past[:, first:place], (ops.shape(past)[0], *like.shape[1:]))

    return [keras.tree.map_structure(part, layer.initial_state(1)) for layer in layers]


class Steps:
    """`process` of a model, compiled for blocks of each shape that comes.

    Args:
        model: A causal TCN.
        frozen: Whether the programs hold the weights as they are at their first call, which is faster.
    """

    def __init__(self, model: Any, frozen: bool = False) -> None:
        self.model, self.frozen = model, frozen
        self._programs: dict[tuple[int, ...], Any] = {}

    def __call__(self, x: np.ndarray, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """(answers, the next state)."""
        if x.shape not in self._programs:
            shapes = keras.tree.map_structure(
                lambda part: keras.KerasTensor(part.shape, keras.backend.standardize_dtype(part.dtype)), [x, state]
            )
            self._programs[x.shape] = compiled(self.model.process, self.model, signature=shapes, frozen=self.frozen)
        answers: tuple[Any, dict[str, Any]] = self._programs[x.shape](x, state)
        return answers


def process(model: Any, x: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Answers to the next steps, and the next state, as `TCN.process` describes them."""
    x = as_tensor(x, "int32" if model.vocabulary else "float32", "x")
    x, _, _ = inputs.parts(model, x, None)
    wanted = initial_state(model, 1)
    fits = isinstance(state, dict) and state.keys() == wanted.keys()
    if not fits or any(state[name].shape[1:] != one.shape[1:] for name, one in wanted.items()):
        words = "state: must be what initial_state or the call before returned, a dict of "
        raise InputError(
            words
            + ", ".join(f"{name} of shape {('batch', *one.shape[1:])}" for name, one in wanted.items()).replace("'", "")
        )
    inputs.check_state(state)
    if model.frame > 1 and x.shape[1] is not None and x.shape[1] % model.frame:
        raise InputError(f"x: {x.shape[1]} steps are no whole frames of {model.frame}")
    x = model.framed(x)
    time, seen, outputs = ops.shape(x)[1], state["seen"], []
    layers = _layers(model)
    states = _unpacked(layers, state["past"])
    if model.filters:
        x, states[0] = model.projection.process(x, states[0])
    elif model.projection is not None:
        x = model.projection(x)
    for place, block in enumerate(model.blocks, start=len(states) - len(model.blocks)):
        x, states[place] = block.process(x, states[place])
        outputs.append(x)
    after = {"past": _packed(layers, states)}
    x = ops.cast(sum(outputs) if model.skip_connections else x, "float32")
    if model.pooling == "mean":
        sums = state["sum"][:, None]
        x = sums + ops.cumsum(x, axis=1)
        after["sum"] = ops.concatenate([sums, x], axis=1)[:, -1]  # there may be no steps
        x = x / ops.cast(seen[:, None] + ops.arange(1, time + 1, dtype="int32"), "float32")[..., None]
    after["seen"] = ops.minimum(seen, MOST_COUNTED) + time
    return model.answers(x), after
