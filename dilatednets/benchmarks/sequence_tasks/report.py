"""The tables of the records, and the page docs/tcn_or_rnn.md, all made anew from them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from dilatednets.benchmarks.sequence_tasks import picture, records, verdict
from dilatednets.benchmarks.sequence_tasks.cores import WORDS
from dilatednets.benchmarks.sequence_tasks.tasks import GRID_SHARE, TASKS

HEAD = (
    "| core | parameters | MACs a step | score, mean (range over seeds) | published | ms a training step "
    "| s to equal score: it / the TCN | streaming steps/s | sequences/s | bytes of a stream | tuned to |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)
PAGE = """\
# Is a TCN better than an RNN?

`make readmes` makes this page from the records of {count} runs in `dilatednets/benchmarks/sequence_tasks/records`.

{overall}

## How it was asked

Bai, Kolter & Koltun (2018, arXiv 1803.01271) put a TCN beside recurrent nets of equal size, and gave no costs. Here every
core has the TCN's number of parameters, the same data, batches, optimiser (Adam, gradients clipped at length 1, a
learning rate that falls by a cosine) and epochs, and the same tuning: {points} points of a grid, each with one seed and
{share} of the epochs, chosen on validation. Where sequences are long, two cores have fewer epochs, since a step of them
takes many times as long: attention a quarter, and minGRU on MNIST half.

{rules}

Seconds to equal score are steps to the weakest score that all seeds of both nets reach, times the time of a step. Times
were measured for all cores in one run of TensorFlow and one of JAX; each figure is that of the backend where the core is
faster. Multiply-accumulates and streaming steps are those of one stream. Music's score is
summed over the 88 keys of a frame, and averaged over all frames. Test parts were not read for this page.

{tasks}"""


def tables(tasks: Sequence[str], folder: Path) -> str:
    """The table and the verdict of each task, and the overall verdict where there are several tasks."""
    parts = [section(task, folder) for task in tasks]
    if len(tasks) > 1:
        parts.append(verdict.overall({task: verdict.of_task(task, folder) for task in tasks}))
    return "\n\n".join(parts)


def section(name: str, folder: Path) -> str:
    """A task's table, verdict, and how to get the rows again."""
    task = TASKS[name]
    direction = "higher" if task.objective.higher_is_better else "lower"
    data = " --data-dir DIR" if task.folders else ""
    lines = [f"## {task.title}", "", f"Score: {task.objective.unit} on validation, {direction} is better.", ""]
    if rows := table_rows(name, folder):
        lines += [HEAD, *rows, ""]
        again = f"`dilatednets compare {name}{data} --cores CORE --output NEW`"
        lines += [f"Trained with {_trained_with(name, folder)}. A row again: {again}.", ""]
    return "\n".join([*lines, verdict.of_task(name, folder).words])


def table_rows(name: str, folder: Path) -> list[str]:
    """A row for each core that has a run with its chosen settings."""
    runs = list(records.runs(folder, name))
    costs = records.costs(folder, name)
    rows = []
    for core, values in verdict.scores(runs).items():
        own = [run for run in runs if run["core"] == core and not run["is_grid"]]
        cost = costs.get(core, {})
        published = TASKS[name].published.get(core)
        cells = (
            WORDS[core],
            f"{own[0]['parameters']:,}",
            f"{own[0]['macs_per_step']:,.0f}",
            verdict.spread(values),
            "" if published is None else verdict.number(published),
            *_measured(cost, "milliseconds_per_training_step", ".1f"),
            _to_equal(core, runs, costs),
            *_measured(cost, "streaming_steps_per_second", ",.0f"),
            *_measured(cost, "sequences_per_second", ",.0f"),
            *_measured(cost, "state_bytes", ",.0f"),
            _settings(core, name, own[0]["settings"]),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _trained_with(name: str, folder: Path) -> str:
    """Which backend trained which cores, "jax 0.7 (gru, lstm), tensorflow 2.16 (tcn)"."""
    by_backend: dict[str, set[str]] = {}
    for run in records.runs(folder, name):
        by_backend.setdefault(run["made_with"].split(", ")[1], set()).add(run["core"])
    return ", ".join(f"{backend} ({', '.join(sorted(cores))})" for backend, cores in by_backend.items())


def _measured(cost: Mapping[str, Any], key: str, form: str) -> list[str]:
    return [format(cost[key], form) if key in cost else ""]


def _settings(core: str, task: str, settings: Mapping[str, Any]) -> str:
    """What the grid chose."""
    grid = TASKS[task].grid(core)
    return ", ".join(f"{k} {settings[k]}" for k in settings if any(point[k] != settings[k] for point in grid))


def _to_equal(core: str, runs: Sequence[Mapping[str, Any]], costs: Mapping[str, Any]) -> str:
    """Seconds that a core and the TCN take to the score that the weaker of them reaches."""
    own, tcn = ([run for run in runs if run["core"] == name and not run["is_grid"]] for name in (core, "tcn"))
    if core == "tcn" or not tcn or not {core, "tcn"} <= costs.keys():
        return ""
    objective = TASKS[own[0]["task"]].objective
    pick = min if objective.higher_is_better else max
    weakest = pick(run["best"] for run in (*own, *tcn))
    seconds = (
        median(steps_to(run["curve"], weakest, objective.higher_is_better) for run in of)
        * costs[name]["milliseconds_per_training_step"]
        / 1000
        for name, of in ((core, own), ("tcn", tcn))
    )
    return f"{' / '.join(format(value, '.0f') for value in seconds)} ({verdict.number(weakest)})"


def steps_to(curve: Sequence[Mapping[str, float]], score: float, higher_is_better: bool) -> int:
    """Training steps until a run first reaches a score, by its scores at epoch ends.

    Example:
    >>> steps_to([{"steps": 10, "score": 0.5}, {"steps": 20, "score": 0.1}], 0.3, higher_is_better=False)
    20
    """
    reached = (p["steps"] for p in curve if (p["score"] >= score if higher_is_better else p["score"] <= score))
    return int(next(reached))


def cost_table(costs: Mapping[str, Any]) -> str:
    """What `costs.measure` returns, as a table."""
    lines = [
        f"{costs['task']}: {costs['steps']} steps, training batches of {costs['batch']}, {costs['cpu']['cores']} cores",
        "core             ms a training step  sequences/s  streaming steps/s  bytes of a stream",
    ]
    lines += [
        f"{core:15}  {row['milliseconds_per_training_step']:18.1f}  {row['sequences_per_second']:11.1f}  "
        f"{row['streaming_steps_per_second']:17.0f}  {row['state_bytes']:17,}"
        for core, row in costs["cores"].items()
    ]
    hours = most_hours(costs["task"], costs)
    return "\n".join(
        [*lines, f"All runs of it take at most {hours:.1f} hours at these speeds, without ends by patience."]
    )


def most_hours(name: str, costs: Mapping[str, Any]) -> float:
    """Hours of training of all runs of a task, if none ends early, with the most seeds that it asks for."""
    task = TASKS[name]
    seconds = 0.0
    for core, row in costs["cores"].items():
        epochs = len(task.grid(core)) * task.epochs_of(core, is_grid=True)
        seeds = task.seeds if core in ("tcn", "gru") else task.seeds_of_others
        steps = (epochs + seeds * task.epochs_of(core, is_grid=False)) * task.steps_an_epoch
        seconds += steps * row["milliseconds_per_training_step"] / 1000
    return seconds / 3600


def page(folder: Path = records.STORED, pictures: str = "tcn_or_rnn") -> str:
    """docs/tcn_or_rnn.md, from the records.

    Args:
        folder: The folder of records.
        pictures: The folder of the pictures, as the page links to it.
    """
    verdicts = {task: verdict.of_task(task, folder) for task in TASKS}
    sections = []
    for task in TASKS:
        text = section(task, folder)
        if any(not run["is_grid"] for run in records.runs(folder, task)):
            text += f"\n\n![Score against cost]({pictures}/{task}.png)"
        sections.append(text)
    return PAGE.format(
        count=sum(1 for task in TASKS for _ in records.runs(folder, task)),
        overall=verdict.overall(verdicts),
        points=len(TASKS["adding_200"].grid("tcn")),
        share=f"1/{GRID_SHARE}",
        rules=verdict.RULES,
        tasks="\n\n".join(sections) + "\n",
    )


def write_page(docs: Path, folder: Path = records.STORED) -> None:
    """Writes tcn_or_rnn.md into `docs`, and the picture of each task that has runs into tcn_or_rnn/."""
    (docs / "tcn_or_rnn.md").write_text(page(folder), encoding="utf-8")
    for task in TASKS:
        runs = list(records.runs(folder, task))
        if verdict.scores(runs):
            picture.save(task, runs, records.costs(folder, task), docs / "tcn_or_rnn" / f"{task}.png")
