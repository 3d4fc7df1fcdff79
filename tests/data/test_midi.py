"""MIDI files, read back by a small reader that was written after the specification alone."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dilatednets.data.midi import write_midi
from dilatednets.errors import InputError


def read_midi(data):
    """(ticks a quarter note, microseconds a quarter note, notes as (key, begin, end) in ticks), of a file of one track."""
    assert data[:4] == b"MThd" and data[14:18] == b"MTrk"
    size, kind, tracks, ticks = struct.unpack(">IHHH", data[4:14])
    assert (size, kind, tracks) == (6, 0, 1) and struct.unpack(">I", data[18:22])[0] == len(data) - 22
    place, time, tempo, sounding, notes = 22, 0, None, {}, []
    while True:
        delta = 0
        while True:
            delta, place = delta << 7 | data[place] & 0x7F, place + 1
            if data[place - 1] < 0x80:
                break
        time += delta
        status = data[place]
        if status == 0xFF:
            kind, length = data[place + 1], data[place + 2]
            if kind == 0x2F:
                assert place + 3 == len(data) and not sounding
                return ticks, tempo, sorted(notes)
            assert (kind, length) == (0x51, 3)
            tempo, place = int.from_bytes(data[place + 3 : place + 6], "big"), place + 6
        else:
            key, velocity = data[place + 1], data[place + 2]
            if status & 0xF0 == 0x90 and velocity:
                assert key not in sounding
                sounding[key] = time
            else:
                assert status & 0xF0 in (0x80, 0x90)
                notes.append((key, sounding.pop(key), time))
            place += 3


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 88)), elements=st.integers(0, 1)))
def test_notes_are_the_runs_of_each_key(tmp_path_factory, roll):
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    write_midi(path, roll, steps_a_minute=90)
    ticks, tempo, notes = read_midi(path.read_bytes())
    again = np.zeros_like(roll)
    for key, begin, end in notes:
        assert begin % ticks == end % ticks == 0 and not again[begin // ticks : end // ticks, key - 21].any()
        again[begin // ticks : end // ticks, key - 21] = 1
    np.testing.assert_array_equal(again, roll)
    assert len(notes) == (np.diff(roll.astype(int), axis=0, prepend=0) == 1).sum()
    assert tempo == round(60e6 / 90)


def test_a_long_rest_takes_several_bytes(tmp_path):
    roll = np.zeros((5000, 1))
    roll[-1] = 1
    write_midi(tmp_path / "a.mid", roll, steps_a_minute=4, lowest=127)
    ticks, tempo, notes = read_midi((tmp_path / "a.mid").read_bytes())
    assert notes == [(127, 4999 * ticks, 5000 * ticks)] and tempo == 15_000_000


@pytest.mark.parametrize(
    ("roll", "tempo", "lowest", "words"),
    [
        (np.full((2, 3), 2), 90, 21, "roll: must hold 0 and 1"),
        (np.zeros((2, 3)), 90, 126, "roll: must hold 0 and 1 for keys that MIDI has"),
        (np.zeros(3), 90, 21, r"roll: must be an array of shape \(any, any\)"),
        (np.zeros((2, 3)), 3, 21, "steps_a_minute: must be from 4 to 60,000, not 3"),
        (np.zeros((2, 3)), float("nan"), 21, "steps_a_minute: must be"),
    ],
)
def test_faults_of_arguments(tmp_path, roll, tempo, lowest, words):
    with pytest.raises(InputError, match=words):
        write_midi(tmp_path / "a.mid", roll, tempo, lowest)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.wav", "a", "a.midi.png"])
def test_faults_a_name_says_what_is_in_a_file(tmp_path, name):
    with pytest.raises(InputError, match=r"MIDI is written to names ending in \.mid or \.midi"):
        write_midi(tmp_path / name, np.eye(88), 90)
    write_midi(tmp_path / "a.MIDI", np.eye(88), 90)
    assert [one.name for one in tmp_path.iterdir()] == ["a.MIDI"]
