"""Steps of time, against lists of dates that programs of calendars would write."""

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dilatednets.data.time_steps import (
    dates_of,
    fits,
    follow_on,
    is_step,
    on_one_clock,
    parsed_step,
    step_of,
    texts_of,
    times_after,
)
from dilatednets.errors import InputError

WEEKDAYS = ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11", "2024-01-12"]


def moments(texts):
    return np.array(texts, "datetime64")


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (["2024-02-28", "2024-02-29", "2024-03-01"], "1 day"),
        (["2024-02-28 00:00", "2024-02-29 00:00"], "1 day"),
        (["2024-01-01T22:15", "2024-01-01T22:30"], "15 minutes"),
        (["2024-01-01T22:00:00.5", "2024-01-01T22:00:00.75"], "250 milliseconds"),
        (["2023-12-01", "2024-01-01", "2024-02-01"], "1 month"),
        (["2023-11", "2023-12"], "1 month"),
        (["2023-12-31", "2024-01-31", "2024-02-29"], "1 month"),
        (["2023-12-15", "2024-03-15", "2024-06-15"], "3 months"),
        (["2023-01-01", "2024-01-01", "2025-01-01"], "12 months"),
        (["2024-01-01", "2024-01-08", "2024-01-15"], "7 days"),
        (WEEKDAYS, "1 weekday"),
        (WEEKDAYS[2:], "1 day"),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-09", "2024-01-10"], "1 weekday"),
        (["2024-01-06", "2024-01-07", "2024-01-08", "2024-01-12"], "1 day"),
        (["2024-01-06"], ""),
    ],
)
def test_the_step_of_moments(times, step):
    times = moments(times)
    assert step_of(times) == step
    if step:
        assert is_step(step) and fits(times, step)


def test_the_step_of_numbers():
    assert step_of(np.arange(5) * 0.1) == "0.1" and step_of(1.7e9 + 86400.0 * np.arange(4)) == "86400"


@pytest.mark.parametrize(
    ("times", "step", "joined"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05"], "1 day", [True, False, True]),
        (WEEKDAYS, "1 weekday", [True] * 6),
        (WEEKDAYS, "1 day", [True, False, True, True, True, True]),
        (["2024-01-31", "2024-02-29", "2024-04-30"], "1 month", [True, False]),
        (["2024-01-30", "2024-02-29", "2024-03-30"], "1 month", [True, True]),
        (["2024-01-01 00:00:00", "2024-01-01 01:00:02", "2024-01-01 01:59:59"], "1 hour", [True, True]),
        (["2024-01-01", "2024-01-02"], "1 hour", [False]),
    ],
)
def test_where_rows_follow_on(times, step, joined):
    assert follow_on(moments(times), step).tolist() == joined


@pytest.mark.parametrize(
    ("times", "after"),
    [
        (["2024-02-27", "2024-02-28"], ["2024-02-29", "2024-03-01"]),
        (["2023-11-01", "2023-12-01"], ["2024-01-01", "2024-02-01"]),
        (["2023-11-30", "2023-12-31"], ["2024-01-31", "2024-02-29"]),
        (["2023-11-15", "2023-12-15"], ["2024-01-15", "2024-02-15"]),
        (["2024-01-01T22:00", "2024-01-01T23:00"], ["2024-01-02T00:00", "2024-01-02T01:00"]),
        (["2023-11", "2023-12"], ["2024-01", "2024-02"]),
        (["2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10"], ["2024-01-11", "2024-01-12"]),
        (WEEKDAYS, ["2024-01-15", "2024-01-16"]),
        (["2024-01-05"], ["2024-01-06", "2024-01-07"]),
    ],
)
def test_times_go_on_as_they_did(times, after):
    assert texts_of(times_after(moments(times), 2)) == after


def test_a_step_that_is_given_goes_before_that_of_the_rows():
    assert texts_of(times_after(moments(["2024-01-04", "2024-01-05"]), 2, "1 weekday")) == ["2024-01-08", "2024-01-09"]


def test_numbers_are_written_in_full():
    assert texts_of(times_after(1.71728e9 + 3600.0 * np.arange(3), 2)) == ["1717290800", "1717294400"]
    assert texts_of(times_after(np.array([0.1, 0.2]), 2)) == ["0.3", "0.4"]


def on_clock(cells):
    local, zones = dates_of(cells)
    return on_one_clock(local, zones, zones[-1])


def test_moments_keep_the_zone_of_the_last():
    times, zone = on_clock(["2024-03-31 00:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31 04:00:00+0200"])
    assert step_of(times) == "1 hour" and zone == "+0200"
    assert texts_of(times_after(times, 1), zone) == ["2024-03-31T05:00:00+0200"]
    assert texts_of(*on_clock(["2024-01-01T12:00Z"])) == ["2024-01-01T12:00Z"]
    assert texts_of(*on_clock(["2024/01/01 12:00-03:30"])) == ["2024-01-01T12:00-03:30"]


@pytest.mark.parametrize(
    ("days", "step"),
    [
        ([f"2024-{month:02}-01" for month in range(1, 13)], "1 month"),
        ([f"{2020 + month // 12}-{month % 12 + 1:02}-01" for month in range(0, 60, 3)], "3 months"),
        (["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"], "1 month"),
        ([str(day) for day in np.arange("2024-03-25", "2024-04-06", dtype="M8[D]") if np.is_busday(day)], "1 weekday"),
        ([str(day) for day in np.arange("2024-10-20", "2024-10-30", dtype="M8[D]")], "1 day"),
    ],
)
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("hour", [0, 9])
def test_faults_summer_time_changes_no_day_of_the_calendar(days, step, name, hour):
    cells = [datetime.datetime.fromisoformat(day).replace(hour=hour, tzinfo=ZoneInfo(name)).isoformat() for day in days]
    times, zone = on_clock(cells[:-1])
    assert step_of(times) == step and np.all(follow_on(times, step)) and zone == cells[-2][-6:]
    assert texts_of(times_after(times, 1), zone) == [f"{days[-1]}T{hour:02}:00:00{zone}"]


def test_faults_an_hour_that_comes_twice_is_two():
    cells = ["2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00"]
    assert step_of(on_clock(cells)[0]) == "1 hour"
    zone, start = ZoneInfo("Europe/Berlin"), datetime.datetime(2024, 10, 26, tzinfo=datetime.UTC)
    hours = [(start + datetime.timedelta(hours=hour)).astimezone(zone).isoformat() for hour in range(49)]
    times, offset = on_clock(hours[:-1])
    assert np.all(follow_on(times, "1 hour")) and texts_of(times_after(times, 1), offset) == hours[-1:]


@pytest.mark.parametrize("cells", [["today"], ["now"], ["2024-02-30"], [""], ["2024-01-01T12:00Z", "2024-01-01T12:00"]])
def test_faults_of_moments(cells):
    with pytest.raises(ValueError):
        dates_of(cells)


@pytest.mark.parametrize("step", ["day", "1 days ago", "0.5 days", "0", "-1 day", "nan", "1_0", "1 fortnight"])
def test_faults_of_steps(step):
    assert not is_step(step)
    with pytest.raises(InputError, match="step: must be such as"):
        parsed_step(step)


@pytest.mark.parametrize("zone", ["", "Z", "+01:00"])
@pytest.mark.parametrize("digits", ["0" * 10, "123456789" + "9" * 9, "5" * 18])
def test_faults_fractions_finer_than_nanoseconds_are_cut(digits, zone):
    times, zones = dates_of([f"{year}-03-01T00:00:0{n}.{digits}{zone}" for n, year in enumerate((1700, 2024, 2250))])
    wanted = [f"{year}-03-01T00:00:0{n}.{digits[:9]}" for n, year in enumerate((1700, 2024, 2250))]
    assert [str(one) for one in times] == wanted and zones == ([zone] * 3 if zone else [])


@pytest.mark.parametrize("year", ["1500", "2300", "9999"])
def test_faults_years_that_nanoseconds_do_not_reach(year):
    for cells in ([f"{year}-01-01T00:00:00.123456789"], ["2024-01-01T00:00:00.0000001", f"{year}-01-01T00:00:00"]):
        with pytest.raises(ValueError):
            dates_of(cells)
    assert str(dates_of([f"{year}-01-01T00:00:00.123456"])[0][0]) == f"{year}-01-01T00:00:00.123456"
