"""Rows of tables at equal steps of time, and the line of the first that is not."""

import datetime
import itertools

import pytest

from dilatednets.data.table_csv import read_table, series_of
from dilatednets.data.table_times import check_steps, even_step, joined_rows
from dilatednets.errors import InputError, Note


@pytest.fixture
def rows(tmp_path):
    def make(*of_series):
        start = datetime.date(2024, 1, 1)
        lines = [
            f"{name},{start + datetime.timedelta(day)}"
            for name, days in zip("abc", of_series, strict=False)
            for day in days
        ]
        (tmp_path / "a.csv").write_text("\n".join(["shop,day", *lines]))
        table = read_table(tmp_path / "a.csv")
        return table, series_of(table, "day", "shop")

    return make


def test_the_step_of_all_rows(rows):
    assert even_step(rows(range(5), range(9))[1]) == "1 day"
    assert (
        even_step(rows(range(5), range(0, 9, 2))[1])
        == even_step(rows([0, 1, 3])[1])
        == even_step(rows([0], [1])[1])
        == ""
    )


def test_rows_that_follow_on(rows):
    table, series = rows([0, 1, 2, 3], [5], [1, 2, 3])
    assert [one.tolist() for one in joined_rows(table, "day", series, "1 day", note=True)] == [
        [True] * 3,
        [],
        [True] * 2,
    ]
    for one in series:
        check_steps(table, "day", one, "1 day")


def test_faults_a_note_names_the_first_gap(rows):
    table, series = rows([0, 1, 2, 4, 5], [3, 4, 5, 6, 9, 10])
    with pytest.warns(Note, match="2 rows, the first in line 5, do not come 1 day after the one before"):
        joined = joined_rows(table, "day", series, "1 day", note=True)
    assert list(itertools.chain(*joined)).count(False) == 2


def test_faults_name_the_line(rows):
    table, (one,) = rows([0, 1, 2, 5, 6])
    with pytest.raises(
        InputError, match="line 5, column day: 2024-01-06 does not come 1 day after 2024-01-03; give the"
    ):
        check_steps(table, "day", one, "1 day")
    for step in ("1 hour", "1", "2 days"):
        with pytest.raises(
            InputError, match=f"line 2, column day: rows from here on are 1 day apart, .* trained on {step};"
        ):
            check_steps(table, "day", one, step)
