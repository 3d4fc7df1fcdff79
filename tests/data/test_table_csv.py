"""Tables: what is read, and how each kind of bad table is refused, with its line."""

import datetime

import numpy as np
import pytest

from dilatednets.data.table_csv import find_table, read_table, series_of
from dilatednets.errors import InputError, Note

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
        GOOD.replace("\n", "\r"),
        GOOD.replace(",", "|"),
    ],
    ids=["commas", "semicolons", "tabs", "Windows", "BOM", "empty lines", "old Mac", "bars"],
)
def test_tables_as_programs_write_them(table, text):
    read = table(text)
    assert read.header == ("day", "shop", "sold") and read.numbers("sold").tolist() == [1, 2.5, 3]
    series = series_of(read, "day", "shop")
    assert [(one.name, one.rows.tolist()) for one in series] == [("a", [0, 2]), ("b", [1])]
    assert series[0].times.tolist() == np.array(["2024-01-01", "2024-01-02"], "datetime64[D]").tolist()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_that_excel_declares(table, separator):
    read = table(f"sep={separator}\r\n" + GOOD.replace(",", separator).replace("\n", "\r\n"))
    assert read.header == ("day", "shop", "sold") and read.lines[0] == 3


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_faults_separators_are_counted_outside_quotes(table, separator):
    others = 2 * ",;\t|".replace(separator, "")
    for names in (["date", f"temp{others}C"], [f'a ""b""{others}c', "d"], ["in\ntwo lines", "wind, m/s"]):
        read = table(separator.join(f'"{name}"' for name in names) + f"\n1{separator}2\n")
        assert read.separator == separator and read.header == tuple(name.replace('""', '"') for name in names)


def test_times_keep_their_zone(table):
    (one,) = series_of(table("day\n2024-03-31 01:00+01:00\n2024-03-31 03:00+02:00\n"), "day")
    assert one.zone == "+02:00" and np.diff(one.times).tolist() == [datetime.timedelta(hours=1)]


def test_faults_days_of_series_in_several_zones_keep_their_own(table):
    days = ["2024-03-30T00:00:00{}", "2024-03-31T00:00:00{}", "2024-04-01T00:00:00{}"]
    offsets = {"berlin": ["+01:00", "+01:00", "+02:00"], "kolkata": ["+05:30"] * 3}
    rows = [
        f"{day.format(zone)},{name}" for name, zones in offsets.items() for day, zone in zip(days, zones, strict=True)
    ]
    berlin, kolkata = series_of(table("\n".join(["day,shop", *rows])), "day", "shop")
    assert (berlin.zone, kolkata.zone) == ("+02:00", "+05:30")
    assert (
        berlin.times.tolist()
        == kolkata.times.tolist()
        == [datetime.datetime(2024, 3, 30 + n) for n in (0, 1)] + [datetime.datetime(2024, 4, 1)]
    )


@pytest.mark.parametrize("character", ["\u2028", "\x85", "\x0b", "\x0c", "\x1e"])
def test_faults_what_ends_no_line_stays_in_its_cell(table, character):
    read = table(f"name,sold\na{character}b,1\nc,2\n")
    assert read.column("name") == [f"a{character}b", "c"] and read.lines == [2, 3]


def test_faults_commas_of_decimals_between_semicolons(table):
    read = table(
        "day;sold;more;mixed;odd\n2024-01-01;3,5;1,234;3,5;1.234,5\n2024-01-02;;2,345;3.5;2\n2024-01-03;-1e3;3;;\n"
    )
    assert np.nan_to_num(read.numbers("sold"), nan=-9).tolist() == [3.5, -9, -1000]
    for name, words in (("more", "write 1.234, or 1234 if the comma"), ("mixed", "write 3.5"), ("odd", "is no number")):
        with pytest.raises(InputError, match=words):
            read.numbers(name)


def test_faults_a_leading_0_sets_off_no_thousands(table):
    read = table("day;sold;less\n1;0,512;1,512\n2;0,520;-0,250\n3;;\n")
    assert np.nan_to_num(read.numbers("sold"), nan=-9).tolist() == [0.512, 0.52, -9]
    assert np.nan_to_num(read.numbers("less"), nan=-9).tolist() == [1.512, -0.25, -9]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_faults_points_beside_decimal_commas_may_set_off_thousands(table, separator):
    rows = ["temp;sold;share;long;few", "20,8;996;0.996;1.0570;1057", "21,5;1.057;1.057;2.345;1.058", ";;;;"]
    read = table("\n".join(rows[:3]).replace(";", separator))
    with pytest.raises(
        InputError, match=r"line 3, column sold: '1\.057' may be 1057 or 1\.057, as column 'temp' has decimal"
    ):
        read.numbers("sold")
    assert [read.numbers(name)[1] for name in ("share", "long", "few")] == [1.057, 2.345, 1.058]
    assert table("\n".join(rows).replace("20,8", "20.8").replace("21,5", "21.5")).numbers("sold")[1] == 1.057
    assert table('pair,sold\n"20,8",996\n"21,5",1.057\n').numbers("sold").tolist() == [996, 1.057]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_faults_points_that_no_column_explains_may_set_off_thousands(table, separator):
    rows = ["Datum;Umsatz;Rabatt;Preis", "2024-01-01;1.028;{};1.250", "2024-01-02;883;-1.500;2.125", "2024-01-03;;;"]
    text = "\n".join(rows).replace(";", separator)
    for other in ("0", "-12", "250"):
        read = table(text.format(other))
        words = r"line 2, column Umsatz: '1\.028' may be 1028 or 1\.028, as '883' .*; write 1028, or 883\.0 for 883"
        with pytest.raises(InputError, match=words):
            read.numbers("Umsatz")
        with pytest.raises(InputError, match=r"line 3, column Rabatt: '-1\.500' may be -1500 or -1\.500"):
            read.numbers("Rabatt")
        assert read.numbers("Preis")[:2].tolist() == [1.25, 2.125]
    for evidence in ("0.5", "2.50", "0.250", "1e-3.5", "1.2.3"):
        read = table(text.format(evidence))
        if evidence.count(".") == 1 and "e" not in evidence:
            assert read.numbers("Umsatz")[:2].tolist() == [1.028, 883]
        else:
            with pytest.raises(InputError, match="may be 1028 or"):
                read.numbers("Umsatz")
    assert table('a,b\n1.028,x\n883,"y;z"\n').numbers("a").tolist() == [1.028, 883]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_faults_decimal_commas_wherever_no_comma_separates(table, separator):
    read = table("temp;sold\n20,13;1,5e3\n-0,5;\n".replace(";", separator))
    assert read.numbers("temp").tolist() == [20.13, -0.5] and read.numbers("sold")[0] == 1500


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_faults_the_minus_of_typographers_is_read(table, separator):
    read = table("day;temp;small\n\u22122;\u22123.58;1e\u22123\n\u22121;4;\u22122e3\n".replace(";", separator))
    assert read.numbers("temp").tolist() == [-3.58, 4] and read.numbers("small").tolist() == [0.001, -2000]
    assert read.times("day")[0].tolist() == [-2, -1]
    if separator != ",":
        assert table(f"a{separator}b\n\u22123,58{separator}1\n").numbers("a").tolist() == [-3.58]


def test_faults_the_numbers_of_rows_that_pandas_writes_are_left_out(table):
    with pytest.warns(Note, match=r"a.csv: column 1 has no name, and is left out"):
        read = table(",day,sold\n0,2024-01-01,1\n1,2024-01-02,\n")
    assert read.header == ("day", "sold") and read.cells == {"day": ["2024-01-01", "2024-01-02"], "sold": ["1", ""]}
    for text in ("\n,\n1,2\n", ",day,\n1,2,3\n", '""\n1\n', ",2024-01-01,5\n0,2024-01-02,6\n"):
        with pytest.raises(InputError):
            table(text)


def test_quoted_cells_hold_separators_and_lines(table):
    read = table('name,sold\n"a, ""b""\nc",1\nd,2\n')
    assert read.column("name") == ['a, "b"\nc', "d"] and read.lines == [3, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no rows"),
        ("day,sold\n", "holds no rows"),
        ("day,day\n1,2\n", "line 1: column 2 has the same name as another, 'day'; rename one"),
        ("day,\n1,2\n", "line 1: column 2 has no name; give it one"),
        ("day,sold\n1,2\n3\n", "line 3: 1 cells where line 1 names 2 columns; give as many"),
        ("# made by hand\nday,sold\n1,2\n", "line 1: begins with #; remove comments"),
        ("1,1\n2,2\n", "begins with the row 1, 1; add a line with the names of the columns before it"),
        ("PK\x03\x04aaaa", "is a spreadsheet or an archive, no CSV; save it as CSV"),
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
    with pytest.raises(InputError, match="is a spreadsheet"):
        table("PK\x03\x04\xe4", "latin-1")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("many", "'many' is no number; give a number"),
        ("inf", "'inf' is no number"),
        ("nan", "'nan' is no number; fill it, or leave the row out"),
        ("NA", "'NA' is no number; fill it, or leave the row out"),
        ("100_84", "'100_84' is no number; give a number"),
        ("1e300", "'1e300' is too large for a model; divide the column by a power of ten"),
        ("1.234.567", r"'1.234.567' is no number; write 1234567, and nothing that sets off thousands"),
        ('"1,234,567.5"', r"'1.*5' is no number; write 1234567\.5, and nothing that"),
        ('"1.234,5"', r"'1.*5' is no number; write 1234\.5, and nothing that"),
        ("-1\u202f234", r"'-1.*234' is no number; write -1234, and nothing that"),
        ("1.2.3", "'1.2.3' is no number; give a number"),
        ('"0,512"', r"'0,512' is no number; write 0\.512$"),
        ("\u20133.58", r".*: it begins with U\+2013; write a minus, -3\.58"),
        ("\uff0d12", r".*: it begins with U\+FF0D; write a minus, -12"),
        ("\u2013", "'.' is no number; give a number"),
        ("5\u22123", "'5.3' is no number; give a number"),
        ("\u22121.234.567", r".* is no number; write .1234567, and nothing that sets off"),
        ("true", "'true' is no number; write 1 for true and 0 for false"),
        ("FALSE", "'FALSE' is no number; write 1 for true and 0 for false"),
        ("No", "'No' is no number; write 1 for yes and 0 for no"),
        ('"3,5"', r"'3,5' is no number; write 3\.5$"),
        ('"1,234"', r"'1,234' is no number; write 1\.234, or 1234 if the comma sets off thousands"),
    ],
)
def test_faults_of_numbers_name_line_and_column(table, cell, words):
    with pytest.raises(InputError, match=f"line 3, column sold: {words}"):
        table(f"day,sold\n1,2\n2,{cell}\n").numbers("sold")


def test_faults_a_missing_line_of_names(table):
    with pytest.raises(InputError, match="begins with the row 2024-01-01, 5; add a line with the names"):
        table("2024-01-01,5\n2024-01-02,6\n").column("sold")


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
        ("2024-01-01,a\ntoday,a\n", "", "line 3, column day: 'today' is no time"),
        ("100_84,a\n100_85,a\n", "", "line 2, column day: '100_84' is no time"),
        ("20240131,a\n20240201,a\n", "", "'20240131' would be taken for a number; write dates as 2024-01-31"),
        (
            "201512,a\n201601,a\n201602,a\n",
            "",
            "line 2, column day: '201512' would be taken for .*; write dates as 2015-12",
        ),
        ("24-01-05,a\n24-01-06,a\n", "", "line 2, column day: '24-01-05' is no time; write dates as 2024-12-31"),
        ("24/01/05,a\n24/01/06,a\n", "", "line 2, column day: '24/01/05' is no time"),
        ("05/01/24,a\n06/01/24,a\n", "", "line 2, column day: '05/01/24' is no time"),
        ("2024-01-04,a\n24-01-05,a\n", "", "line 3, column day: '24-01-05' is no time"),
        ("2024-01-01 12:00Z,a\n2024-01-01 13:00,a\n", "", "column day: holds times of different kinds"),
    ],
)
def test_faults_of_times(table, rows, series, words):
    with pytest.raises(InputError, match=words):
        series_of(table("day,shop\n" + rows), "day", series)


@pytest.mark.parametrize("hidden", ["._a.csv", ".~lock.a.csv", ".hidden.tsv"])
def test_faults_what_systems_hide_is_no_table_of_a_folder(tmp_path, hidden):
    (tmp_path / hidden).write_bytes(b"\0\5\x16\7")
    with pytest.raises(InputError, match="holds no CSV file"):
        find_table(tmp_path)
    (tmp_path / "a.csv").touch()
    assert find_table(tmp_path) == tmp_path / "a.csv"


def test_the_file_of_a_folder(tmp_path):
    with pytest.raises(InputError, match="holds no CSV file; put the table there"):
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
