"""The command `chunk`."""

import io
import json
import queue
import re
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Any

from dilatednets.errors import InputError

AHEAD = 1024
"""Sentences read while others are tagged, and tagged together when there are so many."""
WORDS_AHEAD = 1 << 16
"""Words after which no more sentences are read ahead."""
LOOKED_AT = 10
"""Lines with words by which columns are told from text."""
MOST_PEEKED = 1000
"""Lines after which no more are looked at, such as empty ones."""


def chunk(options: Namespace) -> None:
    """`dilatednets chunk MODEL [FILE] [--format brackets|conll|json] [--input text|conll]`."""
    from dilatednets.zoo import catalogue

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's language: input is UTF-8 too
    name = options.file or "standard input"
    model = catalogue.from_preset(options.model, "TCNChunker")
    scorer, written = model.scorer(), False
    try:
        for some in _as_they_come(_read(options, model, name)):
            for sentence in _chunked(model, some, scorer):
                sys.stdout.write(FORMATS[options.format](sentence))
                written = True
            sys.stdout.flush()
    except (IsADirectoryError, FileNotFoundError, PermissionError) as error:
        raise InputError(
            f"{name}: cannot be read ({error.strerror}); give a text file, or none for standard input"
        ) from error
    if not written:
        raise InputError(f"{name}: holds no words; give text, such as: It works.")


def brackets(sentence: Any) -> str:
    """A line: `[NP It ] [VP works ] .`."""
    from dilatednets.data.tag_schemes import spans

    words = [token.text for token in sentence.tokens]
    parts, done = [], 0
    for label, start, end in spans(sentence.tags):
        parts += [*words[done:start], f"[{label}", *words[start:end], "]"]
        done = end
    return " ".join([*parts, *words[done:]]) + "\n"


def conll(sentence: Any) -> str:
    """A word a line with its tag, and its part of speech if there is one; then an empty line."""
    from dilatednets.data.columns import TaggedSentence, column_lines

    words = tuple(token.text for token in sentence.tokens)
    return column_lines(TaggedSentence(words, tuple(sentence.tags), tuple(sentence.pos)))


def as_json(sentence: Any) -> str:
    """An object a line, with places in the whole text, in characters."""
    rows = zip(sentence.tokens, sentence.tags, sentence.pos or [None] * len(sentence.tags), strict=True)
    words = [{**token._asdict(), "tag": tag} | ({"pos": pos} if pos else {}) for token, tag, pos in rows]
    chunks = [one._asdict() for one in sentence.chunks]
    return (
        json.dumps(
            {"text": sentence.text, "start": sentence.start, "words": words, "chunks": chunks}, ensure_ascii=False
        )
        + "\n"
    )


FORMATS = {"brackets": brackets, "conll": conll, "json": as_json}


class _Peekable:
    """A stream of bytes whose first lines can be looked at before they are read."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name, self.kept = stream, name, b""

    def peek(self) -> Iterator[bytes]:
        """Its first lines, or the begin of one that is too long for a word; they are read again afterwards."""
        from dilatednets.data.columns import MAX_LINE

        for _ in range(MOST_PEEKED):
            line = self.stream.readline(MAX_LINE)
            if not line:
                return
            self.kept += line
            yield line

    def readline(self, size: int) -> bytes:
        end = min(self.kept.find(b"\n") + 1 or len(self.kept), size)
        line, self.kept = self.kept[:end], self.kept[end:]
        return line if line.endswith(b"\n") else line + self.stream.readline(size - len(line))

    def read1(self, size: int) -> bytes:
        if not self.kept:
            return getattr(self.stream, "read1", self.stream.read)(size)
        piece, self.kept = self.kept[:size], self.kept[size:]
        return piece


def _input_of(options: Namespace, model: Any, lines: _Peekable) -> tuple[str, int]:
    """What the input is, "text" or "conll", and the number of its columns."""
    from dilatednets.data.columns import column_count

    if options.input == "conll" or (options.input is None and model.pos_embedding is not None):
        return "conll", column_count(line.decode(errors="replace") for line in lines.peek()) or 2
    columns = _columns_of(lines.peek()) if options.input is None and options.format == "conll" else 0
    return ("conll", columns) if columns else ("text", 0)


def _columns_of(lines: Iterator[bytes]) -> int:
    """Columns of what looks like one word a line, or several columns with a tag in the last; 0 for text.

    Of a live stream no more is read than is needed to tell.
    """
    counts: list[int] = []
    for line in lines:
        fields = line.split()
        if not fields or fields[0] in (b"#", b"-DOCSTART-"):
            continue
        counts.append(len(fields))
        if counts[-1] != counts[0] or (len(fields) > 1 and not re.fullmatch(rb"O|[BIES]-.+", fields[-1])):
            return 0
        if len(counts) == LOOKED_AT:
            break
    # Two words of text on a single line may look like columns.
    return 0 if not counts or (counts[0] > 1 and len(counts) == 1) else counts[0]


def _standard_input() -> IO[bytes]:
    """With a buffer of its own: Python cannot end while a thread waits for more in that of `sys.stdin`."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except io.UnsupportedOperation:  # text in memory, such as a test's
        return sys.stdin.buffer


def _read(options: Namespace, model: Any, name: str) -> Iterator[Any]:
    """Sentences of the input; who reads it also closes it, for that would have to wait for a read in another thread."""
    with open(options.file, "rb") if options.file else nullcontext(_standard_input()) as stream:
        lines = _Peekable(stream, name)
        yield from _sentences(model, lines, name, _input_of(options, model, lines))


def _sentences(model: Any, lines: Any, name: str, kind: tuple[str, int]) -> Iterator[Any]:
    """As `dilatednets.data.plain_text.SplitSentence`, with their parts of speech if the model needs them."""
    from dilatednets.data.columns import read_columns
    from dilatednets.data.penn_treebank import Token
    from dilatednets.data.plain_text import SplitSentence, split
    from dilatednets.data.text_stream import read_pieces

    if kind[0] == "text":
        if model.pos_embedding is not None:
            raise InputError(
                "--input: this model needs parts of speech; give a word and its part of speech a line, conll"
            )
        for sentence in split(read_pieces(lines, name), model.tokenizer):
            yield sentence, None
        return
    if model.pos_embedding is not None and kind[1] < 2:
        raise InputError(f"{name}: one column; this model needs two, a word and its part of speech a line")
    columns = ["word", *["-"] * (kind[1] - 1)]
    if model.pos_embedding is not None:
        columns[1] = "pos"
    start = 0
    for given in read_columns(lines, columns):
        tokens = []
        for word in given.words:
            tokens.append(Token(word, start, start + len(word)))
            start += len(word) + 1
        yield SplitSentence(" ".join(given.words), tokens[0].start, tokens, list(given.words)), given.pos or None


def _chunked(model: Any, some: list[Any], scorer: Any) -> Iterator[Any]:
    pos = [given for _, given in some]
    return model.chunk_sentences([sentence for sentence, _ in some], pos if all(pos) else None, scorer)


class _WordQueue(queue.Queue[Any]):
    """A queue of sentences whose size is the number of their words."""

    words = 0

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.words += _words_of(item)

    def _get(self) -> Any:
        item = super()._get()
        self.words -= _words_of(item)
        return item

    def _qsize(self) -> int:
        return self.words


def _words_of(item: Any) -> int:
    """Words of a sentence in the queue; its end counts as one."""
    return max(len(item[0].words), 1) if isinstance(item, tuple) else 1


def _as_they_come(source: Iterator[Any]) -> Iterator[list[Any]]:
    """What a source has ready, in lists; it is read in a thread, so that a live stream's sentences are not waited for."""
    ready: queue.Queue[Any] = _WordQueue(WORDS_AHEAD)
    over = threading.Event()

    def read() -> None:
        end: list[Any] = [None]
        try:
            for item in source:
                ready.put(item)
                if over.is_set():
                    return
        except Exception as error:
            end = [error]
        ready.put(end)

    threading.Thread(target=read, daemon=True).start()
    try:
        ended = None
        while ended is None:
            some: list[Any] = []
            words = 0
            while not some or (len(some) < AHEAD and words < WORDS_AHEAD and not ready.empty()):
                some.append(ready.get())
                words += _words_of(some[-1])
            if isinstance(some[-1], list):
                ended = some.pop()
            if some:
                yield some
        if ended[0] is not None:
            raise ended[0]
    finally:
        over.set()
