"""A net for sequences around any core, and the width at which a core has a given number of parameters."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.benchmarks.sequence_tasks.core import Core, multiply_accumulates


class SequenceNet(keras.Model):
    """A core between an optional embedding and a linear head.

    Args:
        core: The core.
        outputs: Numbers of an answer.
        every_step: Whether each step has an answer, or the last one only.
        vocabulary: Number of tokens, which are embedded; 0: the sequence is of vectors.
        embedding: Size of a token's vector.

    Call arguments:
        x: (batch, time, features), or tokens int (batch, time).

    Output shape:
        (batch, time, outputs), or (batch, outputs).

    Example:
    >>> import numpy as np
    >>> from dilatednets.benchmarks.sequence_tasks.cores import make
    >>> net = SequenceNet(make("gru", 8, layers=1), outputs=3, every_step=False)
    >>> net(np.zeros((2, 20, 1), "float32")).shape
    TensorShape([2, 3])
    """

    def __init__(self, core: Core, outputs: int, every_step: bool, vocabulary: int = 0, embedding: int = 32) -> None:
        super().__init__()
        self.core, self.every_step = core, every_step
        self.embedding = keras.layers.Embedding(vocabulary, embedding) if vocabulary else None
        self.head = keras.layers.Dense(outputs)
        self._programs: dict[Any, Any] = {}

    def train_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, with a program for each shape: Keras's own would forget the length, which some cores must know."""
        self.train_function = self._programs.get(("train", x.shape))
        loss = super().train_on_batch(x, *args, **kwargs)
        self._programs["train", x.shape] = self.train_function
        return loss

    def predict_on_batch(self, x: Any) -> Any:
        """As Keras's, with a program for each shape."""
        self.predict_function = self._programs.get(("predict", x.shape))
        answers = super().predict_on_batch(x)
        self._programs["predict", x.shape] = self.predict_function
        return answers

    def build_for(self, features: int) -> None:
        """Creates all weights, for steps of `features` numbers."""
        if self.embedding is not None:
            self.embedding.build((None, None))
            features = self.embedding.output_dim
        self.core.build((None, None, features))
        self.core.built = True
        self.head.build((None, self.core_width))
        self.built = True

    @property
    def core_width(self) -> int:
        """Channels or units of the core."""
        return int(self.core.width)

    def call(self, x: Any, training: Any = None) -> Any:
        """Answers, as the class describes them."""
        x = self.core(self._vectors(x), training=training)
        return self.head(x if self.every_step else x[:, -1])

    def step(self, x_t: Any, state: Any) -> tuple[Any, Any]:
        """The answer at the next step of each stream, and the next state."""
        y, state = self.core.step(self._vectors(x_t), state)
        return self.head(y), state

    def macs(self, steps: int) -> float:
        """Multiply-accumulates of a step of a stream that answers at each, on average over `steps`."""
        return multiply_accumulates(self, self.core, steps)

    def _vectors(self, x: Any) -> Any:
        return ops.cast(x, "float32") if self.embedding is None else self.embedding(x)


def matched_width(parameters_at: Callable[[int], int], wanted: int, unit: int = 1) -> int:
    """The width, a multiple of `unit`, whose number of parameters comes closest to `wanted`.

    Parameters of a net of matrices and biases are `a w**2 + b w + c` of its width, which three narrow nets show.

    Args:
        parameters_at: The parameters of the whole net at a width.
        wanted: The parameters to have.
        unit: What the width must be a multiple of.

    Example:
    >>> matched_width(lambda width: width**2 + 2 * width, 1000)
    31
    """
    one, two, three = (parameters_at(count * unit) for count in (1, 2, 3))
    a = (three - 2 * two + one) / 2
    b = two - one - 3 * a
    c = one - a - b
    root = int(max(np.roots([a, b, c - wanted]).real))
    return unit * min((max(root, 1), max(root, 0) + 1), key=lambda n: abs(a * n * n + b * n + c - wanted))
