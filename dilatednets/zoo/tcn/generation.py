"""What comes next, drawn step by step."""

from typing import Annotated, Any

import numpy as np
from keras import ops

from dilatednets.arrays import numbers
from dilatednets.errors import InputError
from dilatednets.progress import progress
from dilatednets.rules import Rule, Size, checked, positive
from dilatednets.zoo.tcn import stream
from dilatednets.zoo.tcn.inputs import checked_sequence

Seed = Annotated[int, Rule(lambda x: 0 <= x < 2**64, "0 or above, and below 2**64")]


def generate(model: Any, steps: int, prime: Any, batch_size: int, temperature: float, seed: int | None) -> np.ndarray:
    """Draws so many steps, as `TCN.generate` describes it."""
    if model.task != "next":
        raise InputError(f"generate: is for models of what comes next; this one does {model.task}")
    steps = checked(steps, Size, "steps")
    batch_size = checked(batch_size, Size, "batch_size")
    temperature = checked(temperature, Annotated[float, positive], "temperature")
    rng = np.random.default_rng(checked(seed, Seed | None, "seed"))
    if prime is None:
        x = np.zeros((batch_size, 1, *([model.outputs] if model.multi_label else [])))
        x = x.astype(np.int32 if model.vocabulary else np.float32)
    else:
        x = checked_sequence(model, prime, "prime")
        if batch_size not in (1, len(x)):
            raise InputError(f"batch_size: {batch_size}, but prime has {len(x)} sequences; leave it out")
    if model.multi_label and not np.all(np.isin(numbers(x, "prime", (None, None, None)), (0, 1))):
        raise InputError("prime: must hold 0 and 1, for what is there at a step")
    made: list[np.ndarray] = []
    step = model.__dict__.setdefault("_steps", stream.Steps(model))  # compiled once for all calls
    scores, state = model.process(x, model.initial_state(len(x)))
    for _ in progress(range(steps), "generating", unit="steps"):
        if made:
            scores, state = step(x, state)
        x = draw(ops.convert_to_numpy(scores[:, -1:]), model.multi_label, temperature, rng)
        made.append(x.astype(np.int32))
    return np.concatenate(made, axis=1)


def draw(scores: np.ndarray, multi_label: bool, temperature: float, rng: np.random.Generator) -> np.ndarray:
    """One token of each row of scores (..., tokens), or each label by itself.

    Example:
    >>> draw(np.array([[0.0, 50.0]]), False, 1.0, np.random.default_rng(0)).tolist()
    [1]
    """
    scores = scores.astype(np.float64) / temperature
    if multi_label:  # Gumbel's trick, also for two outcomes: the difference of two such draws is logistic
        return (scores + rng.logistic(size=scores.shape) > 0).astype(np.float32)
    return np.argmax(scores + rng.gumbel(size=scores.shape), axis=-1).astype(np.int32)
