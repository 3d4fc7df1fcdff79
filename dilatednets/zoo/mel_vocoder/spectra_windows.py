"""From recordings to training windows: stretches of mels, and the spectra that they were made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

import numpy as np
from scipy.signal import resample_poly

from dilatednets.errors import InputError
from dilatednets.rules import keep_arguments, not_negative, positive
from dilatednets.training.batches import Batches
from dilatednets.zoo.mel_front_end import MelFrontEnd

SPEEDS = tuple(Fraction(n, 16) for n in range(14, 20))
"""At which recordings are played, as other voices have another pitch and other formants."""


@dataclass(eq=False)
class SpectraWindows(Batches):
    """Windows of recordings that are heard anew each epoch: at another speed and level, cut at other samples.

    Args:
        recordings: Samples of each, at the front end's rate.
        front_end: Makes the mels.
        frames: Frames of a window.
        batch_size: Windows of a batch.
        speeds: Whether recordings are played at one of `SPEEDS`, drawn each time.
        gain: By how many dB, at most, they are made softer or louder.
        seed: Decides, with the epoch's number, on everything that is drawn.

    Raises:
        InputError: for an argument out of range, and too little audio for one batch.

    Example:
    >>> windows = SpectraWindows([np.ones(22050)], MelFrontEnd(22050, 256), frames=16, batch_size=2)
    >>> mels, magnitudes = next(windows.epoch(0))
    >>> windows.steps_per_epoch, mels.shape, magnitudes.shape
    (2, (2, 16, 80), (2, 16, 513))
    """

    recordings: Sequence[np.ndarray]
    front_end: MelFrontEnd
    frames: Annotated[int, positive]
    batch_size: Annotated[int, positive]
    speeds: bool = True
    gain: Annotated[float, not_negative] = 6.0
    seed: Annotated[int, not_negative] = 0

    def __post_init__(self) -> None:
        """Counts the batches of an epoch."""
        keep_arguments(self, {**vars(self), "__class__": type(self)})
        total = sum(len(one) for one in self.recordings) // self.front_end.hop
        self.steps_per_epoch = total // (self.frames * self.batch_size)
        if not self.steps_per_epoch:
            seconds = total * self.front_end.hop / self.front_end.sample_rate
            raise InputError(
                f"batch_size: {seconds:.1f} s of audio are too few for one batch of {self.batch_size} windows of "
                f"{self.frames} frames; lower training.batch_size or training.frames, or record more"
            )

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Exactly `steps_per_epoch` batches, (mels, magnitudes)."""
        rng = np.random.default_rng([self.seed, number])
        heard = [self.front_end.with_magnitudes(self._played(one, rng)) for one in self.recordings]
        mels, magnitudes = (np.concatenate(parts) for parts in zip(*heard, strict=True))
        for _ in range(self.steps_per_epoch):
            # A window may span two recordings, as pauses do.
            starts = rng.integers(0, len(mels) - self.frames + 1, self.batch_size)
            yield tuple(np.stack([of[start : start + self.frames] for start in starts]) for of in (mels, magnitudes))

    def _played(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        speed = SPEEDS[rng.integers(len(SPEEDS))] if self.speeds else Fraction(1)
        level = 10 ** (rng.uniform(-self.gain, self.gain) / 20)
        first = rng.integers(min(self.front_end.hop, len(audio)))
        played = audio[first:] if speed == 1 else resample_poly(audio[first:], speed.denominator, speed.numerator)
        softer: np.ndarray = level * played / max(1.0, level * float(np.abs(played).max()))
        return softer
