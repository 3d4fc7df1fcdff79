"""Tables: what is read, and how each kind of bad table is refused, with its line."""

import numpy as np
import pytest

from dilatednets.data.table_csv import find_table, read_table, series_of, times_after
from dilatednets.errors import InputError

GOOD = "day,shop,sold\n2024-01-01,a,1\n2024-01-01,b,2.5\n2024-01-02,a,3\n"


@pytest.fixture
def table(tmp_path):
    def make(text, encoding="utf-8"):
        (tmp_path / "a.csv").write_bytes(text.encode(encoding))
        return read_table(tmp_path / "a.csv")

    return make


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD + "\n,,\n",
    ],
    ids=["commas", "semicolons", "tabs", "Windows", "BOM", "empty lines"],
)
def test_tables_as_programs_write_them(table, text):
    read = table(text)
    assert read.header == ("day", "shop", "sold") and read.numbers("sold").tolist() == [1, 2.5, 3]
    series = series_of(read, "day", "shop")
    assert [(one.name, one.rows.tolist()) for one in series] == [("a", [0, 2]), ("b", [1])]
    assert series[0].times.tolist() == np.array(["2024-01-01", "2024-01-02"], "datetime64[D]").tolist()


def test_quoted_cells_hold_separators_and_lines(table):
    read = table('name,sold\n"a, ""b""\nc",1\nd,2\n')
    assert read.column("name") == ['a, "b"\nc', "d"] and read.lines == [3, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no rows"),
        ("day,sold\n", "holds no rows"),
        ("day,day\n1,2\n", "line 1: column 2 has the same name as another"),
        ("day,\n1,2\n", "line 1: column 2 has no name"),
        ("day,sold\n1,2\n3\n", "line 3: 1 cells where line 1 names 2 columns"),
        ("day,sold\n1,2,3\n", "line 2: 3 cells"),
        ('day,sold\n1,"2\n', "no CSV"),
    ],
)
def test_faults_of_form_name_the_line(table, text, words):
    with pytest.raises(InputError, match=words):
        table(text)


def test_faults_of_encoding(table):
    with pytest.raises(InputError, match="no text in UTF-8"):
        table("day,sold\n1,\xe4\n", "latin-1")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("many", "'many' is no number; give a number"),
        ("inf", "'inf' is no number"),
        ("nan", "'nan' is no number"),
        ('"3,5"', r"'3,5' is no number; write 3\.5"),
    ],
)
def test_faults_of_numbers_name_line_and_column(table, cell, words):
    with pytest.raises(InputError, match=f"line 3, column sold: {words}"):
        table(f"day,sold\n1,2\n2,{cell}\n").numbers("sold")


def test_faults_a_missing_column_names_the_nearest(table):
    for name in ("solt", "Sold", "sales"):
        with pytest.raises(InputError, match=rf"has no column '{name}' \(data.targets\); did you mean 'sold'\?"):
            table(GOOD).column(name, "data.targets")


@pytest.mark.parametrize(
    ("rows", "series", "words"),
    [
        ("2024-01-02,a\n2024-01-01,a\n", "shop", "line 3, column day: 2024-01-01 comes after 2024-01-02; sort"),
        ("3,a\n2,a\n", "", "line 3, column day: 2 comes after 3; sort the rows by day"),
        ("2024-01-01,a\n2024-01-01,a\n", "shop", "line 3, column day: 2024-01-01 comes twice; remove"),
        ("2024-01-01,a\n2024-01-01,b\n", "", "comes twice; remove one of the rows, or name the column of series"),
        ("2024-01-01,a\nsoon,a\n", "", "line 3, column day: 'soon' is no time"),
        ("2024-01-01,a\n,a\n", "", "line 3, column day: '' is no time"),
    ],
)
def test_faults_of_times(table, rows, series, words):
    with pytest.raises(InputError, match=words):
        series_of(table("day,shop\n" + rows), "day", series)


@pytest.mark.parametrize(
    ("times", "after"),
    [
        (["2024-02-27", "2024-02-28"], ["2024-02-29", "2024-03-01"]),
        (["2023-11-01", "2023-12-01"], ["2024-01-01", "2024-02-01"]),
        (["2024-01-01T22:00", "2024-01-01T23:00"], ["2024-01-02T00:00", "2024-01-02T01:00"]),
        (["2023-11", "2023-12"], ["2024-01", "2024-02"]),
        (["2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10"], ["2024-01-11", "2024-01-12"]),
        (["2024-01-05"], ["2024-01-06", "2024-01-07"]),
    ],
)
def test_times_go_on_as_they_did(times, after):
    assert times_after(np.array(times, "datetime64"), 2) == after


def test_the_file_of_a_folder(tmp_path):
    with pytest.raises(InputError, match="holds no CSV file"):
        find_table(tmp_path)
    (tmp_path / "A.CSV").touch()
    assert find_table(tmp_path) == find_table(tmp_path / "A.CSV") == tmp_path / "A.CSV"
    (tmp_path / "b.csv").touch()
    with pytest.raises(InputError, match=r"holds A.CSV, b.csv; name one by data.file"):
        find_table(tmp_path)
    assert find_table(tmp_path, "b.csv").name == "b.csv"
    with pytest.raises(InputError, match=r"c.csv: no such file"):
        find_table(tmp_path, "c.csv")
    with pytest.raises(InputError, match="no such folder"):
        find_table(tmp_path / "nowhere")
