"""What a family's page is made of: what a person fills in, and what is shown for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Field:
    """Something to fill in.

    Args:
        name: The argument of `Page.answer` that it becomes; what is said of the argument is said of the field.
        label: The words beside it.
    """

    name: str
    label: str


@dataclass(frozen=True)
class Text(Field):
    """Text, a str; `value` is there from the start."""

    value: str = ""
    rows: int = 1


@dataclass(frozen=True)
class Number(Field):
    """A number, an int or a float as `value` is; None where it may be left empty, and then an int."""

    value: float | None = None


@dataclass(frozen=True)
class Choice(Field):
    """One of several strings."""

    choices: Sequence[str] = ()


@dataclass(frozen=True)
class File(Field):
    """A file, as the path at which it lies while it is answered.

    Args:
        suffixes: How names of such files end.
        example: The file that is taken if none is chosen.
        needed: Whether one must be chosen where there is no example; else the path may be None.
    """

    suffixes: Sequence[str] = ()
    example: Path | None = None
    needed: bool = True


@dataclass(frozen=True)
class Shown:
    """Something to show.

    Args:
        title: The words above it.
    """

    title: str


@dataclass(frozen=True)
class Words(Shown):
    """Text as it is, with its lines."""

    text: str


@dataclass(frozen=True)
class Sound(Shown):
    """Sound to play: float32 (samples,) in [-1, 1], and its samples a second."""

    audio: Any
    sample_rate: int


@dataclass(frozen=True)
class Picture(Shown):
    """A figure, or a PIL image."""

    picture: Any


@dataclass(frozen=True)
class Table(Shown):
    """Rows, each a value by name."""

    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Download(Shown):
    """A file to keep; the title is its name."""

    data: bytes


@dataclass(frozen=True)
class Page:
    """What a family shows of a model.

    Args:
        words: What to do here, in a sentence or two.
        fields: What there is to fill in.
        answer: Given a value for each field, by name, what to show, in order; two stand side by side where there is room.
    """

    words: str
    fields: Sequence[Field]
    answer: Callable[..., Iterable[Shown]]
