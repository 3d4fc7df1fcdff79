"""Recordings of one's own in a folder: resampled, trimmed, levelled and cut as a recipe says."""

import os
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from dilatednets.data.audio import is_silent, normalize_level, read_with_rate, resample, trim_silence
from dilatednets.data.audio_folder import note_of
from dilatednets.data.recording_labels import METADATA, Labelled, labelled
from dilatednets.data.splits import beside, data_folder, draw_key, split_folders
from dilatednets.data.spoken_digits import Recording
from dilatednets.errors import InputError, Note

SPLITS = ("train", "validation")
_SHOWN = 20
"""Files that a note names, at most."""


def load(
    data_dir: str | os.PathLike[str],
    split: str,
    sample_rate: int,
    words: bool = True,
    pattern: str = "",
    speakers: bool = True,
    trim: bool = True,
    level: float = -20.0,
    shortest: float = 0.05,
    longest: float = 30.0,
    validation: float = 0.1,
) -> list[Recording]:
    """Reads one split, sorted by name; `dilatednets.errors.Note`s say what is resampled, and what is left out and why.

    A recording is in one split as a whole, the same each time, as `splits` draws it by its name. Or splits have folders,
    `DIR/train` and `DIR/validation`, and perhaps `DIR/test`, each laid out as `DIR` would be; `DIR/metadata.csv` is for all.

    Args:
        data_dir: The folder; `dilatednets.data.recording_labels.labelled` says how it may be laid out.
        split: "train" or "validation", or "test" if it has a folder.
        sample_rate: Samples a second, to which recordings are resampled.
        words: Whether each recording is a word. Else it may be anything, and longer ones are cut.
        pattern: How paths say word and speaker, as "{word}_{speaker}_{}"; "" for folders or a `metadata.csv`.
        speakers: Whether it matters who speaks.
        trim: Whether to cut leading and trailing silence.
        level: Root mean square of each recording in dB of full scale; 0 for as it is.
        shortest: Seconds below which a recording is left out.
        longest: Seconds above which a word is left out, and another recording is cut into pieces.
        validation: Share of each word's and each speaker's recordings to choose by, at least one; without folders for it.

    Raises:
        InputError: as `labelled`; for a recording that cannot be read, or is the only one of its word or speaker; if nothing
            is left.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> found = load(sample("spoken_digits"), "validation", 8000, pattern="recordings/{word}_{speaker}_{}")
    >>> len(found), found[0].word, found[0].speaker
    (10, '0', 'jackson')
    """
    root = data_folder(data_dir)
    own = split_folders(root) if root.is_dir() else {}
    if split not in (own or SPLITS):
        raise InputError(
            f"split: recordings have {' and '.join(SPLITS)}, and test in a folder of its own, not {split!r}"
        )
    if split == "train":
        note_of([one for one in beside(root, own) if one.name != METADATA], "not used, since it lies beside the splits")
    root = own.get(split, root)
    found = labelled(root, words, pattern, speakers, tuple(own.values()))
    if words and split == "train" and len({one.word for one in found}) == 1:
        note_of(
            [root], f"all recordings are one word, {found[0].word!r}; is that in the names? data.pattern reads them"
        )
    recordings: list[Recording] = []
    rates: dict[int, list[Path]] = {}
    left_out: dict[str, list[Path]] = {}
    for one in found if own else splits(found, validation, words)[split]:
        rate, audio = read_with_rate(one.path)
        if rate != sample_rate:
            rates.setdefault(rate, []).append(one.path)
        audio = resample(audio, rate, sample_rate)
        audio = trim_silence(audio, sample_rate) if trim else audio
        if reason := _unfit(audio, sample_rate, shortest, longest if words else np.inf):
            left_out.setdefault(reason, []).append(one.path)
            continue
        audio = normalize_level(audio, level) if level else audio
        pieces = np.array_split(audio, -(-len(audio) // max(round(longest * sample_rate), 1)))
        recordings += [
            Recording(str(one.path), one.word, one.speaker, number, piece) for number, piece in enumerate(pieces)
        ]
    for rate, paths in rates.items():
        lost = f", hold nothing above {rate // 2} Hz" if rate < sample_rate else ""
        note_of(paths, f"recordings of {rate} Hz{lost}; resampled to {sample_rate} Hz")
    for reason, paths in left_out.items():
        _note_all(root, paths, reason)
    if not recordings:
        raise InputError(f"{root}: none of the recordings for {split} is left; see the notes, or add recordings")
    return recordings


def splits(found: list[Labelled], validation: float, words: bool) -> dict[str, list[Labelled]]:
    """The recordings to train on and those to choose by, each in order.

    In the order of their names' SHA-256, recordings go to validation until it has its share of each word and each speaker.
    So training knows all of these, and a recording that is added moves few others.

    Args:
        found: All recordings.
        validation: Share of each word and each speaker.
        words: Whether the word of a recording matters.

    Raises:
        InputError: if one is the only one of its word or its speaker.

    Example:
    >>> found = [Labelled(Path(f"{word}{n}.wav"), f"{word}{n}", word) for word in ("one", "two") for n in range(5)]
    >>> {split: [one.name for one in chosen] for split, chosen in splits(found, 0.2, True).items()}
    {'train': ['one0', 'one1', 'one2', 'one3', 'two0', 'two1', 'two2', 'two3'], 'validation': ['one4', 'two4']}
    """

    def labels(one: Labelled) -> list[str]:
        return [f"word {one.word!r}" if words else "the folder", f"speaker {one.speaker!r}"][: 2 if one.speaker else 1]

    count = Counter(label for one in found for label in labels(one))
    for one in found:
        for label in labels(one):
            if count[label] == 1:
                raise InputError(f"{one.path}: is the only recording of {label}; add others, or remove it")
    room = {label: min(max(round(validation * number), 1), number - 1) for label, number in count.items()}
    held_out = set()
    for one in sorted(found, key=lambda one: draw_key(one.name)):
        if all(room[label] for label in labels(one)):
            held_out.add(one.name)
            room |= {label: room[label] - 1 for label in labels(one)}
    return {
        "train": [one for one in found if one.name not in held_out],
        "validation": [one for one in found if one.name in held_out],
    }


def _unfit(audio: np.ndarray, sample_rate: int, shortest: float, longest: float) -> str:
    """Why a recording is left out; empty if it is not."""
    if is_silent(audio):
        return "silent, below -70 dB, or of channels that cancel each other; record it again"
    if len(audio) < shortest * sample_rate:
        return f"shorter than {shortest:g} s (data.shortest)"
    if len(audio) > longest * sample_rate:
        return f"longer than {longest:g} s (data.longest), which is no single word"
    return ""


def _note_all(root: Path, paths: list[Path], reason: str) -> None:
    names = ", ".join(path.relative_to(root).as_posix() for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    warnings.warn(f"{root}: left out {names}{more}: {reason}", Note, stacklevel=3)
