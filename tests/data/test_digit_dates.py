"""Dates in digits alone, as strftime writes them; and numbers that look like them."""

import datetime

import numpy as np
import pytest

from dilatednets.data.digit_dates import date_meant
from dilatednets.data.time_steps import dates_of


def written(pattern, start=(2019, 11, 4), count=80, **step):
    """Times as strftime writes them."""
    start, step = datetime.datetime(*start), datetime.timedelta(**step)
    return np.unique([float((start + number * step).strftime(pattern)) for number in range(count)])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (written("%Y%m", days=31), "dates as 2019-11"),
        (written("%Y%m", (2019, 3, 2), 12, days=91), "dates as 2019-03"),
        (written("%G%V", days=7), "the first day of each week, as 2019-11-04"),
        (written("%G%V", (2015, 12, 21), 4, days=7), "the first day of each week, as 2015-12-21"),
        (written("%Y%W", days=7), "the first day of each week, as 2019-10-28"),
        (written("%G%V", days=14), "the first day of each week, as 2019-11-04"),
        (written("%Y%j", days=1), "dates as 2019-11-04"),
        (written("%Y%m%d", days=1), "dates as 2019-11-04"),
        (written("%Y%m%d%H", hours=1), "dates as 2019-11-04 00:00"),
        (written("%Y%m%d%H%M", minutes=15), "dates as 2019-11-04 00:00"),
        (written("%Y%m%d%H%M%S", seconds=10), "dates as 2019-11-04 00:00:00"),
        (np.array([20193.0, 20194, 20201, 20202]), "dates as 2019-07"),
        (np.array([201503.0, 201509, 201603]), "dates as 2015-03"),
    ],
)
def test_faults_dates_in_digits(numbers, words):
    assert date_meant(numbers) == words
    assert len(dates_of([words.partition("as ")[2]])[0]) == 1


@pytest.mark.parametrize(
    "numbers",
    [
        np.arange(201501.0, 201600),
        np.arange(201501.0, 201513),  # twelve numbers in a row: months of a year, or a counter
        np.arange(201590.0, 201613),
        np.delete(np.arange(201501.0, 201700), slice(12, 100)) + 0.5,
        np.arange(2015.0, 2025),
        np.arange(201501.0, 202001, 100),
        np.arange(19990.0, 20100),
        np.arange(19990.0, 20100, 7),
        np.arange(1900000000.0, 1900086400, 60),
        1.7e9 + 3600 * np.arange(99),
        1.9e12 + 1000 * np.arange(99),
        np.array([201512.0, 201601]),
        np.array([201512.0]),
        np.array([201503.0, 201507, 201512, 201522]),
        -np.arange(202412.0, 202400, -1),
        np.array([0.0, 1, 2]),
    ],
)
def test_other_numbers_stay_numbers(numbers):
    assert not date_meant(numbers)
