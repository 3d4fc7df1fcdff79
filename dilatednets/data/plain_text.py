"""Plain text as sentences of words for a tagger, with the place of each word in the text."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dilatednets.data import penn_treebank, snips
from dilatednets.data.penn_treebank import Sentence, Token


class SplitSentence(NamedTuple):
    """A sentence of a text.

    `tokens` have places in the whole text, in code points, and are what stands there; `words` are the same as a tagger's
    data set writes them.
    """

    text: str
    start: int
    tokens: list[Token]
    words: list[str]


def split(source: Iterable[str], tokenizer: str) -> Iterator[SplitSentence]:
    r"""Sentences and words of a text of any length.

    Args:
        source: The text in pieces, cut anywhere.
        tokenizer: "treebank": sentences and words as in the Penn Treebank; "plain": a sentence a line, words as
            `dilatednets.data.snips.tokenize` finds them.

    Yields:
        The sentences that have words.

    Example:
    >>> [sentence.words for sentence in split(["It works (", "now)."], "treebank")]
    [['It', 'works', '-LRB-', 'now', '-RRB-', '.']]
    >>> [sentence.words for sentence in split(["play it\nwhat's on"], "plain")]
    [['play', 'it'], ['what', "'s", 'on']]
    """
    plain = tokenizer == "plain"
    for sentence in _lines(source) if plain else penn_treebank.sentences(source):
        found = snips.split_words(sentence.text) if plain else penn_treebank.split_words(sentence.text)
        words = [token.text for token in found]
        if words:
            tokens = [Token(text, sentence.start + start, sentence.start + end) for text, start, end in found]
            forms = words if plain else penn_treebank.treebank_forms(words)
            yield SplitSentence(sentence.text, sentence.start, tokens, forms)


def _lines(source: Iterable[str]) -> Iterator[Sentence]:
    """Lines without their ends; one longer than a sentence may be is cut."""
    text, start = "", 0
    for piece in source:
        *lines, rest = (text + piece).split("\n") if "\n" in piece else [text + piece]
        for line in lines:
            yield from _cut(line, start)
            start += len(line) + 1
        text = rest
        if len(text) > penn_treebank.MAX_SENTENCE:
            *whole, last = _cut(text, start)
            yield from whole
            text, start = text[last.start - start :], last.start
    yield from _cut(text, start)


def _cut(line: str, start: int) -> Iterator[Sentence]:
    longest = penn_treebank.MAX_SENTENCE
    for first in range(0, len(line), longest):
        yield Sentence(line[first : first + longest].rstrip("\r"), start + first)
