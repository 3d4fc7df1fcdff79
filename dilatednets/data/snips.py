"""SNIPS: what people ask of a voice assistant, with the slots that they fill (Coucke et al. 2018, CC0 1.0)."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dilatednets.data.columns import TaggedSentence
from dilatednets.data.penn_treebank import Token
from dilatednets.data.splits import split_name
from dilatednets.data.tag_schemes import Span, from_spans
from dilatednets.errors import InputError

FOLDER = "2017-06-custom-intent-engines"
LAYOUT = "INTENT/train_INTENT_full.json and INTENT/validate_INTENT.json"
VALIDATION = 100
"""Number of utterances of each intent that validation takes from its training file."""
_TOKEN = re.compile(r"\w+(?:[-./:,&]\w+)*|['\u2019]\w+|\S")


@dataclass(frozen=True)
class Utterance(TaggedSentence):
    """One request; `tags` are its slots in IOB2, `intent` is the folder it comes from."""

    intent: str = ""


def load(data_dir: str | os.PathLike[str], split: str) -> list[Utterance]:
    """The utterances of a split, intents in the order of their names.

    Test is the data set's `validate` files. Validation is taken from the training files: of each intent, the 100 utterances
    whose text has the smallest MD5 sum, or an eighth of them where that is less. Train is the others.

    Args:
        data_dir: The folder that holds a folder an intent, or the folder `2017-06-custom-intent-engines` is in. "test" needs
            the validate files only, the other splits the full training files only.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: for another split or one without utterances, a folder laid out otherwise, or a file that is not in the
            data set's format.

    Reference:
        Coucke et al. 2018, "Snips Voice Platform: an embedded Spoken Language Understanding system for private-by-design
        voice interfaces", arXiv:1805.10190.
    """
    wanted = split_name("snips", split)
    folder = Path(data_dir) / FOLDER if (Path(data_dir) / FOLDER).is_dir() else Path(data_dir)
    pattern = "validate_{}.json" if wanted == "test" else "train_{}_full.json"
    found = []
    for intent in sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ():
        path = folder / intent / pattern.format(intent)
        if path.is_file():
            found.append((path, intent))
    if not found:
        raise InputError(f"{folder}: no file {pattern.format('INTENT')} in a folder INTENT; the layout is {LAYOUT}")
    chosen: list[Utterance] = []
    for path, intent in found:
        pieces = _read(path, intent)
        held_out = set() if wanted == "test" else _held_out(pieces)
        for index, parts in enumerate(pieces):
            if (index in held_out) == (wanted == "val"):
                chosen.append(_utterance(parts, intent))
    if not chosen:
        raise InputError(
            f"{folder}: no utterances of split {split}; validation needs 8 utterances or more of an intent"
        )
    return chosen


def tokenize(text: str) -> list[str]:
    """Splits text into words, numbers and single marks, whichever language.

    Hyphens, slashes, points, colons, commas and ampersands stay inside a word; an apostrophe begins a new one.

    Example:
    >>> tokenize("What's on at 7:30 p.m., rock'n'roll or hip-hop?")
    ['What', "'s", 'on', 'at', '7:30', 'p.m', '.', ',', 'rock', "'n", "'roll", 'or', 'hip-hop', '?']
    """
    return [token.text for token in split_words(text)]


def split_words(text: str) -> list[Token]:
    """The same with the place of each in the text."""
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


def _utterance(parts: list[tuple[str, str]], intent: str) -> Utterance:
    """Tokenizes the parts one by one: a slot may begin or end inside of a word, and its ends must be ends of tokens."""
    words: list[str] = []
    slots = []
    for text, label in parts:
        start = len(words)
        words += tokenize(text)
        if label and len(words) > start:
            slots.append(Span(label, start, len(words)))
    return Utterance(tuple(words), tuple(from_spans(slots, len(words))), intent=intent)


def _held_out(pieces: list[list[tuple[str, str]]]) -> set[int]:
    # By the text, so that an utterance that comes twice is not in both splits (but for the one at the cut).
    texts = ["".join(text for text, _ in parts).encode("utf-8", "surrogatepass") for parts in pieces]
    digests = [hashlib.md5(text, usedforsecurity=False).hexdigest() for text in texts]
    order = sorted(range(len(pieces)), key=lambda index: (digests[index], index))
    return set(order[: min(VALIDATION, len(pieces) // 8)])


def _read(path: Path, intent: str) -> list[list[tuple[str, str]]]:
    """For each utterance its parts: a text, and its slot's name or ""."""
    try:
        content = json.loads(_decode(path.read_bytes()))
        return [_parts(utterance["data"]) for utterance in content[intent]]
    except UnicodeError as error:
        raise InputError(f"{path}: not text in UTF-8 ({error}); save the file as UTF-8") from error
    except (OSError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a file of JSON ({error}); see datasets/snips") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not {{{intent!r}: [{{'data': [{{'text': ..., 'entity': ...}}, ...]}}, ...]}} "
            f"({type(error).__name__}: {error}); see datasets/snips"
        ) from error


def _parts(data: Any) -> list[tuple[str, str]]:
    parts = [(piece["text"], piece.get("entity", "")) for piece in data]
    for text, label in parts:
        if not isinstance(text, str) or not isinstance(label, str) or re.search(r"\s", label):
            raise TypeError(f"a text and a slot's name, not {text!r} and {label!r}")
    if not any(text.strip() for text, _ in parts):
        raise ValueError("an utterance without text")
    return parts


def _decode(data: bytes) -> str:
    """Text in UTF-8, or the data set's variant, in which an emoji is two surrogates of three bytes each."""
    return data.decode("utf-8-sig", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
