"""What a core is: the middle of a net for sequences, which can also run step by step."""

import math
from typing import Any

import keras


class Core(keras.layers.Layer):
    """Causal layers, (batch, time, features) -> (batch, time, width), whose state a caller can keep.

    A step sees itself and those before it only. Padding at the end of a sequence therefore changes no step of it, and no
    core needs a mask.
    """

    width: int

    def initial_state(self, batch_size: int, steps: int) -> Any:
        """The state before the first step.

        Args:
            batch_size: Number of streams.
            steps: The most steps that a stream will have. Only attention, which keeps them all, depends on it.

        Returns:
            A nest of tensors.
        """
        raise NotImplementedError

    def step(self, x_t: Any, state: Any) -> tuple[Any, Any]:
        """One step, equal to the parallel call in inference at this time: x_t (batch, features) -> (y_t, next state)."""
        raise NotImplementedError

    def attended(self, steps: int) -> float:
        """Multiply-accumulates a step that belong to no weight, over sequences of `steps` on average."""
        return 0.0


def multiply_accumulates(layer: Any, core: Core, steps: int) -> float:
    """Multiply-accumulates that one step of a stream takes, on average over a sequence of `steps`.

    Each kernel is used once a step. What has no kernel does not count: activations, gates, normalisations.

    Args:
        layer: The core, or the built net around it.
        core: The core.
        steps: Length of the sequence.

    Example:
    >>> from dilatednets.benchmarks.sequence_tasks.cores import make
    >>> gru = make("gru", 8, layers=1)
    >>> gru.build((None, None, 3))
    >>> multiply_accumulates(gru, gru, 100)  # three gates, from 3 inputs and 8 states
    264.0
    """
    kernels = [weight for weight in layer.weights if weight.name.endswith("kernel")]
    return sum(math.prod(weight.shape) for weight in kernels) + core.attended(steps)
