"""Whether the rows of a table come at equal steps of time, and where they do not."""

import warnings
from collections.abc import Sequence

import numpy as np

from dilatednets.data.table_csv import Series, Table
from dilatednets.data.time_steps import common_step, fits, follow_on, step_of
from dilatednets.errors import InputError, Note


def check_steps(table: Table, column: str, series: Series, step: str) -> None:
    """Refuses rows if one does not come a step after the one before, as those did that a model learnt from.

    Args:
        table: The table.
        column: Its column of times.
        series: The rows that the model looks at.
        step: As `dilatednets.data.time_steps.step_of` has it.

    Raises:
        InputError: naming the line.
    """
    times, rows = series.times, series.rows
    if len(times) < 2:
        return
    joined = follow_on(times, step) if fits(times, step) else np.zeros(len(times) - 1, bool)
    if np.all(joined):
        return
    where, found = f"{table.path}: line {{}}, column {column}:", step_of(times)
    if 2 * np.sum(joined) < len(joined) and found != step:
        words = f"rows from here on are {found} apart, the model was trained on {step}; give rows like those"
        raise InputError(f"{where.format(table.lines[rows[0]])} {words}")
    place = int(np.flatnonzero(~joined)[0])
    cell, before = (table.cells[column][rows[one]] for one in (place + 1, place))
    words = f"{cell} does not come {step} after {before}; give the rows between, or correct the time"
    raise InputError(f"{where.format(table.lines[rows[place + 1]])} {words}")


def joined_rows(
    table: Table, column: str, several: Sequence[Series], step: str = "", note: bool = False
) -> list[np.ndarray]:
    """Of each series, whether each row but the first comes a step after the one before, bool (rows - 1,).

    Args:
        table: The table.
        column: Its column of times.
        several: The series.
        step: As `dilatednets.data.time_steps.step_of` has it.
        note: Whether to say in a `dilatednets.errors.Note` where rows do not.

    Raises:
        InputError: if most rows do not.
    """
    if not fits(several[0].times, step):
        found = common_step([one.times for one in several])
        raise InputError(f"{table.path}: column {column}: rows are {found} apart, not {step}; give rows like those")
    joined = [follow_on(one.times, step) for one in several]
    late = [one.rows[1:][~ok] for one, ok in zip(several, joined, strict=True)]
    count = sum(map(len, late))
    if 2 * count > sum(map(len, joined)):
        found = common_step([one.times for one in several])
        words = f"most rows do not come {step} after those before" + (f" but {found}" if found != step else "")
        cure = "leave data.time out if rows follow each other whatever their times"
        cure = cure if found == step else "give rows at that step"
        raise InputError(f"{table.path}: column {column}: {words}; {cure}")
    if count and note:
        first = table.lines[min(int(rows[0]) for rows in late if len(rows))]
        which = f"{count} rows, the first in line {first}, do" if count > 1 else f"the row in line {first} does"
        words = f"{which} not come {step} after the one before; no window spans such a gap"
        warnings.warn(f"{table.path}: column {column}: {words}", Note, stacklevel=2)
    return joined


def even_step(several: Sequence[Series]) -> str:
    """The step of all rows of all series; empty if one comes at another time."""
    times = [one.times for one in several if len(one.times) > 1]
    step = common_step(times) if times else ""
    return step if all(np.all(follow_on(one, step)) for one in times) else ""
