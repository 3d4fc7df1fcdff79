"""Tables in CSV files: columns by name, numbers, times, and series by an identifier."""

import csv
import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dilatednets.errors import InputError, one_line

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Table:
    """The cells of a CSV file as texts.

    Args:
        path: The file, for messages.
        header: Names of the columns.
        cells: The texts of each column, by its name.
        lines: The line in the file of each row.
    """

    path: str
    header: tuple[str, ...]
    cells: dict[str, list[str]]
    lines: list[int]

    def column(self, name: str, where: str = "") -> list[str]:
        """The texts of a column.

        Args:
            name: Its name.
            where: The key or argument that asks for it, for messages.

        Raises:
            InputError: if there is none, with the nearest name.
        """
        if name not in self.cells:
            near = difflib.get_close_matches(name, self.header, n=1, cutoff=0.0)[0]
            asked = f" ({where})" if where else ""
            raise InputError(f"{self.path}: has no column {name!r}{asked}; did you mean {near!r}?")
        return self.cells[name]

    def numbers(self, name: str, where: str = "") -> np.ndarray:
        r"""A column as float64 (rows,); empty cells are NaN.

        Raises:
            InputError: for a cell that is neither empty nor a finite number, with its line.

        Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(f"{folder}/a.csv").write_text("day,sold\n1,3.5\n2,\n")
        ...     read_table(f"{folder}/a.csv").numbers("sold").tolist()
        [3.5, nan]
        """
        cells = self.column(name, where)
        try:
            values = np.array([cell or "nan" for cell in cells], np.float64)
        except ValueError:
            values = np.array([_number(cell) for cell in cells])
        wrong = np.flatnonzero(~np.isfinite(values) & np.array([cell != "" for cell in cells]))
        if wrong.size:
            cell, line = cells[wrong[0]], self.lines[wrong[0]]
            cure = (
                f"write {cell.replace(',', '.')}"
                if _is_decimal_comma(cell)
                else "give a number, or leave the column out"
            )
            raise InputError(f"{self.path}: line {line}, column {name}: {cell!r} is no number; {cure}")
        return values

    def times(self, name: str, where: str = "") -> np.ndarray:
        """A column as datetime64 or float64 (rows,): dates as 2024-12-31, times as 2024-12-31 23:59, or numbers.

        Raises:
            InputError: for another cell, with its line.
        """
        cells = self.column(name, where)
        for parse in (_as_numbers, _as_dates):
            try:
                return parse(cells)
            except ValueError:
                continue
        for cell, line in zip(cells, self.lines, strict=True):
            try:
                _as_dates([cell])
            except ValueError as error:
                words = "is no time; write dates as 2024-12-31 or 2024-12-31 23:59"
                raise InputError(f"{self.path}: line {line}, column {name}: {cell!r} {words}") from error
        raise InputError(f"{self.path}: column {name}: holds times of different kinds; write all of them alike")


@dataclass(frozen=True)
class Series:
    """Rows that belong together, in order of time.

    Args:
        name: What identifies them; empty if the file has but one series.
        rows: Their numbers in the table.
        times: datetime64 or float64 (rows,).
    """

    name: str
    rows: np.ndarray
    times: np.ndarray


def read_table(path: str | os.PathLike[str]) -> Table:
    """Reads a CSV file in UTF-8 with a line of names first; separated by comma, semicolon or tab.

    Args:
        path: The file.

    Raises:
        InputError: for a file that is missing or no such table, with the line.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path: must be the path of a file, not {path!r}")
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a CSV file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: no text in UTF-8 (byte {error.start}); save it as CSV in UTF-8") from error
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: no CSV ({one_line(error)}); write it again") from error
    if len(rows) < 2:
        raise InputError(f"{path}: holds no rows; give a line of names, and a line for each step")
    header = rows[0]
    for number, name in enumerate(header, start=1):
        if not name or name in header[: number - 1]:
            raise InputError(
                f"{path}: line {lines[0]}: column {number} has {'the same name as another' if name else 'no name'}"
            )
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(header):
            raise InputError(f"{path}: line {line}: {len(row)} cells where line {lines[0]} names {len(header)} columns")
    cells = dict(zip(header, map(list, zip(*rows[1:], strict=True)), strict=True))
    return Table(str(path), tuple(header), cells, lines[1:])


def find_table(folder: str | os.PathLike[str], name: str = "") -> Path:
    """The CSV file of a folder.

    Args:
        folder: The folder, or the file itself.
        name: The name of the file in the folder; empty if there is only one.

    Raises:
        InputError: if there is none, or more than one.
    """
    path = Path(folder)
    if path.is_file() and not name:
        return path
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; give the folder that holds a CSV file")
    if name:
        if not (path / name).is_file():
            raise InputError(f"{path / name}: no such file; data.file names a file of the folder")
        return path / name
    found = sorted(one for one in path.iterdir() if one.suffix.lower() in (".csv", ".tsv") and one.is_file())
    if len(found) != 1:
        words = f"holds {', '.join(one.name for one in found)}; name one by data.file" if found else "holds no CSV file"
        raise InputError(f"{path}: {words}")
    return found[0]


def series_of(table: Table, time: str = "", series: str = "") -> list[Series]:
    """The series of a table, in the order in which they begin.

    Args:
        table: The table.
        time: The column of times; empty if rows are in order.
        series: The column that says which series a row belongs to; empty if there is only one.

    Raises:
        InputError: for times that are out of order, or twice in one series, with the line.

    Example:
    >>> table = Table("a.csv", ("shop",), {"shop": ["a", "b", "a"]}, [2, 3, 4])
    >>> [(one.name, one.rows.tolist()) for one in series_of(table, series="shop")]
    [('a', [0, 2]), ('b', [1])]
    """
    times = table.times(time, "time") if time else None
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(table.column(series, "series") if series else [""] * len(table.lines)):
        rows.setdefault(name, []).append(row)
    found = []
    for name, numbers in rows.items():
        places = np.array(numbers)
        if times is not None:
            _check_order(table, time, series, places, times[places])
        found.append(Series(name, places, np.arange(len(places), dtype=float) if times is None else times[places]))
    return found


def _check_order(table: Table, time: str, series: str, rows: np.ndarray, times: np.ndarray) -> None:
    wrong = np.flatnonzero(times[1:] <= times[:-1])
    if not wrong.size:
        return
    row = rows[wrong[0] + 1]
    cell, before = table.cells[time][row], table.cells[time][rows[wrong[0]]]
    if times[wrong[0] + 1] == times[wrong[0]]:
        cure = (
            "remove one of the rows"
            if series
            else "remove one of the rows, or name the column of series by data.series"
        )
        raise InputError(f"{table.path}: line {table.lines[row]}, column {time}: {cell} comes twice; {cure}")
    words = f"{cell} comes after {before}; sort the rows by {time}"
    raise InputError(f"{table.path}: line {table.lines[row]}, column {time}: {words}")


def times_after(times: np.ndarray, count: int) -> list[str]:
    """The times that follow, as texts, at the usual distance; months and years are those of the calendar.

    Example:
    >>> times_after(np.array(["2024-11-01", "2024-12-01"], "datetime64[D]"), 2)
    ['2025-01-01', '2025-02-01']
    >>> times_after(np.array([5.0, 6.0, 7.0]), 1)
    ['8']
    """
    kind = times.dtype
    if kind.kind == "M":
        for unit in ("M", "D"):  # dates of a calendar are not at equal distances
            coarse = times.astype(f"datetime64[{unit}]")
            if np.all(coarse == times) and len(np.unique(np.diff(coarse.astype(int)))) <= 1:
                times = coarse
                break
    step = (
        np.sort(np.diff(times))[(len(times) - 1) // 2]
        if len(times) > 1
        else np.array(1).astype(times.dtype.str.replace("M", "m"))
    )
    after = times[-1] + step * np.arange(1, count + 1)
    return [f"{one:g}" if kind.kind == "f" else str(one.astype(kind)) for one in after]


def _as_numbers(cells: Sequence[str]) -> np.ndarray:
    values = np.array(cells, np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError
    return values


def _as_dates(cells: Sequence[str]) -> np.ndarray:
    times = np.array([cell.removesuffix("Z").replace("/", "-") for cell in cells], "datetime64")
    if np.any(np.isnat(times)):
        raise ValueError
    return times


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _is_decimal_comma(cell: str) -> bool:
    return cell.count(",") == 1 and np.isfinite(_number(cell.replace(",", ".")))
