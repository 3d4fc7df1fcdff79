"""Free Spoken Digit Dataset: single digits spoken by six people, 8 kHz (Jackson et al., CC BY-SA 4.0)."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dilatednets.data.audio import normalize_level, read_audio, trim_silence
from dilatednets.errors import InputError

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = {str(number): word for number, word in enumerate(WORDS)}
LAYOUT = "recordings/{digit}_{speaker}_{index}.wav"
SPLITS = {"test": range(5), "validation": range(5, 10), "train": range(10, 10**9), "all": range(10**9)}
_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[^_]+)_(?P<index>[0-9]+)\.wav")


@dataclass(frozen=True)
class Recording:
    """One spoken word: `audio` is float32 (samples,)."""

    path: str
    word: str
    speaker: str
    index: int
    audio: np.ndarray


def load(
    data_dir: str | os.PathLike[str],
    split: str = "train",
    sample_rate: int = 8000,
    trim: bool = True,
    normalize: bool = True,
) -> list[Recording]:
    """Reads one split, sorted by file name.

    Args:
        data_dir: The folder that holds `recordings/`.
        split: "test" (index 0-4, the data set's own), "validation" (5-9), "train" (from 10 on), or "all".
        sample_rate: Recordings are resampled to it.
        trim: Whether to cut leading and trailing silence.
        normalize: Whether to scale each recording to a level of -20 dB; the raw ones of one speaker differ by 20 dB.

    Raises:
        InputError: for a folder that is missing, empty, or laid out otherwise; for a split without recordings; for a
            recording that cannot be read.
    """
    if split not in SPLITS:
        raise InputError(f"split: no split {split!r}; choose one of {', '.join(SPLITS)}")
    recordings = []
    for path, digit, speaker, index in _index(Path(data_dir)):
        if index in SPLITS[split]:
            audio = read_audio(path, sample_rate)
            audio = trim_silence(audio, sample_rate) if trim else audio
            audio = normalize_level(audio) if normalize else audio
            recordings.append(Recording(str(path), WORDS[digit], speaker, index, audio))
    if not recordings:
        raise InputError(f"{data_dir}: no recordings of split {split} (index {_range(split)})")
    return recordings


def speakers(recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Names of all who speak in `recordings`, sorted."""
    return tuple(sorted({recording.speaker for recording in recordings}))


def _index(data_dir: Path) -> list[tuple[Path, int, str, int]]:
    folder = data_dir / "recordings"
    if not data_dir.is_dir():
        raise InputError(f"{data_dir}: no such folder; give the folder that holds {LAYOUT}")
    if not folder.is_dir():
        raise InputError(f"{data_dir}: has no folder recordings; the layout is {LAYOUT}")
    entries = []
    for path in sorted(folder.glob("*.wav")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise InputError(f"{path}: the name does not fit {LAYOUT}; rename or remove the file")
        entries.append((path, int(match["digit"]), match["speaker"], int(match["index"])))
    if not entries:
        raise InputError(f"{folder}: holds no WAV files; the layout is {LAYOUT}")
    return entries


def _range(split: str) -> str:
    indices = SPLITS[split]
    return f"{indices[0]} and above" if len(indices) > 1000 else f"{indices[0]} to {indices[-1]}"
