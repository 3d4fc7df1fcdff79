"""Free Spoken Digit Dataset: single digits spoken by six people, 8 kHz (Jackson et al., CC BY-SA 4.0)."""

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dilatednets.data.audio import is_silent, normalize_level, read_audio, trim_silence
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.data.splits import data_folder
from dilatednets.errors import InputError
from dilatednets.folders import inside

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = {str(number): word for number, word in enumerate(WORDS)}
LAYOUT = "recordings/{digit}_{speaker}_{index}.wav"
SPLITS = {"test": range(5), "validation": range(5, 10), "train": range(10, 10**9), "all": range(10**9)}
_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[^_]+)_(?P<index>[0-9]+)")


@dataclass(frozen=True)
class Recording:
    """One spoken word; its audio is float32 (samples,)."""

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
    """Reads one split, sorted by file name; what else lies in the folder is named in a note on standard error.

    Recordings may be of any format that `dilatednets.data.audio.read_audio` reads, and have its suffix.

    Args:
        data_dir: The folder that holds `recordings/`.
        split: "test" (index 0-4, the data set's own), "validation" (5-9), "train" (from 10 on), or "all".
        sample_rate: Samples a second, to which recordings are resampled.
        trim: Whether to cut leading and trailing silence.
        normalize: Whether to scale each recording to a level of -20 dB; the raw ones of one speaker differ by 20 dB.

    Raises:
        InputError: If the folder is missing, empty, or laid out otherwise, if the split has no recordings, or if a recording
            cannot be read or is silent.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> recording = load(sample("spoken_digits"), "validation")[0]
    >>> recording.word, recording.speaker, recording.index
    ('zero', 'jackson', 5)
    """
    if split not in SPLITS:
        raise InputError(f"split: no split {split!r}; choose one of {', '.join(SPLITS)}")
    indices, recordings = SPLITS[split], []
    for path, match in _files(data_folder(data_dir)):
        if (index := int(match["index"])) in indices:
            audio = read_audio(path, sample_rate)
            audio = trim_silence(audio, sample_rate) if trim else audio
            if is_silent(audio):
                raise InputError(f"{path}: is silent, below -70 dB; remove it, or record the word again")
            audio = normalize_level(audio) if normalize else audio
            recordings.append(Recording(str(path), DIGITS[match["digit"]], match["speaker"], index, audio))
    if not recordings:
        until = "and above" if len(indices) > 1000 else f"to {indices[-1]}"
        raise InputError(f"{data_dir}: no recordings of split {split} (index {indices[0]} {until})")
    return recordings


def speakers(recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Names of all who speak, sorted.

    Args:
        recordings: Recordings of any speakers.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> speakers(load(sample("spoken_digits"), "validation"))
    ('jackson', 'theo')
    """
    return tuple(sorted({recording.speaker for recording in recordings}))


def _files(data_dir: Path) -> list[tuple[Path, re.Match[str]]]:
    """The files, in order of name, and what their names say."""
    folder = data_dir / "recordings"
    if not data_dir.is_dir():
        raise InputError(f"{data_dir}: no such folder; give the folder that holds {LAYOUT}")
    if not folder.is_dir():
        raise InputError(f"{data_dir}: has no folder recordings; the layout is {LAYOUT}")
    files: dict[str, tuple[Path, re.Match[str]]] = {}
    others = []
    for path in inside(folder):
        match = _NAME.fullmatch(path.stem)
        if path.suffix.lower() not in SUFFIXES:
            others.append(path.name)
        elif match is None:
            raise InputError(f"{path}: the name does not fit {LAYOUT}; rename or remove the file")
        elif path.stem in files:
            raise InputError(f"{path}: is there as {files[path.stem][0].name}, too; remove one of them")
        else:
            files[path.stem] = path, match
    if not files:
        raise InputError(f"{folder}: holds no WAV files or other recordings; the layout is {LAYOUT}")
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        print(f"note: {folder}: not used: {', '.join(others[:3])}{more}", file=sys.stderr)
    return list(files.values())
