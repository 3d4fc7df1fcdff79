"""What a card must hold for its readers to make sense of it."""

from typing import Any

from dilatednets.errors import InputError

_ENTRIES: dict[str, dict[str, Any]] = {
    "metrics": {"name": str, "data": str, "split": str, "value": int | float},
    "measurements": {"what": str, "value": object, "command": str},
    "pictures": {"caption": str, "file": str},
}
"""What each entry of a card's lists must say, at least."""
_TEXTS = ("example", "notes")
_FIELDS: dict[str, Any] = {
    "name": str,
    "class": str,
    "description": str,
    "sha256": str,
    "partner": str,
    "parameters": int,
}


def check(card: dict[str, Any]) -> None:
    """Refuses a card that its readers could not make sense of.

    Raises:
        InputError: naming what is wrong.

    Example:
    >>> check({"name": "tiny", "metrics": [{"name": "f1"}]})
    Traceback (most recent call last):
    dilatednets.errors.InputError: metrics: each needs name, data, split, value
    """
    for key, kind in _FIELDS.items():
        if not isinstance(card.get(key, kind()), kind):
            raise InputError(f"{key}: must be {'a number' if kind is int else 'text'}")
    for key, needed in _ENTRIES.items():
        entries = card.get(key, [])
        whole = isinstance(entries, list) and all(
            isinstance(entry, dict)
            and all(name in entry and isinstance(entry[name], kind) for name, kind in needed.items())
            for entry in entries
        )
        if not whole:
            raise InputError(f"{key}: each needs {', '.join(needed)}")
    for key in _TEXTS:
        lines = card.get(key, [])
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise InputError(f"{key}: must be a list of lines")
