"""Recordings in a folder a label, or below it: `DIR/LABEL/*.wav`, or with splits of their own, `DIR/train/LABEL/*.wav`."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dilatednets.data.audio import is_silent, read_audio, read_with_rate, resample
from dilatednets.data.sequences import SPLITS, check_split, shared_out
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.data.splits import beside, data_folder, is_run, split_folders
from dilatednets.errors import InputError, Note
from dilatednets.folders import files_below, inside

LAYOUT = "DIR/LABEL/*.wav, or DIR/train/LABEL/*.wav beside DIR/validation and DIR/test"

_SILENT = "is silent, below -70 dB, or its channels cancel each other; record it again"


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

    What lies beside the folders is not used, nor what is no recording in them; recordings in folders below a label's are of
    that label, and those of silence are used. A `dilatednets.errors.Note` names each of these.

    Args:
        data_dir: The folder of folders.
        split: "train", "validation" or "test". Without `split_folders`, each label's files are shared out.
        sample_rate: Samples a second, to which recordings are resampled.
        validation: Share of each label's files to choose by.
        test: Share of each label's files to report on.

    Raises:
        InputError: for a folder that is missing or laid out otherwise, a recording that cannot be read, or a single label.
    """
    root = data_folder(data_dir)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; the layout is {LAYOUT}")
    own = split_folders(root)
    if own and check_split(split) not in own:
        raise InputError(f"{root / split}: no such folder; there must be {', '.join(SPLITS)}")
    folder = own.get(split, root)
    shown = inside(folder)
    labels = [one for one in shown if one.is_dir() and not is_run(one)]
    if split == "train":
        if len(labels) == 1:
            words = f"holds recordings of one label, {labels[0].name}; add a folder for each other label"
            raise InputError(f"{folder}: {words} (the layout is {LAYOUT})")
        note_of(
            [*beside(root, own), *(one for one in shown if not one.is_dir())],
            "not used, since it lies beside the labels",
        )
    clips = []
    found = {label: files_below(label) for label in labels}
    if split == "train":
        every = [(label, file) for label, files in found.items() for file in files]
        note_of(
            [file for _, file in every if not _is_recording(file)],
            "not used, since it is no recording; convert it to WAV, if it is one",
        )
        below = [file.parent for label, file in every if file.parent != label and _is_recording(file)]
        note_of(list(dict.fromkeys(below)), "is below a label's folder; what it holds is of that label")
    for label in labels:
        files = [file for file in found[label] if _is_recording(file)]
        names = [file.relative_to(label).as_posix() for file in files]
        chosen = range(len(files)) if own else shared_out(names, validation, test, str(label))[check_split(split)]
        clips += [Clip(str(files[i]), label.name, read_audio(files[i], sample_rate)) for i in chosen]
    if not clips:
        raise InputError(f"{folder}: holds no folders of recordings; the layout is {LAYOUT}")
    note_of([clip.path for clip in clips if is_silent(clip.audio)], _SILENT)
    return clips


def note_of(files: Sequence[str | os.PathLike[str]], words: str) -> None:
    """Says in a `dilatednets.errors.Note` what there is to know of files; nothing if there are none."""
    if files:
        more = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
        warnings.warn(f"{files[0]}{more}: {words}", Note, stacklevel=2)


def note_if_silent(path: str | os.PathLike[str], audio: np.ndarray) -> None:
    """Says in a `dilatednets.errors.Note` that a recording is silent, if it is."""
    note_of([path] if is_silent(audio) else [], _SILENT)


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES


def read_at_rate(path: str, sample_rate: int) -> np.ndarray:
    """A recording at the model's sample rate; says so if that is not its own."""
    rate, audio = read_with_rate(path)
    note_if_silent(path, audio)
    if rate != sample_rate:
        print(f"{path}: {rate} Hz, resampled to the {sample_rate} Hz of the model")
    return resample(audio, rate, sample_rate)
