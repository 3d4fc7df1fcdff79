"""What is cut from tables by time: no window spans a gap, and no answer is among what is looked at."""

import datetime

import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets import registry
from dilatednets.errors import InputError, Note
from dilatednets.zoo.tcn.examples import read
from dilatednets.zoo.tcn.prediction import predict_file
from dilatednets.zoo.tcn.recipe import Data
from dilatednets.zoo.tcn.training import build_model

NET = {"task": "forecast", "horizon": 3, "dilations": [1], "channels": 4}
DATA = {"time": "date", "targets": ["sold"], "known": ["promotion"], "window": 5}


def recipe(net=NET, **data):
    return registry.parse_recipe({"name": "small", "model": "TCN", "data": {**DATA, **data}, "net": net})


def table(folder, days, name="a.csv"):
    """A row for each of the days, numbered from 2024-01-01, a Monday, on; as much is sold as the number says."""
    start = datetime.date(2024, 1, 1)
    rows = [f"{start + datetime.timedelta(day)},{day},{day % 3}" for day in map(int, days)]
    (folder / name).write_text("\n".join(["date,sold,promotion", *rows]))
    return folder


def test_no_window_spans_a_gap(tmp_path):
    table(tmp_path, [*range(60), *range(80, 120)])
    with pytest.warns(Note, match="the row in line 62 does not come 1 day after the one before; no window spans"):
        found = read(Data(**DATA), recipe().net, tmp_path, "train")
    inputs, y = found.take(np.arange(len(found)))
    days = np.concatenate([inputs["sequence"][..., 0], y[..., 0]], axis=1)
    assert np.all(np.diff(days) == 1)
    firsts = [*range(60 - 8 + 1), *range(80, 80 + 10 - 8 + 1)]  # 70 of 100 days are to train on
    assert days[:, 0].tolist() == firsts and found.settings["step"] == "1 day"


def test_weekends_may_be_left_out(tmp_path):
    table(tmp_path, [day for day in range(140) if day % 7 < 5])
    found = read(Data(**DATA), recipe().net, tmp_path, "train")
    assert len(found) == 70 - 8 + 1 and found.settings["step"] == "1 weekday"


def test_the_step_is_stored_with_the_model(tmp_path):
    model, _ = build_model(recipe(), table(tmp_path, range(0, 200, 2)))
    assert model.data["step"] == "2 days" and Data(**model.data).step == "2 days"


def test_faults_of_tables_at_other_steps(tmp_path):
    given = Data(**DATA, step="1 day")
    for days, words in (
        (
            range(0, 200, 2),
            "column date: most rows do not come 1 day after those before but 2 days; give rows at that step",
        ),
        (
            [*range(30), *range(50, 58), *range(70, 78), *range(90, 95)],
            "split validation: no 3 steps to forecast without",
        ),
    ):
        table(tmp_path, days)
        with pytest.raises(InputError, match=words):
            read(given, recipe().net, tmp_path, "validation")
    (tmp_path / "a.csv").write_text("\n".join(["date,sold,promotion", *(f"{i},{i},{i % 2}" for i in range(60))]))
    with pytest.raises(InputError, match="column date: rows are 1 apart, not 1 day"):
        read(given, recipe().net, tmp_path, "validation")


def test_faults_of_irregular_rows(tmp_path):
    table(tmp_path, np.cumsum(1 + np.arange(60) % 7))
    with pytest.raises(InputError, match=r"most rows do not come 4 days after those before; leave data.time out"):
        read(Data(**DATA), recipe().net, tmp_path, "train")
    assert len(read(Data(**{**DATA, "time": "", "features": ["sold"]}), recipe().net, tmp_path, "train")) == 42 - 8 + 1


def test_faults_an_answer_among_what_is_looked_at(tmp_path):
    table(tmp_path, range(60))
    with pytest.raises(InputError, match=r"data.known: 'sold' is what is to be told, in data.targets; leave it out"):
        read(Data(**{**DATA, "known": ["sold"]}), recipe().net, tmp_path, "train")
    data = Data(series="date", targets=["sold"], features=["promotion", "sold"])
    net = recipe({"task": "regress", "dilations": [1]}, known=[], window=0).net
    with pytest.raises(InputError, match=r"data.features: 'sold' is what is to be told"):
        read(data, net, tmp_path, "train")


def test_series_to_classify_have_a_step_if_all_have_the_same(tmp_path):
    for jump, step in ((1, "1"), (2, "")):
        rows = [
            f"{number},{hour * (jump if number == 3 else 1)},{hour},{'ab'[number % 2]}"
            for number in range(20)
            for hour in range(4)
        ]
        (tmp_path / "a.csv").write_text("\n".join(["who,hour,x,kind", *rows]))
        data = Data(time="hour", series="who", targets=["kind"])
        net = registry.parse_recipe(
            {"name": "a", "model": "TCN", "data": {"series": "who"}, "net": {"dilations": [1]}}
        ).net
        assert read(data, net, tmp_path, "train").settings["step"] == step


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["a,1,x", ",2,x"], "line 3, column who: is empty; fill it in each row, or leave the row out"),
        (["a,1,x", "a,2,"], "line 3, column kind: is empty; fill it in each row"),
    ],
)
def test_faults_cells_that_name_nothing(tmp_path, rows, words):
    (tmp_path / "a.csv").write_text("\n".join(["who,x,kind", *rows, *(f"{who},{who},y" for who in range(20))]))
    net = registry.parse_recipe({"name": "a", "model": "TCN", "data": {"series": "who"}, "net": {"dilations": [1]}}).net
    with pytest.raises(InputError, match=words):
        read(Data(series="who", targets=["kind"]), net, tmp_path, "train")


@pytest.mark.parametrize("task", ["classify", "regress"])
@pytest.mark.parametrize("pooling", ["none", "last"])
@pytest.mark.parametrize("rows", [slice(2, 4), slice(3, 4), slice(0, 4), slice(1, 2)])
def test_faults_empty_rows_of_whole_series_are_no_future(tmp_path, task, pooling, rows):
    cells = ["1", "2", "3", "4"]
    cells[rows] = [""] * len(cells[rows])
    lines = ["who,x,told", *(f"{who},{x},{who % 2}" for who in range(20) for x in (cells if who == 3 else "1234"))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    data = Data(series="who", targets=["told"], features=["x"])
    net = {"task": task, "pooling": pooling, "dilations": [1]}
    net = registry.parse_recipe({"name": "a", "model": "TCN", "data": {"series": "who"}, "net": net}).net
    words = f"line {2 + 3 * 4 + rows.start}, column x: is empty; fill it, or leave the row out"
    with pytest.raises(InputError, match=words):
        read(data, net, tmp_path, "train")
    model = tiny_tcn(2, task=task, pooling=pooling, columns=["x"], data=vars(data))
    with pytest.raises(InputError, match=words):
        predict_file(model, tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (0.0, ""),
        (1e5, ""),
        (2e7, r"column sold: differs by 17 around 2.000003e\+07, .* take 2e\+07 off it"),
        (1e9, "take 1e.09"),
    ],
)
def test_faults_what_numbers_of_32_bits_do_not_keep(tmp_path, offset, words):
    rows = [f"2024-01-01 {n // 60:02}:{n % 60:02},{offset + 1.37 * n}" for n in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["date,sold", *rows]))
    given = Data(time="date", targets=["sold"], window=5)
    if not words:
        assert read(given, recipe(known=[]).net, tmp_path, "train").settings["target_scale"][0] > 10
        return
    with pytest.raises(InputError, match=words):
        read(given, recipe(known=[]).net, tmp_path, "train")


def test_faults_the_ends_of_shorter_series_are_no_values(tmp_path):
    rows = [f"{who},{step},{100 + (who + step) % 2}" for who in range(20) for step in range(2 + 9 * (who % 2))]
    (tmp_path / "a.csv").write_text("\n".join(["who,x,told", *rows]))
    net = {"task": "regress", "pooling": "none", "dilations": [1]}
    net = registry.parse_recipe({"name": "a", "model": "TCN", "data": {"series": "who"}, "net": net}).net
    settings = read(Data(series="who", targets=["told"]), net, tmp_path, "train").settings
    assert settings["target_mean"][0] == pytest.approx(100.5, abs=0.1)
    assert settings["target_scale"][0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("step", ["daily", "0 days", "1.5 days"])
def test_faults_of_the_key_step(step):
    with pytest.raises(InputError, match=r'data.step: must be such as "1 day"'):
        recipe(step=step)
    with pytest.raises(InputError, match=r"data.step: is between times; name their column by data.time"):
        recipe(step="1 day", time="")
