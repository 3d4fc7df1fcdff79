"""Dates written in digits alone, such as 202412 for a month: as numbers, they would go on at 202413."""

import datetime
import re

import numpy as np

from dilatednets.data.time_steps import usual

_STAMP = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?)?")
_PERIODS = (("quarter", 10, (4,)), ("month", 100, (12,)), ("week", 100, (52, 53)), ("day", 1000, (365, 366)))
"""What may follow the year, the power of ten that sets it off, and how many there are in a year."""


def date_meant(numbers: np.ndarray) -> str:
    """How to write what surely are dates: days, hours, minutes or seconds; or periods, where a year ends before its digits.

    Args:
        numbers: A column of times, float (rows,).

    Returns:
        Such as "dates as 2024-12"; empty for other numbers.

    Example:
    >>> date_meant(np.array([202411.0, 202412.0, 202501.0])), date_meant(np.arange(201501.0, 201600.0))
    ('dates as 2024-11', '')
    """
    if np.any(numbers % 1):
        return ""
    stamps = [_STAMP.fullmatch(f"{one:.0f}") for one in numbers]
    if stamps[0] and all(stamps):
        year, month, day, hour, minute, second = stamps[0].groups()
        clock = f" {hour}:{minute or '00'}{f':{second}' if second else ''}" if hour else ""
        return f"dates as {year}-{month}-{day}{clock}"
    rows = np.unique(numbers)
    steps = np.diff(rows)
    for kind, power, lengths in _PERIODS:
        years, places = np.divmod(rows, power)
        first = 0 if kind == "week" else 1  # some count the days before the first Monday as week 0
        fits = years[0] >= 1900 and years[-1] < 2100 and places.min() >= first and places.max() <= lengths[-1]
        beyond = steps[np.diff(years) == 1] - usual(steps) if len(steps) else steps
        if fits and np.any(np.isin(beyond, [power - one for one in lengths])):
            return _written(kind, int(years[0]), int(places[0]))
    return ""


def _written(kind: str, year: int, place: int) -> str:
    """How to write a period."""
    if kind == "quarter":
        return f"dates as {year}-{3 * place - 2:02}"
    if kind == "month":
        return f"dates as {year}-{place:02}"
    if kind == "day":
        return f"dates as {datetime.date(year, 1, 1) + datetime.timedelta(place - 1)}"
    monday = datetime.date.fromisocalendar(year, 1, 1) + datetime.timedelta(weeks=max(place, 1) - 1)
    return f"the first day of each week, as {monday}"
