"""Sentences in columns, one token a line, as the shared tasks of CoNLL write them."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

from dilatednets.errors import InputError, unreadable
from dilatednets.rules import checked

MAX_LINE = 2**20
"""Longest line, in bytes (or characters, of a text stream)."""
MAX_TOKENS = 100_000
"""Longest sentence: without a bound, a file without empty lines would be read into memory as one."""
CONLL_U = ("id", "word", "lemma", "universal", "pos", "features", "head", "relation", "enhanced", "misc")
"""The columns of Universal Dependencies; lines of several words in one (1-2) or of none (1.1) are left out."""
CONLL_2003 = ("word", "pos", "-", "tag")
_UNWRITABLE = re.compile("[ \t\r\n\0\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class TaggedSentence:
    """The words of a sentence, with their tags and parts of speech if it has them.

    Args:
        words: The words, in order.
        tags: One tag for each word, or none at all.
        pos: One part of speech for each word, or none at all.

    Raises:
        InputError: If the lengths differ.

    Example:
    >>> TaggedSentence(("It", "works"), ("B-NP", "B-VP")).tags
    ('B-NP', 'B-VP')
    """

    words: tuple[str, ...]
    tags: tuple[str, ...] = ()
    pos: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, values in (("tags", self.tags), ("pos", self.pos)):
            if values and len(values) != len(self.words):
                raise InputError(
                    f"{name}: {len(values)}, but the sentence has {len(self.words)} words; give one a word"
                )


def read_columns(
    source: str | os.PathLike[str] | IO[Any],
    columns: Sequence[str] = ("word", "pos", "tag"),
    prefixes: str = "BI",
) -> Iterator[TaggedSentence]:
    r"""Reads sentences one at a time, however long the file.

    Columns are separated by spaces or tabs, sentences by empty lines. `-DOCSTART-` lines end a sentence and are left out.
    So are comments, but "#" is also a word: a line is a comment only if it stands before the first word of a sentence,
    begins with "#" alone or "# ", and cannot be a token, having more or fewer columns or no tag in the tag's column.

    Args:
        source: A path, or an open file or standard input. Open it as bytes (`sys.stdin.buffer`), so that a wrong byte can be
            located. It must be UTF-8; a byte order mark and ends of lines as on Windows are accepted.
        columns: What the columns hold: "word", "pos" or "tag"; columns with other names are left out. `CONLL_U` are
            separated by tabs alone.
        prefixes: Letters with which tags other than O may begin: "BI" in IOB1 and IOB2, "BIES" in IOBES, "BILU" in BILOU.

    Yields:
        The sentences. Those before an error have been yielded by then.

    Raises:
        InputError: If the file cannot be read, is not text in UTF-8 or holds no sentence; if a line is too long, has a wrong
            number of columns, or has in the tag's column a string that is not a tag; if a sentence is too long.

    Example:
    >>> import io
    >>> [sentence] = read_columns(io.BytesIO(b"It PRP B-NP\r\nworks VBZ B-VP\r\n"))
    >>> sentence.words, sentence.tags
    (('It', 'works'), ('B-NP', 'B-VP'))
    """
    return _sentences(source, known_names(columns), re.compile(rf"O|[{prefixes}]-.+"))


def known_names(columns: Any) -> Sequence[str]:
    """What columns hold, as `read_columns` takes it.

    Raises:
        InputError: unless word is named once, pos and tag at most once, and no name is empty.

    Example:
    >>> known_names(["word", "", "pos"])
    Traceback (most recent call last):
    dilatednets.errors.InputError: columns: a name is empty; write - for a column that is to be left out
    """
    columns = checked(columns, Sequence[str], "columns")
    if "" in columns:
        raise InputError("columns: a name is empty; write - for a column that is to be left out")
    if "word" not in columns or any(columns.count(name) > 1 for name in ("word", "pos", "tag")):
        raise InputError(f"columns: {', '.join(columns)}; name word once, and pos and tag at most once")
    return columns


def column_lines(sentence: TaggedSentence, columns: Sequence[str] = ()) -> str:
    r"""The sentence as `read_columns` reads it, the empty line at its end included.

    Args:
        sentence: The words, at least one, with their tags and parts of speech if there are any.
        columns: The columns to write, in this order. Without any: "word", then "pos" and "tag" if the sentence has them.

    Raises:
        InputError: If the sentence has no words or lacks one of the columns, or if a field would break the format: one that
            is empty or holds a space, a tab or an end of line, and `-DOCSTART-` as a word.

    Example:
    >>> column_lines(TaggedSentence(("It", "works"), ("B-NP", "B-VP")))
    'It B-NP\nworks B-VP\n\n'
    """
    fields = {"word": sentence.words, "pos": sentence.pos, "tag": sentence.tags}
    present = [name for name, values in fields.items() if values]
    names = columns or present
    for name in names:
        if name not in present:
            raise InputError(f"columns: the sentence has no {name}; it has {', '.join(present)}")
    rows = list(zip(*(fields[name] for name in names), strict=True))
    for row in rows:
        for value in row:
            if not value or _UNWRITABLE.search(value):
                raise InputError(
                    f"{value!r}: cannot stand in a column; split words at white space, leave out empty ones"
                )
        if row[0] == "-DOCSTART-":
            raise InputError("'-DOCSTART-': marks the begin of a document and cannot be a word; leave it out")
    if not rows:
        raise InputError("a sentence without words cannot be written in columns; leave it out")
    return "".join(" ".join(row) + "\n" for row in rows) + "\n"


def _sentences(source: Any, columns: Sequence[str], tag: re.Pattern[str]) -> Iterator[TaggedSentence]:
    is_empty, conll_u = True, tuple(columns) == CONLL_U
    rows: list[list[str]] = []
    for where, line in chain(text_lines(source), [("", "")]):  # as if the last sentence had an empty line after it, too
        fields = re.findall("[^\t]+" if conll_u and line.strip() else "[^ \t]+", line)
        if conll_u and (line.startswith("#") or (len(fields) == len(columns) and not fields[0].isdecimal())):
            continue
        fault = _fault(fields, columns, tag)
        if not fields or fields[0] == "-DOCSTART-" or (fields[0] == "#" and not rows and fault):
            if rows:
                values = dict(zip(columns, zip(*rows, strict=True), strict=True))
                yield TaggedSentence(values["word"], values.get("tag", ()), values.get("pos", ()))
                is_empty, rows = False, []
        elif fault:
            raise InputError(f"{where}: {fault}")
        elif len(rows) == MAX_TOKENS:
            raise InputError(
                f"{where}: more than {MAX_TOKENS} words in a sentence; put an empty line after each sentence"
            )
        else:
            rows.append(fields)
    if is_empty:
        raise InputError(f"{_name(source)}: holds no sentences; write one word a line, in columns {', '.join(columns)}")


def _fault(fields: list[str], columns: Sequence[str], tag: re.Pattern[str]) -> str:
    """Why a line is not a token, with the cure; "" if it is one."""
    if len(fields) != len(columns):
        return (
            f"{len(fields)} column{'s' * (len(fields) != 1)}, but {' '.join(columns)} makes {len(columns)}; "
            "separate columns by a space or a tab, and sentences by an empty line"
        )
    if "tag" in columns and not tag.fullmatch(value := fields[columns.index("tag")]):
        prefixes = ", ".join(f"{letter}-" for letter in re.findall("[A-Z]", tag.pattern)[1:])
        return f"{value!r} is not a tag; write O, or one of {prefixes} and a label, as in B-NP"
    return ""


def known_columns(lines: Iterable[str]) -> tuple[str, ...]:
    """What the columns of CoNLL-U and of CoNLL-2003 hold, of which the first lines tell them for sure; else nothing.

    Args:
        lines: The first lines of a file, or all of them. No more are taken than needed.

    Example:
    >>> known_columns(["-DOCSTART- -X- -X- O", "", "It PRP B-NP O"])
    ('word', 'pos', '-', 'tag')
    """
    marked = False
    for line in lines:
        fields = line.split()
        marked = marked or (len(fields) == 4 and fields[0] == "-DOCSTART-")
        if not fields or fields[0] == "-DOCSTART-" or line.startswith("#"):
            continue
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) == len(CONLL_U) and re.fullmatch(r"\d+([-.]\d+)?", cells[0]):
            return CONLL_U
        return CONLL_2003 if marked and len(fields) == 4 else ()
    return ()


def column_count(lines: Iterable[str]) -> int:
    """Columns of the first line that holds a word, as far as that can be told before it is known what they hold; or 0.

    Args:
        lines: The first lines of a file, or all of them. No more are taken than needed.

    Example:
    >>> column_count(["-DOCSTART- -X- O", "", "# a comment", "It PRP B-NP"])
    3
    """
    rows = (re.findall("[^ \t\r\n]+", line) for line in lines)
    return next((len(fields) for fields in rows if fields and fields[0] not in ("#", "-DOCSTART-")), 0)


def _name(source: Any) -> str:
    name = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    return os.fspath(name) if isinstance(name, str | os.PathLike) else "the input"


def text_lines(source: Any) -> Iterator[tuple[str, str]]:
    r"""Reads lines of bounded length, decoded, each with the words that say where it stands.

    Args:
        source: A path, or an open file or standard input, as `read_columns` takes it.

    Yields:
        The place, such as "train.txt, line 7", and the line without its end.

    Raises:
        InputError: If the file cannot be read or is not text in UTF-8, or if a line is too long.

    Example:
    >>> import io
    >>> list(text_lines(io.BytesIO(b"It\r\nworks")))
    [('the input, line 1', 'It'), ('the input, line 2', 'works')]
    """
    if not isinstance(source, str | os.PathLike) and not hasattr(source, "readline"):
        raise InputError(f"path: must be a path or an open file, not {type(source).__name__}")
    name, number, offset = _name(source), 0, 0
    try:
        with open(source, "rb") if isinstance(source, str | os.PathLike) else nullcontext(source) as stream:
            while raw := stream.readline(MAX_LINE + 1):
                number += 1
                where = f"{name}, line {number}"
                if len(raw) > MAX_LINE:
                    raise InputError(f"{where}: longer than {MAX_LINE} bytes; write one word a line")
                try:
                    line = (raw if isinstance(raw, str) else raw.decode()).rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise not_utf8(error, name, offset) from error
                offset += len(raw)
                if number == 1:
                    line = line.removeprefix("\ufeff")
                if wrong := re.search("[\0\r\ud800-\udfff]", line):
                    what = {"\0": "a NUL byte", "\r": "a carriage return inside"}.get(
                        wrong[0], "bytes that are not UTF-8"
                    )
                    raise InputError(
                        f"{where}: {what}; save the file as text in UTF-8 with Unix or Windows ends of lines"
                    )
                yield where, line
    except UnicodeDecodeError as error:  # of a text stream, which decodes ahead of its lines
        raise InputError(f"{name}, after line {number}: not {error.encoding}; save the file as UTF-8") from error
    except OSError as error:
        raise unreadable(name, error, "a text file in columns") from error


def not_utf8(error: UnicodeDecodeError, name: str, offset: int) -> InputError:
    r"""What to say of bytes that are not UTF-8: where they are, and what they may be.

    Args:
        error: What the decoder says of them.
        name: The name of the file or stream.
        offset: How many bytes come before those that the decoder was given.

    Example:
    >>> try:
    ...     b"caf\xe9".decode()
    ... except UnicodeDecodeError as error:
    ...     print(not_utf8(error, "menu.txt", 100))
    menu.txt: not UTF-8 at byte 103; it may be LATIN1: iconv -f LATIN1 -t UTF-8
    """
    if error.object.startswith(b"%PDF"):
        return InputError(f"{name}: a PDF, not text; pdftotext makes text of it")
    encoding = "UTF-16" if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") else "LATIN1"
    encoding = "UTF-32" if error.object[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff") else encoding
    # Latin-1 has no characters here, only controls that no text needs; nor is it UTF-8 that was cut within a character.
    plausible = encoding != "LATIN1" or not (
        re.search(b"[\x80-\x9f]", error.object)
        or (error.reason == "unexpected end of data" and not error.object[: error.start].isascii())
    )
    cure = f"it may be {encoding}: iconv -f {encoding} -t UTF-8" if plausible else "save the file as UTF-8"
    return InputError(f"{name}: not UTF-8 at byte {offset + error.start}; {cure}")
