"""What the records say, by rules that are written down here: who is better, and when nothing is said."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from dilatednets.benchmarks.sequence_tasks import plan, records
from dilatednets.benchmarks.sequence_tasks.cores import CORES, RECURRENT, WORDS
from dilatednets.benchmarks.sequence_tasks.objectives import Objective
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS

BETTER, WORSE, EQUAL = "better", "worse", "no different"
UNTUNED, INCOMPLETE = "untuned", "incomplete"  # two reasons to withhold a verdict
_ANSWERS = {
    BETTER: "Yes, on all of these tasks.",
    WORSE: "No, it is worse on all of these tasks.",
    EQUAL: "No, they are no different on any of these tasks.",
}
RULES = """\
- A core's score is that of its best epoch on validation, of every seed.
- Two cores differ if their ranges over seeds do not overlap, and each has two seeds or more. Otherwise they are no
  different.
- A core whose first seed learns next to nothing gets no others; one that learns with every seed is better than it.
- The TCN is compared with the recurrent net (LSTM, GRU, tanh RNN) of the best mean.
- A verdict is withheld while runs are missing, and where neither LSTM nor GRU reaches what tuned ones are known to.
- The overall verdict leaves out tasks whose recurrent nets count as untuned, and is withheld while runs of any task are
  missing."""
"""The rules, as the page gives them."""


class Verdict(NamedTuple):
    """Of a task: how the TCN stands beside the best recurrent net, in one word and in sentences."""

    outcome: str
    words: str


def scores(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Best scores on validation by core, of the runs that are not the grid's."""
    by_core: dict[str, list[float]] = {}
    for run in runs:
        if not run["is_grid"]:
            by_core.setdefault(run["core"], []).append(run["best"])
    return {core: by_core[core] for core in CORES if core in by_core}


def compared(one: Sequence[float], other: Sequence[float], objective: Objective) -> str:
    """Whether one core is better than another, worse, or no different.

    Args:
        one: Its scores, one a seed.
        other: The other's.
        objective: Says which scores are better.

    Example:
    >>> from dilatednets.benchmarks.sequence_tasks.objectives import OBJECTIVES
    >>> compared([0.991, 0.992], [0.985, 0.990], OBJECTIVES["classes"])
    'better'
    >>> compared([0.991, 0.989], [0.985, 0.990], OBJECTIVES["classes"])
    'no different'
    >>> compared([0.991], [0.985, 0.990], OBJECTIVES["classes"])
    'no different'
    """
    if min(len(one), len(other)) < 2:
        return EQUAL
    if objective.higher_is_better:
        one, other = [-score for score in one], [-score for score in other]
    if max(one) < min(other):
        return BETTER
    return WORSE if max(other) < min(one) else EQUAL


def best_of(by_core: Mapping[str, Sequence[float]], names: Sequence[str], objective: Objective) -> str:
    """The core of the best mean."""
    pick = max if objective.higher_is_better else min
    return str(pick((name for name in names if name in by_core), key=lambda name: mean(by_core[name])))


def of_task(name: str, folder: Path) -> Verdict:
    """The verdict on a task.

    Args:
        name: The task's name.
        folder: The folder of records.

    Raises:
        InputError: If a file there is no record.
    """
    task = TASKS[name]
    if missing := plan.missing(name, folder):
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        return Verdict(INCOMPLETE, f"Withheld: runs are missing, {', '.join(missing[:3])}{more}.")
    runs = list(records.runs(folder, name))
    by_core, objective = scores(runs), task.objective
    tuned = best_of(by_core, ("lstm", "gru"), objective)
    if task.bar is not None and objective.better(task.bar, mean(by_core[tuned])):
        reached = f"the {WORDS[tuned]} reaches {spread(by_core[tuned])}"
        return Verdict(
            UNTUNED,
            f"Withheld: the recurrent nets count as untuned, for {reached} and not {number(task.bar)} ({task.bar_from}).",
        )
    rival = best_of(by_core, RECURRENT, objective)
    outcome = _stands(name, by_core["tcn"], by_core[rival])
    than = "from" if outcome == EQUAL else "than"
    words = [
        f"The TCN is {outcome} {than} the best recurrent net, the {WORDS[rival]}: {spread(by_core['tcn'])} against "
        f"{spread(by_core[rival])} ({objective.unit}).",
        *_overlap(outcome, by_core["tcn"], by_core[rival], objective),
        _dilation(name, by_core),
        *_others(name, by_core),
        *_paper(task.published, outcome, objective),
        *([task.caveat] if task.caveat else []),
    ]
    if cut := sorted({run["core"] for run in runs if run["ended"] == "hours" and not run["is_grid"]}):
        words.append(f"Runs of {', '.join(cut)} were ended by a bound on their hours.")
    return Verdict(outcome, " ".join(words))


def overall(verdicts: Mapping[str, Verdict]) -> str:
    """The answer to the question, of the verdicts by task."""
    names: dict[str, list[str]] = {kind: [] for kind in (BETTER, WORSE, EQUAL, UNTUNED, INCOMPLETE)}
    for task, one in verdicts.items():
        names[one.outcome].append(TASKS[task].title)
    kinds = tuple(kind for kind in (BETTER, WORSE, EQUAL) if names[kind])
    words = []
    if names[INCOMPLETE]:
        count = f"{len(names[INCOMPLETE])} of {len(verdicts)} tasks"
        words.append(f"There is no overall verdict yet: runs of {count} are missing ({'; '.join(names[INCOMPLETE])}).")
    elif kinds:
        words.append(_ANSWERS[kinds[0]] if len(kinds) == 1 else "It depends on the task.")
    if kinds:
        said = ", ".join(f"{kind} on {len(names[kind])} ({'; '.join(names[kind])})" for kind in kinds)
        words.append(f"Beside the best recurrent net of each task, the TCN is {said}.")
    if names[UNTUNED]:
        words.append(f"Left out, since the recurrent nets count as untuned: {'; '.join(names[UNTUNED])}.")
    return " ".join(words)


def number(score: float) -> str:
    """A score in four figures."""
    return f"{score:.4g}"


def spread(values: Sequence[float]) -> str:
    """The mean, and the range over seeds.

    Example:
    >>> spread([0.98, 0.99]), spread([0.98])
    ('0.985 (0.98 to 0.99, 2 seeds)', '0.98 (one seed)')
    """
    if len(values) == 1:
        return f"{number(values[0])} (one seed)"
    return f"{number(mean(values))} ({number(min(values))} to {number(max(values))}, {len(values)} seeds)"


def _stands(task: str, one: Sequence[float], other: Sequence[float]) -> str:
    """As `compared`, but for cores that learn nothing, which get a single seed."""
    learns, other_learns = (all(plan.has_learned(task, score) for score in scores) for scores in (one, other))
    if learns != other_learns and 1 in (len(one), len(other)):
        return BETTER if learns else WORSE
    return compared(one, other, TASKS[task].objective)


def _overlap(outcome: str, one: Sequence[float], other: Sequence[float], objective: Objective) -> list[str]:
    """How many of the TCN's seeds are better than all of the other's, where the ranges alone say no difference."""
    ahead = sum(all(objective.better(score, against) for against in other) for score in one)
    if outcome != EQUAL or ahead in (0, len(one)):
        return []
    return [f"Yet {ahead} of the TCN's {len(one)} seeds are better than every seed of the other."]


def _dilation(task: str, by_core: Mapping[str, Sequence[float]]) -> str:
    outcome = _stands(task, by_core["tcn"], by_core["tcn_no_dilation"])
    flat = spread(by_core["tcn_no_dilation"])
    if outcome == BETTER:
        return f"Dilation is what it takes: with all dilations 1 it reaches {flat}."
    if outcome == EQUAL and min(len(by_core["tcn"]), len(by_core["tcn_no_dilation"])) < 2:
        return f"With all dilations 1 it reaches {flat}, too few seeds to say that they differ."
    return f"Dilation {'harms' if outcome == WORSE else 'makes no difference'}: with all dilations 1 it reaches {flat}."


def _others(task: str, by_core: Mapping[str, Sequence[float]]) -> list[str]:
    """Attention and the linear recurrence, where they differ from the TCN."""
    words = []
    for name in ("attention", "min_gru"):
        outcome = _stands(task, by_core[name], by_core["tcn"])
        if outcome != EQUAL:
            words.append(f"{WORDS[name].capitalize() if name == 'attention' else 'The ' + WORDS[name]} is {outcome} than "
                         f"the TCN: {spread(by_core[name])}.")  # fmt: skip
    return words


def _paper(published: Mapping[str, float], outcome: str, objective: Objective) -> list[str]:
    """Whether the paper's table says otherwise."""
    if not published:
        return []
    rival = best_of({core: [score] for core, score in published.items()}, RECURRENT, objective)
    theirs = BETTER if objective.better(published["tcn"], published[rival]) else WORSE
    found = f"the {WORDS[rival]}'s {number(published[rival])}, the TCN's {number(published['tcn'])}"
    agrees = "agrees" if theirs == outcome else "is not confirmed" if outcome == EQUAL else "is contradicted"
    return [f"The paper, where the TCN is {theirs} ({found}, on test), {agrees}."]
