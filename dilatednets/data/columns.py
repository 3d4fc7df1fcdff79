"""Sentences in columns, one token a line, as the shared tasks of CoNLL write them."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import IO, Any

from dilatednets.data.tag_schemes import check_scheme, check_tags, convert
from dilatednets.errors import InputError

MAX_LINE = 2**20
"""Longest line, in bytes (or characters, of a text stream)."""
MAX_TOKENS = 100_000
"""Longest sentence: without a bound, a file without empty lines would be read into memory as one."""
_UNWRITABLE = re.compile("[ \t\r\n\0\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class TaggedSentence:
    """Words, with a tag and a part of speech each; both may be left out.

    Raises:
        InputError: if the lengths differ.
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
    scheme: str = "iob2",
) -> Iterator[TaggedSentence]:
    r"""Reads sentences one at a time, however long the file.

    Columns are separated by spaces or tabs, sentences by empty lines. `-DOCSTART-` lines end a sentence and are left out.
    So are comments, but "#" is also a word: a line is a comment only if it stands before the first word of a sentence,
    begins with "#" alone or "# ", and cannot be a token, having more or fewer columns or no tag in the tag's column.

    Args:
        source: A path, or an open file or standard input. Open it as bytes (`sys.stdin.buffer`), so that a wrong byte can be
            located. It must be UTF-8; a byte order mark and ends of lines as on Windows are accepted.
        columns: What the columns hold: "word", "pos", "tag"; columns with other names are left out.
        scheme: How the file's tags are written: "iob2" (they are kept as they are), or "iob1" or "iobes" (they are converted
            to IOB2).

    Yields:
        The sentences. Those before an error have been yielded by then.

    Raises:
        InputError: for a file that cannot be read, is not text in UTF-8 or holds no sentence; for a line that is too long or
            has a wrong number of columns or a tag that is none; for a sentence that is too long.

    Example:
    >>> import io
    >>> [sentence] = read_columns(io.BytesIO(b"It PRP B-NP\r\nworks VBZ B-VP\r\n"))
    >>> sentence.words, sentence.tags
    (('It', 'works'), ('B-NP', 'B-VP'))
    """
    check_scheme(scheme)
    if "word" not in columns or any(columns.count(name) > 1 for name in ("word", "pos", "tag")):
        raise InputError(f"columns: {', '.join(columns)}; name word once, and pos and tag at most once")
    return _sentences(source, list(columns), scheme)


def column_lines(sentence: TaggedSentence, columns: Sequence[str] = ()) -> str:
    r"""The sentence as `read_columns` reads it, the empty line at its end included.

    Args:
        sentence: With at least one word.
        columns: Which to write, in this order; without, "word", and "pos" and "tag" if the sentence has them.

    Raises:
        InputError: for a sentence without words or without one of the columns, and for what would break the format: a field
            that is empty or holds a space, a tab or an end of line, and `-DOCSTART-` as a word.

    Example:
    >>> column_lines(TaggedSentence(("It", "works"), ("B-NP", "B-VP")))
    'It B-NP\nworks B-VP\n\n'
    """
    fields = {"word": sentence.words, "pos": sentence.pos, "tag": sentence.tags}
    names = list(columns) or [name for name, values in fields.items() if values]
    for name in names:
        if not fields.get(name):
            raise InputError(f"columns: the sentence has no {name}; it has {', '.join(n for n in fields if fields[n])}")
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


def _sentences(source: Any, columns: list[str], scheme: str) -> Iterator[TaggedSentence]:
    found = False
    rows: list[list[str]] = []
    for where, line in text_lines(source):
        fields = [field for field in re.split("[ \t]+", line) if field]
        comment = not rows and fields[:1] == ["#"] and not _is_token(fields, columns, scheme)
        if fields and fields[0] != "-DOCSTART-" and not comment:
            rows.append(_checked(fields, columns, scheme, where))
        elif rows:
            found = True
            yield _sentence(rows, columns, scheme)
            rows = []
        if len(rows) > MAX_TOKENS:
            raise InputError(
                f"{where}: more than {MAX_TOKENS} words in a sentence; put an empty line after each sentence"
            )
    if rows:
        yield _sentence(rows, columns, scheme)
    elif not found:
        raise InputError(f"{_name(source)}: holds no sentences; write one word a line, in columns {', '.join(columns)}")


def column_count(lines: Iterable[str]) -> int:
    """Columns of the first line that holds a word, as far as that can be told before it is known what they hold; or 0.

    Example:
    >>> column_count(["-DOCSTART- -X- O", "", "# a comment", "It PRP B-NP"])
    3
    """
    rows = (re.findall("[^ \t\r\n]+", line) for line in lines)
    return next((len(fields) for fields in rows if fields and fields[0] not in ("#", "-DOCSTART-")), 0)


def _is_token(fields: list[str], columns: list[str], scheme: str) -> bool:
    try:
        _checked(fields, columns, scheme, "")
    except InputError:
        return False
    return True


def _checked(fields: list[str], columns: list[str], scheme: str, where: str) -> list[str]:
    if len(fields) != len(columns):
        raise InputError(
            f"{where}: {_counted(len(fields), 'column')}, but {' '.join(columns)} makes {len(columns)}; separate columns by "
            "a space or a tab, and sentences by an empty line"
        )
    if "tag" in columns:
        try:
            check_tags([fields[columns.index("tag")]], scheme)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    return fields


def _sentence(rows: list[list[str]], columns: list[str], scheme: str) -> TaggedSentence:
    values = dict(zip(columns, zip(*rows, strict=True), strict=True))
    tags = values.get("tag", ())
    return TaggedSentence(
        values["word"], tags if scheme == "iob2" else tuple(convert(tags, scheme, "iob2")), values.get("pos", ())
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _name(source: Any) -> str:
    name = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    return os.fspath(name) if isinstance(name, str | os.PathLike) else "the input"


def text_lines(source: Any) -> Iterator[tuple[str, str]]:
    """Where each line stands and the line without its end, read with a bound and decoded."""
    name, number, offset = _name(source), 0, 0
    try:
        with open(source, "rb") if isinstance(source, str | os.PathLike) else nullcontext(source) as stream:
            while raw := stream.readline(MAX_LINE + 1):
                number += 1
                where = f"{name}, line {number}"
                if len(raw) > MAX_LINE:
                    raise InputError(f"{where}: longer than {MAX_LINE} bytes; write one word a line")
                line = _decoded(raw, name, offset).rstrip("\r\n")
                offset += len(raw)
                if number == 1:
                    line = line.removeprefix("\ufeff")
                if "\0" in line or "\r" in line:
                    what = "a NUL byte" if "\0" in line else "a carriage return inside"
                    raise InputError(
                        f"{where}: {what}; save the file as text in UTF-8 with Unix or Windows ends of lines"
                    )
                yield where, line
    except UnicodeDecodeError as error:  # of a text stream, which decodes ahead of its lines
        raise InputError(f"{name}, after line {number}: not {error.encoding}; save the file as UTF-8") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error}); give a text file in columns") from error


def _decoded(raw: bytes | str, name: str, offset: int) -> str:
    if isinstance(raw, str):
        if re.search("[\ud800-\udfff]", raw):
            raise InputError(f"{name}: holds bytes that are not UTF-8; save the file as UTF-8")
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(error, raw, name, offset) from error


def not_utf8(error: UnicodeDecodeError, raw: bytes, name: str, offset: int) -> InputError:
    """What to say of bytes that are not UTF-8: where they are, and what they may be; `offset`: where `raw` begins."""
    encoding = "UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "LATIN1"
    # Latin-1 has no characters here, only controls that no text needs.
    plausible = encoding == "UTF-16" or not re.search(b"[\x80-\x9f]", raw)
    cure = f"it may be {encoding}: iconv -f {encoding} -t UTF-8" if plausible else "save the file as UTF-8"
    return InputError(f"{name}: not UTF-8 at byte {offset + error.start}; {cure}")
