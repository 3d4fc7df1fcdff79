"""The record of every run: one JSON file, whole or absent."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError
from dilatednets.files import atomic_path

STORED = Path(__file__).parent / "records"
"""The records that come with the package."""
FASTER = {"milliseconds_per_training_step": min, "sequences_per_second": max, "streaming_steps_per_second": max}
"""Which of two figures is of the faster backend."""
KEYS = {"task", "core", "settings", "seed", "is_grid", "curve", "best", "parameters"}


def path_of(folder: Path, task: str, core: str, name: str) -> Path:
    """The file of a run, `name` being "grid-2" or "seed-0"."""
    return folder / task / f"{core}-{name}.json"


def write(path: Path, record: Any) -> None:
    """Writes a record beside its place, and renames it."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Any:
    """A record, or None where there is none.

    Raises:
        InputError: If the file is no JSON object.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no record of a run ({type(error).__name__}); remove it") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}: is no record of a run; remove it")
    return record


def runs(folder: str | os.PathLike[str], task: str) -> Iterator[dict[str, Any]]:
    """The records of all runs of a task, in order of their names.

    Args:
        folder: The folder of records.
        task: The task.

    Raises:
        InputError: If a file there is no record of a run.
    """
    for path in sorted((Path(folder) / task).glob("*-*.json")):
        record = read(path)
        if record is None or not record.keys() >= KEYS:
            raise InputError(f"{path}: is no record of a run; remove it")
        yield record


def write_costs(folder: Path, task: str, backend: str, measured: Mapping[str, Any]) -> None:
    """Puts what `costs.measure` measured on a backend into costs.json, beside what was measured on others."""
    path = folder / task / "costs.json"
    write(path, (read(path) or {}) | {backend: measured})


def costs(folder: Path, task: str) -> dict[str, dict[str, Any]]:
    """What each core of a task costs, each figure that of the backend where the core is faster.

    Args:
        folder: The folder of records.
        task: The task.

    Returns:
        {core: the row that `costs.measure` gives}, empty while nothing is measured.

    Raises:
        InputError: If the file holds anything else.
    """
    path, best = folder / task / "costs.json", dict[str, dict[str, Any]]()
    for measured in (read(path) or {}).values():
        if not isinstance(measured, dict) or "cores" not in measured:
            raise InputError(f"{path}: does not hold costs by backend; remove it, and measure again with --costs")
        for core, row in measured["cores"].items():
            known = best.setdefault(core, dict(row))
            for key in FASTER.keys() & row.keys():
                known[key] = FASTER[key](known[key], row[key])
    return best
