"""A TCN as a stream: block by block of steps, with all that it remembers in a state that its caller keeps."""

from typing import Any

from keras import ops

from dilatednets.errors import InputError
from dilatednets.zoo.tcn import inputs

MOST_COUNTED = 2**30
"""Frames after which the count of them stands still: it must not run over."""


def initial_state(model: Any, batch_size: int) -> dict[str, Any]:
    """The state before the first step.

    Args:
        model: A TCN.
        batch_size: Number of streams.

    Returns:
        What each block has seen last, "past_0" and so on, (batch, frames, channels); "seen" int32 (batch,), the frames so
        far; and with `pooling="mean"`, "sum" (batch, channels).

    Raises:
        InputError: for a model that cannot stream.
    """
    if not model.causal:
        raise InputError("causal: a centred model waits for the future and cannot stream; train one with causal=True")
    if model.known:
        raise InputError("known: a model with known columns forecasts whole sequences only")
    width = model.features if model.embedding_layer is None else model.embedding
    widths = [model.channels if model.projection is not None else width, *[model.channels] * (len(model.blocks) - 1)]
    state = {
        f"past_{number}": ops.zeros((batch_size, block.receptive_field - 1, width), model.compute_dtype)
        for number, (block, width) in enumerate(zip(model.blocks, widths, strict=True))
    }
    if model.pooling == "mean":
        state["sum"] = ops.zeros((batch_size, model.channels), "float32")
    return {**state, "seen": ops.zeros((batch_size,), "int32")}


def process(model: Any, x: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Answers to the next steps, and the next state, as `TCN.process` describes them."""
    x, _, _ = inputs.parts(model, x, None)
    if model.frame > 1 and x.shape[1] is not None and x.shape[1] % model.frame:
        raise InputError(f"x: {x.shape[1]} steps are no whole frames of {model.frame}")
    x = model.encoded(x)
    time, seen, after, skips = ops.shape(x)[1], state["seen"], {}, 0
    for number, block in enumerate(model.blocks):
        history = block.receptive_field - 1
        x = ops.concatenate([state[f"past_{number}"], x], axis=1)
        after[f"past_{number}"] = x[:, time:]
        # Before the first step there is nothing, which a mask says and zeros would not: blocks have biases.
        real = ops.arange(history + time, dtype="int32") >= history - seen[:, None]
        x = block(x, mask=real, training=False)[:, history:]
        skips = skips + x
    x = ops.cast(skips if model.skip_connections else x, "float32")
    if model.pooling == "mean":
        x = state["sum"][:, None] + ops.cumsum(x, axis=1)
        after["sum"] = x[:, -1]
        x = x / ops.cast(seen[:, None] + ops.arange(1, time + 1, dtype="int32"), "float32")[..., None]
    after["seen"] = ops.minimum(seen, MOST_COUNTED) + time
    return model.answers(x), after
