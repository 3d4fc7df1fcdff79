"""Text to aligned linguistic features: what a WaveNet needs to know of each moment to say words.

"Adding text - how?" In three steps, none of which WaveNet knows of: text becomes units (here words; phonemes work the
same way), each unit gets a duration from a small model of the speaker's tempo, and each frame of the resulting
timeline is described by features: which unit this, the previous and the next one is, how far into it the frame lies,
and how long it lasts. WaveNet sees frames of numbers, its local condition (van den Oord et al. 2016, section 3.2, used
the same kind of features for text to speech).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dilatednets.errors import InputError

POSITION_BUMPS = 8  # overlapping hat functions over a unit's length: a soft "which eighth of it"
REFERENCE_SECONDS = 0.4  # unit durations are described as log(duration / this)


@dataclass(frozen=True)
class Segment:
    """A stretch of the timeline: a unit of the vocabulary, or silence (unit None); start and end in samples."""

    unit: str | None
    start: int
    end: int


class WordFrontEnd:
    """Turns text into frames of linguistic features.

    Args:
        vocabulary: The units, e.g. the ten digits' names.
        hop: Samples a frame.
        sample_rate: Samples a second.
        durations: Seconds, by speaker and unit, as `fit_durations` gives them. Speaker "" serves all others.
        aliases: Other spellings of units, e.g. {"4": "four"}. A token made of aliases alone is spelt out: "427".
        gap: Seconds of silence between units.
        margin: Seconds of silence before the first and after the last unit.

    Example:
    >>> front_end = WordFrontEnd(["four", "two"], 80, 8000, {"": {"four": 0.4, "two": 0.3}}, {"4": "four", "2": "two"})
    >>> front_end.units("Four, 24")
    ['four', 'two', 'four']
    >>> front_end.frames("4 2").shape  # 0.05 + 0.4 + 0.06 + 0.3 + 0.05 seconds
    (86, 18)
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        hop: int,
        sample_rate: int,
        durations: Mapping[str, Mapping[str, float]],
        aliases: Mapping[str, str] | None = None,
        gap: float = 0.06,
        margin: float = 0.05,
    ) -> None:
        self.vocabulary = tuple(vocabulary)
        self.hop = hop
        self.sample_rate = sample_rate
        self.durations = {speaker: dict(by_unit) for speaker, by_unit in durations.items()}
        self.aliases = dict(aliases or {})
        self.gap = gap
        self.margin = margin
        self._index = {unit: index for index, unit in enumerate(self.vocabulary)}

    @property
    def num_features(self) -> int:
        """Features of a frame: three identities (with silence), the position, the log duration."""
        return 3 * (len(self.vocabulary) + 1) + POSITION_BUMPS + 1

    def units(self, text: str) -> list[str]:
        """The units that `text` says.

        Raises:
            InputError: for a word that is not in the vocabulary, listing the vocabulary; for text without a word.
        """
        units: list[str] = []
        for token in re.findall(r"[^\s,.;:!?-]+", text.lower()):
            word = self.aliases.get(token, token)
            if word in self._index:
                units.append(word)
            elif all(character in self.aliases for character in token):
                units.extend(self.aliases[character] for character in token)
            else:
                raise InputError(f"text: cannot say {token!r}; this model's words are {', '.join(self.vocabulary)}")
        if not units:
            raise InputError(f"text: nothing to say in {text!r}; this model's words are {', '.join(self.vocabulary)}")
        return units

    def align(self, units: Sequence[str], speaker: str | None = None) -> list[Segment]:
        """Places units on a timeline, with the durations of `speaker`."""
        durations = self.durations.get(speaker or "", self.durations[""])
        segments: list[Segment] = []
        end = self._samples(self.margin)
        for number, unit in enumerate(units):
            start = end + (self._samples(self.gap) if number else 0)
            end = start + self._samples(durations[unit])
            segments.append(Segment(unit, start, end))
        return segments

    def frames(self, text: str, speaker: str | None = None) -> np.ndarray:
        """Features of all that is needed to say `text`: float32 (frames, num_features)."""
        segments = self.align(self.units(text), speaker)
        total = segments[-1].end + self._samples(self.margin)
        return self.features(segments, -(-total // self.hop))

    def features(self, segments: Sequence[Segment], num_frames: int) -> np.ndarray:
        """Describes a timeline frame by frame, at the frames' centres.

        Args:
            segments: In order, not overlapping; what they leave out is silence.
            num_frames: How many frames.

        Returns:
            float32 (num_frames, num_features).
        """
        spoken = [segment for segment in segments if segment.unit is not None]
        silence = len(self.vocabulary)
        ids = np.array([silence, *(self._index[s.unit] for s in spoken if s.unit is not None), silence])
        starts = np.array([s.start for s in spoken], np.float64)
        ends = np.array([s.end for s in spoken], np.float64)
        centres = (np.arange(num_frames) + 0.5) * self.hop
        unit = np.searchsorted(starts, centres, side="right")  # 1 + the last unit that has begun; 0 before the first
        inside = (unit > 0) & (centres < np.concatenate([[0.0], ends])[unit])
        this = np.where(inside, ids[unit], silence)
        previous = np.where(inside, ids[np.maximum(unit - 1, 0)], ids[unit])
        following = ids[np.minimum(unit + 1, len(ids) - 1)]
        length = np.maximum(np.concatenate([[1.0], ends - starts])[unit], 1.0)
        position = np.clip((centres - np.concatenate([[0.0], starts])[unit]) / length, 0.0, 1.0)
        bumps = 1 - np.abs(position[:, None] * (POSITION_BUMPS - 1) - np.arange(POSITION_BUMPS))
        log_duration = np.log(length / (REFERENCE_SECONDS * self.sample_rate))
        identity = np.eye(silence + 1)
        return np.concatenate(
            [
                identity[this],
                identity[previous],
                identity[following],
                np.where(inside[:, None], np.maximum(bumps, 0.0), 0.0),
                np.where(inside, log_duration, 0.0)[:, None],
            ],
            axis=1,
        ).astype(np.float32)

    def _samples(self, seconds: float) -> int:
        return round(seconds * self.sample_rate)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and `num_features`, for WaveNet's `text`."""
        return {
            "vocabulary": list(self.vocabulary),
            "hop": self.hop,
            "sample_rate": self.sample_rate,
            "durations": self.durations,
            "aliases": self.aliases,
            "gap": self.gap,
            "margin": self.margin,
            "num_features": self.num_features,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "WordFrontEnd":
        """The inverse of `get_config`."""
        return cls(**{key: value for key, value in config.items() if key != "num_features"})


def fit_durations(
    observations: Sequence[tuple[str, str, float]], shrinkage: float = 5.0
) -> dict[str, dict[str, float]]:
    """Fits a small model of durations: log seconds = mean + unit + speaker + the pair's own deviation.

    Unit and speaker effects are least squares; the pair's deviation is its mean residual, shrunk towards zero by
    `shrinkage` observations, so that a rarely heard pair falls back on what its unit and its speaker do elsewhere.

    Args:
        observations: (speaker, unit, seconds) of each recording.
        shrinkage: How many observations the prior counts for.

    Returns:
        Seconds by speaker and unit. Speaker "" is the average voice.

    Raises:
        InputError: without observations, or for a duration that is not positive.

    Example:
    >>> table = fit_durations([("ann", "one", 0.5), ("ann", "two", 0.4), ("bob", "one", 0.25), ("bob", "two", 0.2)])
    >>> round(table["bob"]["two"], 3), round(table[""]["one"], 3)
    (0.2, 0.354)
    """
    if not observations or any(seconds <= 0 for _, _, seconds in observations):
        raise InputError("durations: need at least one recording, each longer than zero seconds")
    speakers = sorted({speaker for speaker, _, _ in observations})
    units = sorted({unit for _, unit, _ in observations})
    row = np.array([speakers.index(speaker) for speaker, _, _ in observations])
    column = np.array([units.index(unit) for _, unit, _ in observations])
    log_seconds = np.log([seconds for _, _, seconds in observations])
    mean = log_seconds.mean()
    design = np.concatenate([np.eye(len(speakers))[row], np.eye(len(units))[column]], axis=1)
    effects = np.linalg.lstsq(design, log_seconds - mean, rcond=None)[0]  # the minimum-norm solution
    residual = log_seconds - mean - design @ effects
    deviation = np.zeros((len(speakers), len(units)))
    count = np.zeros_like(deviation)
    np.add.at(deviation, (row, column), residual)
    np.add.at(count, (row, column), 1)
    of_speaker, of_unit = effects[: len(speakers)], effects[len(speakers) :]
    seconds = np.exp(mean + of_speaker[:, None] + of_unit + deviation / (count + shrinkage))
    table = {s: dict(zip(units, map(float, seconds[i]), strict=True)) for i, s in enumerate(speakers)}
    average = np.exp(mean + of_speaker.mean() + of_unit)
    return {"": dict(zip(units, map(float, average), strict=True)), **table}
