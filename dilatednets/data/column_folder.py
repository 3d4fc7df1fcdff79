"""A folder of column files: anybody's own tagged sentences."""

import os
from pathlib import Path

from dilatednets.data.columns import TaggedSentence, column_count, read_columns, text_lines
from dilatednets.data.splits import split_name
from dilatednets.errors import InputError

FILES = {"train": ("train.txt",), "val": ("val.txt", "validation.txt", "dev.txt"), "test": ("test.txt",)}
COLUMNS = {2: ("word", "tag"), 3: ("word", "pos", "tag")}


def load(data_dir: str | os.PathLike[str], split: str) -> list[TaggedSentence]:
    """The sentences of a split, with tags in IOB2.

    Args:
        data_dir: Holds `train.txt`, `val.txt` (or `validation.txt`, `dev.txt`) and `test.txt`, or those that are needed:
            words and tags in IOB2, or words, parts of speech and tags; see `dilatednets.data.columns`.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: for another split, a file that is missing, and as `read_columns`.
    """
    names = FILES[split_name("columns", split)]
    found = [Path(data_dir) / name for name in names if (Path(data_dir) / name).is_file()]
    if not found:
        raise InputError(f"{Path(data_dir) / names[0]}: missing; write one word a line with its tag in the last column")
    count = column_count(line for _, line in text_lines(found[0]))
    if count not in COLUMNS:
        raise InputError(f"{found[0]}: {count} columns; write word and tag, or word, part of speech and tag")
    return list(read_columns(found[0], COLUMNS[count]))
