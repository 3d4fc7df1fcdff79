"""Tiny Shakespeare: 40,000 lines of his plays as one text, to learn what character comes next (Karpathy 2015)."""

import os

import numpy as np

from dilatednets.data.splits import data_folder
from dilatednets.errors import InputError

FROM = "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"
FILES = {
    "input.txt": (
        f"{FROM}/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    )
}
"""Files by name: where they are, and their SHA-256."""
VOCABULARY = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The 65 characters that occur, in the order of their numbers."""
TRAIN = 0.9
SPLITS = ("train", "validation")
MOST = 64 * 2**20
"""Bytes of a text; the data set has 1,115,394."""


def read(data_dir: str | os.PathLike[str], split: str) -> np.ndarray:
    r"""Reads a split: train is the first 90 % of the text, validation the rest. There is no test part.

    Args:
        data_dir: The folder that holds `input.txt`, or a checkout of char-rnn, which has it in `data/tinyshakespeare`.
        split: "train" or "validation".

    Returns:
        int32 (characters,), the place of each character in `VOCABULARY`.

    Raises:
        InputError: for another split, or a file that is missing, cut short or has other characters.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/input.txt", "w") as file:
    ...         _ = file.write("To be, or not to be.")
    ...     "".join(VOCABULARY[number] for number in read(folder, "validation"))
    'e.'

    Reference:
        Karpathy 2015, "The Unreasonable Effectiveness of Recurrent Neural Networks".
    """
    if not isinstance(split, str) or split not in SPLITS:
        raise InputError(f"split: tiny_shakespeare has {' and '.join(SPLITS)}, not {split!r}")
    folder = data_folder(data_dir)
    places = folder / "input.txt", folder / "data" / "tinyshakespeare" / "input.txt"
    path = next((one for one in places if one.is_file()), None)
    if path is None:
        raise InputError(
            f"{places[0]}: missing; `dilatednets fetch tiny_shakespeare` fetches it, see datasets/tiny_shakespeare"
        )
    try:
        with open(path, "rb") as file:
            text = np.frombuffer(file.read(MOST + 1), np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); fetch it again") from error
    numbers = _NUMBER[text]
    if (numbers < 0).any():
        place = int(np.argmax(numbers < 0))
        raise InputError(f"{path}: byte {place} is {bytes([text[place]])!r}, which the text never has; fetch it again")
    cut = int(TRAIN * len(numbers))
    if not 0 < cut < len(numbers) <= MOST:
        raise InputError(f"{path}: {len(numbers)} characters, too few or too many for two splits; fetch it again")
    return numbers[:cut] if split == "train" else numbers[cut:]


_NUMBER = np.full(256, -1, np.int32)
_NUMBER[np.frombuffer(VOCABULARY.encode("ascii"), np.uint8)] = np.arange(len(VOCABULARY))
