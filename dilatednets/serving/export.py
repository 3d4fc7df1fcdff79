"""Models as SavedModels in TensorFlow Serving's layout.

FOLDER/models.config            what the server is started with
FOLDER/NAME/1/saved_model.pb    a version of a model; the server takes the highest
"""

import json
import os
import re
import threading
import warnings
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from dilatednets.errors import InputError, Note
from dilatednets.files import as_path, atomic_folder, atomic_path, check_writable, folder_beside
from dilatednets.progress import progress
from dilatednets.serving import warm_up

SERVED_FROM = "/models"
"""Where the server finds FOLDER: the place that TensorFlow Serving's own image has for models."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ONE_AT_A_TIME = threading.Lock()
"""Exports from several threads of one process were seen to fail now and then inside TensorFlow."""
_LARGEST = 2**63 - 1
"""The server counts versions in 64 bits."""


def export(model: Any, folder: Any) -> bool:
    """Writes a SavedModel that runs without Keras and without this package: all of it, or nothing.

    Args:
        model: A model of the zoo.
        folder: Where. A SavedModel there is replaced; another folder that is not empty is not.

    Returns:
        Whether there are warm-up records in it, for which the extra `serving` is needed.

    Raises:
        InputError: on another backend than TensorFlow, or if the folder cannot be written or holds something else.
    """
    _check_backend()
    target = as_path(folder)
    if target.exists() and not (target / "saved_model.pb").is_file() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: exists and is no SavedModel; choose another folder")
    with atomic_folder(target) as work:
        return _save(model, work, target.parent.name)


def check_version(name: str, folder: Any, version: int | None = None) -> None:
    """Says before the work, not after it, what would keep `export_version` from writing.

    Args:
        name: What the server is to call the model.
        folder: The folder of all models that a server serves.
        version: Its number; None for the next.

    Raises:
        InputError: as `export_version`.
    """
    _check_backend()
    if not _NAME.fullmatch(name):
        raise InputError(f"name: {name!r} is no name of a served model; use letters, digits and _ . -")
    base = as_path(folder) / name
    if version is not None and not 1 <= version <= _LARGEST:
        raise InputError(f"version: must be at least 1 and at most {_LARGEST}, not {version}")
    if version is not None and (base / str(version)).exists():
        raise InputError(f"version: {base / str(version)} is there already; the next is {_next(base)}")
    check_writable(base / "saved_model.pb")


def export_version(model: Any, name: str, folder: Any, version: int | None = None) -> tuple[Path, bool]:
    """Writes a version of a model, and into `models.config` all models of the folder.

    Several may do so at once: each gets a version of its own, and all models are in `models.config`. One that was changed by
    hand stays as it is; a warning, `dilatednets.errors.Note`, then says what it lacks.

    Args:
        model: A model of the zoo.
        name: What the server is to call the model.
        folder: The folder of all models that a server serves.
        version: Its number, above 0. None: one more than the highest there is.

    Returns:
        The version's folder, and whether there are warm-up records in it.

    Raises:
        InputError: as `export`; for a name or version that the server could not take, or a version that is there already.
    """
    check_version(name, folder, version)
    base = Path(folder) / name
    with folder_beside(base / "version") as work:
        new = work / "version"
        new.mkdir()
        warm = _save(model, new, name)
        while True:
            target = base / str(version or _next(base))
            try:
                os.rename(new, target)  # which fails if another has come first
                break
            except OSError:
                if not target.exists():
                    raise
                check_version(name, folder, version)
    _list_models(Path(folder), name)
    return target, warm


def _list_models(folder: Path, name: str) -> None:
    """Writes `models.config`; one that somebody has changed stays as it is."""
    config, served = folder / "models.config", None
    text = config.read_text(encoding="utf-8", errors="replace") if config.is_file() else models_config([])
    if text != models_config(re.findall(r'name: "([^"]*)" base_path', text)):
        if f'"{name}"' not in text:
            entry = models_config([name]).splitlines()[1].strip()
            warnings.warn(Note(f"{config}: was changed by hand and stays as it is; add to it: {entry}"), stacklevel=3)
        return
    while served != (served := _served(folder)):  # whoever writes last has seen all
        with atomic_path(config) as path:
            path.write_text(models_config(served), encoding="utf-8")


def _check_backend() -> None:
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"export: needs KERAS_BACKEND=tensorflow, not {keras.backend.backend()}; presets load on either"
        )


def _save(model: Any, folder: Path, name: str) -> bool:
    """Writes the SavedModel, and its warm-up records if it can."""
    with _ONE_AT_A_TIME, progress(words=f"exporting {name}", total=3, unit="steps") as bar:
        bar.refresh()
        module = model.signatures()
        signatures = module.signatures()
        bar.update()
        tf.saved_model.save(module, str(folder), signatures=signatures)
        bar.update()
        return warm_up.write(folder, name, module.examples())


def models_config(names: list[str]) -> str:
    """What tells the server which models there are.

    Example:
    >>> print(models_config(["wavenet_digits"]), end="")
    model_config_list {
      config { name: "wavenet_digits" base_path: "/models/wavenet_digits" model_platform: "tensorflow" }
    }
    """
    lines = [
        f"  config {{ name: {json.dumps(name)} base_path: {json.dumps(f'{SERVED_FROM}/{name}')} "
        'model_platform: "tensorflow" }'
        for name in names
    ]
    return "\n".join(["model_config_list {", *lines, "}", ""])


def _served(folder: Path) -> list[str]:
    """Names of the models that have a version."""
    names = [path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(
        name for name in names if any((path / "saved_model.pb").is_file() for path in _numbered(folder / name))
    )


def _next(base: Path) -> int:
    """The number after those that are taken."""
    return max((int(path.name) for path in _numbered(base)), default=0) + 1


def _numbered(base: Path) -> list[Path]:
    return [path for path in base.iterdir() if path.name.isdecimal()] if base.is_dir() else []
