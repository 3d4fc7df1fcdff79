"""Presets: find a trained model's folder, verify it, load it; `saving` makes one.

A preset is a folder of `config.json` (the class and its arguments), `model.weights.h5`, `recipe.toml`, `golden.npz`
(inputs, and the outputs at save time), `card.json` (the record of everything else) and `README.md`. It holds data only:
loading one runs no code from it.
"""

import functools
import json
import os
import tomllib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.errors import InputError, Note, a, did_you_mean, one_line
from dilatednets.files import sha256
from dilatednets.presets import card_check, handles
from dilatednets.presets.layout import CARD, CONFIG, RECIPE, WEIGHTS
from dilatednets.rules import plain


class PresetNames:
    """Class attribute `presets`: the names of the trained models of a class, looked up when asked for."""

    def __get__(self, instance: object, owner: type) -> tuple[str, ...]:
        return tuple(name for name in available() if class_name(name) == owner.__name__)


def roots() -> list[Path]:
    """Where presets lie: in the installed package, or in a checkout's top-level zoo folder."""
    package = Path(__file__).resolve().parents[1]
    return [root for root in (package / "zoo" / "pretrained", package.parent / "zoo") if root.is_dir()]


def available() -> dict[str, Path]:
    """All presets that come with the package, name to folder."""
    folders = [folder for root in roots() for folder in sorted(root.iterdir()) if (folder / CONFIG).is_file()]
    folders = [folder for folder in folders if not folder.name.startswith(".")]  # one being written, or left by a crash
    return {folder.name: folder for folder in reversed(folders)}


def shipped(handle: str | os.PathLike[str]) -> Path | None:
    """The folder of the preset that comes with the package, if a handle means one: a path to a folder means that folder."""
    is_path = not isinstance(handle, str) and Path(handle).is_dir()
    return None if is_path else available().get(str(handle))


@functools.cache  # to say it once
def _note_of_namesake(name: str, folder: Path) -> None:
    words = f"is the preset that comes with the package; ./{name} is the folder of this name"
    warnings.warn(Note(f"{name}: {words}"), stacklevel=4)


def find(handle: str | os.PathLike[str]) -> Path:
    """The folder of a preset.

    Args:
        handle: The name of one that comes with the package, a folder, or a handle; see `dilatednets.presets.handles`. Of a
            folder that has such a name say that it is one: "./name", or a Path.

    Raises:
        InputError: if there is none, or as `dilatednets.presets.handles.fetch`.

    Example:
    >>> find("no_such_model")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: no_such_model: neither a preset nor a folder; presets are ...
    """
    if not isinstance(handle, str | os.PathLike) or not str(handle):
        raise InputError(f"preset: must be a name, a folder or a handle, not {handle!r}")
    if folder := shipped(handle):
        here = Path(handle).absolute()
        if (here / CONFIG).is_file() and not here.samefile(folder):
            _note_of_namesake(str(handle), here)
        return folder
    folder = handles.fetch(str(handle)) if handles.is_handle(str(handle)) else Path(handle)
    if not folder.is_dir():
        presets = available()
        near = did_you_mean(handle, presets)
        raise InputError(f"{handle}: neither a preset nor a folder; presets are {', '.join(sorted(presets))}{near}")
    if not (folder / CONFIG).exists():
        raise InputError(f"{folder / CONFIG}: missing; a preset's folder holds {CONFIG} and {WEIGHTS}")
    return folder


def class_name(handle: str | os.PathLike[str]) -> str:
    """Name of the class of a preset's model."""
    return str(_read_json(find(handle) / CONFIG).get("class"))


def card(handle: str | os.PathLike[str]) -> dict[str, Any]:
    """The record of a preset: description, cost, metrics, data, licences, sha256; empty for one without, or a single file.

    Raises:
        InputError: for one that is damaged.
    """
    path = (Path(handle) if handles.is_file(handle) else find(handle)) / CARD
    record = _read_json(path) if path.exists() else {}
    try:
        card_check.check(record)
    except InputError as error:
        raise InputError(f"{path}: {error}; fetch the preset again") from error
    return record


def recipe(handle: str | os.PathLike[str]) -> dict[str, Any]:
    """The content of the recipe of a preset, unchecked; empty for one saved without, and for a single file.

    Raises:
        InputError: for one that is damaged.
    """
    path = (Path(handle) if handles.is_file(handle) else find(handle)) / RECIPE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a recipe ({one_line(error)}); fetch the preset again") from error


def load(cls: Any, handle: str | os.PathLike[str], overrides: dict[str, Any] | None = None) -> Any:
    """Loads the model of a preset.

    Args:
        cls: The class to make; what is asked of it stands in `dilatednets.zoo.zoo_model.ZooModel`.
        handle: The preset's name, folder or handle, as `find` takes it.
        overrides: Constructor arguments that replace the preset's. Weights whose shape or meaning then differs start fresh,
            of which a warning tells.

    Raises:
        InputError: if the preset is of another class, a file of it is missing, foreign, truncated or changed, or for an
            argument that is unknown or wrong.
    """
    folder = find(handle)
    config = _config(cls, folder)
    model = _make(cls, config, overrides or {}, folder / CONFIG)
    path = _whole_weights(folder)
    if overrides:
        trained = _make(cls, config, {}, folder / CONFIG)
        _load_weights(trained, path)
        fresh = _copy_fitting(trained, model, config, overrides)
        if fresh:
            changes = [name for name in overrides if name != "dtype" and changed(config, overrides, name)]
            words = f"{len(fresh)} of {len(model.weights)} weights start fresh, since {', '.join(changes)} changed"
            warnings.warn(f"{handle}: {words}: {_first(fresh)}; train them", Note, stacklevel=3)
    else:
        _load_weights(model, path)
    return model


def _load_weights(model: Any, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras would leave weights that are missing as they were drawn, and say so
            model.load_weights(path)
    except Exception as error:  # a crafted file can fail anywhere in Keras and h5py
        cure = f"fetch the preset again, with the {CONFIG} that belongs to them"
        raise InputError(f"{path}: not the weights of this model ({one_line(error)}); {cure}") from error


def config(cls: Any, handle: str | os.PathLike[str]) -> dict[str, Any]:
    """The constructor's arguments of a preset's model.

    Raises:
        InputError: if the preset is of another class.
    """
    return _config(cls, find(handle))


def _config(cls: Any, folder: Path) -> dict[str, Any]:
    stored = _read_json(folder / CONFIG)
    arguments = stored.get("config")
    if stored.get("class") != cls.__name__ or not isinstance(arguments, dict):
        raise InputError(
            f"{folder / CONFIG}: holds the class {stored.get('class')!r}, not {a(cls.__name__)}; load it as what it is"
        )
    return arguments


def _make(cls: Any, config: dict[str, Any], overrides: dict[str, Any], path: Path) -> Any:
    try:
        _check_plain({key: value for key, value in config.items() if key != "dtype" or not _is_policy(value)})
        return cls.from_config({**config, **overrides})
    except Exception as error:  # what is foreign can fail anywhere in Keras
        if overrides and isinstance(error, InputError):  # most probably of these
            raise
        if overrides:
            raise InputError(f"{', '.join(overrides)}: not for {a(cls.__name__)} ({one_line(error)})") from error
        cure = "fetch the preset again"
        raise InputError(f"{path}: not a configuration of {cls.__name__} ({one_line(error)}); {cure}") from error


def _copy_fitting(trained: Any, model: Any, config: dict[str, Any], overrides: dict[str, Any]) -> dict[str, str]:
    """Copies the weights that fit and mean the same; rows that belong to names go where the names are now.

    They are matched by their paths in the preset's own model: the file numbers the layers of each kind, so that one layer
    more or less would shift those after it.

    Returns:
        The paths of the others, which start fresh; with words for those of which some rows do.
    """
    from keras import ops

    stored = {weight.path: ops.convert_to_numpy(weight) for weight in trained.weights}
    fresh = model.fresh_layers(config, overrides)
    left: dict[str, str] = {}
    for weight in model.weights:
        value = stored.get(weight.path)
        if value is None or weight.path.startswith(fresh):
            left[weight.path] = ""
            continue
        for name, (layer, first) in model.rows_by_name.items():
            of_names = weight.path.startswith(layer) and changed(config, overrides, name)
            if of_names and value.shape[1:] == tuple(weight.shape[1:]):
                rows = ops.convert_to_numpy(weight).copy()
                value = _moved_rows(rows, value, overrides[name], config[name], first)
                unknown = len(set(overrides[name]) - set(config[name]))
                if unknown:
                    left[weight.path] = f" ({unknown} of {len(rows)} rows)"
        if value.shape == tuple(weight.shape):
            weight.assign(value)
        else:
            left[weight.path] = ""
    return left


def _first(fresh: dict[str, str]) -> str:
    """The first layers of weights that start fresh, in words."""
    layers = list(dict.fromkeys(f"{path.rpartition('/')[0] or path}{words}" for path, words in fresh.items()))
    return ", ".join(layers[:3]) + (f" and {len(layers) - 3} more" if len(layers) > 3 else "")


def _moved_rows(
    rows: np.ndarray, stored: np.ndarray, names: Sequence[str], known: Sequence[str], first: int
) -> np.ndarray:
    """`rows`, but those of known names, and the first that belong to none, as they are stored."""
    places = {name: row for row, name in enumerate(known, start=first)}
    rows[:first] = stored[:first]
    for row, name in enumerate(names, start=first):
        if name in places:
            rows[row] = stored[places[name]]
    return rows


def changed(config: dict[str, Any], overrides: dict[str, Any], name: str) -> bool:
    """Whether an argument is given that differs from the preset's."""
    return name in overrides and name in config and plain(overrides[name]) != plain(config[name])


def _check_plain(value: Any) -> None:
    """Refuses descriptions of objects: Keras would make them, and run what some of them say."""
    if isinstance(value, dict) and "class_name" in value:
        raise InputError(f"holds an object of class {value['class_name']!r}; plain values only are loaded")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_plain(inner)


def _is_policy(value: Any) -> bool:
    """Whether it is how Keras writes the name of a dtype."""
    return (
        isinstance(value, dict)
        and (value.get("module"), value.get("class_name")) == ("keras", "DTypePolicy")
        and value.get("registered_name") is None
        and isinstance(value.get("config"), dict)
        and all(isinstance(inner, str | None) for inner in value["config"].values())
    )


def _whole_weights(folder: Path) -> Path:
    """The file of the weights, which must be there and the one that the card names."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder' if path.exists() else 'missing'}; copy the whole preset folder")
    expected = card(folder).get("sha256")
    if expected is not None and sha256(path) != expected:
        raise InputError(
            f"{path}: sha256 differs from {CARD}; the file is truncated or changed, fetch the preset again"
        )
    return path


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as JSON ({one_line(error)}); fetch the preset again") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object; fetch the preset again")
    return content
