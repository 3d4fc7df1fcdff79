"""Causal attention as a core: a small transformer with rotary positions."""

from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.benchmarks.sequence_tasks.core import Core

HEADS = 2


class AttentionCore(Core):
    """Blocks of causal self-attention and a position-wise net, normalised before each.

    Args:
        width: Channels; a multiple of 4, since each of the two heads is turned by pairs.
        layers: Number of blocks.
        dropout: Share of channels that are dropped after each part of a block.

    Reference:
        Vaswani et al. 2017 (arXiv 1706.03762), section 3; Su et al. 2021, "RoFormer" (arXiv 2104.09864), section 3.4.
    """

    def __init__(self, width: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = width
        dense, norm = keras.layers.Dense, keras.layers.LayerNormalization
        self.entry = dense(width)
        self.queries = [dense(3 * width) for _ in range(layers)]
        self.mixed = [dense(width) for _ in range(layers)]
        self.hidden = [dense(2 * width, activation="gelu") for _ in range(layers)]
        self.out = [dense(width) for _ in range(layers)]
        self.norms = [(norm(), norm()) for _ in range(layers)]
        self.last_norm, self.drop = norm(), keras.layers.Dropout(dropout)

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        inner = (*input_shape[:-1], self.width)
        self.entry.build(input_shape)
        for queries, mixed, hidden, out, norms in zip(
            self.queries, self.mixed, self.hidden, self.out, self.norms, strict=True
        ):
            for layer in (queries, mixed, hidden, *norms):
                layer.build(inner)
            out.build((*inner[:-1], 2 * self.width))
        self.last_norm.build(inner)

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, time, features) -> (batch, time, width)."""
        steps = x.shape[1]
        places = ops.arange(steps)
        seen = places[:, None] >= places[None]
        x = self.entry(x)
        for number in range(len(self.queries)):
            query, key, value = self._heads(number, x, places)
            x = self._rest(number, x, attend(query, key, value, seen), training)
        return self.last_norm(x)

    def initial_state(self, batch_size: int, steps: int) -> Any:
        """Keys and values of all steps, and how many there are."""
        shape = (batch_size, steps, HEADS, self.width // HEADS)
        return [(ops.zeros(shape), ops.zeros(shape)) for _ in self.queries], ops.zeros((), "int32")

    def step(self, x_t: Any, state: Any) -> tuple[Any, Any]:
        """As of Core."""
        memory, place = state
        x, after = self.entry(x_t)[:, None], []
        for number, (keys, values) in enumerate(memory):
            query, key, value = self._heads(number, x, place[None])
            keys = ops.slice_update(keys, (0, place, 0, 0), key)
            values = ops.slice_update(values, (0, place, 0, 0), value)
            after.append((keys, values))
            seen = ops.arange(keys.shape[1]) <= place
            x = self._rest(number, x, attend(query, keys, values, seen[None]), False)
        return self.last_norm(x)[:, 0], (after, place + 1)

    def attended(self, steps: int) -> float:
        """A step meets itself and those before it, (steps + 1) / 2 on average, in the scores and in the sum of values."""
        return len(self.queries) * 2 * self.width * (steps + 1) / 2

    def _heads(self, number: int, x: Any, places: Any) -> tuple[Any, Any, Any]:
        """Queries, keys and values, (batch, time, heads, width of a head), of which the former two know their place."""
        x = self.queries[number](self.norms[number][0](x))
        x = ops.reshape(x, (-1, x.shape[1], 3, HEADS, self.width // HEADS))
        return rotated(x[:, :, 0], places), rotated(x[:, :, 1], places), x[:, :, 2]

    def _rest(self, number: int, x: Any, heads: Any, training: Any) -> Any:
        """The residual block after its attention."""
        heads = ops.reshape(heads, (-1, x.shape[1], self.width))
        x = x + self.drop(self.mixed[number](heads), training=training)
        h = self.out[number](self.hidden[number](self.norms[number][1](x)))
        return x + self.drop(h, training=training)


def attend(query: Any, key: Any, value: Any, seen: Any) -> Any:
    """Softmax attention of (batch, time, heads, width), where bool `seen` (queries, keys) allows it."""
    query, key, value = (ops.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * query.shape[-1] ** -0.5
    scores = ops.where(seen, scores, -1e9)
    return ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))


def rotated(x: Any, places: Any) -> Any:
    """Rotary positions: pairs of channels of (batch, time, heads, width), turned by an angle that grows with the place.

    Example:
    >>> x = ops.ones((1, 2, 1, 4))
    >>> ops.convert_to_numpy(rotated(x, ops.arange(2)))[0, 1, 0].round(2)
    array([-0.3 ,  0.99,  1.38,  1.01], dtype=float32)
    """
    half = x.shape[-1] // 2
    rates = 10_000.0 ** (-np.arange(half, dtype="float32") / half)
    angles = (ops.cast(places, "float32")[:, None] * rates)[:, None]
    cos, sin = ops.cos(angles), ops.sin(angles)
    one, other = x[..., :half], x[..., half:]
    return ops.concatenate([one * cos - other * sin, one * sin + other * cos], axis=-1)
