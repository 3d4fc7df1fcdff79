"""Whether lines are columns, one token a line, or text, as their first ones tell."""

import re
import warnings
from collections.abc import Iterable
from itertools import pairwise

from dilatednets.data.columns import CONLL_U, column_count, known_columns
from dilatednets.errors import InputError, Note, one_line

LINES_TO_TELL = 10
"""Lines with words by which columns are told from text."""
_TAG = re.compile("O|[BIESLU]-[^\\W\\d].*")
_ELSE = "add --input text if it is text"
_MOST_OF_TEXT = 5
"""Columns of numbered lines that may be text in a table, such as contents; of more they are none."""


def columns_or_text(lines: Iterable[bytes], name: str, asked: bool, words_alone: bool) -> list[str]:
    """What the columns of lines hold, "word" and others; nothing for text.

    Unasked, lines are columns that look like several with a tag in the last.

    Args:
        lines: They are read from a live stream no further than is needed to tell.
        name: What messages call it.
        asked: Whether they are columns for sure.
        words_alone: Whether lines of one word each are columns, too.

    Raises:
        InputError: for columns whose words cannot be told, and for what is neither columns nor text.

    Example:
    >>> columns_or_text([b"It PRP B-NP", b"works VBZ B-VP"], "a.txt", asked=False, words_alone=False)
    ['word', '-', '-']
    """
    rows: list[str] = []
    for line in lines:
        row = line.decode(errors="replace").removeprefix("\ufeff").rstrip("\r\n")
        if not column_count([row]):
            continue
        if known_columns([row]) == CONLL_U:
            return list(CONLL_U)
        rows.append(row)
        goes_on = _may_be_wrong(rows, asked) or (not asked and _are_columns(rows, words_alone))
        if len(rows) == LINES_TO_TELL or not goes_on:
            break
    _check(rows, name, asked)
    counts = [len(_fields(row)) for row in rows]
    # Two words of text on a single line may look like columns.
    if not asked and (not _are_columns(rows, words_alone) or (counts[0] > 1 and len(counts) == 1)):
        return []
    if mixed := next((row for row in rows if "\t" in row and re.search("[^ \t] +[^ \t]", row)), None):
        words = f"{one_line(repr(mixed))} is read as {len(_fields(mixed))} columns, since blanks divide them as tabs do"
        warnings.warn(Note(f"{name}: {words}; put no blanks into words"), stacklevel=2)
    # One word after each of several others, or tags of which none begins a phrase or is outside: it may be text.
    tags = {_fields(row)[-1] for row in rows if _is_tagged(row)}
    if not asked and tags and (len(tags) == 1 or not any(tag[0] in "OBSU" for tag in tags)):
        words = f"is read as columns, of which the last holds tags, {', '.join(sorted(tags))}"
        warnings.warn(Note(f"{name}: {words}; {_ELSE}"), stacklevel=2)
    return ["word", *["-"] * ((counts or [2])[0] - 1)]


def _check(rows: list[str], name: str, asked: bool) -> None:
    """Refuses what would be read in a wrong way, whether as columns or as text."""
    cure = "" if asked else f", or {_ELSE}"
    signs = [sign for sign in map(_sign_before_tag, rows) if sign]
    if signs and (asked or (len(rows) > 1 and 2 * len(signs) >= len(rows))):
        raise InputError(f"{name}: columns are separated by {signs[0]!r}; put spaces or tabs between them{cure}")
    tagged = [row for row in rows if _is_tagged(row)]
    counts = [len(_fields(row)) for row in rows]
    numbered = len({_fields(row)[0] for row in rows}) > 1 and _are_numbered(rows)
    if numbered and (asked or len(tagged) == len(rows) or min(counts) > _MOST_OF_TEXT):
        columns = ["id", "word", *["-"] * (counts[0] - 2)]
        words = f"the first column holds numbers of words; say what each holds, as in --columns {','.join(columns)}"
        raise InputError(f"{name}: {words}{cure}")
    usual = max((len(_fields(row)) for row in tagged), key=counts.count, default=0)
    odd = [row for row, count in zip(rows, counts, strict=True) if row not in tagged or count != usual]
    if not asked and odd and 1 < len(tagged) >= len(rows) / 2 and any("\t" in row for row in tagged):
        words = f"lines are columns with a tag in the last, but not {one_line(repr(odd[0]))}"
        raise InputError(f"{name}: {words}; put one word and its tag into a line{cure}")


def _are_columns(rows: list[str], words_alone: bool) -> bool:
    counts = {len(_fields(row)) for row in rows}
    return len(counts) == 1 and (all(map(_is_tagged, rows)) or (words_alone and counts == {1}))


def _may_be_wrong(rows: list[str], asked: bool) -> bool:
    """Whether more lines may show that what the first ones look like is wrong."""
    separated = all((len(_fields(row)) == 1 and re.search("[,|;]", row)) or _sign_before_tag(row) for row in rows)
    in_tabs = not asked and any("\t" in row for row in rows)
    return separated or in_tabs or _are_numbered(rows)


def _fields(row: str) -> list[str]:
    return re.findall("[^ \t]+", row)


def _is_tagged(row: str) -> bool:
    return len(_fields(row)) > 1 and _TAG.fullmatch(_fields(row)[-1]) is not None


def _sign_before_tag(row: str) -> str:
    """The sign that separates a last column that holds a tag; "" for spaces and tabs."""
    match = re.search(r"(?<=.)([,|;])([^,|;\s]+)$", row.rstrip())
    return match[1] if match and _TAG.fullmatch(match[2].strip('"')) else ""


def _are_numbered(rows: list[str]) -> bool:
    """Whether the first of several columns may count words from 0 or 1, sentence by sentence."""
    firsts = [_fields(row)[0] for row in rows]
    firsts = [first for first in firsts if not re.fullmatch(r"\d+[-.]\d+", first)]  # of several words, or of none
    if any(len(_fields(row)) == 1 for row in rows) or not all(re.fullmatch("[0-9]{1,9}", first) for first in firsts):
        return False
    numbers = list(map(int, firsts))
    return all(one < 2 for one in numbers[:1]) and all(b in (a + 1, numbers[0]) for a, b in pairwise(numbers))
