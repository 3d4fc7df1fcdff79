"""English Web Treebank: parts of speech of web text, written as CoNLL-2000 writes those of newspapers (CC BY-SA 4.0)."""

import os
import re
from collections.abc import Sequence

from dilatednets.data.columns import TaggedSentence, read_columns
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError

FILES = {"train": "train.tsv", "val": "dev.tsv", "test": "test.tsv"}
KEPT = (
    "$", ",", ".", "CC", "CD", "DT", "EX", "FW", "IN", "JJ", "JJR", "JJS", "MD", "NN", "NNP", "NNPS", "NNS", "PDT", "POS",
    "PRP", "PRP$", "RB", "RBR", "RBS", "RP", "SYM", "TO", "UH", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "WDT", "WP", "WP$",
    "WRB", "``", "''",
)  # fmt: skip
"""Tags that mean the same in both."""
OTHERS = {
    "-LRB-": "(", "-RRB-": ")", ":": ":", "HYPH": ":", "NFP": "SYM", "ADD": "NNP", "AFX": "JJ", "GW": "NN", "XX": "FW",
}  # fmt: skip
"""Tags that CoNLL-2000 does not have, and what it has instead; `to_conll2000` says more."""
_BRACKETS = {"(": "-LRB-", "[": "-LRB-", "{": "-LCB-", ")": "-RRB-", "]": "-RRB-", "}": "-RCB-"}
_NOUNS = ("NN", "NNS", "NNP", "NNPS")
_VERBS = ("VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "MD")
_MARKS = (".", ",", ":", "``", "''", "-LRB-", "-RRB-", "NFP", "HYPH", "POS")


def load(data_dir: str | os.PathLike[str], split: str, rejoin: bool = True) -> list[TaggedSentence]:
    """Reads the sentences of a split, with parts of speech and without tags.

    Args:
        data_dir: The folder that holds `train.tsv`, `dev.tsv` and `test.tsv`, or the one that the split needs: one token a
            line, in columns form, universal part of speech and Penn part of speech.
        split: "train", "validation" (or "val"), or "test".
        rejoin: Whether to write as one token what newspapers do, as `rejoined` does.

    Raises:
        InputError: If there is no such split, if its file is missing or not in these columns, or if a part of speech is not
            one of the treebank's.

    Reference:
        Silveira et al. 2014, "A gold standard dependency corpus for English", LREC.

    Example:
    >>> load("nowhere", "test")
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere/test.tsv: missing; ewt has train.tsv, dev.tsv, test.tsv, see datasets/ewt
    """
    path = data_folder(data_dir) / FILES[split_name("ewt", split)]
    if not path.is_file():
        raise InputError(f"{path}: missing; ewt has {', '.join(FILES.values())}, see datasets/ewt")
    sentences = []
    for number, sentence in enumerate(read_columns(path, ("word", "universal", "pos")), start=1):
        tokens = list(zip(sentence.words, sentence.pos, strict=True))
        try:
            tokens = to_conll2000(rejoined(tokens) if rejoin else tokens)
        except InputError as error:
            raise InputError(f"{path}, sentence {number}: {error}") from error
        words, pos = zip(*tokens, strict=True)
        sentences.append(TaggedSentence(words, pos=pos))
    return sentences


def to_conll2000(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Words and parts of speech of a sentence, as CoNLL-2000 would write them.

    - Brackets are -LRB-, -RRB-, -LCB- and -RCB-, tagged ( and ); square ones are written as round ones.
    - Quotes are ``, '', ` and ', by whether they open or close and are double or single; other apostrophes are straight.
    - Dashes are --, two or more points are ..., and these and other marks are tagged : even where EWT says , or the points
      end the sentence. Only the comma is tagged ,.
    - "to" is always TO.
    - List items (LS) are CD if numbers, else NN. Other marks and smileys (NFP) are SYM, addresses (ADD) NNP, prefixes that
      stand alone (AFX) JJ, and a part of a word (GW) has the tag of the word's last part.

    Args:
        tokens: The word and the part of speech of each token.

    Raises:
        InputError: If a part of speech is not one of EWT's.

    Example:
    >>> to_conll2000([("[", "-LRB-"), ("to", "IN"), ("her", "PRP"), ("]", "-RRB-"), ("-", ","), ("ok", "UH"), ("....", ".")])
    [('-LRB-', '('), ('to', 'TO'), ('her', 'PRP'), ('-RRB-', ')'), ('--', ':'), ('ok', 'UH'), ('...', ':')]
    """
    converted: list[tuple[str, str]] = []
    following = "NN"
    for word, pos in reversed(tokens):
        converted.append(_token(word, pos) if pos != "GW" else (_straight(word), following))
        following = converted[-1][1] if converted[-1][1] in KEPT else "NN"
    return converted[::-1]


def _token(word: str, pos: str) -> tuple[str, str]:
    if pos not in KEPT and pos not in OTHERS and pos != "LS":
        raise InputError(f"{pos!r}, of {word!r}, is no part of speech of the treebank; columns are FORM UPOS XPOS")
    if pos in ("``", "''"):
        single = word in ("'", "`", "\u2018", "\u2019")
        return (pos[0] if single else pos), pos
    if pos in ("-LRB-", "-RRB-"):
        return _BRACKETS.get(word, word), OTHERS[pos]
    if pos in (".", ",", ":", "NFP"):
        if re.fullmatch(r"\.{2,}|\u2026+\.*", word):
            return "...", ":"
        if re.fullmatch(r"[\u2013\u2014]|-{1,3}", word):
            return "--", ":"
        if pos == "," and word != ",":
            return word, ":"
    if pos == "LS":
        return word, "CD" if re.search("[0-9]", word) else "NN"
    if word.lower() == "to" and pos in ("IN", "RB"):
        return word, "TO"
    return _straight(word), OTHERS.get(pos, pos)


def _straight(word: str) -> str:
    return word.replace("\u2019", "'").replace("\u2018", "'")


def rejoined(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Joins what EWT splits and the Wall Street Journal does not.

    - Words with hyphens or slashes between them (HYPH), as in well - known. A participle or adjective at the end makes the
      joined word JJ; a singular noun JJ if a noun follows, else NN; a particle, preposition or adverb after a verb or noun
      NN; a number after a noun what that noun is. Otherwise the word is what its last part is.
    - Ranges of numbers, 1969 - 1970, which are CD.
    - Words written in two (GW), as in out standing: they are what their last part is.

    Args:
        tokens: The word and the part of speech of each token, as in EWT's files.

    Example:
    >>> rejoined([("a", "DT"), ("four", "CD"), ("-", "HYPH"), ("day", "NN"), ("visit", "NN")])
    [('a', 'DT'), ('four-day', 'JJ'), ('visit', 'NN')]
    """
    joined: list[tuple[str, str]] = []
    start = 0
    while start < len(tokens):
        end = _end(tokens, start)
        words, parts = zip(*tokens[start:end], strict=True)
        following = tokens[end][1] if end < len(tokens) else ""
        joined.append(("".join(words), _joined_pos(parts, following) if len(parts) > 1 else parts[0]))
        start = end
    return joined


def _end(tokens: list[tuple[str, str]], start: int) -> int:
    """Where the word that begins at `start` ends."""
    end = start + 1
    while end < len(tokens):
        (word, pos), before = tokens[end], tokens[end - 1][1]
        after = tokens[end + 1][1] if end + 1 < len(tokens) else ""
        is_range = (word, pos) == ("-", "SYM") and before == after == "CD"
        if before == "GW" and pos not in _MARKS:
            end += 1
        elif is_range or (pos == "HYPH" and before not in _MARKS and after not in ("", *_MARKS)):
            end += 2
        else:
            break
    return end


def _joined_pos(parts: Sequence[str], following: str) -> str:
    """The part of speech of a joined word."""
    if "HYPH" not in parts and "SYM" not in parts:
        return parts[-1]
    parts = [pos for pos in parts if pos not in ("HYPH", "SYM")]
    first, last = parts[0], parts[-1]
    if set(parts) == {"CD"}:
        return "CD"
    if last == "CD" and first in _NOUNS:
        return first
    if last == "NN":
        return "JJ" if following in _NOUNS else "NN"
    if last in ("VBN", "VBG", "VBD", "JJ", "AFX"):
        return "JJ"
    if last in ("RP", "IN", "RB") and first in (*_VERBS, *_NOUNS):
        return "NN"
    return last if last in KEPT else "NN"
