"""What a TCN learns from, and is asked, in tables: windows of series to forecast, or whole series and their answers."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dilatednets import arrays
from dilatednets.data.sequences import shared_out
from dilatednets.data.table_csv import Series, Table, find_table, read_table, series_of
from dilatednets.data.table_times import check_steps, even_step, joined_rows
from dilatednets.data.time_steps import common_step
from dilatednets.errors import InputError, Note


@dataclass(frozen=True)
class Past:
    """The numbers of a series until now, and what is known of the steps after it.

    Args:
        series: Its name, rows and times, without those of the future.
        values: float64 (rows, columns).
        targets: float64 (rows, targets).
        future: float64 (rows, known).
        ahead: The rows and times of the future.
    """

    series: Series
    values: np.ndarray
    targets: np.ndarray
    future: np.ndarray
    ahead: Series


def names_of(table: Table, data: Any, task: str) -> tuple[list[str], list[str]]:
    """Names of the features and of the targets that a recipe asks for.

    Raises:
        InputError: if they cannot be told, or an answer would be among what is looked at.
    """
    for name, where in ((data.time, "data.time"), (data.series, "data.series")):
        if name:
            table.column(name, where)
    others = [name for name in table.header if name not in (data.time, data.series)]
    targets = list(data.targets)
    if not targets and len(others) == 1 and task == "forecast":
        targets = others
    if not targets:
        raise InputError(
            f"{table.path}: data.targets: say which column is to be told, one or more of {', '.join(others)}"
        )
    for name in targets:
        table.column(name, "data.targets")
    features = list(data.features) or [name for name in others if task == "forecast" or name not in targets]
    features += [name for name in data.known if name not in features]
    for key, told in (("known", data.known), ("features", features if task != "forecast" else [])):
        if leak := [name for name in targets if name in told]:
            raise InputError(
                f"{table.path}: data.{key}: {leak[0]!r} is what is to be told, in data.targets; leave it out"
            )
    if not features:
        raise InputError(f"{table.path}: there is no column besides the targets; add what they depend on")
    return features, targets


def pasts(
    table: Table,
    data: Any,
    features: Sequence[str],
    targets: Sequence[str],
    whole: bool = False,
    unread: Sequence[str] = (),
) -> list[Past]:
    """All series of a table; rows at their ends that hold known columns alone are the future.

    Args:
        table: The table.
        data: The table `data` of a recipe.
        features: Names of the columns that are looked at.
        targets: Names of those that are to be told.
        whole: Whether there is no future: each row belongs to what is looked at.
        unread: Those of the targets that may be empty or missing, and are NaN there.

    Raises:
        InputError: for a cell that is empty, or no number, with its line.
    """
    read = [name for name in dict.fromkeys([*features, *targets]) if name not in unread]
    numbers = {name: table.numbers(name) for name in read}
    for name in unread:
        numbers[name] = table.numbers(name) if name in table.cells else np.full(len(table.lines), np.nan)
    ahead = [name for name in numbers if name not in data.known]
    found = []
    for series in series_of(table, data.time, data.series):
        filled = np.array([~np.isnan(numbers[name][series.rows]) for name in ahead or data.known]).any(axis=0)
        past = len(filled) if whole else int(np.max(np.flatnonzero(filled), initial=-1)) + 1
        for name, rows in [(name, series.rows[:past]) for name in read] + [(n, series.rows[past:]) for n in data.known]:
            empty = rows[np.isnan(numbers[name][rows])]
            if empty.size:
                cure = "fill it, or leave the row out"
                raise InputError(f"{table.path}: line {table.lines[empty[0]]}, column {name}: is empty; {cure}")
        rows, future = series.rows[:past], series.rows[past:]

        def columns(names: Sequence[str], rows: np.ndarray) -> np.ndarray:
            return np.stack([numbers[name][rows] for name in names], axis=1) if names else np.zeros((len(rows), 0))

        kept = Series(series.name, rows, series.times[:past], series.zone)
        to_come = Series(series.name, future, series.times[past:], series.zone)
        found.append(Past(kept, columns(features, rows), columns(targets, rows), columns(data.known, future), to_come))
    return found


class Windows:
    """Windows of series, and the steps after each, which are to be forecast.

    Args:
        found: The series.
        starts: The first row of each window, among the rows of all series, one after the other.
        window: Steps of a window.
        horizon: Steps after it.
        known: Places of the known columns.
        places: Places of the targets among the columns; None if not all are there.
        settings: Arguments of `TCN` that the data say.
    """

    def __init__(
        self,
        found: Sequence[Past],
        starts: np.ndarray,
        window: int,
        horizon: int,
        known: list[int],
        settings: dict[str, Any],
    ) -> None:
        self.values = np.concatenate([one.values for one in found]).astype(np.float32)
        self.targets = np.concatenate([one.targets for one in found]).astype(np.float32)
        self.starts, self.window, self.horizon, self.known, self.settings = starts, window, horizon, known, settings

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def usual_steps(self) -> int:
        """Steps of a window."""
        return self.window

    def drawn(self, places: Any, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The same each time."""
        return self.take(places)

    def take(self, places: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs by name, and the steps after them."""
        first = self.starts[places][:, None]
        after = first + self.window + np.arange(self.horizon)
        inputs = {"sequence": self.values[first + np.arange(self.window)]}
        if self.known:
            inputs["known"] = self.values[after][..., self.known]
        return inputs, self.targets[after]

    def naive(self, places: Any) -> np.ndarray:
        """The last value of each window, again and again."""
        last = self.targets[self.starts[places] + self.window - 1]
        return np.repeat(last[:, None], self.horizon, axis=1)


def read(data: Any, net: Any, data_dir: str | os.PathLike[str], split: str, labels: Sequence[str]) -> Any:
    """Reads a split of the folder's CSV file, as `dilatednets.zoo.tcn.examples.read` says.

    Raises:
        InputError: for bad data, or data that do not fit the task.
    """
    table = read_table(find_table(data_dir, data.file))
    features, targets = names_of(table, data, net.task)
    if net.task == "forecast":
        return _windows(table, data, net, features, targets, split)
    return _whole_series(table, data, net, features, targets, split, labels)


def _windows(table: Table, data: Any, net: Any, features: list[str], targets: list[str], split: str) -> Windows:
    window, horizon = data.window, net.horizon
    found = _long_enough(table, data, pasts(table, data, features, targets), window, horizon, note=split == "train")
    several = [one.series for one in found]
    step = (data.step or common_step([one.times for one in several])) if data.time else ""
    joined = [np.ones(len(one.rows) - 1, bool) for one in several]
    if step:
        joined = joined_rows(table, data.time, several, step, note=split == "train")
    breaks = [np.append(0, ~ok).cumsum() for ok in joined]
    inside, trained_on = _inside(found, data, split, table.path)
    firsts = np.cumsum([0, *(len(one.values) for one in found[:-1])])
    starts = [
        first + start
        for first, one, rows, gaps in zip(firsts, found, inside, breaks, strict=True)
        for start in range(0, len(one.values) - window - horizon + 1, data.stride)
        if rows[start + window] and rows[(last := start + window + horizon - 1)] and gaps[start] == gaps[last]
    ]
    if not starts:
        words = f"no {horizon} steps to forecast{' without a gap' if not all(map(np.all, joined)) else ''}"
        raise InputError(f"{table.path}: split {split}: {words}; give more rows, or a larger share")
    known = [features.index(name) for name in data.known]
    settings: dict[str, Any] = {
        "outputs": len(targets),
        "labels": targets,
        "columns": features,
        "known": list(data.known),
        "step": step,
    }
    if split == "train":
        rows = np.concatenate(trained_on)
        settings |= _scales(table.path, rows, np.concatenate([one.values for one in found]), features, "")
        settings |= _scales(table.path, rows, np.concatenate([one.targets for one in found]), targets, "target_")
    return Windows(found, np.array(starts), window, horizon, known, settings)


def _inside(found: Sequence[Past], data: Any, split: str, path: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Which rows of each series may be forecast in a split, and which belong to training."""
    if data.split == "series":
        chosen = shared_out([one.series.name for one in found], data.validation, data.test, f"{path}: series")

        def masks(name: str) -> list[np.ndarray]:
            return [np.full(len(one.values), place in chosen[name]) for place, one in enumerate(found)]

    else:
        times = np.unique(np.concatenate([one.series.times for one in found]))
        places = [round(len(times) * (1 - data.validation - data.test)), round(len(times) * (1 - data.test))]
        if not 0 < places[0] < places[1] < len(times):
            raise InputError(f"{path}: {len(times)} times are too few for the shares data.validation and data.test")
        ends = {"train": (times[0], times[places[0]]), "validation": (times[places[0]], times[places[1]])}

        def masks(name: str) -> list[np.ndarray]:
            if name == "test":
                return [one.series.times >= times[places[1]] for one in found]
            return [(one.series.times >= ends[name][0]) & (one.series.times < ends[name][1]) for one in found]

    return masks(split), masks("train")


def _long_enough(table: Table, data: Any, found: list[Past], window: int, horizon: int, note: bool) -> list[Past]:
    """The series that have a window and what follows it; a Note names the others."""
    kept = [one for one in found if len(one.values) >= window + horizon]
    short = [one for one in found if len(one.values) < window + horizon]
    words = f"fewer than a window of {window} and the {horizon} after it"
    if not kept:
        whose = f"series {short[0].series.name!r} has" if data.series else "it has"
        cure = "lower data.window or net.horizon" + (", or leave it out" if data.series else ", or give more")
        raise InputError(f"{table.path}: {whose} {len(short[0].values)} rows, {words}; {cure}")
    if short and note:
        names = ", ".join(repr(one.series.name) for one in short[:3])
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        warnings.warn(f"{table.path}: left out, with {words}: series {names}{more}", Note, stacklevel=2)
    return kept


def _scales(path: str, rows: np.ndarray, values: np.ndarray, names: list[str], prefix: str) -> dict[str, list[float]]:
    """Mean and scale of each column over the rows to train on."""
    values = values[rows]
    mean, scale = values.mean(axis=0), values.std(axis=0)
    for name, value, extent in zip(names, mean, np.ptp(values, axis=0), strict=True):
        if extent <= arrays.ROUNDING * abs(value):
            raise InputError(f"{path}: column {name}: is {value:g} in all rows to train on; leave it out")
    arrays.check_kept(values, path, names)
    return {f"{prefix}mean": mean.tolist(), f"{prefix}scale": scale.tolist()}


def _whole_series(
    table: Table, data: Any, net: Any, features: list[str], targets: list[str], split: str, labels: Sequence[str]
) -> Any:
    from dilatednets.zoo.tcn.examples import Examples, numbered, padded

    if not data.series:
        raise InputError(
            f"{table.path}: data.series: say which column tells the series apart, each of which is one example"
        )
    classes = net.task == "classify"
    if classes and (len(targets) > 1 or net.multi_label):
        raise InputError(f"{table.path}: data.targets: give one column of labels; several at once are read from arrays")
    found = pasts(table, data, features, [] if classes else targets, whole=True)
    if not classes:
        y_rows = np.stack([table.numbers(name) for name in targets], axis=1)
    several = [one.series for one in found]
    step = (data.step or even_step(several)) if data.time else ""
    for one in several if step else []:
        check_steps(table, data.time, one, step)
    chosen = shared_out([one.series.name for one in found], data.validation, data.test, f"{table.path}: series")
    if classes:
        column = table.filled(targets[0])
        of_train = sorted({column[row] for place in chosen["train"] for row in found[place].series.rows})
        numbers, names = numbered(
            [column[row] for place in chosen[split] for row in found[place].series.rows], labels or of_train, table.path
        )
        y_rows = np.zeros(len(column), np.int32)
        y_rows[np.concatenate([found[place].series.rows for place in chosen[split]])] = numbers
    parts = [found[place] for place in chosen[split]]
    x, lengths = padded([one.values.astype(np.float32) for one in parts])
    if net.pooling == "none":
        y = padded([y_rows[one.series.rows[:: net.frame]] for one in parts])[0]
    else:
        for one in parts:
            changing = one.series.rows[
                np.any(np.atleast_2d((y_rows[one.series.rows] != y_rows[one.series.rows[0]]).T), axis=0)
            ]
            if changing.size:
                words = f"differs within series {one.series.name!r}; set net.pooling to none for one answer a row"
                raise InputError(f"{table.path}: line {table.lines[changing[0]]}: {' or '.join(targets)} {words}")
        y = np.stack([y_rows[one.series.rows[0]] for one in parts])
    settings: dict[str, Any] = {"outputs": len(targets), "labels": targets, "columns": features, "step": step}
    if classes:
        settings |= {"outputs": len(names), "labels": names}
    if split == "train":
        values, rows = np.concatenate([one.values for one in parts]), slice(None)
        settings |= _scales(table.path, rows, values, features, "")  # type: ignore[arg-type]
        if not classes:
            told = (
                np.concatenate([y_rows[one.series.rows[:: net.frame]] for one in parts]) if net.pooling == "none" else y
            )
            settings |= _scales(table.path, rows, told, targets, "target_")  # type: ignore[arg-type]
    return Examples(x, y if classes else y.astype(np.float32), lengths, settings)
