"""The times of rows: how far they are apart, where one does not follow on, and those that come next."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dilatednets.errors import InputError

WORDS = {
    **{"M": "month", "B": "weekday", "D": "day", "h": "hour", "m": "minute"},
    **{"s": "second", "ms": "millisecond", "us": "microsecond", "ns": "nanosecond"},
}
"""NumPy's codes of units, and their words; B is of weekdays, Monday to Friday."""
JITTER = 0.1
"""Share of a step by which a row may come sooner or later: measured times are never exact."""
_YEAR = re.compile(r"\d{4}(?!\d)", re.ASCII)
_FINER = re.compile(r"(?<=\.\d{9})\d+", re.ASCII)
"""Digits below nanoseconds, in which NumPy's times reach from 1678 to 2262; finer ones end within a year."""
_ZONED = re.compile(r"(?P<time>.*\d:\d\d(:\d\d(\.\d+)?)?|.*T\d\d) ?(?P<zone>Z|[+-]\d\d(:?\d\d)?)")


def dates_of(cells: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Local times from their texts, such as 2024-12-31, 2024/12/31 23:59, or 2024-12-31T23:59+01:00; to the nanosecond.

    Args:
        cells: The texts.

    Returns:
        (datetime64 (rows,), as clocks showed them; the offset of each as it is written, an empty list if there are none).

    Raises:
        ValueError: for another text, if only some have an offset, or if years are too far for the finest of fractions.

    Example:
    >>> dates_of(["2024-03-31 01:00+01:00", "2024-03-31 03:00+02:00"])
    (array(['2024-03-31T01:00', '2024-03-31T03:00'], dtype='datetime64[m]'), ['+01:00', '+02:00'])
    """
    if not all(map(_YEAR.match, cells)):  # NumPy knows "today", and a year 24
        raise ValueError
    cells = [_FINER.sub("", cell.replace("/", "-")) for cell in cells]
    found = [match for cell in cells if (match := _ZONED.fullmatch(cell))]
    if found and len(found) < len(cells):
        raise ValueError
    times = np.array([match["time"] for match in found] or cells, "datetime64")
    years = times.astype("datetime64[Y]").astype(int) + 1970
    if np.any(np.isnat(times)) or np.any(years != [int(cell[:4]) for cell in cells]):  # NumPy wraps around in silence
        raise ValueError
    if not found:
        return times, []
    return times, [match["zone"] for match in found]


def on_one_clock(local: np.ndarray, zones: Sequence[str], zone: str) -> tuple[np.ndarray, str]:
    """Local times of a series as times whose distances can be told.

    Where all are at one time of the day they stay as they are, since their days and months are those of the calendar there,
    whatever summer time does. Others are moved to one zone.

    Args:
        local: datetime64 (rows,).
        zones: The offset of each; empty if there are none.
        zone: The offset of the zone to move to.

    Returns:
        (datetime64 (rows,), the offset in which they are, and go on: the last is taken to hold).

    Example:
    >>> on_one_clock(*dates_of(["2024-03-31 01:00+01:00", "2024-03-31 03:00+02:00"]), "+02:00")
    (array(['2024-03-31T02:00', '2024-03-31T03:00'], dtype='datetime64[m]'), '+02:00')
    """
    if not zones:
        return local, ""
    if len(np.unique(local - local.astype("datetime64[D]"))) == 1 and np.all(local[1:] > local[:-1]):
        return local, zones[-1]
    offsets = np.array([_minutes(one) - _minutes(zone) for one in zones], "timedelta64[m]")
    return local - offsets, zone


def step_of(times: np.ndarray) -> str:
    """The usual distance of times, in words; months are those of the calendar, and weekends may be left out.

    Args:
        times: datetime64 or float (rows,), each later than the one before.

    Returns:
        Such as "1 day", "15 minutes", "1 weekday", "3 months", or "0.5" of numbers; empty for a single time.

    Example:
    >>> step_of(np.array(["2024-01-31", "2024-02-29", "2024-03-31"], "datetime64[D]")), step_of(np.array([5.0, 7.0, 9.0]))
    ('1 month', '2')
    >>> step_of(np.array(["2024-01-04", "2024-01-05", "2024-01-08"], "datetime64[D]"))
    '1 weekday'
    """
    if len(times) < 2:
        return ""
    if times.dtype.kind == "f":
        return f"{usual(np.diff(times)):.12g}"
    times = _by_day(times)
    months, days = times.astype("datetime64[M]"), times.astype("datetime64[D]")
    if _at_ends_of_months(times) or len(np.unique(times - months)) == 1:
        return _in_words(int(usual(np.diff(months.astype(int)))), "M")
    step = usual(np.diff(times))
    only_weekdays = np.all(np.is_busday(days)) and len(np.unique(times - days)) == 1
    if step == np.timedelta64(1, "D") and only_weekdays and np.max(np.diff(days).astype(int)) > 2:
        return _in_words(1, "B")
    unit = next(one for one in list(WORDS)[2:] if step % np.timedelta64(1, one) == np.timedelta64(0))
    return _in_words(int(step / np.timedelta64(1, unit)), unit)


def parsed_step(step: str) -> tuple[float, str]:
    """The number of a step and its unit, NumPy's code; numbers have none.

    Raises:
        InputError: for what is no step.

    Example:
    >>> parsed_step("15 minutes"), parsed_step("0.5")
    ((15.0, 'm'), (0.5, ''))
    """
    count, _, word = step.partition(" ")
    units = {word: code for code, one in WORDS.items() for word in (one, f"{one}s")} | {"": ""}
    try:
        number = float(count)
    except ValueError:
        number = np.nan
    if word not in units or "_" in count or not 0 < number < np.inf or (word and number % 1):
        raise InputError(f'step: must be such as "1 day", "15 minutes", "1 weekday" or a number, not {step!r}')
    return number, units[word]


def is_step(step: str) -> bool:
    """Whether a text is such as `step_of` has it, or empty."""
    try:
        return not step or parsed_step(step)[0] > 0
    except InputError:
        return False


def fits(times: np.ndarray, step: str) -> bool:
    """Whether times are of the kind that a step is of: moments, or numbers."""
    return (times.dtype.kind == "f") == (parsed_step(step)[1] == "")


def follow_on(times: np.ndarray, step: str) -> np.ndarray:
    """Whether each time but the first comes a step after the one before, bool (rows - 1,).

    Args:
        times: datetime64 or float (rows,).
        step: As `step_of` has it, of the same kind.

    Example:
    >>> follow_on(np.array([1.0, 2.0, 4.0]), "1").tolist()
    [True, False]
    """
    if times.dtype.kind == "M":
        times = _by_day(times)
    after = _later(times[:-1], 1, step, _at_ends_of_months(times))
    found: np.ndarray = np.abs((times[1:] - after) / (after - times[:-1])) <= JITTER
    return found


def times_after(times: np.ndarray, count: int, step: str = "") -> np.ndarray:
    """The times that come next, datetime64 or float (count,).

    Args:
        times: Those until now.
        count: How many.
        step: As `step_of` has it; empty for that of `times`.

    Example:
    >>> texts_of(times_after(np.array(["2024-11-01", "2024-12-01"], "datetime64[D]"), 2))
    ['2025-01-01', '2025-02-01']
    """
    if times.dtype.kind == "f":
        return times[-1] + float(step or step_of(times) or 1) * np.arange(1, count + 1)
    unit = np.datetime_data(times.dtype)[0]
    step = step or step_of(times) or (_in_words(12, "M") if unit == "Y" else _in_words(1, unit))
    fine = _by_day(times)
    last, at_ends = np.repeat(fine[-1:], count), _at_ends_of_months(fine)
    return _later(last, np.arange(1, count + 1), step, at_ends).astype(times.dtype)


def texts_of(times: np.ndarray, zone: str = "") -> list[str]:
    """Times as they are written: numbers in full, moments with the offset of their zone.

    Example:
    >>> texts_of(np.array([1.71728e9, 0.25])), texts_of(np.array(["2024-06-01T12:00"], "datetime64[m]"), "+02:00")
    (['1717280000', '0.25'], ['2024-06-01T12:00+02:00'])
    """
    if times.dtype.kind == "f":
        return [str(int(one)) if one == int(one) else f"{one:.15g}" for one in times.tolist()]
    return [f"{one}{zone}" for one in times]


def common_step(several: Sequence[np.ndarray]) -> str:
    """The step of the most rows of several series."""
    found: dict[str, int] = {}
    for times in several:
        step = step_of(times)
        found[step] = found.get(step, 0) + len(times) - 1
    return max(found, key=lambda step: found[step])


def usual(distances: np.ndarray) -> Any:
    """The lower median: it is one of them."""
    return np.sort(distances)[(len(distances) - 1) // 2]


def _later(times: np.ndarray, count: Any, step: str, at_ends: bool) -> np.ndarray:
    """Each time so many steps later."""
    number, unit = parsed_step(step)
    if not unit:
        return times + count * number
    jump = count * int(number)
    if unit not in "MB":
        later: np.ndarray = times + jump * np.timedelta64(1, unit)
        return later
    days = times.astype("datetime64[D]")
    if unit == "B":
        moved = np.busday_offset(days, jump, roll="forward")
    else:
        first = (times.astype("datetime64[M]") + jump).astype("datetime64[D]")
        last = (times.astype("datetime64[M]") + jump + 1).astype("datetime64[D]") - 1
        moved = last if at_ends else np.minimum(first + (days - days.astype("datetime64[M]")), last)
    return moved + (times - days)


def _by_day(times: np.ndarray) -> np.ndarray:
    """Moments to the day or finer."""
    return times.astype("datetime64[D]") if np.datetime_data(times.dtype)[0] in "YMW" else times


def _at_ends_of_months(times: np.ndarray) -> bool:
    """Whether all are on the last days of months, at one time of the day."""
    if times.dtype.kind == "f":
        return False
    days = times.astype("datetime64[D]")
    ends = (days + 1).astype("datetime64[M]") != days.astype("datetime64[M]")
    return bool(np.all(ends)) and len(np.unique(times - days)) == 1


def _in_words(count: int, unit: str) -> str:
    return f"{count} {WORDS[unit]}{'s' if count != 1 else ''}"


def _minutes(zone: str) -> int:
    """Those of an offset such as +01:00."""
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return 0 if zone == "Z" else int(f"{zone[0]}1") * (60 * int(digits[:2]) + int(digits[2:]))
