"""One run: a core, trained for a task by given settings and a seed, as a record."""

import contextlib
import importlib.metadata
import json
import platform
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from dilatednets import __version__
from dilatednets.benchmarks.sequence_tasks import records
from dilatednets.benchmarks.sequence_tasks.cores import TCNS, make, width_unit
from dilatednets.benchmarks.sequence_tasks.examples import Buckets, batches, folder_of
from dilatednets.benchmarks.sequence_tasks.net import SequenceNet, matched_width
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS, Task
from dilatednets.errors import InputError
from dilatednets.files import atomic_folder, locked
from dilatednets.training.optimizers import warm_cosine

NO_NUMBER = 1e30
"""What a loss counts as that is no number: worse than any."""
CLIP = 1.0
"""Bound of the gradient's length, for all cores."""

FASTER_BY_XLA = ("attention", "min_gru")
"""Cores that XLA compiles for training. On CPUs it makes the training steps of the others much slower."""


class Run(NamedTuple):
    """What is to be run: a task and a core by name, settings, a seed, and the name of its record, "grid-1" or "seed-0"."""

    task: str
    core: str
    settings: Mapping[str, Any]
    seed: int
    name: str

    @property
    def is_grid(self) -> bool:
        """Whether it is of the tuning."""
        return self.name.startswith("grid")


def build(task: Task, core: str, settings: Mapping[str, Any], steps: int | None = None) -> SequenceNet:
    """The net of a core for a task, with as many parameters as the TCN's, and compiled for training.

    Args:
        task: The task.
        core: The core's name.
        settings: Of `Task.grid`.
        steps: Optimiser's steps of the schedule; None for a net that is not trained.
    """
    width = task.tcn["width"]
    if core not in TCNS:
        wanted = _bare(task, "tcn", task.settings("tcn"), width).count_params()
        width = matched_width(lambda w: _bare(task, core, settings, w).count_params(), wanted, width_unit(core))
    net = _bare(task, core, settings, width)
    if steps is not None:
        rate = warm_cosine(settings["learning_rate"], settings["learning_rate"] / 50, steps, 100)
        net.compile(
            keras.optimizers.Adam(rate, global_clipnorm=CLIP),
            task.objective.loss(),
            jit_compile=keras.backend.backend() == "jax" or core in FASTER_BY_XLA,
        )
        net.optimizer.build(net.trainable_variables)
    return net


def _bare(task: Task, core: str, settings: Mapping[str, Any], width: int) -> SequenceNet:
    options = {key: value for key, value in settings.items() if key != "learning_rate"}
    net = SequenceNet(make(core, width, **options), task.outputs, task.every_step, task.vocabulary)
    net.build_for(task.features)
    return net


def score(net: SequenceNet, task: Task, buckets: Buckets) -> float:
    """The task's score of a net, averaged over all answers that count."""
    total = count = 0.0
    for x, y, weights in batches(buckets, 4 * task.batch, None):
        answers = keras.ops.convert_to_numpy(net.predict_on_batch(x))
        total += float((task.objective.score(y, answers) * weights).sum())
        count += float(weights.sum())
    return total / count


def train(run: Run, data_dir: str | None, output: Path, hours: float | None = None, progress: bool = True) -> Any:
    """Trains, or goes on from the last epoch end, and writes the record; a run that has a record is left alone.

    Args:
        run: What to run.
        data_dir: The folder of the data set, or the folder that holds it; None where the data are made.
        output: Has the `records`; and in `runs`, what it takes to go on, and the best weights of the seeds.
        hours: Of training, after which a run ends as it is.
        progress: Whether to print a line an epoch.

    Returns:
        The record.

    Raises:
        InputError: for a record that other settings made, a run that other settings or data began, or data that are
            missing.
    """
    path = records.path_of(output / "records", run.task, run.core, run.name)
    done = records.read(path)
    if done is not None:
        if done.get("settings") != dict(run.settings):
            raise InputError(f"{path}: other settings made it ({done.get('settings')}); remove it to run it again")
        return done
    folder = output / "runs" / run.task / f"{run.core}-{run.name}"
    with locked(folder):
        record = _train(run, data_dir, folder, hours, progress)
    records.write(path, record)
    if run.is_grid:  # the weights of the others are needed for the test part
        shutil.rmtree(folder)
    return record


def _train(run: Run, data_dir: str | None, folder: Path, hours: float | None, progress: bool) -> dict[str, Any]:
    task = TASKS[run.task]
    data = folder_of(data_dir, task.folders) if data_dir is not None and task.folders else None
    keras.utils.set_random_seed(run.seed)
    training = None if not task.folders else task.reader(data, "train", 0)
    validation = task.reader(data, "validation", 0)
    made = training or task.reader(data, "train", 0)
    steps_an_epoch = sum(1 for _ in batches(made, task.batch, np.random.default_rng(0)))
    epochs = task.epochs_of(run.core, run.is_grid)
    net = build(task, run.core, run.settings, steps_an_epoch * epochs)
    of = {"settings": dict(run.settings), "steps_an_epoch": steps_an_epoch}
    state: dict[str, Any] = _restored(net, folder, of) or {"of": of, "curve": [], "seconds": 0.0}
    curve, ended = state["curve"], "epochs"
    while True:
        if reason := _end(task, curve, epochs, state["seconds"], hours):
            ended = reason
            break
        epoch, begin = len(curve), time.perf_counter()
        order = np.random.default_rng([run.seed, epoch])
        buckets = training or task.reader(data, "train", 1 + run.seed * 10_000 + epoch)
        losses = [net.train_on_batch(x, y, sample_weight=w) for x, y, w in batches(buckets, task.batch, order)]
        state["seconds"] += time.perf_counter() - begin
        reached = score(net, task, validation)
        steps = (epoch + 1) * steps_an_epoch
        loss = float(np.mean(losses))
        point = {"loss": loss if np.isfinite(loss) else None, "score": reached if np.isfinite(reached) else NO_NUMBER}
        curve.append({"steps": steps, "seconds": round(state["seconds"], 1), **point})
        _save(net, folder, state, task)
        if progress:
            words = f"{run.task} {run.core} {run.name}: epoch {epoch + 1} of {epochs}, loss {loss:.3g}, "
            print(f"{words}{task.objective.unit} {reached:.4g}, {state['seconds']:.0f} s", flush=True)
        if not np.isfinite(loss):
            ended = "loss is no number"
            break
    best = _best(task, curve)
    return {
        "task": run.task, "core": run.core, "settings": dict(run.settings), "seed": run.seed, "is_grid": run.is_grid,
        "width": net.core_width, "parameters": net.count_params(), "macs_per_step": net.macs(task.steps),
        "best": best["score"], "steps_to_best": best["steps"], "curve": curve, "ended": ended,
        "batch": task.batch, "version": __version__, "made_with": _versions(),
    }  # fmt: skip


def _end(task: Task, curve: list[Any], epochs: int, seconds: float, hours: float | None) -> str:
    """Why a run ends here, or nothing."""
    if len(curve) >= epochs:
        return "epochs"
    if not curve:
        return ""
    best = _best(task, curve)
    if task.enough is not None and not task.objective.better(task.enough, best["score"]):
        return "enough"
    if len(curve) - 1 - curve.index(best) >= task.patience:
        return "patience"
    return "hours" if hours is not None and seconds > hours * 3600 else ""


def _best(task: Task, curve: list[Any]) -> Any:
    """The first of the best points."""
    return (max if task.objective.higher_is_better else min)(curve, key=lambda point: point["score"])


def _save(net: SequenceNet, folder: Path, state: dict[str, Any], task: Task) -> None:
    """The last epoch end, with the optimiser's state, and the best weights; both or neither."""
    is_best = _best(task, state["curve"]) is state["curve"][-1]
    with atomic_folder(folder / "epoch") as new:
        net.save_weights(new / "last.weights.h5")
        best = new / "best.weights.h5"
        if is_best:
            net.save_weights(best)
        else:
            best.write_bytes((folder / "epoch" / best.name).read_bytes())
        (new / "state.json").write_text(json.dumps(state), encoding="utf-8")


def _restored(net: SequenceNet, folder: Path, of: dict[str, Any]) -> dict[str, Any] | None:
    with contextlib.suppress(FileNotFoundError):
        state: dict[str, Any] = json.loads((folder / "epoch" / "state.json").read_text(encoding="utf-8"))
        if state.get("of", of) != of:
            raise InputError(f"{folder}: other settings or data began it ({state['of']}); remove it to begin it anew")
        net.load_weights(folder / "epoch" / "last.weights.h5")
        return state
    return None


def _versions() -> str:
    """The backend and what computes."""
    backend = keras.backend.backend()
    words = f"keras {keras.__version__}, {backend} {importlib.metadata.version(backend)}"
    return f"{words}, {platform.machine()}"
