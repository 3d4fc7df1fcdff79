"""Pretrained word vectors from a local text file, as GloVe, word2vec and fastText write them."""

import os
import re

import numpy as np

from dilatednets.data.columns import text_lines
from dilatednets.errors import InputError

_NUMBER = re.compile(r"[-+]?\d*\.?\d+(e[-+]?\d+)?", re.IGNORECASE)


def read_word_vectors(path: str | os.PathLike[str], length: int) -> dict[str, np.ndarray]:
    r"""Reads vectors: a word and its numbers a line, separated by spaces.

    A first line of two numbers, as word2vec and fastText write it, is left out. Where a word comes twice, the first counts.

    Args:
        path: The file, in UTF-8.
        length: How many numbers each word must have.

    Returns:
        float32 (length,) by word.

    Raises:
        InputError: If the file cannot be read or is empty, or if its lines have another number of numbers.

    Example:
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w") as file:
    ...     _ = file.write("2 3\nthe 1 -2 0.5\ncat 0 3 1\n")
    ...     file.flush()
    ...     read_word_vectors(file.name, 3)["the"].tolist()
    [1.0, -2.0, 0.5]
    """
    vectors: dict[str, np.ndarray] = {}
    for number, (where, line) in enumerate(text_lines(path)):
        fields = line.rstrip(" ").split(" ")
        found = len(fields) - 1
        is_head = number == 0 and found == 1
        if is_head and length > 1 and fields[1].isdecimal():
            found = int(fields[1])
        # Some files have words with spaces; but where the first word has numbers after a space, its vector is longer.
        longer = found > length and not vectors and all(map(_NUMBER.fullmatch, fields[1:-length]))
        if longer or (found < length and not (is_head and found == 1)):
            raise InputError(
                f"{where}: {found} numbers, but the net needs {length}; set net.word_channels, or take other vectors"
            )
        if is_head:
            continue
        try:
            if "_" in line and any("_" in one for one in fields[-length:]):  # which Python reads as 10_000
                raise ValueError("_ in a number")
            vector = np.array(fields[-length:], np.float32)
        except ValueError as error:
            raise InputError(f"{where}: not a word and {length} numbers ({error}); give vectors as GloVe's") from error
        if not np.isfinite(vector).all():
            raise InputError(f"{where}: holds a number that is not finite; leave the word out")
        if word := " ".join(fields[:-length]).strip(" "):
            vectors.setdefault(word, vector)
    if not vectors:
        raise InputError(f"{path}: holds no word vectors; give a word and {length} numbers a line")
    return vectors
