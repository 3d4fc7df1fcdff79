"""Presets: find a trained model's folder, verify it, load it, save one.

A preset is a folder of `config.json` (the class and its arguments), `model.weights.h5`, `recipe.toml`, `golden.npz`
(inputs, and the outputs at save time), `card.json` (the record of everything else) and `README.md`. It holds data only:
loading one runs no code from it.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError, one_line
from dilatednets.files import atomic_folder
from dilatednets.zoo import card_check

CONFIG, WEIGHTS, CARD, RECIPE = "config.json", "model.weights.h5", "card.json", "recipe.toml"


_NAMED_IN = {
    "speakers": ("speaker_embedding",),
    "labels": ("scores", "crf"),
    "scheme": ("scores", "crf"),
    "pos_tags": ("pos_scores", "pos_projection", "pos_embedding"),
    "words": ("word_embedding",),
    "characters": ("character_encoder/embedding",),
    "shapes": ("shape_embedding",),
}
"""By constructor argument, how the paths of the weights begin that mean something by the names given there."""


class PresetNames:
    """Class attribute `presets`: the names of the trained models of a class, looked up when asked for.

    Args:
        class_name: Name of the class.
    """

    def __init__(self, class_name: str) -> None:
        self.class_name = class_name

    def __get__(self, instance: object, owner: type) -> tuple[str, ...]:
        return tuple(
            name for name, folder in available().items() if _read_json(folder / CONFIG)["class"] == self.class_name
        )


def roots() -> list[Path]:
    """Where presets lie: in the installed package, or in a checkout's top-level zoo folder."""
    here = Path(__file__).resolve().parent
    return [root for root in (here / "pretrained", here.parents[1] / "zoo") if root.is_dir()]


def available() -> dict[str, Path]:
    """All presets that come with the package, name to folder."""
    folders = [folder for root in roots() for folder in sorted(root.iterdir()) if (folder / CONFIG).is_file()]
    folders = [folder for folder in folders if not folder.name.startswith(".")]  # one being written, or left by a crash
    return {folder.name: folder for folder in reversed(folders)}


def find(handle: str | os.PathLike[str]) -> Path:
    """The folder of a preset.

    Args:
        handle: The name of one that comes with the package, a folder, or a handle; see `dilatednets.zoo.handles`.

    Raises:
        InputError: if there is none, or as `dilatednets.zoo.handles.fetch`.

    Example:
    >>> find("no_such_model")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: no_such_model: neither a preset nor a folder; presets are ...wavenet_digits
    """
    from dilatednets.zoo import handles

    presets = available()
    if str(handle) in presets:
        return presets[str(handle)]
    folder = handles.fetch(str(handle)) if handles.is_handle(str(handle)) else Path(handle)
    if not folder.is_dir():
        raise InputError(f"{handle}: neither a preset nor a folder; presets are {', '.join(sorted(presets))}")
    if not (folder / CONFIG).is_file():
        raise InputError(f"{folder / CONFIG}: missing; a preset's folder holds {CONFIG} and {WEIGHTS}")
    return folder


def class_name(handle: str | os.PathLike[str]) -> str:
    """Name of the class of a preset's model."""
    return str(_read_json(find(handle) / CONFIG).get("class"))


def card(handle: str | os.PathLike[str]) -> dict[str, Any]:
    """The record of a preset: description, cost, metrics, data, licences, sha256; empty for one saved without.

    Raises:
        InputError: for one that is damaged.
    """
    path = find(handle) / CARD
    record = _read_json(path) if path.is_file() else {}
    try:
        card_check.check(record)
    except InputError as error:
        raise InputError(f"{path}: {error}; fetch the preset again") from error
    return record


def load(cls: Any, handle: str | os.PathLike[str], overrides: dict[str, Any] | None = None) -> Any:
    """Loads the model of a preset.

    Args:
        cls: The class to make.
        handle: As of `find`.
        overrides: Constructor arguments that replace the preset's. Weights whose shape then differs start fresh.

    Raises:
        InputError: if the preset is of another class, or a file of it is missing, foreign, truncated or changed.
    """
    folder = find(handle)
    config = _read_json(folder / CONFIG)
    if config.get("class") != cls.__name__ or not isinstance(config.get("config"), dict):
        raise InputError(f"{folder / CONFIG}: holds a {config.get('class')!r}, not a {cls.__name__}")
    model = _make(cls, config["config"], folder / CONFIG)
    _load_weights(model, folder)
    if not overrides:
        return model
    fresh = cls(**{**config["config"], **overrides})
    copy_weights(model, fresh, lambda weight: _meaning_kept(weight, config["config"], overrides))
    fresh.adopt(model)
    return fresh


def copy_weights(source: Any, target: Any, wanted: Callable[[Any], bool] = lambda weight: True) -> None:
    """Copies every weight that both models have, by path and shape, if it is wanted."""
    weights = {weight.path: weight for weight in source.weights}
    for weight in target.weights:
        found = weights.get(weight.path)
        if found is not None and tuple(found.shape) == tuple(weight.shape) and wanted(weight):
            weight.assign(found)


def _meaning_kept(weight: Any, config: dict[str, Any], overrides: dict[str, Any]) -> bool:
    """Other speakers are other people, even if there are as many of them; so are other classes, labels and words."""
    for key, parts in _NAMED_IN.items():
        changed = key in overrides and key in config and list(overrides[key]) != list(config[key])
        if changed and weight.path.startswith(parts):
            return False
    names = [list(given.get("class_names", ())) for given in (config, overrides)]
    others = all(names) and names[0] != names[1]
    others |= overrides.get("head", config.get("head")) != config.get("head")
    part = weight.path.split("/")[0]
    if part == "context":
        for key in ("context", "context_dilations", "context_multipliers"):
            kept = config.get(key, [])
            given = overrides.get(key, kept)
            others |= (given if isinstance(given, str) else list(given)) != kept
        others |= not overrides.get("context_identity", True)
    return not (others and part in ("scores", "context"))


def _make(cls: Any, config: dict[str, Any], path: Path) -> Any:
    try:
        _check_plain({key: value for key, value in config.items() if key != "dtype" or not _is_policy(value)})
        return cls.from_config(config)
    except Exception as error:  # what is foreign can fail anywhere in Keras
        raise InputError(f"{path}: not a configuration of {cls.__name__} ({one_line(error)})") from error


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


def _load_weights(model: Any, folder: Path) -> None:
    path = folder / WEIGHTS
    if not path.is_file():
        raise InputError(f"{path}: missing; copy the whole preset folder")
    expected = card(folder).get("sha256")
    if expected is not None and sha256(path) != expected:
        raise InputError(
            f"{path}: sha256 differs from {CARD}; the file is truncated or changed, fetch the preset again"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras would leave weights that are missing as they were drawn, and say so
            model.load_weights(path)
    except Exception as error:  # a crafted file can fail anywhere in Keras and h5py
        raise InputError(f"{path}: not the weights of this model ({one_line(error)})") from error


def save(model: Any, folder: str | os.PathLike[str], record: dict[str, Any], recipe: str | None = None) -> None:
    """Writes a preset: all of it, or nothing.

    The folder is prepared beside its target and renamed, so that a crash never leaves half a preset.

    Args:
        model: A model of this package.
        folder: Where. An older preset there is replaced; another folder that is not empty is not.
        record: What `card.json` says beyond what is counted here (description, metrics, data, licences, ...).
        recipe: Text of `recipe.toml`.

    Raises:
        InputError: if the folder cannot be written, or holds something else.
    """
    from dilatednets.zoo import model_card

    target = Path(folder)
    if target.exists() and not (target / CONFIG).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: exists and is no preset; choose another folder")
    with atomic_folder(target) as work:
        config = {
            key: value for key, value in model.get_config().items() if key not in ("name", "trainable", "build_config")
        }
        _write_json(work / CONFIG, {"class": type(model).__name__, "config": config})
        model.save_weights(work / WEIGHTS)
        model_card.write_golden(model, work)
        if recipe is not None:
            (work / RECIPE).write_text(recipe, encoding="utf-8")
        full = {**record, "name": target.name, **model_card.counted(model), "sha256": sha256(work / WEIGHTS)}
        _write_json(work / CARD, full)
        (work / "README.md").write_text(model_card.readme(full), encoding="utf-8")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as JSON ({one_line(error)}); fetch the preset again") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object; fetch the preset again")
    return content


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
