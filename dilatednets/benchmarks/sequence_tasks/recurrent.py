"""Recurrent nets as cores: Keras's own layers, with the biases that tuning asks for."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.benchmarks.sequence_tasks.core import Core


class RecurrentCore(Core):
    """LSTM, GRU or tanh RNN, one or more layers.

    Args:
        kind: "lstm", "gru" or "rnn".
        width: Units of each layer.
        layers: Number of layers.
        bias: What keeps a gated cell's memory at the start: "chrono", drawn for memories of up to `memory` steps, or a
            number, the bias of the gate that keeps the state. An RNN has no gate, and no use for it.
        memory: Longest memory that the chrono initialisation draws, in steps.
        dropout: Share of units that are dropped between layers, and in the recurrence (`recurrent_dropout` of Keras).

    Reference:
        Tallec & Ollivier 2018, "Can recurrent neural networks warp time?" (arXiv 1804.11188), section 2; Gers et al. 2000
        for the forget bias.
    """

    def __init__(
        self, kind: str, width: int, layers: int, bias: str | float = 1.0, memory: int = 100, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.width = width
        made = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}[kind]
        how: dict[str, Any] = {"return_sequences": True, "recurrent_dropout": dropout}
        if kind != "rnn":
            how |= {"use_cudnn": False, "bias_initializer": gate_bias(kind, bias, memory)}
        if kind == "lstm":
            how["unit_forget_bias"] = False
        self.cells = [made(width, **how) for _ in range(layers)]
        self.drop = keras.layers.Dropout(dropout)

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        for layer in self.cells:
            layer.build(input_shape)
            input_shape = (*input_shape[:-1], layer.units)

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, time, features) -> (batch, time, width)."""
        for layer in self.cells:
            x = self.drop(layer(x, training=training), training=training)
        return x

    def initial_state(self, batch_size: int, steps: int) -> Any:
        """Zeros: the states of all cells."""
        return [layer.cell.get_initial_state(batch_size) for layer in self.cells]

    def step(self, x_t: Any, state: Any) -> tuple[Any, Any]:
        """As of Core."""
        after = []
        for layer, before in zip(self.cells, state, strict=True):
            x_t, new = layer.cell(x_t, list(before), training=False)
            after.append(list(new))
        return x_t, after


def gate_bias(kind: str, bias: str | float, memory: int) -> Callable[..., Any]:
    """The initialiser of a gated cell's biases, in Keras's layout: gates i, f, c, o of an LSTM, z, r, h of a GRU.

    A GRU of Keras keeps the share z of its state, `h' = z h + (1 - z) c`, where Tallec & Ollivier's keeps 1 - z.

    Args:
        kind: "lstm" or "gru".
        bias: "chrono", or the number that the gate which keeps the state begins with.
        memory: The longest memory of "chrono", in steps.

    Example:
    >>> ops.convert_to_numpy(gate_bias("lstm", 2.0, 100)((8,))).tolist()
    [0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]
    """

    def draw(shape: Any, dtype: Any = "float32") -> Any:
        units = shape[-1] // (4 if kind == "lstm" else 3)
        keep = ops.full((units,), bias) if bias != "chrono" else chrono(units, memory)
        other = ops.zeros((units,))
        if kind == "lstm":
            return ops.concatenate([-keep if bias == "chrono" else other, keep, other, other])
        row = ops.concatenate([keep, other, other])
        return ops.stack([row, ops.zeros_like(row)])  # biases of the input and of the state, which are added

    return draw


def chrono(units: int, memory: int) -> Any:
    """Biases log(u), u even in [1, memory - 1]: gates whose forgetting times are spread up to `memory` steps."""
    return ops.log(keras.random.uniform((units,), 1.0, float(np.maximum(memory - 1, 2))))
