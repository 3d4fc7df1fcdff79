"""Pretrained word vectors from a local text file, as GloVe, word2vec and fastText write them."""

import os

import numpy as np

from dilatednets.data.columns import text_lines
from dilatednets.errors import InputError


def read_word_vectors(path: str | os.PathLike[str], length: int) -> dict[str, np.ndarray]:
    r"""Reads vectors: a word and its numbers a line, separated by spaces.

    A first line of two numbers, as word2vec and fastText write it, is left out. Where a word comes twice, the first counts.

    Args:
        path: The file, in UTF-8.
        length: How many numbers each word must have.

    Returns:
        float32 (length,) by word.

    Raises:
        InputError: If the file cannot be read or is empty, or if a line has another number of numbers.

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
        line = line.rstrip(" ")
        if number == 0 and line.count(" ") == 1:
            continue
        if line.count(" ") < length:
            raise InputError(f"{where}: {line.count(' ')} numbers, but the net needs {length}; set net.word_channels")
        fields = line.rsplit(" ", length)  # some files have words with spaces
        try:
            vector = np.array(fields[1:], np.float32)
        except ValueError as error:
            raise InputError(f"{where}: not a word and {length} numbers ({error}); give vectors as GloVe's") from error
        if not np.isfinite(vector).all():
            raise InputError(f"{where}: holds a number that is not finite; leave the word out")
        vectors.setdefault(fields[0], vector)
    if not vectors:
        raise InputError(f"{path}: holds no word vectors; give a word and {length} numbers a line")
    return vectors
