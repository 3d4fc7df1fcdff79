"""A picture of a task: the score of each core against what a step of it costs, with its spread over seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from dilatednets.benchmarks.sequence_tasks import verdict
from dilatednets.benchmarks.sequence_tasks.cores import CORES, WORDS
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS
from dilatednets.plots import figure
from dilatednets.plots.palette import CURVES, INK


def save(task: str, runs: Sequence[Mapping[str, Any]], costs: Mapping[str, Any], path: Path) -> None:
    """Draws the picture and writes it.

    Args:
        task: The task's name.
        runs: Its records.
        costs: Those of `records.costs`, whose times of a training step are the x axis; without them, multiply-accumulates
            are.
        path: The file, .png, .svg or .pdf.
    """
    known = TASKS[task]
    drawing, (ax,) = figure.figure([480])
    by_core = verdict.scores(runs)
    key, words = "milliseconds_per_training_step", "ms a training step"
    measured = by_core.keys() <= costs.keys()
    if not measured:
        key, words = "macs_per_step", "multiply-accumulates a step"
    for (core, colour), marker in zip(zip(CORES, cycle(CURVES), strict=False), "osD^vPX", strict=False):
        if core in by_core:
            rows = [run for run in runs if run["core"] == core]
            cost = costs[core][key] if measured else rows[0][key]
            values = by_core[core]
            ax.plot(
                [cost] * len(values),
                values,
                color=colour,
                linewidth=1.5,
                marker=marker,
                markersize=8,
                label=WORDS[core],
            )
    ax.set_xscale("log")
    if min(min(values) for values in by_core.values()) > 0 and not known.objective.higher_is_better:
        ax.set_yscale("log")
    direction = "higher" if known.objective.higher_is_better else "lower"
    figure.frame(
        ax, f"{known.title}: each seed's {known.objective.unit} on validation", words, f"{direction} is better"
    )
    ax.legend(edgecolor="none", framealpha=1, labelcolor=INK, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.save(drawing, path)
