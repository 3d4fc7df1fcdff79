"""Piano rolls in MATLAB's files, and voices as tokens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.io import savemat

from dilatednets.data import polymusic
from dilatednets.errors import InputError

TABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}


def write(path, **tables):
    """Pieces as MATLAB's cells."""
    cells = {}
    for name, pieces in tables.items():
        cells[name] = np.empty((1, len(pieces)), object)
        cells[name][0, :] = pieces
    path.parent.mkdir(exist_ok=True)
    savemat(path, cells)


@pytest.mark.parametrize("folder", ["", "mdata"])
def test_pieces_of_each_split(tmp_path, rng, folder):
    pieces = {split: [rng.integers(0, 2, (time, 88)) for time in (3, 5)] for split in TABLES}
    write(tmp_path / folder / "Nottingham.mat", **{TABLES[split]: some for split, some in pieces.items()})
    for split, some in pieces.items():
        for found, piece in zip(polymusic.read(tmp_path, "Nottingham", split), some, strict=True):
            np.testing.assert_array_equal(found, piece)
            assert found.dtype == np.uint8


def test_faults_of_files(tmp_path):
    path = tmp_path / "MuseData.mat"
    with pytest.raises(InputError, match=r"set: no music 'Musedata'; .*did you mean MuseData"):
        polymusic.read(tmp_path, "Musedata", "train")
    with pytest.raises(InputError, match=r"MuseData.mat: missing; `dilatednets fetch polymusic`"):
        polymusic.read(tmp_path, "MuseData", "train")
    for piece in (np.zeros((4, 87)), np.full((4, 88), 2), np.zeros((0, 88)), np.array("text")):
        write(path, traindata=[np.zeros((2, 88)), piece])
        with pytest.raises(InputError, match=r"MuseData.mat: piece 1 of traindata is no piano roll"):
            polymusic.read(tmp_path, "MuseData", "train")
    with pytest.raises(InputError, match=r"has no pieces in a table validdata"):
        polymusic.read(tmp_path, "MuseData", "validation")
    whole = path.read_bytes()
    for data in (b"", b"no MATLAB", whole[:150], whole[:128] + b"\xff" * 40 + whole[168:]):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"MuseData.mat: .*; fetch it again"):
            polymusic.read(tmp_path, "MuseData", "train")


@given(arrays(np.uint8, (7, 88), elements=st.integers(0, 1)))
def test_tokens_are_the_keys_from_the_highest_and_give_the_piece_again(piece):
    voices = max(int(piece.sum(axis=1).max()), 1)
    tokens = polymusic.as_tokens(piece, voices)
    for step, chord in zip(tokens.reshape(-1, voices), piece, strict=True):
        keys = [key + 1 for key in range(87, -1, -1) if chord[key]]
        assert (step - 89 * np.arange(voices)).tolist() == keys + [0] * (voices - len(keys))
    np.testing.assert_array_equal(polymusic.of_tokens(tokens, voices), piece)
    np.testing.assert_array_equal(polymusic.of_tokens(tokens[:-1], voices), piece[:-1])


def test_faults_of_keys_beyond_the_voices():
    piece = np.zeros((2, 88), np.uint8)
    piece[0, [0, 40, 87]] = 1
    with pytest.raises(InputError, match="voices: 3 keys sound at once in this music, more than 2"):
        polymusic.as_tokens(piece, 2)
