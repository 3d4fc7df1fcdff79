"""Columns of answers: each has a name of its own, or the model is refused before it is trained."""

import csv
import io

import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets import registry
from dilatednets.errors import InputError
from dilatednets.zoo.tcn.listening import rows as heard
from dilatednets.zoo.tcn.prediction import predict_file
from dilatednets.zoo.tcn.rows import example_rows, rows_of
from dilatednets.zoo.tcn.training import build_model
from dilatednets.zoo.tcn.verb import as_csv

FORECAST = {"task": "forecast", "horizon": 2}
TABLE = {"reader": "csv", "targets": ["sold"], "features": ["sold"], "window": 3}


def zeros(model, frames=9):
    return rows_of(model, model.answer(np.zeros((1, frames, 1))), ["one.wav"])


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"labels": ["label", "b", "c"]}, "label"),
        ({"labels": ["a", "sequence", "c"]}, "sequence"),
        ({"labels": ["a", "step", "c"], "pooling": "none"}, "step"),
        ({"labels": ["sequence", "b", "c"], "task": "regress"}, "sequence"),
        ({"labels": ["sequence", "b", "c"], "multi_label": True}, "sequence"),
    ],
)
def test_faults_two_columns_of_one_name(settings, name):
    model = tiny_tcn(**settings)
    for call in (example_rows, zeros):
        with pytest.raises(InputError, match=f"two columns of the answers would be named '{name}'; give the class"):
            call(model)


@pytest.mark.parametrize(
    ("settings", "columns"),
    [
        ({"labels": ["seconds", "step", "sequence_"]}, ["sequence", "label", "seconds", "step", "sequence_"]),
        ({"labels": ["label", "b", "c"], "multi_label": True}, ["sequence", "label", "b", "c"]),
        ({"labels": ["label", "step", "c"], "task": "regress"}, ["sequence", "label", "step", "c"]),
        (
            {**FORECAST, "outputs": 2, "labels": ["sequence", "x"]},
            ["sequence", "sequence+1", "x+1", "sequence+2", "x+2"],
        ),
        (
            {**FORECAST, "outputs": 1, "horizon": 1, "quantiles": (0.5, 0.5000001), "labels": ["x"]},
            ["sequence", "x_0.5+1", "x_0.5000001+1"],
        ),
    ],
)
def test_names_that_do_not_collide_stay(settings, columns):
    model = tiny_tcn(**{"outputs": 3, **settings})
    [row] = zeros(model)
    assert sorted(row) == sorted(columns) and list(example_rows(model)[0]) == list(row)


def test_faults_forecasts_keep_the_number_of_the_step(tmp_path):
    (tmp_path / "a.csv").write_text("\n".join(["sold", *"12345"]))
    for target, time, series in (("step", "", ""), ("sold", "sold", ""), ("a", "t", "a")):
        model = tiny_tcn(1, **FORECAST, labels=[target], data={**TABLE, "time": time, "series": series})
        with pytest.raises(InputError, match=f"two columns of the answers would be named '{target}'"):
            example_rows(model)
    model = tiny_tcn(1, **FORECAST, quantiles=(0.5, 0.5000001), columns=["sold"], labels=["sold"], data=TABLE)
    rows, _ = predict_file(model, tmp_path / "a.csv")
    assert list(csv.DictReader(io.StringIO(as_csv(rows))))[1]["step"] == "6"
    assert list(rows[0]) == list(example_rows(model)[0]) == ["step", "sold_0.5", "sold_0.5000001"]


def test_faults_what_is_heard_keeps_its_time():
    data = {"reader": "audio_folder", "sample_rate": 8000}
    model = tiny_tcn(3, multi_label=True, pooling="none", labels=["a", "seconds", "c"], data=data)
    with pytest.raises(InputError, match="two columns of the answers would be named 'seconds'"):
        next(heard(model, np.zeros(8, np.float32)))


@pytest.mark.parametrize(
    ("header", "net", "data", "name"),
    [
        ("who,x,kind", {}, {"series": "who", "targets": ["kind"]}, "label"),
        ("who,x,step", {"task": "regress", "pooling": "none"}, {"series": "who", "targets": ["step"]}, "step"),
        ("step", {**FORECAST}, {"targets": ["step"], "window": 3}, "step"),
    ],
)
def test_faults_names_of_columns_are_refused_before_the_training(tmp_path, header, net, data, name):
    rows = [
        (who, number, ("label", "b")[who % 2] if name == "label" else who) for who in range(20) for number in range(4)
    ]
    lines = [",".join(map(str, row[-header.count(",") - 1 :] if "," in header else row[:1])) for row in rows]
    (tmp_path / "a.csv").write_text("\n".join([header, *lines]))
    recipe = {"name": "a", "model": "TCN", "data": data, "net": {"dilations": [1], "channels": 4, **net}}
    with pytest.raises(InputError, match=f"data: two columns of the answers would be named '{name}'"):
        build_model(registry.parse_recipe(recipe), tmp_path)
