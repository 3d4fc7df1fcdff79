"""Saving a preset: all of it, or nothing."""

import contextlib
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from dilatednets.errors import InputError, one_line
from dilatednets.files import as_path, atomic_folder, check_room, sha256
from dilatednets.presets import card as cards
from dilatednets.presets import golden, presets
from dilatednets.presets.layout import CARD, CONFIG, README, RECIPE, WEIGHTS

_HDF5 = 4096
"""Bytes that HDF5 adds for each array, rather too many than too few."""


def save(model: Any, folder: str | os.PathLike[str], record: dict[str, Any], recipe: str | None = None) -> None:
    """Writes a preset: all of it, or nothing.

    The folder is prepared beside its target and renamed, so that a crash never leaves half a preset. Before that it is
    loaded once, and its outputs are compared with those of the model.

    Args:
        model: A model of this package.
        folder: Where it is to be. An older preset there is replaced; another folder that is not empty is not.
        record: What `card.json` says beyond what is counted here (description, metrics, data, licences, ...).
        recipe: Text of `recipe.toml`.

    Raises:
        InputError: if the folder cannot be written, or holds something else; if what is written would not load again.
    """
    target = as_path(folder)
    if target.exists() and not _is_preset(target) and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: exists and is no preset; choose another folder")
    with atomic_folder(target) as work:
        config = {
            key: value for key, value in model.get_config().items() if key not in ("name", "trainable", "build_config")
        }
        _write_json(work / CONFIG, {"class": type(model).__name__, "config": config})
        check_room(
            work / WEIGHTS, sum(weight.nbytes for weight in model.get_weights()) + _HDF5 * (len(model.weights) + 1)
        )
        with _without_optimizer(model):
            model.save_weights(work / WEIGHTS)
        golden.write(model, work)
        if recipe is not None:
            (work / RECIPE).write_text(recipe, encoding="utf-8")
        counted = {"class": type(model).__name__, "keras": keras.__version__, **model.describe()}
        full = {**record, "name": target.name, **counted, "sha256": sha256(work / WEIGHTS)}
        _write_json(work / CARD, full)
        (work / README).write_text(cards.readme(full, model.facts), encoding="utf-8")
        _check_loads(model, work, target)


def _is_preset(folder: Path) -> bool:
    """Whether it holds the configuration of one; those of other programs have the same name."""
    try:
        return {"class", "config"} <= set(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False


@contextlib.contextmanager
def _without_optimizer(model: Any) -> Iterator[None]:
    """Within it, a model has no optimizer, whose averages Keras would store with the weights: three more of each."""
    optimizer = getattr(model, "optimizer", None)
    object.__setattr__(model, "optimizer", None)  # not for Keras to track
    try:
        yield
    finally:
        object.__setattr__(model, "optimizer", optimizer)


def _check_loads(model: Any, work: Path, target: Path) -> None:
    """Refuses a preset that its class does not load, or to another model; looked at once for all saves of a training."""
    structure = (
        (work / CONFIG).read_text(),
        [(weight.path, tuple(weight.shape), weight.dtype) for weight in model.weights],
    )
    if getattr(model, "_saved_structure", None) == structure:
        return
    state = random.getstate()  # what the copy draws, a training that goes on would miss
    try:
        reason = "" if golden.matches(presets.load(type(model), work), work) else "it gives other outputs"
    except InputError as error:
        reason = str(error)
    finally:
        random.setstate(state)
    if reason:
        cure = "save it before quantize() or whatever else changed its layers"
        raise InputError(f"{target}: the model would not load again as it is ({one_line(reason)}); {cure}")
    object.__setattr__(model, "_saved_structure", structure)  # not for Keras to track


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
