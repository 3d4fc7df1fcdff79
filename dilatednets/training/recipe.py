"""Recipes: a TOML file that says all there is to say of a training run. Each family has its own; this is what they share."""

import dataclasses
import difflib
import functools
import json
import os
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.arguments import toml_value
from dilatednets.errors import InputError, one_line
from dilatednets.rules import Argument, Rule, below_2_32, checked, not_negative, one_of, positive

_word = Rule(lambda x: bool(x.strip()) and "/" not in x, "a name, not empty and without /")
EMA = Rule(lambda x: 0 < x < 1, "between 0 and 1")


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a run, or a stage of it, learns."""

    epochs: Annotated[int, positive] = 20
    batch_size: Annotated[int, positive] = 8
    learning_rate: Annotated[float, positive] = 1e-3
    final_learning_rate: Annotated[float, positive] = 1e-5
    """Reached by a cosine at the end."""
    warmup_steps: Annotated[int, not_negative] = 300


@dataclass(frozen=True)
class Optimization:
    """What all stages of a run share."""

    weight_decay: Annotated[float, not_negative] = 0.01
    clip_norm: Annotated[float, positive] = 5.0
    """Bound on the length of the gradient of all weights together."""
    ema: Annotated[float, EMA] = 0.998
    """Decay of the averaged weights, which are the ones evaluated and kept; lower in a stage of less than 10 / (1 - ema)
    steps, so that the average reaches back over a tenth of it at most."""
    seed: Annotated[int, below_2_32] = 0
    dtype: Annotated[str, one_of("float32", "mixed_bfloat16")] = "float32"
    """Keras dtype policy of the training; the model that is kept computes in float32."""
    evaluate_every: Annotated[int, positive] = 1
    """Epochs between evaluations on validation."""


@dataclass(frozen=True)
class Recipe:
    """A training run: data, net, training, and the figure it must reach. A family's recipe adds its tables.

    One of a single stage holds the keys of `Schedule` in its table `training`; one of several has a table `stages`.
    """

    name: Annotated[str, _word]
    model: str
    init: str = ""
    """A preset to start from instead of random weights; the keys of `net` that it settles must be absent."""
    goal: dict[str, float] = field(default_factory=dict)
    """What the run must reach on validation, its tolerance, and hours of wall time."""

    @property
    def schedules(self) -> Mapping[str, Schedule]:
        """The schedule of each stage, by the stage's name."""
        schedules: dict[str, Schedule] = getattr(self, "stages", None) or {"": getattr(self, "training")}  # noqa: B009
        return schedules

    @property
    def epochs(self) -> int:
        """Epochs of the whole run."""
        return sum(schedule.epochs for schedule in self.schedules.values())

    def schedule_key(self, stage: str) -> str:
        """The table that holds a stage's schedule."""
        return f"stages.{stage}" if stage else "training"

    def contradiction(self) -> str:
        """The key whose value does not go together with others, and what it must be; empty if all do."""
        for name, schedule in self.schedules.items():
            if schedule.final_learning_rate > schedule.learning_rate:
                key = self.schedule_key(name)
                return f"{key}.final_learning_rate: must not exceed {key}.learning_rate"
        return ""

    def idle_keys(self) -> dict[str, str]:
        """Keys, or tables, that have no effect in this run, with the reason."""
        return {}

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return f"dilatednets describe {model}"


def net_table(arguments: Mapping[str, Argument]) -> Any:
    """The table `net` of a recipe: a dataclass of a model's arguments, with their rules and defaults."""
    fields: list[Any] = []
    for name, (kind, default) in arguments.items():
        many = isinstance(default, tuple)
        value = field(default_factory=functools.partial(list, default)) if many else field(default=default)
        fields.append((name, kind, value))
    return dataclasses.make_dataclass("Net", fields, frozen=True)


def read_toml(path: str | os.PathLike[str], settings: list[str] | None = None) -> dict[str, Any]:
    """The content of a recipe's file, changed by settings `key=value`; nothing of it is checked."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such recipe; trained presets hold one, e.g. zoo/wavenet_digits/recipe.toml"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a TOML file ({one_line(error)}); correct it, or give a recipe") from error
    for setting in settings or []:
        _apply(content, setting)
    return content


def parse(kind: Any, content: dict[str, Any], origin: str = "recipe", strict: bool = True) -> Any:
    """Checks a recipe given as nested dictionaries.

    Args:
        kind: The recipe's class.
        content: Values by key, and tables by name.
        origin: What messages begin with, such as the file.
        strict: Whether to refuse a key that is given but has no effect; a run's own file of version 0.1 holds all keys.

    Raises:
        InputError: for an unknown key (naming the nearest valid one), or a value that is wrong.
    """
    recipe: Recipe = _parse(kind, content, origin, "")
    if not strict:
        recipe = _parse(kind, _without(content, recipe.idle_keys()), origin, "")
    defaults = dict(_flat(dataclasses.asdict(_parse(kind, {"name": "-", "model": ""}, origin, ""))))
    for key, value in _flat(content) if strict else ():
        for idle, reason in recipe.idle_keys().items():
            if (key == idle or key.startswith(f"{idle}.")) and value != defaults.get(key):
                raise InputError(f"{origin}: key {key}: has no effect, since {reason}; remove it")
    contradiction = recipe.contradiction()
    if contradiction:
        raise InputError(f"{origin}: key {contradiction}")
    return recipe


def recipe_toml(recipe: Recipe) -> str:
    """The recipe as TOML, every key that has an effect with its value."""
    values = _without(dataclasses.asdict(recipe), recipe.idle_keys())
    # Such JSON is TOML, too; but TOML knows no pairs of surrogate escapes.
    lines = [f"{key} = {_json(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for key, table in values.items():
        for header, inner in _tables(key, table) if isinstance(table, dict) else ():
            lines += ["", f"[{header}]", *(f"{name} = {_json(value)}" for name, value in inner.items())]
    return "\n".join(lines) + "\n"


def _without(values: dict[str, Any], idle: Mapping[str, str], prefix: str = "") -> dict[str, Any]:
    left = {}
    for key, value in values.items():
        if f"{prefix}{key}" not in idle:
            left[key] = _without(value, idle, f"{prefix}{key}.") if isinstance(value, dict) else value
    return left


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of all keys."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _tables(key: str, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(dotted name, content) of a table, or of each table in it."""
    if any(isinstance(value, dict) for value in table.values()):
        for name, inner in table.items():
            bare = name.isascii() and name.replace("_", "a").isalnum()  # any other must be quoted
            yield from _tables(f"{key}.{name if bare else _json(name)}", inner)
    elif table:
        yield key, table


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _apply(content: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set {setting}: write key=value, e.g. --set training.epochs=3")
    *tables, name = key.strip().split(".")
    for table in tables:
        content = content.setdefault(table, {})
        if not isinstance(content, dict):
            raise InputError(f"--set {setting}: {table} is a value, not a table")
    content[name] = toml_value(text)


def _parse(cls: Any, content: Any, origin: str, prefix: str) -> Any:
    if not isinstance(content, dict):
        raise InputError(f"{origin}: key {prefix.rstrip('.')}: must be a table, not {content!r}")
    kinds = typing.get_type_hints(cls, include_extras=True)
    values = {}
    for key, value in content.items():
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1, cutoff=0.0)
            raise InputError(f"{origin}: unknown key {prefix}{key}; did you mean {prefix}{near[0]}?")
        kind, where = kinds[key], f"{prefix}{key}"
        inner = typing.get_args(kind)
        if dataclasses.is_dataclass(kind):
            values[key] = _parse(kind, value, origin, f"{where}.")
        elif typing.get_origin(kind) is dict and dataclasses.is_dataclass(inner[1]):
            tables = checked(value, dict[str, Any], f"{origin}: key {where}")
            values[key] = {name: _parse(inner[1], item, origin, f"{where}.{name}.") for name, item in tables.items()}
        else:
            values[key] = _checked(value, kind, origin, where)
    missing = [f.name for f in dataclasses.fields(cls) if f.name not in values and _required(f)]
    if missing:
        raise InputError(f"{origin}: key {prefix}{missing[0]}: missing")
    return cls(**values)


def _checked(value: Any, kind: Any, origin: str, where: str) -> Any:
    """A value that `rules.checked` has checked; of a number where texts belong, it is said how to make a text of it."""
    try:
        return checked(value, kind, f"{origin}: key {where}")
    except InputError as error:
        if "must be a string" not in str(error) or isinstance(value, dict | None):
            raise
        text = _json([f"{one}" for one in value] if isinstance(value, list) else f"{value}")
        raise InputError(
            f"{error}; write it in quotes, and by --set in those of the shell, too: --set '{where}={text}'"
        ) from error


def _required(one: dataclasses.Field[Any]) -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
