"""A trained net and the same net from scratch that are to learn something new: what families supply to its benchmark."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dilatednets.training.batches import Batches, data_of


@dataclass
class FineTuning:
    """Something new to learn from a few examples.

    Args:
        metric: What is measured on held-out data.
        words: The metric's name for people.
        examples: What is learnt from.
        tuned: The net with a preset's weights, compiled.
        untrained: The same net without them, compiled.
        epochs: Epochs that suit the tuned net.
        learn: Trains a net from an epoch on, for a number of epochs.
        measure: Gives the metric of a net.
    """

    metric: str
    words: str
    examples: str
    tuned: Any
    untrained: Any
    epochs: int
    learn: Callable[[Any, int, int], None]
    measure: Callable[[Any], float]


def fit_on(batches: Batches) -> Callable[[Any, int, int], None]:
    """`FineTuning.learn` of batches as `data_of` takes them."""

    def learn(net: Any, first: int, count: int) -> None:
        net.fit(data_of(batches, first), steps_per_epoch=batches.steps_per_epoch * count, verbose=0, shuffle=False)

    return learn
