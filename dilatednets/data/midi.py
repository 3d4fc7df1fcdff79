"""Piano rolls as MIDI files, which notation programs, sequencers and synthesisers read."""

import os

import numpy as np

from dilatednets.arrays import numbers
from dilatednets.errors import InputError
from dilatednets.files import as_path, atomic_path

TICKS = 480
"""Of MIDI's clock in a step."""
LOUDNESS = 80
"""Velocity of each note, of 127."""


def write_midi(path: str | os.PathLike[str], roll: np.ndarray, steps_a_minute: float, lowest: int = 21) -> None:
    """Writes a piano roll as a Standard MIDI File of one track (format 0); a key that sounds on is one long note.

    Args:
        path: The file to write, .mid or .midi.
        roll: What sounds, 0 and 1 (time, keys).
        steps_a_minute: Tempo, 4 to 60,000: a step is a quarter note in the file.
        lowest: MIDI's number of the first key; 21 is A0, a piano's lowest.

    Raises:
        InputError: for a roll or tempo that is none, keys beyond MIDI's 0 to 127, another suffix, or a file that cannot
            be written.

    Reference:
        MIDI Manufacturers Association 1996, "Standard MIDI Files 1.0" (RP-001).

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_midi(f"{folder}/a.mid", np.eye(88), steps_a_minute=90)
    ...     with open(f"{folder}/a.mid", "rb") as file:
    ...         file.read(4)
    b'MThd'
    """
    if as_path(path).suffix.lower() not in (".mid", ".midi"):
        raise InputError(f"{path}: MIDI is written to names ending in .mid or .midi")
    data = midi_bytes(roll, steps_a_minute, lowest)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def midi_bytes(roll: np.ndarray, steps_a_minute: float, lowest: int = 21) -> bytes:
    """What `write_midi` writes, of the same arguments.

    Args:
        roll: What sounds.
        steps_a_minute: Tempo.
        lowest: MIDI's number of the first key.

    Raises:
        InputError: for a roll or tempo that is none, or keys beyond MIDI's.

    Example:
    >>> midi_bytes(np.eye(88), steps_a_minute=90)[:4]
    b'MThd'
    """
    roll = numbers(roll, "roll", (None, None))
    if not np.all(np.isin(roll, (0, 1))) or not 0 <= lowest <= 128 - roll.shape[1]:
        raise InputError("roll: must hold 0 and 1 for keys that MIDI has, 0 to 127")
    if not 4 <= steps_a_minute <= 60_000:
        raise InputError(f"steps_a_minute: must be from 4 to 60,000, not {steps_a_minute}")
    tempo = round(60e6 / steps_a_minute).to_bytes(3, "big")  # microseconds a quarter note
    track = b"\0\xff\x51\x03" + tempo + b"".join(_events(roll.astype(np.int8), lowest)) + b"\0\xff\x2f\0"
    header = b"MThd" + _four(6) + b"\0\0" + b"\0\1" + TICKS.to_bytes(2, "big")
    return header + b"MTrk" + _four(len(track)) + track


def _events(roll: np.ndarray, lowest: int) -> list[bytes]:
    """Notes that begin and end, each after the time that passed since the one before."""
    silence = np.zeros((1, roll.shape[1]), np.int8)
    changes = np.diff(np.concatenate([silence, roll, silence]), axis=0)
    events, before = [], 0
    for time, key in sorted(np.argwhere(changes).tolist(), key=lambda one: (one[0], changes[tuple(one)], one[1])):
        note = bytes([0x90, lowest + key, LOUDNESS]) if changes[time, key] > 0 else bytes([0x80, lowest + key, 0])
        events.append(_length(TICKS * (time - before)) + note)
        before = time
    return events


def _length(ticks: int) -> bytes:
    """A number in MIDI's bytes of 7 bits, the last of which alone has its highest bit clear."""
    result = bytes([ticks & 127])
    while ticks := ticks >> 7:
        result = bytes([ticks & 127 | 128]) + result
    return result


def _four(number: int) -> bytes:
    return number.to_bytes(4, "big")
