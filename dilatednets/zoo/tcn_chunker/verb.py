"""The command `chunk`: the phrases of a text."""

import io
import json
import queue
import sys
import threading
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from dilatednets import registry
from dilatednets.arguments import PRESET, add_model
from dilatednets.errors import InputError, Note
from dilatednets.rules import checked

VERB, HELP = "chunk", "find the phrases of a text"

AHEAD = 1024
"""Sentences read while others are tagged, and tagged together when there are so many."""
WORDS_AHEAD = 1 << 16
"""Words after which no more sentences are read ahead."""
TEXT = ("text", "lines")
"""Of --input, what are no columns."""
UNASKED = Namespace(input=None, columns=None, format="brackets")
"""Options of who says nothing of the input."""
MOST_PEEKED = 1000
"""Lines after which no more are read to tell, such as empty ones."""


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the text, and the formats."""
    add_model(parser, f"a TCNChunker: {PRESET}")
    parser.add_argument("file", nargs="?", metavar="FILE", help="a text file in UTF-8; default: standard input")
    parser.add_argument("--format", choices=list(FORMATS), default="brackets", help="how to print (default: brackets)")
    parser.add_argument(
        "--input",
        choices=["text", "lines", "conll"],
        help="plain text; lines, of which each is a text of its own, such as titles; or a word a line and an empty line "
        "after each sentence (default: text; the last if the first lines are columns with a tag in the last, or with "
        "--format conll single words)",
    )
    words = "what the columns hold, such as word,pos,- (default: words, parts of speech and others, or CoNLL-U's ten)"
    parser.add_argument("--columns", metavar="NAMES", help=words)


def add_evaluation_arguments(parser: ArgumentParser) -> None:
    """Adds --columns and --scheme."""
    words = "what the columns of the reader columns hold, such as word,pos,-,tag (default: by their number)"
    parser.add_argument("--columns", metavar="NAMES", help=words)
    words = "the scheme of their tags: iob1, iob2, iobes or bilou (default: by their letters)"
    parser.add_argument("--scheme", help=words)


def evaluation_options(options: Namespace) -> dict[str, Any]:
    """The arguments `columns` and `scheme` of the family's `evaluate` that the command line holds.

    Raises:
        InputError: for an unknown scheme.
    """
    chosen: dict[str, Any] = {}
    if options.columns is not None:
        chosen["columns"] = options.columns.split(",")
    if options.scheme is not None:
        from dilatednets.zoo.tcn_chunker.tag_schemes import Scheme

        chosen["scheme"] = checked(options.scheme, Scheme, "scheme")
    return chosen


def run(options: Namespace) -> None:
    """`dilatednets chunk MODEL [FILE] [--format brackets|conll|json] [--input text|lines|conll] [--columns NAMES]`."""
    if options.columns is not None and options.input in TEXT:
        raise InputError("columns: text has none; leave it out, or set --input conll")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Whatever the terminal's language: input is UTF-8 too, so that there is nothing to escape.
        sys.stdout.reconfigure(encoding="utf-8", errors="strict")
    name = options.file or "standard input"
    model = registry.from_preset(options.model, "TCNChunker")
    stream, written = model.stream(), False
    try:
        for batch in _as_they_come(_read(options, model, name)):
            sentences, pos = zip(*batch, strict=True)
            for sentence in model.chunk_sentences(sentences, pos if all(pos) else None, stream):
                sys.stdout.write(FORMATS[options.format](sentence))
                written = True
            sys.stdout.flush()
    except (IsADirectoryError, FileNotFoundError, PermissionError) as error:
        cure = "give a text file, or none for standard input"
        raise InputError(f"{name}: cannot be read ({error.strerror}); {cure}") from error
    if not written:
        raise InputError(f"{name}: holds no words; give text, such as: It works.")


def brackets(sentence: Any) -> str:
    """A line: `[NP It ] [VP works ] .`."""
    from dilatednets.zoo.tcn_chunker.tag_schemes import spans

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
    words = [{**token._asdict(), "tag": tag} for token, tag in zip(sentence.tokens, sentence.tags, strict=True)]
    for word, pos in zip(words, sentence.pos, strict=False):  # there may be none
        word["pos"] = pos
    chunks = [chunk._asdict() for chunk in sentence.chunks]
    line = {"text": sentence.text, "start": sentence.start, "words": words, "chunks": chunks}
    return json.dumps(line, ensure_ascii=False) + "\n"


FORMATS = {"brackets": brackets, "conll": conll, "json": as_json}


class _Peekable:
    """A stream of bytes whose first lines can be seen before they are read."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name, self.peeked = stream, name, b""

    def peek(self) -> Iterator[bytes]:
        """Its first lines, or the begin of one that is too long for a word; they are read again afterwards."""
        from dilatednets.data.columns import MAX_LINE

        for _ in range(MOST_PEEKED):
            line = self.stream.readline(MAX_LINE)
            if not line:
                return
            self.peeked += line
            yield line

    def peek_piece(self) -> Iterator[bytes]:
        """The whole lines of what has come so far, of which text is not to wait for more."""
        from dilatednets.data.text_stream import PIECE

        self.peeked = self.read1(PIECE)
        yield from self.peeked[: self.peeked.rfind(b"\n") + 1].splitlines(keepends=True)

    def readline(self, size: int) -> bytes:
        end = min(self.peeked.find(b"\n") + 1 or len(self.peeked), size)
        line, self.peeked = self.peeked[:end], self.peeked[end:]
        return line if line.endswith(b"\n") else line + self.stream.readline(size - len(line))

    def read1(self, size: int) -> bytes:
        if not self.peeked:
            return getattr(self.stream, "read1", self.stream.read)(size)
        piece, self.peeked = self.peeked[:size], self.peeked[size:]
        return piece


def _columns_of(options: Namespace, stream: "_Peekable", name: str, with_pos: bool) -> list[str]:
    """What the columns hold; nothing for text. No more of a live stream is read than is needed to tell.

    Unasked, lines are columns that look like several with a tag in the last, or, with --format conll, like one word each.
    """
    from dilatednets.data.columns import known_names
    from dilatednets.data.columns_or_text import columns_or_text

    if options.columns is not None:
        return ["-" if name == "tag" else name for name in known_names(options.columns.split(","))]
    if options.input in TEXT:
        return []
    asked = options.input == "conll" or (options.input is None and with_pos)
    words_alone = asked or options.format == "conll"
    columns = columns_or_text(stream.peek() if words_alone else stream.peek_piece(), name, asked, words_alone)
    if with_pos and columns[1:] and "pos" not in columns:
        columns[1] = "pos"
    return columns


def _standard_input() -> IO[bytes]:
    """With a buffer of its own: Python cannot end while a thread waits for more in that of `sys.stdin`."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except io.UnsupportedOperation:  # text in memory, such as a test's
        return sys.stdin.buffer


def _read(options: Namespace, model: Any, name: str) -> Iterator[Any]:
    """Each sentence as `dilatednets.data.plain_text.SplitSentence`, with its parts of speech if the model needs them.

    Who reads the input also closes it, for that would have to wait for a read in another thread.
    """
    with open(options.file, "rb") if options.file else nullcontext(_standard_input()) as stream:
        yield from sentences_in(stream, model, name, options)


def sentences_in(stream: IO[bytes], model: Any, name: str, options: Namespace = UNASKED) -> Iterator[Any]:
    """Sentences of text, or of columns where lines look like them or `options` say so, with their parts of speech."""
    from dilatednets.data.plain_text import split
    from dilatednets.data.text_stream import read_pieces
    from dilatednets.files import NO_TEXT

    with_pos = model.pos_embedding is not None
    lines: Any = _Peekable(stream, name)
    columns = _columns_of(options, lines, name, with_pos)
    if columns:
        if with_pos and "pos" not in columns:
            has = "one column" if len(columns) == 1 else "no column pos"
            raise InputError(f"{name}: {has}; this model needs two, a word and its part of speech a line")
        yield from in_columns(lines, columns, model.pos_tags if with_pos else ())
    elif with_pos:
        raise InputError("--input: this model needs parts of speech; give a word and its part of speech a line, conll")
    else:
        if options.input is None and (what := NO_TEXT.get(Path(name).suffix.lower())):
            words = f"{what} by its name, but is read as text; add --input text if it is"
            warnings.warn(Note(f"{name}: {words}"), stacklevel=2)
        for sentence in split(read_pieces(lines, name), model.tokenizer, options.input == "lines"):
            yield sentence, None


def in_columns(lines: Any, columns: list[str], known: Sequence[str]) -> Iterator[Any]:
    """Sentences in columns; places are those in their words joined by spaces.

    Of parts of speech one at least must be known; sentences before it wait, in case it is text, or of another tag set.
    """
    from dilatednets.data.columns import read_columns
    from dilatednets.data.columns_or_text import LINES_TO_TELL
    from dilatednets.data.penn_treebank import Token
    from dilatednets.data.plain_text import SplitSentence

    start = 0
    waiting: list[Any] = []
    for sentence in read_columns(lines, columns):
        tokens = []
        for word in sentence.words:
            tokens.append(Token(word, start, start + len(word)))
            start += len(word) + 1
        text, words = " ".join(sentence.words), list(sentence.words)
        waiting.append((SplitSentence(text, tokens[0].start, tokens, words), sentence.pos or None))
        if not known or not set(known).isdisjoint(sentence.pos):
            yield from waiting
            known, waiting = (), []
        elif sum(len(pos) for _, pos in waiting) >= LINES_TO_TELL:
            break
    if waiting:
        raise InputError(
            f"{lines.name}: {waiting[0][1][0]!r} is no part of speech of this model, nor are those after it; "
            f"give a word and its part of speech a line, as in: dog {known[0]}"
        )


class _WordQueue(queue.Queue[Any]):
    """A queue of sentences, and of an error at the end, whose size is the number of their words."""

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
    return 1 if isinstance(item, Exception) else len(item[0].words)


def _as_they_come(source: Iterator[Any]) -> Iterator[list[Any]]:
    """What a source has ready, in lists; it is read in a thread, so that a live stream's sentences are not waited for."""
    ready, stopped = _WordQueue(WORDS_AHEAD), threading.Event()

    def read() -> None:
        end: Exception = StopIteration()
        try:
            for item in source:
                ready.put(item)
                if stopped.is_set():
                    return
        except Exception as error:
            end = error
        ready.put(end)

    threading.Thread(target=read, daemon=True).start()
    end = None
    try:
        while end is None:
            batch: list[Any] = []
            words = 0
            while end is None and (not batch or (len(batch) < AHEAD and words < WORDS_AHEAD and not ready.empty())):
                item = ready.get()
                words += _words_of(item)
                if isinstance(item, Exception):
                    end = item
                else:
                    batch.append(item)
            if batch:
                yield batch
        if not isinstance(end, StopIteration):
            raise end
    finally:
        stopped.set()
