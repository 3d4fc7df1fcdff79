"""Plain text as sentences of words for a tagger, with the place of each word in the text."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dilatednets.data import penn_treebank, snips
from dilatednets.data.characters import plain
from dilatednets.data.penn_treebank import Sentence, Token, treebank_forms


class SplitSentence(NamedTuple):
    """A sentence of a text.

    `tokens` have places in the whole text, in code points, and are what stands there; `words` are the same as a tagger's
    data set writes them.
    """

    text: str
    start: int
    tokens: list[Token]
    words: list[str]


def split(source: Iterable[str], tokenizer: str, by_line: bool = False) -> Iterator[SplitSentence]:
    r"""Sentences and words of a text of any length.

    Args:
        source: The text in pieces, cut anywhere.
        tokenizer: Either "treebank", for sentences and words as in the Penn Treebank, or "plain", for a sentence a line and
            words as `dilatednets.data.snips.tokenize` finds them.
        by_line: Whether sentences of the treebank, too, end with their lines.

    Yields:
        The sentences that have words.

    Example:
    >>> [sentence.words for sentence in split(["It works (", "now)."], "treebank")]
    [['It', 'works', '-LRB-', 'now', '-RRB-', '.']]
    >>> [sentence.words for sentence in split(["play it\nwhat's on"], "plain")]
    [['play', 'it'], ['what', "'s", 'on']]
    """
    is_plain = tokenizer == "plain"
    split_words = snips.split_words if is_plain else penn_treebank.split_words
    for text, offset in _lines(source) if is_plain else penn_treebank.sentences(source, by_line):
        tokens = [Token(word, offset + start, offset + end) for word, start, end in split_words(text)]
        words = [token.text for token in tokens]
        if words:
            yield SplitSentence(text, offset, tokens, list(map(plain, words)) if is_plain else treebank_forms(words))


def _lines(source: Iterable[str]) -> Iterator[Sentence]:
    """Lines without their ends; one longer than a sentence may be is cut."""
    text, start = "", 0
    for piece in source:
        *lines, text = (text + piece).split("\n")
        for line in lines:
            yield from _cut(line, start)
            start += len(line) + 1
        if len(text) > penn_treebank.MAX_SENTENCE:
            *whole, last = _cut(text, start)
            yield from whole
            text, start = text[last.start - start :], last.start
    yield from _cut(text, start)


def _cut(line: str, start: int) -> Iterator[Sentence]:
    longest = penn_treebank.MAX_SENTENCE
    for first in range(0, len(line), longest):
        yield Sentence(line[first : first + longest].rstrip("\r"), start + first)
