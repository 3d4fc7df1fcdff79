"""What a tagger knows of a word: which it is, its characters, and its shape; all as numbers."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dilatednets.errors import InputError

PADDING, UNKNOWN = 0, 1
"""Numbers that are no word, character or shape of the vocabulary."""
MAX_CHARACTERS = 24
"""The most characters of a word that are seen: of a longer one, the first and the last half of these."""
SHAPE_RUN = 2
"""Longest run of equal signs in a shape."""

_DIGIT = re.compile(r"\d")


def normal_form(word: str) -> str:
    """The word as the vocabulary has it: in lower case, every digit a 0.

    Example:
    >>> normal_form("F-16s"), normal_form("1,234.5")
    ('f-00s', '0,000.0')
    """
    return _DIGIT.sub("0", word.lower())


def shape(word: str) -> str:
    """What kinds of characters follow each other: X upper case, x any other letter, d digit, other signs themselves.

    Runs longer than two are cut to two, so that `Xxx` is any longer word with a capital.

    Example:
    >>> [shape(word) for word in ("Boeing", "F-16s", "1,234.5", "of", "U.S.", "``")]
    ['Xxx', 'X-ddx', 'd,dd.d', 'xx', 'X.X.', '``']
    """
    signs = ""
    for character in word[:MAX_CHARACTERS]:
        kind = sign(character)
        if signs[-SHAPE_RUN:] != kind * SHAPE_RUN:
            signs += kind
    return signs


def sign(character: str) -> str:
    """What stands for a character in a shape."""
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return "d" if character.isdigit() else character


def numbers_of(entries: Iterable[str]) -> dict[str, int]:
    """The number of each entry of a vocabulary, in its order.

    Example:
    >>> numbers_of(["it", "works"])
    {'it': 2, 'works': 3}
    """
    return {entry: number for number, entry in enumerate(entries, start=UNKNOWN + 1)}


class WordFeatures:
    """Numbers for words, characters and shapes.

    Args:
        words: The known words, in `normal_form`.
        characters: The known characters, as they are.
        shapes: The known shapes.

    Raises:
        InputError: for an entry that comes twice.

    Example:
    >>> features = WordFeatures(["it", "works"], "Itworks", ["Xx", "xx"])
    >>> features.batch([["It", "works"], ["Works"]])["words"].tolist()
    [[2, 3], [3, 0]]
    """

    def __init__(self, words: Sequence[str], characters: Sequence[str], shapes: Sequence[str]) -> None:
        self.words, self.characters, self.shapes = list(words), list(characters), list(shapes)
        for name, entries in self.get_config().items():
            different = len(set(entries))
            if different != len(entries):
                raise InputError(f"{name}: {len(entries)} entries, {different} different ones; name each once")
        self._words, self._characters, self._shapes = map(numbers_of, (self.words, self.characters, self.shapes))
        self._known: dict[str, tuple[int, int, np.ndarray]] = {}

    @classmethod
    def fit(
        cls, sentences: Iterable[Sequence[str]], extra: Iterable[str] = (), rare: int = 2, rare_words: int = 1
    ) -> "WordFeatures":
        """The vocabulary of a text.

        Args:
            sentences: The words of each sentence.
            extra: More words, such as those with pretrained vectors.
            rare: Characters and shapes seen less often are left out.
            rare_words: Words of the sentences seen less often are left out.
        """
        counts = Counter(word for sentence in sentences for word in sentence)
        forms = Counter[str]()
        for word in sorted(counts):
            forms[normal_form(word)] += counts[word]
        words = {form: None for form, count in forms.items() if count >= rare_words}
        words |= dict.fromkeys(normal_form(word) for word in extra)
        characters, shapes = Counter[str](), Counter[str]()
        for word, count in counts.items():
            shapes[shape(word)] += count
            for character in word:
                characters[character] += count
        frequent = (sorted(entry for entry, n in seen.items() if n >= rare) for seen in (characters, shapes))
        return cls(list(words), *frequent)

    def counts(self, sentences: Iterable[Sequence[str]]) -> np.ndarray:
        """How often each number of `words` comes in a text; int (2 + number of words,)."""
        numbers = [self._numbers(word)[0] for sentence in sentences for word in sentence]
        return np.bincount(np.array(numbers, int), minlength=2 + len(self.words))

    def batch(self, sentences: Sequence[Sequence[str]], time: int | None = None) -> dict[str, np.ndarray]:
        """Sentences as one batch of arrays, padded at the end.

        Args:
            sentences: The words of each sentence.
            time: Length to pad to; None stands for that of the longest.

        Returns:
            int32 "words" and "shapes" (batch, time), and "characters" (batch, time, characters).
        """
        time = max((1, *map(len, sentences))) if time is None else time
        rows = [[self._numbers(word) for word in sentence] for sentence in sentences]
        longest = max((1, *(len(letters) for row in rows for _, _, letters in row)))
        words, shapes = np.full((2, len(sentences), time), PADDING, np.int32)
        characters = np.full((len(sentences), time, longest), PADDING, np.int32)
        for i, row in enumerate(rows):
            for j, (word, form, letters) in enumerate(row):
                words[i, j], shapes[i, j] = word, form
                characters[i, j, : len(letters)] = letters
        return {"words": words, "shapes": shapes, "characters": characters}

    def _numbers(self, word: str) -> tuple[int, int, np.ndarray]:
        """Numbers of the word, its shape and its characters; of words seen lately from memory."""
        if word not in self._known:
            if len(self._known) >= 1 << 16:
                self._known.clear()
            half = MAX_CHARACTERS // 2
            letters = word if len(word) <= MAX_CHARACTERS else word[:half] + word[-half:]
            self._known[word] = (
                self._words.get(normal_form(word), UNKNOWN),
                self._shapes.get(shape(word), UNKNOWN),
                np.array([self._characters.get(letter, UNKNOWN) for letter in letters], np.int32),
            )
        return self._known[word]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"words": self.words, "characters": self.characters, "shapes": self.shapes}
