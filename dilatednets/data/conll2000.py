"""CoNLL-2000: sentences of the Wall Street Journal with parts of speech and chunks (Tjong Kim Sang & Buchholz 2000)."""

import os
from pathlib import Path

from dilatednets.data.columns import TaggedSentence, read_columns
from dilatednets.data.splits import split_name
from dilatednets.errors import InputError

VALIDATION = 1000
"""Number of sentences that validation takes from the end of `train.txt`."""


def load(data_dir: str | os.PathLike[str], split: str) -> list[TaggedSentence]:
    """The sentences of a split, in the order of their file, with chunk tags in IOB2.

    The data set has no validation split of its own: validation is the last 1,000 sentences of `train.txt`, or the last
    eighth where that is less, and train the sentences before.

    Args:
        data_dir: Holds `train.txt` and `test.txt`, or the one that the split needs.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: for another split; for a file that is missing, has too few sentences, or other columns than word, part of
            speech and chunk tag.

    Reference:
        Tjong Kim Sang & Buchholz 2000, "Introduction to the CoNLL-2000 shared task: Chunking", CoNLL.
    """
    wanted = split_name("conll2000", split)
    path = Path(data_dir) / ("test.txt" if wanted == "test" else "train.txt")
    if not path.is_file():
        raise InputError(f"{path}: missing; conll2000 has train.txt and test.txt, see datasets/conll2000")
    sentences = list(read_columns(path))
    if wanted == "test":
        return sentences
    cut = len(sentences) - min(VALIDATION, len(sentences) // 8)
    if wanted == "val" and cut == len(sentences):
        raise InputError(f"{path}: {len(sentences)} sentences, too few for a validation split; give 8 or more")
    return sentences[cut:] if wanted == "val" else sentences[:cut]
