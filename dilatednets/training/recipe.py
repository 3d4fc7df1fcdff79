"""Recipes: a TOML file that says all there is to say of a training run."""

import dataclasses
import difflib
import json
import math
import os
import tomllib
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: str = "spoken_digits"
    """The data set's reader, a module of dilatednets.data."""
    sample_rate: int = 8000
    """Recordings are resampled to it."""
    gap: float = 0.06
    """Seconds between words when the model speaks."""
    max_gap: float = 0.15
    """Longest pause, in seconds, between words in training."""


@dataclass(frozen=True)
class Net:
    """Arguments of WaveNet that are not given by the data."""

    dilations: list[int] = field(default_factory=lambda: 3 * [2**i for i in range(10)])
    kernel_size: int = 2
    residual_channels: int = 32
    gate_channels: int = 64
    skip_channels: int = 64
    output: str = "softmax"
    speaker_channels: int = 16
    condition_hop: int = 80
    condition_hidden: int = 64
    condition_channels: int = 16
    condition_upsampling: str = "transposed"


@dataclass(frozen=True)
class Training:
    """How to train."""

    epochs: int = 20
    batch_size: int = 4
    target: int = 3200
    """Samples of a window that count; the receptive field comes before them."""
    learning_rate: float = 2e-3
    final_learning_rate: float = 2e-4
    """Reached by a cosine at the end of the last epoch."""
    warmup_steps: int = 300
    clip_norm: float = 1.0
    ema: float = 0.999
    """Decay of the averaged weights, which are the ones evaluated and kept; lower in a run of less than 10 / (1 - ema)
    steps, so that the average reaches back over a tenth of it at most."""
    seed: int = 0
    dtype: str = "float32"
    """Keras dtype policy of the training; the model that is kept computes in float32."""
    jit_compile: bool = True
    sample_every: int = 1
    """Epochs between samples written as WAV and PNG; 0 for none."""
    sample_text: str = "four two seven"


@dataclass(frozen=True)
class Recipe:
    """A training run: model, data, schedule, and the figure it must reach."""

    name: str
    model: str = "WaveNet"
    init: str = ""
    """A preset to start from instead of random weights; its net is kept, and `net` must be absent. Speakers it knows keep
    their vectors and tempo, others get fresh ones."""
    goal: dict[str, float] = field(default_factory=dict)
    """What the run must reach on validation, e.g. bits_per_sample, its tolerance, and hours of wall time."""
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)


_POSITIVE: tuple[Callable[[Any], bool], str] = (lambda x: 0 < x < math.inf, "above 0")
_NOT_NEGATIVE: tuple[Callable[[Any], bool], str] = (lambda x: 0 <= x < math.inf, "0 or above")


def _one_of(*choices: str) -> tuple[Callable[[Any], bool], str]:
    return choices.__contains__, " or ".join(map(repr, choices))


# What a value must be beyond its type.
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data.reader": _one_of("spoken_digits"),
    "data.sample_rate": _POSITIVE,
    "data.gap": _NOT_NEGATIVE,
    "data.max_gap": _NOT_NEGATIVE,
    "net.dilations": (lambda x: bool(x) and min(x) > 0, "a list of positive integers"),
    "net.kernel_size": _POSITIVE,
    "net.residual_channels": _POSITIVE,
    "net.gate_channels": (lambda x: x > 0 and x % 2 == 0, "even and above 0: it counts both halves of the gate"),
    "net.skip_channels": _POSITIVE,
    "net.output": _one_of("softmax", "logistics", "gaussian"),
    "net.speaker_channels": _POSITIVE,
    "net.condition_hop": _POSITIVE,
    "net.condition_hidden": _POSITIVE,
    "net.condition_channels": _POSITIVE,
    "net.condition_upsampling": _one_of("transposed", "repeat"),
    "training.epochs": _POSITIVE,
    "training.batch_size": _POSITIVE,
    "training.target": _POSITIVE,
    "training.learning_rate": _POSITIVE,
    "training.final_learning_rate": _POSITIVE,
    "training.warmup_steps": _NOT_NEGATIVE,
    "training.clip_norm": _POSITIVE,
    "training.ema": (lambda x: 0 < x < 1, "between 0 and 1"),
    "training.seed": (lambda x: 0 <= x < 2**32, "0 or above, and below 2**32"),
    "training.dtype": _one_of("float32", "mixed_bfloat16"),
    "training.sample_every": _NOT_NEGATIVE,
}


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
    if content.get("init") and "net" in content:
        raise InputError(
            f"{origin}: key net: a run from init = {content['init']!r} keeps that model's net; remove [net]"
        )
    recipe: Recipe = _parse(Recipe, content, origin, "")
    for key, (holds, rule) in _RULES.items():
        table, name = key.split(".")
        value = getattr(getattr(recipe, table), name)
        if not holds(value):
            raise InputError(f"{origin}: key {key}: must be {rule}, not {value!r}")
    if recipe.training.final_learning_rate > recipe.training.learning_rate:
        raise InputError(f"{origin}: key training.final_learning_rate: must not exceed training.learning_rate")
    if recipe.model != "WaveNet":
        raise InputError(f"{origin}: key model: {recipe.model!r} cannot be trained; models are WaveNet")
    return recipe


def recipe_toml(recipe: Recipe) -> str:
    """The recipe as TOML, every key with its value."""
    values = dataclasses.asdict(recipe)
    if recipe.init:
        del values["net"]
    # Such JSON is TOML, too; but TOML knows no pairs of surrogate escapes.
    lines = [f"{key} = {_json(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for key, table in values.items():
        if isinstance(table, dict) and table:
            lines += ["", f"[{key}]", *(f"{name} = {_json(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


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
    }
    return names.get(kind, "a table of numbers")
