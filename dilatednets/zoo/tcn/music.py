"""Music of a TCN: from what it draws to a MIDI file, sound of plain tones, and a picture."""

from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.errors import InputError
from dilatednets.rules import Size, checked

SAMPLE_RATE = 22_050
STEPS_A_MINUTE = 90
"""Tempo of the files: quarter notes of chorales, in which a step is one."""
STEPS = 64
"""The most that are made if nobody says how many."""
HARMONICS = (1.0, 0.5, 0.25, 0.125)
"""Loudness of a tone's fundamental and the tones above it: softer than an organ's, fuller than a sine."""


def make_music(model: Any, steps: int = STEPS, temperature: float = 1.0, seed: int | None = None) -> np.ndarray:
    """A piece by a model of what comes next in music.

    Args:
        model: A TCN that was trained on data of the reader polymusic.
        steps: The most steps; a model of voices may end before, by falling silent.
        temperature: As of `TCN.generate`.
        seed: As of `TCN.generate`.

    Returns:
        uint8 (time, 88), 1 for a key that sounds.

    Raises:
        InputError: for a model of other data, or an argument out of range.
    """
    from dilatednets.data import polymusic

    if (model.data or {}).get("reader") != "polymusic":
        raise InputError(
            "generate: this model was not trained on music; in Python, its method generate makes sequences"
        )
    steps, voices = checked(steps, Size, "steps"), model.data["voices"]
    made = model.generate(steps * max(voices, 1), temperature=temperature, seed=seed)[0]
    if not voices:
        return made.astype(np.uint8)
    silent = np.flatnonzero(made[::voices] % polymusic.TOKENS == 0)  # the highest voice, and so all
    return polymusic.of_tokens(made, voices)[: max(silent[0], 1) if silent.size else steps]


def lowest_key(model: Any) -> int:
    """MIDI's number of the first key: the data have the chorales an octave above the voices that sing them."""
    from dilatednets.data.polymusic import LOWEST

    return LOWEST - 12 * (model.data["set"] == "JSB_Chorales")


def tones(roll: np.ndarray, steps_a_minute: float = STEPS_A_MINUTE, lowest: int = 21) -> np.ndarray:
    """Sound of a piano roll in equal temperament, A4 = 440 Hz: plain tones with a few harmonics, which fade in and out.

    Args:
        roll: What sounds, (time, keys).
        steps_a_minute: Tempo.
        lowest: MIDI's number of the first key.

    Returns:
        float32 (samples,) in [-1, 1], at `SAMPLE_RATE`.

    Example:
    >>> roll = np.zeros((3, 88))
    >>> roll[:2, 48] = 1  # A4, for two steps of a second
    >>> sound = tones(roll, steps_a_minute=60)
    >>> round(len(sound) / SAMPLE_RATE, 2), int(np.argmax(np.abs(np.fft.rfft(sound[:SAMPLE_RATE]))))
    (3.04, 440)
    """
    step = round(SAMPLE_RATE * 60 / steps_a_minute)
    fade = np.hanning(SAMPLE_RATE // 25)  # 40 ms, against clicks
    time = np.arange(len(roll) * step + len(fade) - 1) / SAMPLE_RATE
    sound = np.zeros(len(time))
    for key in np.flatnonzero(np.any(roll, axis=0)):
        frequency = 440 * 2 ** ((lowest + key - 69) / 12)
        loudness = np.convolve(np.repeat(roll[:, key].astype(float), step), fade / fade.sum())
        for number, share in enumerate(HARMONICS, start=1):
            if number * frequency < SAMPLE_RATE / 2:
                sound += share * loudness * np.sin(2 * np.pi * number * frequency * time)
    return (0.8 * sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


def write_music(output: str, roll: np.ndarray, lowest: int = 21) -> list[Path]:
    """Writes `NAME.mid` and `NAME.wav`, and returns their paths.

    Args:
        output: The name, with or without one of the two suffixes.
        roll: What sounds, (time, keys).
        lowest: MIDI's number of the first key.

    Raises:
        InputError: for a name with another suffix, or where nothing can be written.
    """
    from dilatednets.data.audio import write_audio
    from dilatednets.data.midi import write_midi

    midi, sound = music_files(output)
    write_midi(midi, roll, STEPS_A_MINUTE, lowest)
    write_audio(sound, tones(roll, lowest=lowest), SAMPLE_RATE)
    return [midi, sound]


def music_files(output: str) -> list[Path]:
    """The files that `write_music` writes.

    Raises:
        InputError: for a name with another suffix.

    Example:
    >>> [path.name for path in music_files("out/chorale")]
    ['chorale.mid', 'chorale.wav']
    """
    path = Path(output)
    if path.suffix.lower() not in ("", ".mid", ".wav") or not path.name:
        raise InputError(
            f"output: {output}: music is written as .mid and .wav; choose such a name, or one without suffix"
        )
    return [path.with_suffix(".mid"), path.with_suffix(".wav")]
