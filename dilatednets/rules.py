"""What arguments and recipes may hold: a rule stands beside its field, as in `Annotated[float, positive]`."""

import contextlib
import functools
import inspect
import math
import numbers
import operator
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from dilatednets.errors import InputError


class Rule(NamedTuple):
    """What a value must be beyond its type: a test, and the words for one that fails it."""

    holds: Callable[[Any], bool]
    words: str


positive = Rule(lambda x: 0 < x < math.inf, "above 0")
not_negative = Rule(lambda x: 0 <= x < math.inf, "0 or above")
not_above_0_db = Rule(lambda x: -100 < x <= 0, "below 0 dB, or 0 to leave it as it is")
share = Rule(lambda x: 0 <= x < 1, "at least 0 and below 1")
each_positive = Rule(lambda x: bool(x) and min(x) > 0, "a list of positive integers")
_WORD_EACH = "a list of different names, none of them empty and none with blanks around it"
distinct_names = Rule(lambda x: len(set(x)) == len(x) and all(name and name == name.strip() for name in x), _WORD_EACH)
below_2_16 = Rule(lambda x: x < 2**16, "below 65,536")
below_2_32 = Rule(lambda x: 0 <= x < 2**32, "0 or above, and below 2**32")


def one_of(*choices: str) -> Rule:
    """The value must be one of these."""
    return Rule(choices.__contains__, " or ".join(map(repr, choices)))


Size = Annotated[int, positive, Rule(lambda x: x < 2**31, "below 2**31")]
"""A number of channels, taps, levels or steps between them."""
Sizes = Annotated[Sequence[int], each_positive, Rule(lambda x: max(x) < 2**31, "a list of integers below 2**31")]
Names = Annotated[Sequence[str], distinct_names]
"""The names of speakers, classes or tags; a single string is refused, since it would be taken for a list of letters."""
_NAMES = {int: "an integer", float: "a number", str: "a string", bool: "true or false"}
_PLURALS = {int: "integers", float: "numbers", str: "strings"}


def checked(value: Any, kind: Any, where: str) -> Any:
    """The value as its annotation has it: whole numbers as int, numbers as float, sequences as list.

    Args:
        value: What was given; NumPy's numbers and arrays count as Python's.
        kind: An annotation. Beyond int, float, str, bool, and sequences and dictionaries of these, everything passes.
        where: What messages begin with, such as the name of the argument.

    Raises:
        InputError: for a value of another type, or one that a rule forbids.

    Example:
    >>> checked(range(3), typing.Annotated[list[int], each_positive], "dilations")
    Traceback (most recent call last):
    dilatednets.errors.InputError: dilations: must be a list of positive integers, not range(0, 3)
    """
    parts = typing.get_args(kind)
    if len(parts) == 2 and parts[1] is type(None):
        return None if value is None else checked(value, parts[0], where)
    rules = getattr(kind, "__metadata__", ())
    kind = typing.get_args(kind)[0] if rules else kind
    result = _typed(value, kind, where)
    for rule in rules:
        if not rule.holds(result):
            raise InputError(f"{where}: must be {rule.words}, not {value!r}")
    return result


def _typed(value: Any, kind: Any, where: str) -> Any:
    base, inner = typing.get_origin(kind) or kind, typing.get_args(kind)
    truth = isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")
    if base is bool and truth:
        return bool(value)
    if base is int and not truth:
        with contextlib.suppress(TypeError):
            return operator.index(value)
    if base is float and isinstance(value, numbers.Real) and not truth:
        return float(value)
    if base is str and isinstance(value, str):
        return str(value)
    if base in (list, Sequence):
        if hasattr(value, "tolist"):
            value = value.tolist()
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise InputError(f"{where}: must be a list{_of(inner)}, not {value!r}")
        return [checked(item, inner[0], where) for item in value]
    if base is dict and inner:
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: must be a table, not {value!r}")
        return {name: checked(item, inner[1], f"{where}.{name}") for name, item in value.items()}
    if base in _NAMES:
        raise InputError(f"{where}: must be {_NAMES[base]}, not {value!r}")
    return value


def _of(inner: tuple[Any, ...]) -> str:
    return f" of {_PLURALS[inner[0]]}" if inner and inner[0] in _PLURALS else ""


class Argument(NamedTuple):
    """An argument of a constructor; `default` is `inspect.Parameter.empty` where there is none."""

    kind: Any
    default: Any


def arguments_of(cls: type) -> dict[str, Argument]:
    """The named arguments that a class's constructor takes, or hands on to those of its bases, with their annotations.

    Example:
    >>> class Net:
    ...     def __init__(self, width: typing.Annotated[int, positive] = 8, **kwargs: Any) -> None: ...
    >>> arguments_of(Net)["width"].default
    8
    """
    arguments: dict[str, Argument] = {}
    for base in reversed(cls.__mro__):
        constructor = vars(base).get("__init__")
        arguments |= {} if constructor is None else _arguments_of_constructor(constructor)
    return arguments


@functools.cache
def _arguments_of_constructor(constructor: Callable[..., None]) -> dict[str, Argument]:
    kinds = typing.get_type_hints(constructor, include_extras=True)  # none of Keras's own
    return {
        name: Argument(kinds[name], parameter.default)
        for name, parameter in inspect.signature(constructor).parameters.items()
        if name in kinds and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }


def keep_arguments(owner: Any, values: Mapping[str, Any]) -> None:
    """Checks the arguments of a constructor by their annotations, and keeps each as the attribute of its name.

    Args:
        owner: What is being constructed.
        values: The `locals()` of the constructor, which has called `super().__init__()`.

    Raises:
        InputError: naming the first argument that is wrong.
    """
    for name, argument in arguments_of(values["__class__"]).items():
        value = checked(values[name], argument.kind, name)
        setattr(owner, name, _frozen(value))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def config_of(owner: Any) -> dict[str, Any]:
    """What `keep_arguments` kept, as plain values that JSON can hold."""
    return {name: plain(getattr(owner, name)) for name in arguments_of(type(owner))}


def plain(value: Any) -> Any:
    """Tuples as lists, in dictionaries and lists too."""
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
