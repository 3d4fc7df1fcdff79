"""A TCN as a stream: block by block of steps, with all that it remembers in a state that its caller keeps."""

from typing import Any

import keras
from keras import ops

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
        Tensors by name, as a server can hand them over: those of each block, "block_0_0" and so on; "seen" int32 (batch,),
        the frames so far; and with `pooling="mean"`, "sum" (batch, channels).

    Raises:
        InputError: for a model that cannot stream.
    """
    if not model.causal:
        raise InputError("causal: a centred model waits for the future and cannot stream; train one with causal=True")
    if model.known:
        raise InputError("known: a model with known columns forecasts whole sequences only")
    state: dict[str, Any] = {}
    for block in model.blocks:
        state |= _named(block, block.initial_state(batch_size))
    if model.pooling == "mean":
        state["sum"] = ops.zeros((batch_size, model.channels), "float32")
    return {**state, "seen": ops.zeros((batch_size,), "int32")}


def _named(block: Any, state: Any) -> dict[str, Any]:
    return {f"{block.name}_{number}": tensor for number, tensor in enumerate(keras.tree.flatten(state))}


def process(model: Any, x: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Answers to the next steps, and the next state, as `TCN.process` describes them."""
    x = as_tensor(x, "int32" if model.vocabulary else "float32", "x")
    x, _, _ = inputs.parts(model, x, None)
    wanted = initial_state(model, 1)
    if not isinstance(state, dict) or state.keys() != wanted.keys():
        raise InputError(
            "state: must be what initial_state or the call before returned, a dict of " + ", ".join(wanted)
        )
    if model.frame > 1 and x.shape[1] is not None and x.shape[1] % model.frame:
        raise InputError(f"x: {x.shape[1]} steps are no whole frames of {model.frame}")
    x = model.encoded(x)
    time, seen, skips = ops.shape(x)[1], state["seen"], 0
    after: dict[str, Any] = {}
    for block in model.blocks:
        structure = block.initial_state(1)
        before = keras.tree.pack_sequence_as(structure, [state[name] for name in _named(block, structure)])
        x, new = block.process(x, before)
        after |= _named(block, new)
        skips = skips + x
    x = ops.cast(skips if model.skip_connections else x, "float32")
    if model.pooling == "mean":
        sums = state["sum"][:, None]
        x = sums + ops.cumsum(x, axis=1)
        after["sum"] = ops.concatenate([sums, x], axis=1)[:, -1]  # there may be no steps
        x = x / ops.cast(seen[:, None] + ops.arange(1, time + 1, dtype="int32"), "float32")[..., None]
    after["seen"] = ops.minimum(seen, MOST_COUNTED) + time
    return model.answers(x), after
