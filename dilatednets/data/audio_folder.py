"""Recordings in a folder a label: `DIR/LABEL/*.wav`, or with splits of their own, `DIR/train/LABEL/*.wav`."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dilatednets.data.audio import read_audio
from dilatednets.data.sequences import SPLITS, check_split, shared_out
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.data.splits import data_folder
from dilatednets.errors import InputError

LAYOUT = "DIR/LABEL/*.wav, or DIR/train/LABEL/*.wav beside DIR/validation and DIR/test"


@dataclass(frozen=True)
class Clip:
    """One recording; its audio is float32 (samples,)."""

    path: str
    label: str
    audio: np.ndarray


def load(
    data_dir: str | os.PathLike[str], split: str, sample_rate: int, validation: float = 0.15, test: float = 0.15
) -> list[Clip]:
    """Reads one split, sorted by label and file name; of any format that `dilatednets.data.audio.read_audio` reads.

    Args:
        data_dir: The folder of folders.
        split: "train", "validation" or "test". Without folders of these names, each label's files are shared out.
        sample_rate: Samples a second, to which recordings are resampled.
        validation: Share of each label's files to choose by.
        test: Share of each label's files to report on.

    Raises:
        InputError: for a folder that is missing or laid out otherwise, or a recording that cannot be read.
    """
    root = data_folder(data_dir)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; the layout is {LAYOUT}")
    own = (root / "train").is_dir()
    if own and not (root / check_split(split)).is_dir():
        raise InputError(f"{root / split}: no such folder; there must be {', '.join(SPLITS)}")
    folder = root / split if own else root
    clips = []
    for label in sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")):
        files = _recordings(label)
        chosen = range(len(files)) if own else shared_out(len(files), validation, test, str(label))[check_split(split)]
        clips += [Clip(str(files[i]), label.name, read_audio(files[i], sample_rate)) for i in chosen]
    if not clips:
        raise InputError(f"{folder}: holds no folders of recordings; the layout is {LAYOUT}")
    return clips


def _recordings(folder: Path) -> list[Path]:
    files = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    for file in files:
        if file.suffix.lower() not in SUFFIXES or not file.is_file():
            raise InputError(f"{file}: no recording; remove it, or convert it to WAV (the layout is {LAYOUT})")
    return files
