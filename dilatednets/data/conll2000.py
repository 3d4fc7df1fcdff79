"""CoNLL-2000: sentences of the Wall Street Journal with parts of speech and chunks (Tjong Kim Sang & Buchholz 2000)."""

import os
from typing import Annotated

from dilatednets.data.columns import TaggedSentence, read_columns
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError
from dilatednets.rules import Rule, checked

VALIDATION = 1000
"""Number of sentences that validation takes from `train.txt`."""
FOLDS = 8
"""Number of stretches that validation can be."""
Fold = Annotated[int, Rule(range(FOLDS).__contains__, f"from 0 to {FOLDS - 1}")]


def load(data_dir: str | os.PathLike[str], split: str, fold: Fold = 0) -> list[TaggedSentence]:
    """Reads the sentences of a split, in the order of their file, with chunk tags in IOB2.

    The data set has no validation split of its own: validation is the last 1,000 sentences of `train.txt`, or the last
    eighth where that is less, and train the others. Documents lie together there, so a fold is a whole stretch as well: fold
    1 holds out the 1,000 before the last, and so on.

    Args:
        data_dir: The folder that holds `train.txt` and `test.txt`, or the one that the split needs.
        split: "train", "validation" (or "val"), or "test".
        fold: Which stretch validation is, counted from the end.

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
    size = min(VALIDATION, len(sentences) // FOLDS)
    end = len(sentences) - size * checked(fold, Fold, "fold")
    if name == "train":
        return sentences[: end - size] + sentences[end:]
    if not size:
        raise InputError(f"{path}: {len(sentences)} sentences, too few for a validation split; give {FOLDS} or more")
    return sentences[end - size : end]
