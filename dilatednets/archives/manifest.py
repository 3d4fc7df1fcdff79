"""What an output folder answers: which model, which inputs, how. A run goes on only with its own."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.errors import InputError, one_line
from dilatednets.files import atomic_path, sha256
from dilatednets.presets import presets
from dilatednets.presets.layout import CONFIG, WEIGHTS

NAME = "map.json"
CURES = {
    "model": "holds answers of another model, {old}; give that one, or choose another output",
    "inputs": "answers other inputs, or they have changed since; choose another output",
    "how": "was begun with {old}; give the same, or choose another output",
}


def model_of(handle: str | os.PathLike[str]) -> dict[str, str]:
    """Which model a handle means, by the SHA-256 of its configuration and its weights, or of its one file.

    Raises:
        InputError: if there is no such preset or file, or a part of it is missing.
    """
    family = registry.family_of_preset(handle)
    if family.reads(handle):
        if not Path(handle).is_file():
            raise InputError(f"{handle}: no such file; give one that exists, or a preset")
        return {"name": str(handle), "class": family.model, "file": sha256(handle)}
    folder = presets.find(handle)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: missing; copy the whole preset folder")
    return {"name": str(handle), "class": family.model} | {name: sha256(folder / name) for name in (CONFIG, WEIGHTS)}


def stamp(manifest: dict[str, Any]) -> str:
    """What shards of a run carry; that of another model, other inputs or settings is another."""
    same = {**manifest, "model": {**manifest["model"], "name": ""}}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


def read(output: Path) -> dict[str, Any] | None:
    """The manifest of a folder; None if there is none.

    Raises:
        InputError: for one that is damaged.
    """
    path = output / NAME
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or found.keys() < {"model", *CURES}:
            raise ValueError("not all is there")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: damaged ({one_line(error)}); choose another output") from error
    return found


def begin(output: Path, manifest: dict[str, Any]) -> None:
    """Begins a run in a folder, or goes on with the one that is there if it is the same.

    Args:
        output: The folder.
        manifest: "model", as `model_of` has it; "inputs", their fingerprint; "how", the settings by name.

    Raises:
        InputError: for a folder of another model, other inputs or other settings, or with other things in it.
    """
    old = read(output)
    if old is None:
        if any(not path.name.startswith(".") for path in output.iterdir()):
            raise InputError(f"{output}: is not empty and holds no {NAME}; choose another output")
        with atomic_path(output / NAME) as path:
            path.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return
    if stamp({**old, "inputs": "", "how": {}}) != stamp({**manifest, "inputs": "", "how": {}}):
        raise InputError(f"{output}: {CURES['model'].format(old=old['model'].get('name'))}")
    if old["how"] != manifest["how"]:
        words = ", ".join(
            f"{name} {value!r}" for name, value in old["how"].items() if manifest["how"].get(name) != value
        )
        raise InputError(f"{output}: {CURES['how'].format(old=words or 'fewer settings')}")
    if old["inputs"] != manifest["inputs"]:
        raise InputError(f"{output}: {CURES['inputs']}")
