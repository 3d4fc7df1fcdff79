"""What `dilatednets play` shows of a chunker: a text, and the same with its chunks in brackets."""

import io
from collections.abc import Iterator
from functools import partial
from typing import Any

from dilatednets.errors import InputError
from dilatednets.pages import Page, Shown, Table, Text, Words
from dilatednets.zoo.tcn_chunker.demo import PARAGRAPH
from dilatednets.zoo.tcn_chunker.verb import brackets, in_columns

MOST_LETTERS = 100_000
REQUEST = "Book a table for two at a sushi bar in Boston tonight"
IN_COLUMNS = "The DT\nferry NN\nleaves VBZ\nat IN\nnoon NN\n. ."


def page(model: Any, handle: str) -> Page:
    """A text; for a model that needs parts of speech, with these."""
    kinds = ", ".join(model.labels)
    if model.pos_embedding is not None:
        words, value = "Write a word and its part of speech a line, and an empty line after each sentence", IN_COLUMNS
    else:
        words, value = "Write or paste a text", PARAGRAPH if "NP" in model.labels else REQUEST
    words = f"{words}, at most {MOST_LETTERS:,} letters. Chunks are {kinds}."
    return Page(words, [Text("text", "Text", value, rows=8)], partial(answer, model))


def answer(model: Any, text: str) -> Iterator[Shown]:
    """The text in brackets, a sentence a line, and its chunks with their places."""
    if len(text) > MOST_LETTERS:
        raise InputError(f"text: has {len(text):,} letters; the command chunk takes texts of any length")
    if model.pos_embedding is not None:
        source: Any = io.BytesIO(text.encode())
        source.name = "text"
        pairs = list(in_columns(source, ["word", "pos"], model.pos_tags))
        sentences = list(model.chunk_sentences([one for one, _ in pairs], [pos for _, pos in pairs]))
    else:
        sentences = list(model.chunk_stream([text]))
    if not sentences:
        raise InputError("text: holds no words; write some, such as: It works.")
    yield Words("In brackets", "".join(map(brackets, sentences)))
    yield Table("Chunks, with their places in letters", [chunk._asdict() for one in sentences for chunk in one.chunks])
