"""The end of a comparison: finished runs on the test part, which nothing else reads."""

from collections.abc import Sequence
from pathlib import Path

from dilatednets.benchmarks.sequence_tasks import plan, records
from dilatednets.benchmarks.sequence_tasks.cores import CORES
from dilatednets.benchmarks.sequence_tasks.examples import folder_of
from dilatednets.benchmarks.sequence_tasks.runs import build, score
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS
from dilatednets.errors import InputError

NO_TEST_PART = ("characters",)
"""Tasks whose data have no test part."""


def score_all(tasks: Sequence[str], data_dir: str | None, output: Path) -> None:
    """Scores the best epoch of every seed, prints it, and writes test.json beside the records.

    Args:
        tasks: Names of tasks; those without a test part are left out.
        data_dir: As for `runs.train`.
        output: As for `runs.train`.

    Raises:
        InputError: while runs of a task are missing, or if weights are: the test part is for the end.
    """
    for name in (task for task in tasks if task not in NO_TEST_PART):
        folder, task = output / "records", TASKS[name]
        if missing := plan.missing(name, folder):
            raise InputError(f"--test: {name} has runs to do, {missing[0]} first; the test part is for the end")
        data = folder_of(data_dir, task.folders) if data_dir is not None and task.folders else None
        examples = task.reader(data, "test", 0)
        scores: dict[str, list[float]] = {}
        for core in CORES:
            for run in plan.seeded(name, core, folder):
                net = build(task, core, run.settings, steps=1)
                weights = output / "runs" / name / f"{core}-{run.name}" / "epoch" / "best.weights.h5"
                if not weights.is_file():
                    raise InputError(f"{weights}: missing; remove the run's record and run it again")
                net.load_weights(weights)
                scores.setdefault(core, []).append(score(net, task, examples))
                print(f"{name} {core} {run.name}: {task.objective.unit} {scores[core][-1]:.4g} on test", flush=True)
        records.write(folder / name / "test.json", {"task": name, "scores": scores})
