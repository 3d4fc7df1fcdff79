"""A folder of column files: anybody's own tagged sentences."""

import os
from pathlib import Path

from dilatednets.data.columns import TaggedSentence, column_count, read_columns, text_lines
from dilatednets.data.splits import split_name
from dilatednets.errors import InputError

FILES = {"train": ("train.txt",), "val": ("val.txt", "validation.txt", "dev.txt"), "test": ("test.txt",)}
COLUMNS = {2: ("word", "tag"), 3: ("word", "pos", "tag")}


def load(data_dir: str | os.PathLike[str], split: str) -> list[TaggedSentence]:
    """Reads the sentences of a split, with tags in IOB2.

    Args:
        data_dir: The folder that holds `train.txt`, `val.txt` (or `validation.txt`, `dev.txt`) and `test.txt`, or the one
            that the split needs, in columns as `read_columns` takes them: words and tags, with parts of speech between
            or without.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split, if its file is missing, or if `read_columns` raises one.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> load(sample("conll2000"), "test")[0].words[:4]
    ('The', 'airline', 'said', 'it')
    """
    paths = [Path(data_dir) / name for name in FILES[split_name("columns", split)]]
    path = next(filter(Path.is_file, paths), None)
    if path is None:
        raise InputError(f"{paths[0]}: missing; write one word a line with its tag in the last column")
    count = column_count(line for _, line in text_lines(path))
    if count not in COLUMNS:
        raise InputError(f"{path}: {count} columns; write word and tag, or word, part of speech and tag")
    return list(read_columns(path, COLUMNS[count]))
