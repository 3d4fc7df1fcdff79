"""Which runs there are: the grid of every core, then the seeds with what the grid chose."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dilatednets.benchmarks.sequence_tasks import records
from dilatednets.benchmarks.sequence_tasks.cores import CORES, RECURRENT
from dilatednets.benchmarks.sequence_tasks.runs import Run, train
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS

LEARNED = 0.9
"""A core whose first seed loses more than this part of what knowing nothing loses has learned nothing, and gets no more."""


def run_all(
    tasks: Sequence[str],
    data_dir: str | None,
    output: Path,
    cores: Sequence[str] | None = None,
    seeds: int | None = None,
    hours: float | None = None,
) -> None:
    """Does every run that has no record yet: first each core's grid and first seed, then the other seeds.

    Args:
        tasks: Names of tasks.
        data_dir: The folder of the data, as for `runs.train`.
        output: As for `runs.train`.
        cores: Names of cores; None for all.
        seeds: Seeds of each core; None for what the task says.
        hours: Of training, after which a single run ends.

    Raises:
        InputError: for data that are missing, or a record that other settings made.
    """
    for task in tasks:
        for core in cores or CORES:
            for run in grid(task, core):
                train(run, data_dir, output, hours)
            for run in seeded(task, core, output / "records", seeds or 1):
                train(run, data_dir, output, hours)
        for core in cores or CORES:
            for run in seeded(task, core, output / "records", seeds):
                train(run, data_dir, output, hours)


def grid(task: str, core: str) -> Iterator[Run]:
    """The runs of the tuning of a core, all with seed 0."""
    for number, settings in enumerate(TASKS[task].grid(core)):
        yield Run(task, core, settings, 0, f"grid-{number}")


def chosen(task: str, core: str, folder: Path) -> dict[str, Any] | None:
    """The settings that did best on validation in the grid; None while runs of it are missing."""
    done = [records.read(records.path_of(folder, task, core, run.name)) for run in grid(task, core)]
    if None in done:
        return None
    pick = max if TASKS[task].objective.higher_is_better else min
    best = pick(done, key=lambda record: record["best"])
    return dict(best["settings"])


def seeded(task: str, core: str, folder: Path, seeds: int | None = None) -> Iterator[Run]:
    """The runs with the chosen settings; none while the grid is not done.

    Args:
        task: The task's name.
        core: The core's name.
        folder: The folder of records.
        seeds: How many; None for what the task says of this core, given the records so far.
    """
    settings = chosen(task, core, folder)
    for seed in range(wanted_seeds(task, core, folder) if seeds is None else seeds) if settings else ():
        yield Run(task, core, settings or {}, seed, f"seed-{seed}")


def wanted_seeds(task: str, core: str, folder: Path) -> int:
    """How many seeds a core gets: more where it decides the verdict, one where it has learned nothing."""
    first = records.read(records.path_of(folder, task, core, "seed-0"))
    if first is not None and not has_learned(task, first["best"]):
        return 1
    known = TASKS[task]
    firsts = {name: records.read(records.path_of(folder, task, name, "seed-0")) for name in RECURRENT}
    scores = {name: record["best"] for name, record in firsts.items() if record is not None}
    pick = max if known.objective.higher_is_better else min
    decides = core == "tcn" or (bool(scores) and core == pick(scores, key=lambda name: scores[name]))
    return known.seeds if decides else known.seeds_of_others


def has_learned(task: str, score: float) -> bool:
    """Whether a score says more than that of the best answer that does not look at the sequence.

    Example:
    >>> has_learned("adding_600", 0.164), has_learned("sequential_mnist", 0.215), has_learned("jsb_chorales", 9.0)
    (False, True, True)
    """
    nothing = TASKS[task].nothing_learned
    if nothing != nothing:  # not known
        return True
    return score > nothing / LEARNED if TASKS[task].objective.higher_is_better else score < nothing * LEARNED


def missing(task: str, folder: Path, cores: Sequence[str] | None = None) -> list[str]:
    """Names of the runs that have no record, "lstm-seed-2"; of seeds after a grid that is not done, the first only."""
    names = []
    for core in cores or CORES:
        runs = [*grid(task, core), *seeded(task, core, folder)]
        names += [f"{core}-{r.name}" for r in runs if records.read(records.path_of(folder, task, core, r.name)) is None]
        names += [] if any(not run.is_grid for run in runs) else [f"{core}-seed-0"]
    return names
