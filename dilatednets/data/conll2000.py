"""CoNLL-2000: sentences of the Wall Street Journal with parts of speech and chunks (Tjong Kim Sang & Buchholz 2000)."""

import os

from dilatednets.data.columns import TaggedSentence, read_columns
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError

VALIDATION = 1000
"""Number of sentences that validation takes from the end of `train.txt`."""


def load(data_dir: str | os.PathLike[str], split: str) -> list[TaggedSentence]:
    """Reads the sentences of a split, in the order of their file, with chunk tags in IOB2.

    The data set has no validation split of its own: validation is the last 1,000 sentences of `train.txt`, or the last
    eighth where that is less, and train the sentences before.

    Args:
        data_dir: The folder that holds `train.txt` and `test.txt`, or the one that the split needs.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split, or if its file is missing, has too few sentences, or has other columns than
            word, part of speech and chunk tag.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> [len(load(sample("conll2000"), split)) for split in ("train", "validation", "test")]
    [28, 4, 10]

    Reference:
        Tjong Kim Sang & Buchholz 2000, "Introduction to the CoNLL-2000 shared task: Chunking", CoNLL.
    """
    name = split_name("conll2000", split)
    path = data_folder(data_dir) / ("test.txt" if name == "test" else "train.txt")
    if not path.is_file():
        raise InputError(f"{path}: missing; conll2000 has train.txt and test.txt, see datasets/conll2000")
    sentences = list(read_columns(path))
    if name == "test":
        return sentences
    cut = len(sentences) - min(VALIDATION, len(sentences) // 8)
    if name == "train":
        return sentences[:cut]
    if cut == len(sentences):
        raise InputError(f"{path}: {cut} sentences, too few for a validation split; give 8 or more")
    return sentences[cut:]
