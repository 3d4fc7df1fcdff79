"""Arguments that several commands have, and how they print results."""

import argparse
import json
import math
import sys
import tomllib
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from dilatednets.errors import InputError

PRESET = "preset name, folder, .nam file, or handle: https://HOST/NAME.zip#sha256=DIGITS or hf://OWNER/NAME@REVISION"
"""What every command that takes a trained model says of it."""


def add_model(parser: argparse.ArgumentParser, words: str = PRESET, **options: Any) -> None:
    """Adds MODEL."""
    parser.add_argument("model", help=words, **options)


def add_data_dir(parser: argparse.ArgumentParser, words: str = "the data set's folder") -> None:
    """Adds --data-dir."""
    parser.add_argument("--data-dir", required=True, help=words)


def add_settings(parser: argparse.ArgumentParser, example: str) -> None:
    """Adds --set."""
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=f"change a key, e.g. {example}")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds --json."""
    parser.add_argument("--json", action="store_true", help="one JSON object, the last line of standard output")


def print_result(options: Namespace, result: dict[str, Any], text: str) -> None:
    """Prints a result as JSON if that is asked for, else as text."""
    print(json.dumps(result) if options.json else text)


def refuse_in_the_end(failures: Sequence[InputError]) -> None:
    """After what could be done is done: prints why the rest could not, a line each, the last by raising it.

    Raises:
        InputError: the last of them, if there are any.
    """
    for failure in failures[:-1]:
        print(f"dilatednets: {failure}", file=sys.stderr)
    if failures:
        raise failures[-1]


def check_at_least_one(option: str, *values: int | None) -> None:
    """Refuses numbers below 1; None is an option that was not given."""
    for value in values:
        if value is not None and value < 1:
            raise InputError(f"{option}: must be at least 1, not {value}")


def check_seconds(seconds: float | None, option: str = "--seconds") -> None:
    """Refuses a length of time that is not above 0."""
    if seconds is not None and not 0 < seconds < math.inf:
        raise InputError(f"{option}: must be above 0, not {seconds}")


def check_names(option: str, names: list[str] | None, known: Any) -> None:
    """Refuses names that are not among those known."""
    unknown = set(names or []) - set(known)
    if unknown:
        raise InputError(f"{option}: {min(unknown)!r}: there are {', '.join(known)}")


def toml_value(text: str) -> Any:
    """A value written as in TOML; a word without quotes is a string.

    Example:
    >>> toml_value("[1, 0.5]"), toml_value("theo")
    ([1, 0.5], 'theo')
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
