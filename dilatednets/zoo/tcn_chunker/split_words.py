r"""The words of sentences, found by TensorFlow alone: those of `data.penn_treebank` and `data.snips`, as a graph.

`tf.strings.regex_replace` has no look-around. What Python's patterns see beside a token is marked first, by control
characters: they are white space, of which the text has only single spaces by then. A step a rule follows, and the text is
cut at white space in the end. Time is linear in its length.

The words are the same but for these:

- Letters and digits are those of the Unicode that TensorFlow knows, at times a later one than Python's.
- `US$`, one to three capitals and a dollar, is one word even right after a variation selector, a keycap or a tag.
- Of two addresses that share a part, such as `a/b@c.org@d.org`, the second is cut at its `@`.
- At most three clitics are cut off a word.
- Of the forms, a lone `"` after a comma closes before a small letter, but not before other signs that Python calls lower,
  such as a raised a.
- Accents, two at most, are put together with their letter in the order in which they stand; Hangul is not.
- Bytes that are not UTF-8 are U+FFFD.
"""

import functools
import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from dilatednets.data import penn_treebank as ptb
from dilatednets.data import snips
from dilatednets.data.characters import SPACE, plain

Step = tuple[str, str]
"""A pattern and what replaces all that it finds."""


class Words(NamedTuple):
    """The words of each sentence as they stand there, and as a tagger's data set writes them: ragged strings."""

    tokens: Any
    words: Any


def split_words(sentences: Any, tokenizer: str) -> Words:
    """Words as `dilatednets.data.plain_text.split` finds them, but each string is one sentence.

    Args:
        sentences: string (batch,).
        tokenizer: "treebank" or "plain".

    Returns:
        Two ragged strings (batch, None); none is "".

    Example:
    >>> split_words(["It can't (yet).", ""], "treebank").words.to_list()
    [[b'It', b'ca', b"n't", b'-LRB-', b'yet', b'-RRB-', b'.'], []]
    """
    text = tf.strings.unicode_transcode(sentences, "UTF-8", "UTF-8")
    if tokenizer == "plain":
        text = _replaced(text, _PLAIN)
        return Words(tf.strings.split(text), tf.strings.split(_plain(text)))
    text = _replaced(text, _TREEBANK)
    return Words(tf.strings.split(text), tf.strings.split(_forms(text)))


def _replaced(text: Any, steps: Iterable[Step]) -> Any:
    for pattern, rewrite in steps:
        text = tf.strings.regex_replace(text, pattern, rewrite)
    return text


def _forms(text: Any) -> Any:
    """As `penn_treebank.treebank_forms`, of what `_TREEBANK` leaves."""
    text = _replaced(_plain(text), _QUOTES)
    odd = tf.strings.regex_full_match(text, '[^"]*"(?:[^"]*"[^"]*")*[^"]*')
    text = tf.where(odd, _replaced(text, [_LONE_QUOTE]), text)
    return _replaced(text, _FORMS)


def _plain(text: Any) -> Any:
    """As `data.characters.plain`."""
    is_plain = tf.reduce_all(tf.strings.regex_full_match(text, r"[\x00-\x7f]*"))
    return tf.cond(is_plain, lambda: text, lambda: _composed(_ascii(text)))


def _ascii(text: Any) -> Any:
    codes, forms = _forms_of_characters()
    place = tf.ragged.map_flat_values(_places, codes, tf.strings.unicode_decode(text, "UTF-8"))
    pieces = _characters(text)
    form = tf.where(place.flat_values < 0, pieces.flat_values, tf.gather(forms, tf.maximum(place.flat_values, 0)))
    return tf.strings.reduce_join(pieces.with_flat_values(form), axis=-1)


def _composed(text: Any) -> Any:
    pairs, composed = _pairs_of_characters()
    codes, pieces = tf.strings.unicode_decode(text, "UTF-8"), _characters(text)
    for _ in range(2):  # a letter with two accents
        flat = tf.cast(codes.flat_values, tf.int64)
        place = tf.pad(_places(pairs, flat[:-1] * _PAIR + flat[1:]), [[0, 1]], constant_values=-1)
        found, place = place >= 0, tf.maximum(place, 0)
        stays = codes.with_flat_values(~tf.concat([tf.zeros_like(found[:1]), found[:-1]], 0))
        code = tf.where(found, tf.gather(composed, place), codes.flat_values)
        piece = tf.where(found, tf.gather([chr(code) for code in composed], place), pieces.flat_values)
        codes = tf.ragged.boolean_mask(codes.with_flat_values(code), stays)
        pieces = tf.ragged.boolean_mask(pieces.with_flat_values(piece), stays)
    return tf.strings.reduce_join(pieces, axis=-1)


def _characters(text: Any) -> Any:
    """Each by itself; `tf.strings.unicode_split` would change U+FFFF and its like."""
    return tf.strings.split(tf.strings.regex_replace(text, "(?s)(.)", "\\1\x1d"), "\x1d")[:, :-1]


def _places(entries: Any, values: Any) -> Any:
    """Where values stand in a sorted array; -1 if they do not."""
    place = tf.minimum(tf.searchsorted(entries, values), len(entries) - 1)
    return tf.where(tf.gather(entries, place) == values, place, -1)


_PAIR = 1 << 21


@functools.cache
def _forms_of_characters() -> tuple[np.ndarray, list[str]]:
    forms = {code: plain(chr(code)) for code in _decomposed()}
    forms = {code: form for code, form in forms.items() if form != chr(code)}
    return np.array(list(forms), np.int32), list(forms.values())


@functools.cache
def _pairs_of_characters() -> tuple[np.ndarray, np.ndarray]:
    pairs = {}
    for code in _decomposed():
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and "<" not in parts[0] and plain(chr(code)) == chr(code):
            pairs[int(parts[0], 16) * _PAIR + int(parts[1], 16)] = code
    keys = np.array(sorted(pairs), np.int64)
    return keys, np.array([pairs[key] for key in keys], np.int32)


def _decomposed() -> list[int]:
    return [code for code in range(0x80, sys.maxunicode + 1) if unicodedata.decomposition(chr(code))]


def _steps(*steps: Step) -> list[Step]:
    r"""Patterns in TensorFlow's dialect; `\s` and `\w` may stand inside brackets only."""
    translated = []
    for pattern, rewrite in steps:
        pattern = re.sub(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})", lambda match: rf"\x{{{match[1] or match[2]}}}", pattern)
        pattern = pattern.replace(r"\0", r"\x00").replace(r"\s", r" \t-\r\x1c-\x1f\x85\p{Z}")
        translated.append((pattern.replace(r"\d", r"\p{Nd}").replace(r"\w", r"\p{L}\p{N}_"), rewrite))
    return translated


def _any(words: Iterable[str]) -> str:
    """A pattern of any of them."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words)) + ")"


_PLAIN = _steps(
    (rf"[{SPACE}]+", " "),
    (rf"{snips.WORD}+(?:[-./:,&]{snips.WORD}+)*|['\u2019]{snips.WORD}+|[^ ]", "\\0\n"),
)

# Marks. Each stands before what it is about: one of @ # - after a character of a word, a run of hyphens or points, a clitic
# that stands alone, an address.
_AFTER, _RUN, _LONE, _ADDRESS = "\x01", "\x02", "\x03", "\x04"
_MARKS = "\x01-\x04"

# As `penn_treebank._TOKEN`, whose order this keeps.
_NOT_IN_WORD = SPACE + ptb.SYMBOLS + ptb.HYPHENS
_DIGITS = rf"\d+(?:[,:\u2013\uff0c\uff1a]{_ADDRESS}?\d+)*"
_LETTERS = rf"(?:{_ADDRESS}?(?:[^\d{_NOT_IN_WORD}]|{_DIGITS}))+"
_LONE_CLITIC = rf"['\u2018\u2019]{_ADDRESS}?(?i:{ptb.LONE_CLITIC})"
_PICTURE = rf"[{ptb.PICTURES}][{ptb.MODIFIERS}]*"
_DOMAIN = rf"(?:[\w]|[{_AFTER}{_RUN}]?-)+"
_BEFORE_WORDS = (
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|{_ADDRESS}?{_PICTURE}(?:\u200d{_PICTURE})*|{_AFTER}?[#*]\ufe0f?\u20e3"
    rf"|{_ADDRESS}?(?i:https?://|ftp://|www{_RUN}?\.)"
    rf"[^ <>\"\u201c\u201d]*[^{_MARKS} <>\"\u201c\u201d.,;:!?'\u2019)\]}}]"
    rf"|{_ADDRESS}[\w.+\-{_AFTER}{_RUN}]+@{_DOMAIN}(?:\.{_DOMAIN})+"
    rf"|@{_ADDRESS}?[\w]+|#{_ADDRESS}?\d*[\p{{L}}\p{{Nl}}\p{{No}}_][\w]*"
    rf"|{_AFTER}?-[LR][RCS]B[{_AFTER}{_RUN}]?-"
    rf"|{_RUN}?(?:\.{{5,}}|\.{{3}}|\.{{2}})|\u2026+|{_RUN}?-{{2,}}|[\u2012-\u2015]+|``|'{_LONE}?'|(?:\\\*)+"
    rf"|[A-Z]{{1,3}}\$"
)
_WORD = (
    rf"{_LONE}{_LONE_CLITIC}"
    rf"|(?:-{_LETTERS}|\.{_DIGITS}(?:{_LETTERS})?|{_LETTERS})"
    rf"(?:(?:[&'\u2019\u2010\u2011]|{_ADDRESS}?{_AFTER}?-|%-|{_ADDRESS}?\.(?:{_LONE}?['\u2019]|-)?){_LETTERS})*"
    rf"(?:{_ADDRESS}?{_AFTER}?-)?(?:{_ADDRESS}?\.)?"
)
_AFTER_WORDS = rf"=+|\*+|~+|\^+|\|+|{_AFTER}?#+|[{_MARKS}]*[^{_MARKS} ]"

_CAPITALS = {word.upper() for word in ptb.ABBREVIATIONS if word == word.capitalize()}
_ABBREVIATION = rf"(?:{_any(ptb.ABBREVIATIONS | _CAPITALS)}|{ptb.INITIALS.replace('++', '+')})"
_JOINED = _any(ptb.JOINED).replace("'", r"['\u2019]")
_SECOND = _any({word[first:] for word, first in ptb.JOINED.items()}).replace("'", r"['\u2019]")
_MARK_LONE = (
    rf"(^|[ {ptb.SYMBOLS}{ptb.HYPHENS}])({_LONE_CLITIC})([^\w'\u2019{_LONE}]|$)",
    rf"\1{_LONE}\2\3",
)
_CUT_CLITIC = (rf"([^\v\n])((?i:{ptb.CLITIC}))\t", "\\1\t\n\\2\v\t")

# A word has "\n\v" before it and "\t" after it. Every other token, and what is cut off a word, has "\n" and "\v\t". After
# a period that stays with its word is "\r", or "\f" if it does even at the end of the sentence.
_TREEBANK = _steps(
    (rf"[{SPACE}]+", " "),
    # Twice, as the character after one clitic may be that before the next.
    _MARK_LONE,
    _MARK_LONE,
    (r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+[\w.+\-]*", rf"{_ADDRESS}\0"),
    (r"-{2,}|\.{2,}", rf"{_RUN}\0"),
    (rf"([^{_NOT_IN_WORD}])([@#\-])", rf"\1{_AFTER}\2"),
    (rf"({_BEFORE_WORDS})|({_WORD})|({_AFTER_WORDS})", "\n\\1\\3\v\\2\t"),
    (rf"[{_MARKS}]", ""),
    (rf"(\n\v{_any({*ptb.TITLES, 'U.S'})}\.)\t", "\\1\f\t"),
    (
        rf"([\v/\-]{_ABBREVIATION}\.)\t"
        rf"|([\v/\-]{_any(ptb.NUMBERED)}\.)\t( *\n\v?(?:[#(](?:\v\t\n\v?)?)?\d)"
        rf"|(\.)\t(\n[,;:])",
        "\\1\\2\\4\r\t\\3\\5",
    ),
    (r"( )(\n\v?\p{Ll})", rf"\1{_AFTER}\2"),
    (rf"(\n\v(?i:{_any(ptb.ENDINGS)})\.\t ){_AFTER}", r"\1"),
    (rf"(\v[^\t'\u2019]*\p{{L}}\.)\t( {_AFTER})", "\\1\r\t\\2"),
    (_AFTER, ""),
    (rf"\.\t|\.\r\t((?: *\n{_any(ptb.CLOSERS)}\v\t)* *)$", "\t\n.\v\t\\1"),
    _CUT_CLITIC,
    _CUT_CLITIC,
    _CUT_CLITIC,
    (rf"\v(?i:{_JOINED})\t", "\\0\f"),
    (rf"((?i:{_SECOND}))\t\f", "\t\n\\1\v\t"),
)

_OPENING = {"``", *(word for word, form in ptb.FORMS.items() if form == "``")}
_CLOSING = {"''", *(word for word, form in ptb.FORMS.items() if form == "''")} - {'"'}
# Every token has "\n" before it and "\t" after it. Quotes other than " are "\x02" if they open, "\x01" if they close.
_QUOTES = _steps(
    (r"[ \v\f\r]+", ""),
    (rf"\n{_any(_OPENING)}\t", "\n\x02\t"),
    (rf"\n{_any(_CLOSING)}\t", "\n\x01\t"),
)
_LONE_QUOTE = (r'(\n,\t\n)"(\t\n\p{Ll})', "\\1\x01\\2")
_FORMS = _steps(
    # From a quote that opens to the next that closes; a " that begins this opens, and others close.
    (r'\n(?:"\t\n|\x02)[^"\x01]*["\x01]?', "\f\\0"),
    ('\f\n"', "\n\x02"),
    (r'["\x01]', "''"),
    (r"\x02", "``"),
    *((rf"\n{re.escape(word)}\t", f"\n{form}\t") for word, form in ptb.FORMS.items() if form not in ("``", "''")),
    *((chr(character), form) for character, form in ptb.CHARACTERS.items() if form),
    (r"([^\n\xad])\xad+|\xad+([^\t\xad]+)\xad*", r"\1\2"),
    (r"\n\.{2,}\t", "\n...\t"),
    (r"\n(?:-{2,}|[\u2012-\u2015]+)\t", "\n--\t"),
    (r"\u2013", "-"),
    (r"\\?([/*])", r"\\\1"),
)
