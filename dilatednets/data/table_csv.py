"""Tables in CSV files: columns by name, numbers, times, and series by an identifier."""

import csv
import difflib
import functools
import io
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dilatednets.data.digit_dates import date_meant
from dilatednets.data.number_cells import (
    as_numbers,
    has_decimal_commas,
    has_decimal_points,
    number,
    points_in_doubt,
    why_no_number,
)
from dilatednets.data.time_steps import dates_of, on_one_clock
from dilatednets.errors import InputError, Note, one_line, unreadable
from dilatednets.folders import inside

SEPARATORS = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])", re.IGNORECASE)
"""What Excel reads as the separator, before the line of names."""
_QUOTED = re.compile(r'(?<![^,;\t|\r\n])"(?:[^"]|"")*"?')
"""A cell in quotes, which may hold separators and ends of lines."""
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What files of Excel, or archives, begin with."""


@dataclass(frozen=True)
class Table:
    """The cells of a CSV file as texts.

    Args:
        path: The file, for messages.
        header: Names of the columns.
        cells: The texts of each column, by its name.
        lines: The line in the file of each row.
        separator: What stands between cells.
    """

    path: str
    header: tuple[str, ...]
    cells: dict[str, list[str]]
    lines: list[int]
    separator: str = ","

    def column(self, name: str, where: str = "") -> list[str]:
        """The texts of a column.

        Args:
            name: Its name.
            where: The key or argument that asks for it, for messages.

        Raises:
            InputError: if there is none, with the nearest name.
        """
        if name not in self.cells:
            if _holds_values(self.header):
                raise InputError(_without_names(self.path, self.header))
            near = difflib.get_close_matches(name, self.header, n=1, cutoff=0.0)[0]
            asked = f" ({where})" if where else ""
            raise InputError(f"{self.path}: has no column {name!r}{asked}; did you mean {near!r}?")
        return self.cells[name]

    def filled(self, name: str, where: str = "") -> list[str]:
        """As `column`, of names.

        Raises:
            InputError: for a cell that is empty, with its line.
        """
        cells = self.column(name, where)
        if "" in cells:
            line = self.lines[cells.index("")]
            raise InputError(
                f"{self.path}: line {line}, column {name}: is empty; fill it in each row, or leave the row out"
            )
        return cells

    def numbers(self, name: str, where: str = "") -> np.ndarray:
        r"""A column as float64 (rows,); empty cells are NaN. Where no comma separates cells, 3,5 is 3.5.

        Raises:
            InputError: for a cell that is neither empty nor a finite number, or may be two, with its line.

        Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(f"{folder}/a.csv").write_text("day,sold\n1,3.5\n2,\n")
        ...     read_table(f"{folder}/a.csv").numbers("sold").tolist()
        [3.5, nan]
        """
        cells = self.column(name, where)
        if self.separator != "," and has_decimal_commas(cells):
            cells = [cell.replace(",", ".") for cell in cells]
        elif self.separator != "," and points_in_doubt(cells):
            self._check_points(name, cells)
        try:
            values = as_numbers([cell or "nan" for cell in cells])
        except ValueError:
            values = np.array([number(cell) for cell in cells])
        with np.errstate(over="ignore"):  # models compute in float32
            wrong = np.flatnonzero(~np.isfinite(values.astype(np.float32)) & np.array([cell != "" for cell in cells]))
        if wrong.size:
            cell, line = cells[wrong[0]], self.lines[wrong[0]]
            raise InputError(f"{self.path}: line {line}, column {name}: {cell!r} {why_no_number(cell)}")
        return values

    def _check_points(self, name: str, cells: Sequence[str]) -> None:
        """Refuses points that set off thousands in some countries, unless other columns show that they do not here."""
        row, cell = next((row, cell) for row, cell in enumerate(cells) if "." in cell)
        whole = cell.replace(".", "")
        words, cure = f"may be {whole} or {cell}", f"write {whole}"
        without = next((cell for cell in cells if cell and "." not in cell), "")
        if self._of_decimal_commas:
            words += f", as column {self._of_decimal_commas!r} has decimal commas"
            cure += ", or decimal points in all columns"
        elif without and not self._has_decimal_points:
            words += f", as {without!r} in its column has no point"
            cure += f", or {without}.0 for {without}"
        else:
            return
        raise InputError(f"{self.path}: line {self.lines[row]}, column {name}: {cell!r} {words}; {cure}")

    @functools.cached_property
    def _of_decimal_commas(self) -> str:
        """A column that has decimal commas; empty if there is none."""
        return next((name for name in self.header if has_decimal_commas(self.cells[name])), "")

    @functools.cached_property
    def _has_decimal_points(self) -> bool:
        """Whether points surely are the decimal signs of some column."""
        return any(has_decimal_points(cells) for cells in self.cells.values())

    def times(self, name: str, where: str = "") -> tuple[np.ndarray, list[str]]:
        """A column of times: dates as 2024-12-31, times as 2024-12-31 23:59, perhaps with +01:00 or Z, or numbers.

        Returns:
            (datetime64 or float64 (rows,), and the offset of each as `dilatednets.data.time_steps.dates_of` has them).

        Raises:
            InputError: for another cell, with its line.
        """
        cells = self.column(name, where)
        words = "is no time; write dates as 2024-12-31 or 2024-12-31 23:59"
        try:
            numbers = as_numbers(cells)
        except ValueError:
            numbers = None
        if numbers is not None and np.all(np.isfinite(numbers)):
            if date := date_meant(numbers):
                words = f"would be taken for a number; write {date}"
                raise InputError(f"{self.path}: line {self.lines[0]}, column {name}: {cells[0]!r} {words}")
            return numbers, []
        try:
            return dates_of(cells)
        except ValueError:
            pass
        for cell, line in zip(cells, self.lines, strict=True):
            try:
                dates_of([cell])
            except ValueError as error:
                raise InputError(f"{self.path}: line {line}, column {name}: {cell!r} {words}") from error
        raise InputError(f"{self.path}: column {name}: holds times of different kinds; write all of them alike")


@dataclass(frozen=True)
class Series:
    """Rows that belong together, in order of time.

    Args:
        name: What identifies them; empty if the file has but one series.
        rows: Their numbers in the table.
        times: datetime64 or float64 (rows,).
        zone: The offset of the times, such as +01:00; empty if there is none.
    """

    name: str
    rows: np.ndarray
    times: np.ndarray
    zone: str = ""


def read_table(path: str | os.PathLike[str]) -> Table:
    """Reads a CSV file in UTF-8 with a line of names first; separated by comma, semicolon, tab or bar.

    A first column without a name, in which pandas counts rows, is left out; a `dilatednets.errors.Note` says so.

    Args:
        path: The file.

    Raises:
        InputError: for a file that is missing or no such table, with the line.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path: must be the path of a file, not {path!r}")
    try:
        content = Path(path).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error, "a CSV file") from error
    except UnicodeDecodeError as error:
        if not content.startswith(_SPREADSHEETS):
            raise InputError(f"{path}: no text in UTF-8 (byte {error.start}); save it as CSV in UTF-8") from error
    if content.startswith(_SPREADSHEETS):
        raise InputError(f"{path}: is a spreadsheet or an archive, no CSV; save it as CSV in UTF-8")
    first, end, rest = text.partition("\n")
    separator = max(SEPARATORS, key=_QUOTED.sub("", text).partition("\n")[0].count)
    if declared := _SEPARATOR_LINE.fullmatch(first.strip("\r\ufeff ")):
        separator, text = declared[1], f"{end}{rest}"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
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
    if header[0].startswith("#"):
        raise InputError(
            f"{path}: line {lines[0]}: begins with #; remove comments, so that the names of columns come first"
        )
    for place, name in enumerate(header, start=1):
        counted = place == 1 < len(header) and all(header[1:]) and not (name or _holds_values(header))
        if not counted and (not name or name in header[: place - 1]):
            if _holds_values(header):
                raise InputError(_without_names(str(path), header))
            words = f"has the same name as another, {name!r}; rename one" if name else "has no name; give it one"
            raise InputError(f"{path}: line {lines[0]}: column {place} {words}")
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(header):
            words = "give as many, and put one that holds the separator in quotes"
            raise InputError(
                f"{path}: line {line}: {len(row)} cells where line {lines[0]} names {len(header)} columns; {words}"
            )
    cells = dict(zip(header, map(list, zip(*rows[1:], strict=True)), strict=True))
    if cells.pop("", None):
        header = header[1:]
        warnings.warn(f"{path}: column 1 has no name, and is left out", Note, stacklevel=2)
    return Table(str(path), tuple(header), cells, lines[1:], separator)


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
    found = [one for one in inside(path) if one.suffix.lower() in (".csv", ".tsv") and one.is_file()]
    if len(found) != 1:
        words = (
            f"holds {', '.join(one.name for one in found)}; name one by data.file"
            if found
            else "holds no CSV file; put the table there"
        )
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
    times, zones = table.times(time, "time") if time else (None, [])
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(table.filled(series, "series") if series else [""] * len(table.lines)):
        rows.setdefault(name, []).append(row)
    found = []
    for name, numbers in rows.items():
        places = np.array(numbers)
        own, zone = np.arange(len(places), dtype=float), ""
        if times is not None:
            own, zone = on_one_clock(
                times[places], [zones[row] for row in numbers] if zones else [], (zones or [""])[-1]
            )
            _check_order(table, time, series, places, own)
        found.append(Series(name, places, own, zone))
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


def _holds_values(header: Sequence[str]) -> bool:
    """Whether what should be names of columns looks like a row."""

    def is_date(cell: str) -> bool:
        try:
            return len(dates_of([cell])[0]) == 1
        except ValueError:
            return False

    return all(np.isfinite(number(cell)) or is_date(cell) for cell in header if cell)


def _without_names(path: str, header: Sequence[str]) -> str:
    return f"{path}: begins with the row {', '.join(header)}; add a line with the names of the columns before it"
