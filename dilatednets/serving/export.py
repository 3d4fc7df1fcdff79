"""Models as SavedModels in TensorFlow Serving's layout.

FOLDER/models.config            what the server is started with
FOLDER/NAME/1/saved_model.pb    a version of a model; the server takes the highest
"""

import json
import re
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from dilatednets.errors import InputError
from dilatednets.files import atomic_folder, atomic_path
from dilatednets.serving import warm_up

SERVED_FROM = "/models"
"""Where the server finds FOLDER: the place that TensorFlow Serving's own image has for models."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


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
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"export: needs KERAS_BACKEND=tensorflow, not {keras.backend.backend()}; presets load on either"
        )
    target = Path(folder)
    if target.exists() and not (target / "saved_model.pb").is_file() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: exists and is no SavedModel; choose another folder")
    module = model.signatures()
    signatures = module.signatures()
    with atomic_folder(target) as work:
        tf.saved_model.save(module, str(work), signatures=signatures)
        return warm_up.write(work, target.parent.name, module.examples())


def export_version(model: Any, name: str, folder: Any, version: int | None = None) -> tuple[Path, bool]:
    """Writes a version of a model, and into `models.config` all models of the folder.

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
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name of a served model; use letters, digits and _ . -")
    base = Path(folder) / name
    there = _versions(base)
    if version is None:
        version = max(there, default=0) + 1
    if version < 1:
        raise InputError(f"version: must be at least 1, not {version}")
    if version in there:
        raise InputError(f"version: {base / str(version)} is there already; the next is {max(there) + 1}")
    warm = export(model, base / str(version))
    names = sorted(path.name for path in Path(folder).iterdir() if _NAME.fullmatch(path.name) and _versions(path))
    with atomic_path(Path(folder) / "models.config") as path:
        path.write_text(models_config(names), encoding="utf-8")
    return base / str(version), warm


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


def _versions(base: Path) -> list[int]:
    """Numbers of the versions of a model."""
    if not base.is_dir():
        return []
    return [int(path.name) for path in base.iterdir() if path.name.isdecimal() and (path / "saved_model.pb").is_file()]
