"""SNIPS: what people ask of a voice assistant, with the slots that they fill (Coucke et al. 2018, CC0 1.0)."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dilatednets.data.characters import SPACE
from dilatednets.data.columns import TaggedSentence
from dilatednets.data.penn_treebank import Token
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError

FOLDER = "2017-06-custom-intent-engines"
LAYOUT = "INTENT/train_INTENT_full.json and INTENT/validate_INTENT.json"
VALIDATION = 100
"""Number of utterances of each intent that validation takes from its training file."""
WORD = r"[\w\u0300-\u036f]"
_TOKEN = re.compile(rf"{WORD}+(?:[-./:,&]{WORD}+)*|['\u2019]{WORD}+|[^{SPACE}]")


@dataclass(frozen=True)
class Utterance(TaggedSentence):
    """One request: its words, its slots as tags in IOB2, and the intent whose folder it comes from."""

    intent: str = ""


def load(data_dir: str | os.PathLike[str], split: str) -> list[Utterance]:
    """Reads the utterances of a split, intents in the order of their names.

    Test is the data set's `validate` files. Validation is taken from the training files: of each intent, the 100 utterances
    whose text has the smallest MD5 sum, or an eighth of them where that is less. Train is the others.

    Args:
        data_dir: The folder that holds a folder an intent, or the folder `2017-06-custom-intent-engines` is in. "test" needs
            the validate files only, the other splits the full training files only.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split, if it has no utterances, if the folder is laid out otherwise, or if a file is
            not in the data set's format.

    Reference:
        Coucke et al. 2018, "Snips Voice Platform: an embedded Spoken Language Understanding system for private-by-design
        voice interfaces", arXiv:1805.10190.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> load(sample("snips"), "test")[0].intent
    'AddToPlaylist'
    """
    name = split_name("snips", split)
    folder = data_folder(data_dir)
    folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    pattern = "validate_{}.json" if name == "test" else "train_{}_full.json"
    files = folder.glob(f"*/{pattern.format('*')}")
    paths = sorted(path for path in files if path.name == pattern.format(path.parent.name))
    if not paths:
        raise InputError(f"{folder}: no file {pattern.format('INTENT')} in a folder INTENT; the layout is {LAYOUT}")
    utterances: list[Utterance] = []
    for path in paths:
        requests = _read(path, path.parent.name)
        held_out = set() if name == "test" else _held_out(requests)
        split_requests = [parts for index, parts in enumerate(requests) if (index in held_out) == (name == "val")]
        utterances += [_utterance(parts, path.parent.name) for parts in split_requests]
    if not utterances:
        raise InputError(
            f"{folder}: no utterances of split {split}; validation needs 8 utterances or more of an intent"
        )
    return utterances


def tokenize(text: str) -> list[str]:
    """Splits text into words, numbers and single marks, whichever language.

    Hyphens, slashes, points, colons, commas and ampersands stay inside a word; an apostrophe begins a new one.

    Args:
        text: A sentence or more.

    Example:
    >>> tokenize("What's on at 7:30 p.m., rock'n'roll or hip-hop?")
    ['What', "'s", 'on', 'at', '7:30', 'p.m', '.', ',', 'rock', "'n", "'roll", 'or', 'hip-hop', '?']
    """
    return [token.text for token in split_words(text)]


def split_words(text: str) -> list[Token]:
    """Splits text as `tokenize` does, with the place of each word in it.

    Args:
        text: A sentence or more.

    Example:
    >>> split_words("It's")
    [Token(text='It', start=0, end=2), Token(text="'s", start=2, end=4)]
    """
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


def _utterance(parts: list[tuple[str, str]], intent: str) -> Utterance:
    """Tokenizes the parts one by one: a slot may begin or end inside of a word, and its ends must be ends of tokens."""
    tokens = [
        (word, f"{'I' if number else 'B'}-{label}" if label else "O")
        for text, label in parts
        for number, word in enumerate(tokenize(text))
    ]
    words, tags = zip(*tokens, strict=True)
    return Utterance(words, tags, intent=intent)


def _held_out(requests: list[list[tuple[str, str]]]) -> set[int]:
    # By the text, so that an utterance that comes twice is not in both splits (but for the one at the cut).
    texts = ["".join(text for text, _ in parts).encode("utf-8", "surrogatepass") for parts in requests]
    digests = [hashlib.md5(text, usedforsecurity=False).digest() for text in texts]
    return set(sorted(range(len(texts)), key=digests.__getitem__)[: min(VALIDATION, len(texts) // 8)])


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
