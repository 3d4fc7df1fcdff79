"""Characters as the training data write them: an accent is one with its letter, what is only drawn otherwise is ASCII."""

import functools
import unicodedata

SPACE = r"\s\0-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
"""What stands between words, to stand inside brackets of a pattern: spaces, controls, and what cannot be seen."""


def plain(word: str) -> str:
    r"""A word in Unicode's composed form (NFC), with full-width signs, ligatures and digits in circles as ASCII.

    Example:
    >>> plain("cafe\u0301"), plain("\uff11\uff10"), plain("\ufb01ne")
    ('café', '10', 'fine')
    """
    return word if word.isascii() else unicodedata.normalize("NFC", "".join(map(plain_character, word)))


@functools.lru_cache(maxsize=1 << 12)
def plain_character(character: str) -> str:
    """One or more characters of ASCII that Unicode (NFKC) has for a letter, digit or full-width sign, or the character."""
    form = unicodedata.normalize("NFKC", character)
    is_wide = unicodedata.decomposition(character).startswith("<wide>")
    return form if form.isascii() and (form.isalnum() or is_wide) else character


def is_lower(character: str) -> bool:
    """Whether it is a small letter, as graphs know it, too: without signs such as a raised a."""
    return unicodedata.category(character) == "Ll"
