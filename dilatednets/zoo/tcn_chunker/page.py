"""What `dilatednets play` shows of a chunker: a text, and the same with its chunks in brackets."""

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError
from dilatednets.pages import File, Page, Shown, Table, Text, Words
from dilatednets.zoo.tcn_chunker.demo import PARAGRAPH
from dilatednets.zoo.tcn_chunker.verb import brackets, in_columns, sentences_in

MOST_KB = 100
REQUEST = "Book a table for two at a sushi bar in Boston tonight"
IN_COLUMNS = "The DT\nferry NN\nleaves VBZ\nat IN\nnoon NN\n. ."


def page(model: Any, handle: str) -> Page:
    """A text, typed or in a file; for a model that needs parts of speech, with these."""
    kinds = ", ".join(model.labels)
    if model.pos_embedding is not None:
        words, value = "Write a word and its part of speech a line, and an empty line after each sentence", IN_COLUMNS
    else:
        words, value = "Write, paste or drop a text", PARAGRAPH if "NP" in model.labels else REQUEST
    words = f"{words}, at most {MOST_KB} kB. Chunks are {kinds}."
    file = File("file", "Or a file instead", (".txt", ".md", ".csv", ".tsv", ".conll", ".conllu"), needed=False)
    return Page(words, [Text("text", "Text", value, rows=6), file], partial(answer, model))


def answer(model: Any, text: str, file: Path | None) -> Iterator[Shown]:
    """The text in brackets, a sentence a line, and its chunks with their places."""
    name, data = ("text", text.encode()) if file is None else (str(file), file.read_bytes())
    if len(data) > 1000 * MOST_KB:
        raise InputError(f"{name}: has {len(data) // 1000:,} kB; the command chunk takes texts of any length")
    source: Any = io.BytesIO(data)
    if model.pos_embedding is not None:
        source.name = name
        pairs = list(in_columns(source, ["word", "pos"], model.pos_tags))
        sentences = list(model.chunk_sentences([one for one, _ in pairs], [pos for _, pos in pairs]))
    else:
        sentences = list(model.chunk_sentences([one for one, _ in sentences_in(source, model, name)]))
    if not sentences:
        raise InputError(f"{name}: holds no words; write some, such as: It works.")
    yield Words("In brackets", "".join(map(brackets, sentences)))
    yield Table("Chunks, with their places in letters", [chunk._asdict() for one in sentences for chunk in one.chunks])
