"""Pairs of recordings to learn an effect from: what went into an amplifier or a pedal, and what came out of it."""

import os
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.arrays import as_audio
from dilatednets.data.audio import is_silent
from dilatednets.data.audio_folder import note_of
from dilatednets.data.sequences import check_split
from dilatednets.data.sound_formats import SUFFIXES, decode
from dilatednets.data.splits import data_folder, is_run, split_of
from dilatednets.errors import InputError, Note, one_line
from dilatednets.folders import files_below, inside

LAYOUT = "DIR/dry.wav and DIR/wet.wav, or DIR/NAME/wet.wav of each pair; its dry.wav beside it or one folder above"
KNOBS = "knobs.toml"
LONGEST_DELAY = 1.0
"""Seconds by which a wet recording may be late, or early."""
_UNEQUAL = 0.1
"""Seconds by which lengths may differ, since recorders stop when they like."""
_CLIPPED, _RUN = 0.99995, 6
"""A recording is clipped where as many samples in a row are as large; the crest of a bass note at full scale is shorter."""
_RELATED = 8.0
"""How far the strongest echo of the dry in the wet signal stands out, in standard deviations of the others; by chance, 5."""
_ALONE = 0.7
"""Share of the strongest echo that all others must stay below, or the recording repeats itself."""
_ALIKE = 0.3
"""Correlation above which two signals have something in common, whatever else."""
_ONSET, _SPREAD = 0.2, 64
"""An effect answers from where its response first reaches this share of its peak, at most as many samples before that. A
shorter delay is left as it is: the net learns it."""
_SAFE = 8
"""Samples of a delay that are left: the net can learn them, and it could not learn to look ahead."""


@dataclass(frozen=True)
class Pair:
    """A dry recording and the wet one, float32 (samples,), aligned; and where the knobs were, by name."""

    path: str
    sample_rate: int
    dry: np.ndarray
    wet: np.ndarray
    knobs: dict[str, float]
    delay: int
    """Samples by which the wet one came late, which are taken out."""

    def part(self, first: int, last: int) -> "Pair":
        """The samples from `first` to before `last`."""
        dry, wet = self.dry[first:last], self.wet[first:last]
        return Pair(self.path, self.sample_rate, dry, wet, self.knobs, self.delay)


def load(data_dir: str | os.PathLike[str], split: str) -> list[Pair]:
    """Reads and checks all pairs.

    The delay of a wet recording is found from what it has in common with the dry one, and taken out; a
    `dilatednets.errors.Note` says so, and in the split "train" what else is odd.

    Args:
        data_dir: The folder; recordings may be of any format that `dilatednets.data.audio.read_audio` reads, and beside a
            wet one `knobs.toml` may say where the knobs were, as in `gain = 0.7`.
        split: "train" and "validation" have the same pairs, of which the user of this keeps the ends apart; "test" has those
            of the folder DIR/test.

    Raises:
        InputError: for a folder that is missing, laid out otherwise, or for training or validation; a recording that cannot
            be read, is in stereo or silent; a wet one that is clipped, of another rate or length than the dry one, or has
            nothing to do with it.
    """
    root = data_folder(data_dir)
    if check_split(split) == "test":
        root = next((one for one in _folders(root) if split_of(one) == "test"), root / "test")
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; the layout is {LAYOUT}")
    folders = [one for one in _folders(root) if split_of(one) != "test"]
    for one in folders:
        if split_of(one):
            words = "the end of each pair is held out for validation, so that no folder is for a split but test"
            raise InputError(f"{one}: {words}; give it another name, if it holds a pair")
    found = [folder for folder in (root, *folders) if _recording(folder, "wet") is not None]
    if not found:
        raise InputError(f"{root}: holds no wet recording; the layout is {LAYOUT}")
    pairs = [_pair(folder, split == "train") for folder in found]
    if split == "train":
        used = {_recording(folder, stem) for folder in (root, *found) for stem in ("dry", "wet")}
        sounds = inside(root) + [one for folder in folders if not is_run(folder) for one in files_below(folder)]
        note_of(
            [one for one in sounds if one.suffix.lower() in SUFFIXES and one not in used],
            f"not used; the layout is {LAYOUT}",
        )
    rates = {pair.sample_rate for pair in pairs}
    if len(rates) > 1:
        raise InputError(
            f"{root}: its pairs are of {', '.join(f'{rate} Hz' for rate in sorted(rates))}; export all alike"
        )
    return pairs


def _folders(root: Path) -> list[Path]:
    return [one for one in inside(root) if one.is_dir()] if root.is_dir() else []


def _recording(folder: Path, stem: str) -> Path | None:
    files = [one for one in inside(folder) if one.stem.lower() == stem and one.suffix.lower() in SUFFIXES]
    files = [one for one in files if one.is_file()]
    return files[0] if files else None


def _pair(folder: Path, to_learn: bool) -> Pair:
    wet_file, dry_file = _recording(folder, "wet"), _recording(folder, "dry") or _recording(folder.parent, "dry")
    assert wet_file is not None
    if dry_file is None:
        raise InputError(f"{folder}: holds no dry recording beside {wet_file.name}; the layout is {LAYOUT}")
    rate, dry = _read(dry_file)
    wet_rate, wet = _read(wet_file)
    if wet_rate != rate:
        raise InputError(f"{wet_file}: is of {wet_rate} Hz, {dry_file.name} of {rate} Hz; export both at one rate")
    if abs(len(dry) - len(wet)) > _UNEQUAL * rate:
        words = f"lasts {len(wet) / rate:.2f} s, {dry_file.name} {len(dry) / rate:.2f} s"
        raise InputError(f"{wet_file}: {words}; export both from the same beginning to the same end")
    if count := clipped(wet):
        raise InputError(f"{wet_file}: is clipped at {count:,} places; record it again at a lower level")
    if to_learn and (count := clipped(dry)):
        _note(f"{dry_file}: is clipped at {count:,} places; a recording at a lower level would teach more")
    size = min(len(dry), len(wet))
    dry, wet = dry[:size], wet[:size]
    delay, inverted = delay_of(dry, wet, rate, str(wet_file))
    if delay is None:
        _note(
            f"{wet_file}: cannot be told from its own repetitions; its delay is taken for 0, record something livelier"
        )
    elif delay:
        way = "late" if delay > 0 else "early"
        _note(f"{wet_file}: comes {abs(delay)} samples ({1000 * abs(delay) / rate:.1f} ms) {way}, which is put right")
    delay = delay - _SAFE if delay else 0
    if inverted and to_learn:
        _note(f"{wet_file}: is inverted, as some gear does; the model will do so, too")
    dry, wet = (dry[: size - delay], wet[delay:]) if delay > 0 else (dry[-delay:], wet[: size + delay])
    return Pair(str(folder), rate, dry, wet, _knobs(folder), delay)


def _read(file: Path) -> tuple[int, np.ndarray]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    rate, audio = decode(data, str(file))
    if audio.shape[1] > 1 and not np.array_equal(audio, np.repeat(audio[:, :1], audio.shape[1], axis=1)):
        raise InputError(f"{file}: has {audio.shape[1]} channels; export the one that is to be learnt, in mono")
    as_audio(audio, str(file))  # refuses what is none; a wet one may reach a little beyond full scale
    if is_silent(audio):
        raise InputError(f"{file}: is silent; check the cables, and record it again")
    return rate, audio[:, 0]


def _knobs(folder: Path) -> dict[str, float]:
    path = folder / KNOBS
    if not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a TOML file ({one_line(error)}); write lines such as gain = 0.7") from error
    numbers = {name for name, value in content.items() if isinstance(value, int | float) and np.isfinite(float(value))}
    wrong = [name for name, value in content.items() if isinstance(value, bool) or name not in numbers]
    if wrong:
        raise InputError(f"{path}: {wrong[0]} is no number; write lines such as gain = 0.7")
    return {name: float(value) for name, value in content.items()}


def clipped(audio: np.ndarray) -> int:
    """How many stretches of a recording stay at full scale.

    Example:
    >>> clipped(np.clip(2 * np.sin(np.arange(1000) / 30), -1, 1)), clipped(np.sin(np.arange(1000) / 30))
    (11, 0)
    """
    full = np.abs(audio) >= _CLIPPED
    edges = np.flatnonzero(np.diff(np.concatenate([[False], full, [False]])))
    return int(np.sum(edges[1::2] - edges[::2] >= _RUN))


def delay_of(dry: np.ndarray, wet: np.ndarray, sample_rate: int, where: str = "wet") -> tuple[int | None, bool]:
    """By how many samples a wet signal is late, and whether it is inverted; None if it fits at several places.

    What is linear in the effect is estimated as a response to a click, whose beginning is the delay.

    Args:
        dry: What went in, (samples,).
        wet: What came out, as long.
        sample_rate: Samples a second.
        where: What messages begin with.

    Raises:
        InputError: if the two have nothing to do with each other.

    Example:
    >>> dry = np.random.default_rng(0).normal(0, 0.1, 48000)
    >>> delay_of(dry, -np.tanh(9 * np.roll(dry, 960)), 48000)
    (960, True)
    """
    longest = min(round(LONGEST_DELAY * sample_rate), len(dry) - 1)
    size = 1 << int(np.ceil(np.log2(len(dry) + longest)))
    dry_spectrum, wet_spectrum = (np.fft.rfft(audio.astype(np.float64), size) for audio in (dry, wet))
    power = np.abs(dry_spectrum) ** 2
    # Where the dry signal has little, nothing is known of the response.
    response = np.fft.irfft(wet_spectrum * dry_spectrum.conj() / (power + 0.1 * power.mean()), size)
    response = np.concatenate([response[-longest:], response[: longest + 1]])
    height = np.abs(response)
    peak = int(np.argmax(height))
    others = height[np.abs(np.arange(len(height)) - peak) > sample_rate // 50]
    alike = np.abs(np.fft.irfft(wet_spectrum * dry_spectrum.conj(), size)).max()
    alike /= max(float(np.linalg.norm(dry) * np.linalg.norm(wet)), 1e-12)
    if len(others) and height[peak] < _RELATED * np.sqrt(np.mean(others**2)) and alike < _ALIKE:
        words = "has nothing in common with the dry recording (the ESR would be near 1)"
        raise InputError(f"{where}: {words}; check that both are of the same take")
    if height[longest : longest + _SPREAD].max() > _ALONE * height[peak]:
        return 0, bool(response[peak] < 0)
    first = max(peak - _SPREAD, 0)
    onset = first + int(np.argmax(height[first : peak + 1] >= _ONSET * height[peak]))
    alone = not len(others) or others.max() < _ALONE * height[peak]
    return (onset - longest if alone else None), bool(response[peak] < 0)


def _note(words: Any) -> None:
    warnings.warn(words, Note, stacklevel=2)
