"""Recipes: a TOML file that says all there is to say of a training run."""

import dataclasses
import difflib
import json
import os
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError
from dilatednets.training import chunking_recipe, segmentation_recipe, speech_recipe
from dilatednets.training.chunking_recipe import ChunkingRecipe
from dilatednets.training.recipe_rules import Rules
from dilatednets.training.segmentation_recipe import SegmentationRecipe
from dilatednets.training.speech_recipe import SpeechRecipe

KINDS: dict[str, tuple[Any, Rules]] = {
    "WaveNet": (SpeechRecipe, speech_recipe.RULES),
    "ContextSegmenter": (SegmentationRecipe, segmentation_recipe.RULES),
    "TCNChunker": (ChunkingRecipe, chunking_recipe.RULES),
}
"""The recipe's class and the rules of its values, by the model it trains."""

Recipe = SpeechRecipe | SegmentationRecipe | ChunkingRecipe


def read_recipe(path: str | os.PathLike[str], settings: list[str] | None = None) -> Recipe:
    """Reads and checks a recipe.

    Args:
        path: A TOML file.
        settings: Changes as `key=value`, the key dotted: `training.epochs=3`.

    Raises:
        InputError: for a file that is missing or no TOML, an unknown key (naming the nearest valid one), or a value of
            the wrong type.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such recipe; trained presets hold one, e.g. zoo/wavenet_digits/recipe.toml"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a TOML file ({' '.join(str(error).split())})") from error
    for setting in settings or []:
        _apply(content, setting)
    return parse_recipe(content, str(path))


def parse_recipe(content: dict[str, Any], origin: str = "recipe") -> Recipe:
    """Checks a recipe given as nested dictionaries.

    Example:
    >>> parse_recipe({"name": "mine", "training": {"epoch": 3}})
    Traceback (most recent call last):
    dilatednets.errors.InputError: recipe: unknown key training.epoch; did you mean training.epochs?
    """
    model = content.get("model", "WaveNet")
    if model not in KINDS:
        raise InputError(f"{origin}: key model: {model!r} cannot be trained; models are {', '.join(KINDS)}")
    if model == "WaveNet" and content.get("init") and "net" in content:
        raise InputError(
            f"{origin}: key net: a run from init = {content['init']!r} keeps that model's net; remove [net]"
        )
    kind, rules = KINDS[model]
    recipe: Recipe = _parse(kind, content, origin, "")
    for pattern, (holds, rule) in rules.items():
        for key, value in _values(recipe, pattern.split(".")):
            if not holds(value):
                raise InputError(f"{origin}: key {key}: must be {rule}, not {value!r}")
    contradiction = recipe.contradiction()
    if contradiction:
        raise InputError(f"{origin}: {contradiction}")
    return recipe


def _values(table: Any, names: list[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of what a rule's pattern names."""
    if not names:
        yield prefix, table
        return
    first, *rest = names
    for name in table if first == "*" else [first]:
        inner = table[name] if isinstance(table, dict) else getattr(table, name)
        yield from _values(inner, rest, f"{prefix}.{name}" if prefix else name)


def recipe_toml(recipe: Recipe) -> str:
    """The recipe as TOML, every key with its value."""
    values = dataclasses.asdict(recipe)
    if recipe.init and recipe.model == "WaveNet":
        del values["net"]
    # Such JSON is TOML, too; but TOML knows no pairs of surrogate escapes.
    lines = [f"{key} = {_json(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for key, table in values.items():
        for header, inner in _tables(key, table) if isinstance(table, dict) else ():
            lines += ["", f"[{header}]", *(f"{name} = {_json(value)}" for name, value in inner.items())]
    return "\n".join(lines) + "\n"


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
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word is a string
    *tables, name = key.strip().split(".")
    for table in tables:
        content = content.setdefault(table, {})
        if not isinstance(content, dict):
            raise InputError(f"--set {setting}: {table} is a value, not a table")
    content[name] = value


def _parse(cls: Any, content: Any, origin: str, prefix: str) -> Any:
    if not isinstance(content, dict):
        raise InputError(f"{origin}: key {prefix.rstrip('.')}: must be a table, not {content!r}")
    kinds = typing.get_type_hints(cls)
    values = {}
    for key, value in content.items():
        if key not in kinds:
            raise InputError(f"{origin}: unknown key {prefix}{key}{_nearest(key, kinds, prefix)}")
        kind = kinds[key]
        if dataclasses.is_dataclass(kind):
            values[key] = _parse(kind, value, origin, f"{prefix}{key}.")
        else:
            values[key] = _checked(value, kind, f"{origin}: key {prefix}{key}")
    missing = [f.name for f in dataclasses.fields(cls) if f.name not in values and _required(f)]
    if missing:
        raise InputError(f"{origin}: key {prefix}{missing[0]}: missing")
    return cls(**values)


def _required(one: dataclasses.Field[Any]) -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _nearest(key: str, kinds: dict[str, Any], prefix: str) -> str:
    near = difflib.get_close_matches(key, kinds, n=1, cutoff=0.0)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def _checked(value: Any, kind: Any, where: str) -> Any:
    base = typing.get_origin(kind) or kind
    if isinstance(base, types.UnionType):
        raise TypeError(f"{where}: recipes have no unions")
    if base is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, base) or (isinstance(value, bool) and base is not bool):
        raise InputError(f"{where}: must be {_plain(kind)}, not {value!r}")
    inner = typing.get_args(kind)
    if base is list:
        return [_checked(item, inner[0], where) for item in value]
    if base is dict and dataclasses.is_dataclass(inner[1]):
        origin, _, key = where.partition(": key ")
        return {name: _parse(inner[1], item, origin, f"{key}.{name}.") for name, item in value.items()}
    if base is dict:
        return {name: _checked(item, inner[1], f"{where}.{name}") for name, item in value.items()}
    return value


def _plain(kind: Any) -> str:
    names = {
        int: "an integer",
        float: "a number",
        str: "a string",
        bool: "true or false",
        list[int]: "a list of integers",
        list[float]: "a list of numbers",
    }
    return names.get(kind, "a table of numbers")
