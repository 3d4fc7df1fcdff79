"""A linear recurrence as a core: minGRU, whose gates see the input alone, so that a scan computes all steps at once."""

from typing import Any

import keras
from keras import ops

from dilatednets.benchmarks.sequence_tasks.core import Core
from dilatednets.benchmarks.sequence_tasks.recurrent import chrono

BLOCK = 32
"""Steps that are scanned together."""


class MinGRUCore(Core):
    """Residual blocks of a minGRU and a position-wise net, normalised before each.

    `h[t] = (1 - z[t]) h[t-1] + z[t] c[t]` with `z = sigmoid(W x + b)` and `c = V x + d`, computed for whole sequences by an
    associative scan. One such layer cannot see its own past in its gates; the layers above it can.

    Args:
        width: Channels.
        layers: Number of blocks.
        bias: The bias of z: "chrono", which begins with memories of up to `memory` steps, or a number.
        memory: As of RecurrentCore.
        dropout: Share of channels that are dropped after each part of a block.

    Reference:
        Feng et al. 2024, "Were RNNs All We Needed?" (arXiv 2410.01201), section 3.1.
    """

    def __init__(
        self, width: int, layers: int, bias: str | float = 0.0, memory: int = 100, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.width, self.bias_rule, self.memory = width, bias, memory
        dense, norm = keras.layers.Dense, keras.layers.LayerNormalization
        self.entry = dense(width)
        self.gates = [dense(2 * width, bias_initializer=self._biases) for _ in range(layers)]
        self.hidden = [dense(2 * width, activation="gelu") for _ in range(layers)]
        self.out = [dense(width) for _ in range(layers)]
        self.norms = [(norm(), norm()) for _ in range(layers)]
        self.last_norm, self.drop = norm(), keras.layers.Dropout(dropout)

    def _biases(self, shape: Any, dtype: Any = "float32") -> Any:
        z = -chrono(self.width, self.memory) if self.bias_rule == "chrono" else ops.full((self.width,), self.bias_rule)
        return ops.concatenate([z, ops.zeros((self.width,))])

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        inner = (*input_shape[:-1], self.width)
        self.entry.build(input_shape)
        for gates, hidden, out, norms in zip(self.gates, self.hidden, self.out, self.norms, strict=True):
            for layer in (gates, hidden, *norms):
                layer.build(inner)
            out.build((*inner[:-1], 2 * self.width))
        self.last_norm.build(inner)

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, time, features) -> (batch, time, width)."""
        return self._run(x, [None] * len(self.gates), training)[0]

    def initial_state(self, batch_size: int, steps: int) -> Any:
        """Zeros: the states of all blocks."""
        return [ops.zeros((batch_size, self.width)) for _ in self.gates]

    def step(self, x_t: Any, state: Any) -> tuple[Any, Any]:
        """As of Core."""
        return self._run(x_t, state, False)

    def _run(self, x: Any, state: list[Any], training: Any) -> tuple[Any, list[Any]]:
        """Whole sequences where a state is None, else a step."""
        x, after = self.entry(x), []
        for number, before in enumerate(state):
            norm, other = self.norms[number]
            z, candidate = ops.split(self.gates[number](norm(x)), 2, axis=-1)
            z = ops.sigmoid(z)
            h = linear_recurrence(1 - z, z * candidate) if before is None else (1 - z) * before + z * candidate
            after.append(h)
            x = x + self.drop(h, training=training)
            x = x + self.drop(self.out[number](self.hidden[number](other(x))), training=training)
        return self.last_norm(x), after


def linear_recurrence(keep: Any, new: Any) -> Any:
    """`h[t] = keep[t] h[t-1] + new[t]` from zero, along axis 1: an associative scan, in parallel.

    Blocks of steps are scanned by doubling, then their ends in the same way, which on CPUs is faster than
    `keras.ops.associative_scan`; and XLA compiles it.

    Args:
        keep: (batch, time, width), factors of the state; the time must be known.
        new: (batch, time, width), what is added.

    Example:
    >>> linear_recurrence(ops.full((1, 3, 1), 0.5), ops.ones((1, 3, 1)))[0, :, 0].numpy().tolist()
    [1.0, 1.5, 1.75]
    """
    time, width = new.shape[1:]
    blocks = -(-time // BLOCK)
    more = ((0, 0), (0, blocks * BLOCK - time), (0, 0))
    keep, new = (ops.reshape(ops.pad(x, more), (-1, blocks, BLOCK, width)) for x in (keep, new))
    distance = 1
    while distance < BLOCK:
        # Beyond the block nothing comes before, and `keep` of a step with nothing before it no longer matters.
        earlier = ((0, 0), (0, 0), (distance, 0), (0, 0))
        new = new + keep * ops.pad(new, earlier)[:, :, :BLOCK]
        keep = keep * ops.pad(keep, earlier, constant_values=1)[:, :, :BLOCK]
        distance *= 2
    if blocks > 1:
        ends = linear_recurrence(keep[:, :, -1], new[:, :, -1])
        new = new + keep * ops.pad(ends, ((0, 0), (1, 0), (0, 0)))[:, :-1, None]
    return ops.reshape(new, (-1, blocks * BLOCK, width))[:, :time]
