"""Text to aligned linguistic features: what a WaveNet needs to know of each moment to say words.

"Adding text - how?" In three steps, none of which WaveNet knows of: text becomes units (here words; phonemes work the
same way), each unit gets a duration from a small model of the speaker's tempo, and each frame of the resulting
timeline is described by features: which unit this, the previous and the next one is, how far into it the frame lies,
and how long it lasts. WaveNet sees frames of numbers, its local condition (van den Oord et al. 2016, section 3.2, used
the same kind of features for text to speech).
"""

import functools
import itertools
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, NamedTuple

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.rules import Names, config_of, keep_arguments, not_negative, positive

POSITION_BUMPS = 8  # overlapping hat functions over a unit's length: a soft "which eighth of it"
REFERENCE_SECONDS = 0.4  # unit durations are described as log(duration / this)
_APOSTROPHES = "\u2018\u2019\u02bc\u2032`"
_IN_WORDS = "'#%&*/@\\"  # punctuation that does not end a word


class Segment(NamedTuple):
    """A stretch of the timeline in which a unit of the vocabulary is said; start and end are in samples."""

    unit: str
    start: int
    end: int


@dataclass(eq=False)
class WordFrontEnd:
    """Turns text into frames of linguistic features.

    Args:
        vocabulary: The units, e.g. the ten digits' names, as `plain_words` writes them.
        hop: Samples a frame.
        sample_rate: Samples a second.
        durations: Seconds, by speaker and unit, as `fit_durations` gives them. Speaker "" serves all others.
        aliases: Other spellings of units, e.g. {"4": "four"}. A token made of aliases alone is spelt out: "427".
        gap: Seconds of silence between units.
        margin: Seconds of silence before the first and after the last unit.

    Raises:
        InputError: for an argument of another type, or out of range, for a word that no text can hold, and for one without a
            duration.

    Example:
    >>> front_end = WordFrontEnd(["four", "two"], 80, 8000, {"": {"four": 0.4, "two": 0.3}}, {"4": "four", "2": "two"})
    >>> front_end.units("Four, 24")
    ['four', 'two', 'four']
    >>> front_end.frames("4 2").shape  # 0.05 + 0.4 + 0.06 + 0.3 + 0.05 seconds
    (86, 18)
    """

    vocabulary: Names
    hop: Annotated[int, positive]
    sample_rate: Annotated[int, positive]
    durations: dict[str, dict[str, Annotated[float, positive]]]
    aliases: dict[str, str] = field(default_factory=dict)
    gap: Annotated[float, not_negative] = 0.06
    margin: Annotated[float, not_negative] = 0.05

    def __post_init__(self) -> None:
        """Checks the arguments."""
        keep_arguments(self, {**vars(self), "__class__": type(self)})
        for name, words in {"vocabulary": self.vocabulary, "aliases": self.aliases}.items():
            for word in words:
                plain = plain_words(word)
                if plain != ["".join(unicodedata.normalize("NFD", sign) for sign in word)]:
                    cure = f"write {' '.join(plain)!r}, each word by itself" if plain else "leave it out"
                    raise InputError(f"{name}: {word!r} is never found, since texts are read as small letters; {cure}")
        for alias, word in self.aliases.items():
            if word not in self.vocabulary:
                raise InputError(f"aliases: {alias!r} stands for {word!r}, which is no word of the vocabulary")
        for speaker, seconds in self.durations.items():
            if missing := set(self.vocabulary) - set(seconds):
                raise InputError(f"durations: those of {speaker!r} lack {', '.join(sorted(missing))}")
        if self.durations and "" not in self.durations:
            raise InputError("durations: need those of speaker '', who serves all others")
        self._index = {unit: index for index, unit in enumerate(self.vocabulary)}
        self.unit_of = {plain_words(word)[0]: word for word in self.vocabulary}
        self.unit_of |= {plain_words(alias)[0]: word for alias, word in self.aliases.items()}
        self.spelt = {plain_words(alias)[0] for alias in self.aliases}

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
        for token in plain_words(arrays.text(text, "text")):
            if token in self.unit_of:
                units.append(self.unit_of[token])
            elif self.spelt.issuperset(token):
                units.extend(self.unit_of[sign] for sign in token)
            else:
                raise InputError(f"text: cannot say {token!r}; this model's words are {', '.join(self.vocabulary)}")
        if not units:
            raise InputError(f"text: nothing to say in {text!r}; this model's words are {', '.join(self.vocabulary)}")
        return units

    def align(self, units: Sequence[str], speaker: str | None = None) -> list[Segment]:
        """Places units on a timeline, with the durations of `speaker`."""
        durations = self.durations.get(speaker or "") or self.durations.get("")
        if durations is None:
            raise InputError("durations: this front end has none; make them by fit_durations")
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
            segments: What is said when, in order and not overlapping; what they leave out is silence.
            num_frames: How many frames to describe.

        Returns:
            float32 (num_frames, num_features).
        """
        units = np.array([[self._index[segment.unit] for segment in segments]], np.int32)
        starts = np.array([[segment.start for segment in segments]], np.float64)
        ends = np.array([[segment.end for segment in segments]], np.float64)
        return self.batch_features(units, starts, ends, np.array([num_frames]))[0]

    def words_in(self, frames: np.ndarray) -> list[tuple[int, int]]:
        """Where words are said in frames (frames, num_features): of each word its first frame, and the one after its last.

        The same word twice without a pause between counts as one.

        Example:
        >>> front_end = WordFrontEnd(["one", "two"], 80, 8000, {"": {"one": 0.04, "two": 0.02}})
        >>> front_end.words_in(front_end.frames("two one"))
        [(5, 7), (13, 17)]
        """
        silence = len(self.vocabulary)
        unit = np.pad(frames[:, : silence + 1].argmax(axis=1), 1, constant_values=silence)
        edges = np.flatnonzero(unit[1:] != unit[:-1])
        return [(int(a), int(b)) for a, b in itertools.pairwise(edges) if unit[a + 1] != silence]

    def with_other_words(self, frames: np.ndarray) -> np.ndarray:
        """Frames (frames, num_features) as they are, and with each word moved on in the vocabulary by 1, 2 and so on.

        Returns:
            float32 (words, frames, num_features).
        """
        words = len(self.vocabulary)
        columns = np.tile(np.arange(self.num_features), (words, 1))
        for first in (0, words + 1, 2 * (words + 1)):  # this, the previous and the next one; silence stays
            columns[:, first : first + words] = first + (np.arange(words) - np.arange(words)[:, None]) % words
        return frames[:, columns].swapaxes(0, 1)

    def batch_features(self, units: Any, starts: Any, ends: Any, num_frames: Any, xp: Any = np) -> Any:
        """As `features`, for a batch of timelines, and in a graph.

        Args:
            units: Numbers of the units in order, int32 (batch, longest); -1 at the end of shorter timelines.
            starts: Where the units start, in samples, float64 (batch, longest).
            ends: Where the units end, in samples, float64 (batch, longest).
            num_frames: How many frames each timeline lasts, (batch,); silence follows.
            xp: The module that computes: `numpy`, or `keras.ops` in a graph.

        Returns:
            float32 (batch, max(num_frames), num_features).
        """
        silence = len(self.vocabulary)
        frame = xp.arange(xp.max(num_frames))
        centres = (xp.array(frame, "float64") + 0.5) * self.hop
        begun = (units >= 0)[:, None] & (starts[:, None] <= centres[:, None])
        last = xp.sum(xp.array(begun, "int32"), axis=-1)  # the last unit that has begun, from 1 on; 0 before the first
        # Silence stands before the first unit and after the last.
        around = ((0, 0), (1, 1))
        units = xp.pad(xp.where(units >= 0, units, silence), around, constant_values=silence)
        starts, ends = xp.pad(starts, around), xp.pad(ends, around)

        def at(values: Any, place: Any) -> Any:
            return xp.take_along_axis(values, place, axis=1)

        inside = centres < at(ends, last)
        this = xp.where(inside, at(units, last), silence)
        previous = xp.where(inside, at(units, xp.maximum(last - 1, 0)), at(units, last))
        own = frame < num_frames[:, None]
        identities = [xp.where(own, unit, silence) for unit in (this, previous, at(units, last + 1))]
        length = xp.maximum(at(ends - starts, last), 1.0)
        position = xp.clip((centres - at(starts, last)) / length, 0.0, 1.0)
        bumps = 1 - xp.abs(position[..., None] * (POSITION_BUMPS - 1) - np.arange(POSITION_BUMPS))
        log_duration = xp.log(length / (REFERENCE_SECONDS * self.sample_rate))[..., None]
        within = xp.array(inside & own, "float64")[..., None]
        features = [xp.array(unit[..., None] == xp.arange(silence + 1), "float64") for unit in identities]
        features += [xp.maximum(bumps, 0.0) * within, log_duration * within]
        return xp.array(xp.concatenate(features, axis=-1), "float32")

    def _samples(self, seconds: float) -> int:
        return round(seconds * self.sample_rate)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and `num_features`, for WaveNet's `text`."""
        return {**config_of(self), "num_features": self.num_features}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "WordFrontEnd":
        """The inverse of `get_config`.

        Raises:
            InputError: for something else.
        """
        if not isinstance(config, Mapping):
            raise InputError(f"text: must be what WordFrontEnd.get_config returns, not {type(config).__name__}")
        names = [one.name for one in fields(cls)]
        missing = [name for name in ("vocabulary", "hop", "sample_rate", "durations") if name not in config]
        unknown = [str(name) for name in config if name not in (*names, "num_features")]
        if missing or unknown:
            words = f"lacks {', '.join(missing)}" if missing else f"has no argument {', '.join(unknown)}"
            raise InputError(f"text: {words}; give what WordFrontEnd.get_config returns")
        return cls(**{name: config[name] for name in names if name in config})


def plain_words(text: str) -> list[str]:
    r"""The words of a text as people write it, in one spelling.

    They are cut at blanks and punctuation, quotes, brackets and dashes too. Letters become small, and all signs what
    Unicode says that they are compatible with, accents apart from their letters; digits of any script become 0 to 9.

    Args:
        text: What is to be said.

    Example:
    >>> plain_words("“Four” (two) \u2013 \uff17!")
    ['four', 'two', '7']
    """
    return [word for one in text.translate(plain_signs()).split() if (word := one.strip("'"))]


@functools.cache
def plain_signs() -> dict[int, str]:
    """What `plain_words` reads a character as, by its code point, if it is not the character itself."""
    plain = {code: "".join(map(_plain, unicodedata.normalize("NFKD", chr(code)))) for code in range(0x20000)}
    return {code: signs for code, signs in plain.items() if signs != chr(code)}


def _plain(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Nd":
        return str(unicodedata.decimal(sign))
    if sign in _APOSTROPHES:
        return "'"
    if sign not in _IN_WORDS and (kind[0] in "PZ" or kind in ("Cc", "Cf")):
        return " "
    return sign.lower()


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
    average = mean + of_speaker.mean() + of_unit
    fitted = mean + of_speaker[:, None] + of_unit + deviation / (count + shrinkage)
    table = np.exp([average, *fitted]).tolist()
    return {speaker: dict(zip(units, row, strict=True)) for speaker, row in zip(("", *speakers), table, strict=True)}
