"""From pairs of recordings to training windows: a receptive field of dry audio, and the samples that count."""

import json
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dilatednets.data.dry_wet import Pair
from dilatednets.errors import InputError, Note
from dilatednets.training.batches import Batches


class PairWindows(Batches):
    """Windows of dry and wet audio that together cover all pairs once an epoch, cut elsewhere each time and shuffled.

    Args:
        pairs: What to learn from, all of one sample rate.
        field: The receptive field; before the beginning of a pair there is silence.
        target: Samples of a window that count.
        batch_size: Windows of a batch.
        seed: Decides, with the epoch's number, on cuts and order.
        knobs: Names of the knobs, in the model's order.

    Raises:
        InputError: if there is too little audio for one batch, or a pair does not say where a knob was.

    Example:
    >>> pair = Pair("", 48000, np.zeros(48000, np.float32), np.zeros(48000, np.float32), {}, 0)
    >>> windows = PairWindows([pair], field=4093, target=8192, batch_size=2)
    >>> dry, wet = next(windows.epoch(0))
    >>> windows.steps_per_epoch, dry.shape, wet.shape
    (2, (2, 12284), (2, 8192))
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        field: int,
        target: int,
        batch_size: int,
        seed: int = 0,
        knobs: Sequence[str] = (),
    ) -> None:
        self.field, self.target, self.batch_size, self.seed = field, target, batch_size, seed
        self.dry = [np.pad(pair.dry, (field - 1, 0)) for pair in pairs]
        self.wet = [pair.wet for pair in pairs]
        self.knobs = settings_of(pairs, knobs)
        # The cuts lie anywhere in the first window: one less than fits is there in each epoch.
        counts = [max((len(wet) - target + 1) // target, 0) for wet in self.wet]
        self.steps_per_epoch = sum(counts) // batch_size
        if not self.steps_per_epoch:
            total, rate = sum(map(len, self.wet)), pairs[0].sample_rate
            words = (
                f"{total / rate:.1f} s of audio are too few for one batch of {batch_size} windows of {target} samples"
            )
            raise InputError(f"batch_size: {words}; lower training.batch_size or training.target, or record more")

    def epoch(self, number: int) -> Iterator[Any]:
        """Exactly `steps_per_epoch` batches, (dry, wet), or ({"audio", "knobs"}, wet)."""
        rng = np.random.default_rng([self.seed, number])
        places = []
        for pair, wet in enumerate(self.wet):
            spare = min(len(wet) % self.target + self.target, len(wet)) - self.target
            first = int(rng.integers(0, max(spare, 0) + 1))
            places += [(pair, start) for start in range(first, len(wet) - self.target + 1, self.target)]
        rng.shuffle(places)
        for step in range(self.steps_per_epoch):
            batch = places[step * self.batch_size : (step + 1) * self.batch_size]
            dry = np.stack([self.dry[pair][start : start + self.field - 1 + self.target] for pair, start in batch])
            wet = np.stack([self.wet[pair][start : start + self.target] for pair, start in batch])
            told = self.knobs[[pair for pair, _ in batch]]
            yield ({"audio": dry, "knobs": told} if told.size else dry), wet


def check_knobs(pairs: Sequence[Pair], knobs: Sequence[str]) -> None:
    """Says in a `dilatednets.errors.Note` which knobs the pairs have and the model has not.

    Args:
        pairs: What to learn from, or to measure on.
        knobs: Names of the model's.

    Raises:
        InputError: if such a knob was at several places, or not always told: these are several effects.
    """
    for name in sorted({name for pair in pairs for name in pair.knobs} - set(knobs)):
        places = {str(pair.knobs.get(name, "?")): pair.path for pair in pairs}
        where = ", ".join(f"at {place} in {path}" for place, path in places.items())
        if len(places) > 1:
            cure = f"train with net.knobs = {json.dumps([*knobs, name])}, or give the pairs of one place alone"
            raise InputError(f"knobs.toml: {name} was {where}, and the net has no such knob; {cure}")
        warnings.warn(f"knobs.toml: {name} was {where}, and the net has no such knob", Note, stacklevel=2)


def settings_of(pairs: Sequence[Pair], knobs: Sequence[str]) -> np.ndarray:
    """Where the knobs were, float32 (pairs, knobs).

    Raises:
        InputError: if a pair does not say where one was.
    """
    for pair in pairs:
        for name in knobs:
            if name not in pair.knobs:
                raise InputError(
                    f"{pair.path}/knobs.toml: does not say where {name} was; add a line such as {name} = 0.5"
                )
    return np.array([[pair.knobs[name] for name in knobs] for pair in pairs], np.float32).reshape(
        len(pairs), len(knobs)
    )
