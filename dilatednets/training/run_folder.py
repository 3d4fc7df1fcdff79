"""A training run's folder: what a run needs to go on after a crash, and what its user wants to look at."""

import contextlib
import csv
import io
import json
import math
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.errors import InputError, Note
from dilatednets.files import atomic_path
from dilatednets.training.data_parallel import from_first_process, is_first_process
from dilatednets.training.recipe import parse, read_toml, recipe_toml

MADE = ("best", "last", "stages", "state.npz", "history.csv")
"""What a run writes over."""


class RunFolder:
    """What a run leaves: `recipe.toml`, `history.csv`, the presets `best/` and `last/`, `samples/`, `tensorboard/`.

    And `stages/`, the model at the end of each of several stages, and `state.npz`, the state after the last epoch,
    optimiser included, from which `--resume` goes on. Where several processes train together, the first alone reads and
    writes it.

    Args:
        path: The folder.
        recipe: The run's recipe, which the folder keeps; a resumed run must have the same.
        resume: Whether to go on with a run that is there.

    Raises:
        InputError: if there is a run and `resume` is not set, or its recipe differs; for a preset, or a folder in which
            something of no run would be written over.
    """

    def __init__(self, path: Path, recipe: Any, resume: bool) -> None:
        self.path = path
        self.recipe_text = recipe_toml(recipe)
        self.given = "the data, or the preset of init," if recipe.init else "the data"
        from_first_process(lambda: self._open(recipe, resume))

    def _open(self, recipe: Any, resume: bool) -> None:
        path, kept = self.path, self.path / "recipe.toml"
        if (path / "model.weights.h5").exists():
            raise InputError(f"{path}: is a preset, not a run; give the run's folder, or choose another output folder")
        for name in () if kept.is_file() else MADE:
            if (path / name).exists():
                words = "but no recipe.toml, as a run would have; move it away, or choose another output folder"
                raise InputError(f"{path}: holds {name}, {words}")
        if resume and not kept.is_file():
            warnings.warn(Note(f"{path}: holds no run to go on with; a new one begins there"), stacklevel=2)
        if kept.is_file() and not resume:
            raise InputError(f"{path}: holds a run already; go on with it by --resume, or choose another output folder")
        if kept.is_file() and parse(type(recipe), read_toml(kept), str(kept), strict=False) != recipe:
            raise InputError(f"{kept}: is not the recipe given; resume with the run's own recipe and --set values")
        # Of a crash in the middle of a save.
        left_over = [".best.*", ".last.*", ".state.npz.*", ".history.csv.*", "stages/.*"]
        for folder in [folder for pattern in left_over for folder in path.glob(pattern)]:
            shutil.rmtree(folder, ignore_errors=True)
        if not kept.is_file():
            with atomic_path(kept) as temporary:
                temporary.write_text(self.recipe_text, encoding="utf-8")

    def save_state(self, variables: list[Any], history: list[dict[str, Any]], of: dict[str, Any]) -> None:
        """Writes the state after an epoch: every variable, the history so far, and what is trained, in one file.

        Args:
            variables: Of the model and its optimiser.
            history: A row of figures for each epoch.
            of: What the variables mean and were trained on, plain values by name.
        """
        if not is_first_process():
            return
        arrays = {f"variable_{i}": np.asarray(v) for i, v in enumerate(variables)}
        with atomic_path(self.path / "state.npz") as temporary:
            said = {"history": np.array(json.dumps(history)), "of": np.array(json.dumps(of).encode())}
            np.savez(temporary, **said, **arrays)
        self._write_history(history)

    def _write_history(self, history: list[dict[str, Any]]) -> None:
        text = io.StringIO()
        rows = csv.DictWriter(text, fieldnames=list(history[0]))
        rows.writeheader()
        rows.writerows(history)
        with atomic_path(self.path / "history.csv") as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")

    def history(self) -> list[dict[str, Any]]:
        """A row of figures for each epoch that has ended."""
        return from_first_process(self._history)

    def _history(self) -> list[dict[str, Any]]:
        if not (self.path / "state.npz").is_file():
            if (self.path / "history.csv").is_file():  # which is written after the state
                raise InputError(f"{self.path / 'state.npz'}: missing, though epochs have ended; start again elsewhere")
            return []
        with self._state() as state:
            history: list[dict[str, Any]] = json.loads(str(state["history"]))
            if not history:
                raise ValueError("no epoch in its history")
        return history

    def restore(self, variables: list[Any], of: dict[str, Any]) -> list[dict[str, Any]]:
        """Sets `variables` to the last state and returns the history; an empty one if no epoch has ended yet.

        Args:
            variables: As many and of the same shapes as those that were saved.
            of: As `save_state` has it; a state of version 0.1 does not say it.

        Raises:
            InputError: for the state of something else.
        """
        shapes = [tuple(variable.shape) for variable in variables]
        history, values = from_first_process(lambda: self._values(shapes, of))
        for variable, value in zip(variables, values, strict=False):
            variable.assign(value)
        return history

    def _values(
        self, shapes: list[tuple[int, ...]], of: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
        """The history, and the values of variables of such shapes; none of both if no epoch has ended yet."""
        history = self._history()
        if not history:
            return [], []
        with self._state() as state:
            kept, of = json.loads(state["of"].item()) if "of" in state else {}, json.loads(json.dumps(of))
            # By what both know, if the package has become another since.
            if other := [name for name in kept.keys() & of.keys() if not _same(kept[name], of[name])]:
                words = f"{self.given} are not those of the run (other {', '.join(sorted(other))})"
                raise InputError(f"{self.path}: {words}; resume with the run's own, or begin anew in another folder")
            values = [state[name] for name in state.files if name.startswith("variable_")]
            if len(values) != len(shapes):
                raise ValueError(f"{len(values)} variables for {len(shapes)}")
            for place, (value, shape) in enumerate(zip(values, shapes, strict=True)):
                if value.shape != shape:
                    raise ValueError(f"variable {place} is of shape {value.shape}, the model's of {shape}")
        self._write_history(history)  # a crash may have come between the two files
        return history, values

    @contextlib.contextmanager
    def _state(self) -> Iterator[Any]:
        path = self.path / "state.npz"
        try:
            with open(path, "rb") as file, np.load(file) as state:
                yield state
        except InputError:
            raise
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: not this run's state ({error}); start again in another folder") from error


def _same(one: Any, other: Any) -> bool:
    """Whether two plain values are the same, but for the last digits, which another machine may compute otherwise."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-9)
    return bool(one == other)
