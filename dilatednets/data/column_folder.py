"""A folder of column files: anybody's own tagged sentences."""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from dilatednets.data.columns import TaggedSentence, column_count, known_columns, read_columns, text_lines
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError
from dilatednets.rules import checked

FILES = {"train": ("train.txt",), "val": ("val.txt", "validation.txt", "valid.txt", "dev.txt"), "test": ("test.txt",)}
COLUMNS = {2: ("word", "tag"), 3: ("word", "pos", "tag")}


PREFIXES = "BIESLU"
"""Letters of tags in IOB1, IOB2, IOBES and BILOU."""


def load(
    data_dir: str | os.PathLike[str], split: str, columns: Sequence[str] = (), prefixes: str = PREFIXES
) -> list[TaggedSentence]:
    """Reads the sentences of a split, with tags as they stand there.

    Args:
        data_dir: The folder that holds `train.txt`, `val.txt` (or `validation.txt`, `valid.txt`, `dev.txt`) and `test.txt`,
            or the one that the split needs, in columns as `read_columns` takes them.
        split: "train", "validation" (or "val"), or "test".
        columns: What they hold; without any: words and tags, with parts of speech between or without, or CoNLL-2003's four.
        prefixes: Letters with which tags may begin.

    Raises:
        InputError: If there is no such split, if its file is missing, or if `read_columns` raises one.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> load(sample("conll2000"), "test")[0].words[:4]
    ('The', 'airline', 'said', 'it')
    """
    paths = [data_folder(data_dir) / name for name in FILES[split_name("columns", split)]]
    path = next(filter(Path.is_file, paths), None)
    if path is None:
        raise InputError(f"{paths[0]}: missing; write one word a line with its tag in the last column")
    columns = checked(columns, Sequence[str], "columns") or _columns_of(path)
    if "tag" not in columns:
        raise InputError(f"columns: {', '.join(columns)}; name the one of the tags: tag")
    return list(read_columns(path, columns, prefixes))


def _columns_of(path: Path) -> Sequence[str]:
    count = column_count(line for _, line in text_lines(path))
    if count > max(COLUMNS):
        known = known_columns(line for _, line in islice(text_lines(path), 1000))
        if "tag" not in known:
            raise InputError(f"columns: {path} has {count}; name what each holds: word, tag, pos, or - for others")
        return known
    if count not in COLUMNS:
        raise InputError(f"{path}: {count} columns; write word and tag, or word, part of speech and tag")
    return COLUMNS[count]
