"""Runs by recipes: from each reader to a preset that predicts, and what is refused."""

import datetime
import json
from contextlib import nullcontext

import numpy as np
import pytest

from dilatednets import registry
from dilatednets.cli.main import main
from dilatednets.data.audio import write_wav
from dilatednets.errors import InputError, Note
from dilatednets.training.epoch_end import EpochEnd
from dilatednets.zoo.tcn.examples import read
from dilatednets.zoo.tcn.model import TCN
from dilatednets.zoo.tcn.recipe import Data
from dilatednets.zoo.tcn.training import Task, build_model

SMALL = {"dilations": [1, 2], "channels": 8, "dropout": 0.0}
DAYS = 160


def recipe(net, data, **training):
    training = {"epochs": 3, "learning_rate": 0.02, "batch_size": 16, **training}
    content = {"name": "small", "model": "TCN", "data": data, "net": {**SMALL, **net}, "training": training}
    return registry.parse_recipe(content)


def sales(path, days=DAYS, future=0, shops=("",), change=lambda row: row):
    """Every week the same, and more on days of promotion; `future` days at the end say the promotion alone."""
    rows = ["date,shop,sold,promotion"]
    for number, shop in enumerate(shops):
        for day in range(days + future):
            promotion = int(day % 11 == 5)
            sold = 100 * (number + 1) + 20 * np.sin(day * 2 * np.pi / 7) + 15 * promotion
            date = datetime.date(2024, 1, 1) + datetime.timedelta(days=day)
            rows.append(f"{date},{shop},{f'{sold:.3f}' if day < days else ''},{promotion}")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(map(change, rows)) + "\n")
    return path.parent


FORECAST = {"task": "forecast", "horizon": 7}
COLUMNS = {"time": "date", "targets": ["sold"], "features": ["sold"], "known": ["promotion"], "window": 14}


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory):
    """A run of the command that was stopped after an epoch and resumed, its recipe and its data."""
    folder = tmp_path_factory.mktemp("forecast")
    sales(folder / "data" / "sales.csv")
    (folder / "recipe.toml").write_text(
        'name = "sales"\nmodel = "TCN"\n[data]\ntime = "date"\ntargets = ["sold"]\nfeatures = ["sold"]\n'
        'known = ["promotion"]\nwindow = 14\n[net]\ntask = "forecast"\nhorizon = 7\nquantiles = [0.1, 0.5, 0.9]\n'
        "dilations = [1, 2]\nchannels = 8\ndropout = 0.0\n[training]\nepochs = 5\nlearning_rate = 0.02\n"
    )
    arguments = ["train", str(folder / "recipe.toml"), "--data-dir", str(folder / "data"), "--output"]
    whole = EpochEnd.on_epoch_end

    def stop(self, epoch, logs=None):
        whole(self, epoch, logs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochEnd, "on_epoch_end", stop)
        assert main([*arguments, str(folder / "run")]) == 130
    assert main([*arguments, str(folder / "run"), "--resume"]) == 0
    return folder


@pytest.mark.slow
def test_a_stopped_run_ends_as_one_that_was_not(forecaster):
    arguments = ["train", str(forecaster / "recipe.toml"), "--data-dir", str(forecaster / "data"), "--output"]
    assert main([*arguments, str(forecaster / "whole")]) == 0
    stopped, whole = (registry.from_preset(forecaster / run / "last").get_weights() for run in ("run", "whole"))
    for one, other in zip(stopped, whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_forecasts_better_than_the_last_value(forecaster, capsys):
    best = str(forecaster / "run" / "best")
    assert main(["evaluate", best, "--data-dir", str(forecaster / "data"), "--split", "test", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["scaled_error"] < 0.8 * figures["last_value_scaled_error"]
    assert set(figures["absolute_error"]) == {"sold"} and 0 <= figures["coverage"] <= 1


def test_scales_and_columns_are_stored_in_the_preset(forecaster):
    model = TCN.from_preset(forecaster / "run" / "best")
    sold = np.loadtxt(forecaster / "data" / "sales.csv", delimiter=",", skiprows=1, usecols=2)
    assert model.columns == ("sold", "promotion") and model.labels == ("sold",) and model.known == ("promotion",)
    trained_on = sold[: round(DAYS * 0.7)]
    assert model.target_mean == pytest.approx([trained_on.mean()], rel=1e-4)
    assert model.scale[0] == pytest.approx(trained_on.std(), rel=1e-4)
    assert model.data["window"] == 14


def test_the_card_and_the_picture(forecaster, capsys):
    best = forecaster / "run" / "best"
    assert main(["describe", str(best), "--plot", str(forecaster / "field.png")]) == 0
    assert "forecast: sold; 7 steps, quantiles 0.1 0.5 0.9; causal" in capsys.readouterr().out
    assert "| Task | forecast |" in (best / "README.md").read_text()


def windows(folder, which, **changes):
    return read(Data(**{**COLUMNS, **changes}), recipe(FORECAST, dict(COLUMNS)).net, folder, which)


def test_windows_are_cut_at_times_without_overlap_of_what_is_forecast(tmp_path):
    folder = sales(tmp_path / "data" / "sales.csv")
    sold = np.loadtxt(folder / "sales.csv", delimiter=",", skiprows=1, usecols=2).astype(np.float32)
    promotion = np.loadtxt(folder / "sales.csv", delimiter=",", skiprows=1, usecols=3).astype(np.float32)
    limits = {"train": (14, 112), "validation": (112, 136), "test": (136, 160)}
    for split, (first, last) in limits.items():
        found = windows(folder, split)
        assert len(found) == last - first - 6
        inputs, y = found.take(np.array([0, len(found) - 1]))
        for place, start in enumerate((first, last - 7)):
            np.testing.assert_array_equal(inputs["sequence"][place, :, 0], sold[start - 14 : start])
            np.testing.assert_array_equal(inputs["known"][place, :, 0], promotion[start : start + 7])
            np.testing.assert_array_equal(y[place, :, 0], sold[start : start + 7])
        np.testing.assert_array_equal(found.naive(np.array([0]))[0, :, 0], np.repeat(sold[first - 1], 7))


@pytest.mark.parametrize("filters", [0, 3])
def test_a_window_is_as_long_as_the_net_sees(tmp_path, filters):
    folder = sales(tmp_path / "data" / "sales.csv")
    data = {**COLUMNS, "window": 0}
    model, _ = build_model(recipe({**FORECAST, "filters": filters, "frame": 2}, data), folder)
    assert model.data["window"] == model.receptive_field == (28 if filters else 26)


def test_windows_never_cross_from_one_series_to_the_next(tmp_path):
    folder = sales(tmp_path / "data" / "sales.csv", shops=("a", "b", "c", "d"))
    for split, shops in (("train", 2), ("validation", 1), ("test", 1)):
        found = windows(folder, split, series="shop", split="series")
        inputs, y = found.take(np.arange(len(found)))
        assert len(found) == shops * (DAYS - 14 - 7 + 1)
        assert np.ptp(inputs["sequence"][..., 0], axis=1).max() < 60 and np.ptp(y, axis=1).max() < 60


@pytest.mark.parametrize("split", ["time", "series"])
def test_faults_series_that_are_too_short_leave_the_others(tmp_path, split):
    folder = sales(tmp_path / "data" / "sales.csv", shops=("a", "b", "c", "d"))
    wanted = {one: windows(folder, one, series="shop", split=split) for one in ("train", "validation", "test")}
    rows = [
        f"2024-01-{day:02},{shop},5,0\n" for shop, days in (("new", 1), ("short", 20)) for day in range(1, days + 1)
    ]
    with (folder / "sales.csv").open("a") as file:
        file.write("\n" + "".join(rows))
    for one, before in wanted.items():
        with pytest.warns(Note, match="the 7 after it: series 'new', 'short'$") if one == "train" else nullcontext():
            found = windows(folder, one, series="shop", split=split)
        np.testing.assert_equal(found.take(np.arange(len(found))), before.take(np.arange(len(before))))
        assert len(found) == len(before)
    header = (folder / "sales.csv").read_text().splitlines()[0]
    (folder / "sales.csv").write_text("\n".join([header, *rows]).replace("\n\n", "\n"))
    with pytest.raises(
        InputError, match="series 'new' has 1 rows, fewer than a window of 14 and the 7 after it; lower"
    ):
        windows(folder, "train", series="shop", split=split)


@pytest.mark.parametrize(
    ("change", "data", "words"),
    [
        ({}, {"targets": ["solt"]}, r"has no column 'solt' \(data.targets\); did you mean 'sold'"),
        ({}, {"time": "day"}, r"has no column 'day' \(data.time\); did you mean 'date'"),
        (
            {},
            {"targets": [], "features": []},
            "data.targets: say which column is to be told, one or more of shop, sold",
        ),
        ({}, {"features": []}, "column shop: 'x' is no number; give a number, or leave the column out"),
        ({}, {"window": 170}, "it has 160 rows, fewer than a window of 170 and the 7 after it"),
        ({}, {"validation": 0.001}, "too few for the shares"),
        ({}, {"validation": 0.01}, "split validation: no 7 steps to forecast"),
        ({}, {"split": "series", "series": "shop"}, "series: holds 1, too few"),
        ({"2024-03-01": "2024-02-01"}, {}, "line 62, column date: 2024-02-01 comes after 2024-02-29"),
        ({"2024-03-01": "2024-02-29"}, {}, "line 62, column date: 2024-02-29 comes twice"),
    ],
)
def test_faults_of_tables(tmp_path, change, data, words):
    def changed(row):
        for before, after in change.items():
            row = row.replace(before, after)
        return row

    folder = sales(tmp_path / "data" / "sales.csv", shops=("x",), change=changed)
    with pytest.raises(InputError, match=words):
        Task(recipe(FORECAST, {**COLUMNS, **data}), folder)


def test_faults_of_cells(tmp_path):
    def constant(row):
        date, shop, sold, promotion = row.split(",")
        return ",".join([date, shop, "5" if sold != "sold" else sold, promotion])

    folder = sales(tmp_path / "data" / "sales.csv", change=constant)
    with pytest.raises(InputError, match="column sold: is 5 in all rows to train on; leave it out"):
        Task(recipe(FORECAST, dict(COLUMNS)), folder)
    (folder / "sales.csv").write_text("date,sold,promotion\n2024-01-01,1,0\n2024-01-02,,0\n2024-01-03,2,0\n")
    with pytest.raises(InputError, match="line 3, column sold: is empty; fill it"):
        Task(recipe(FORECAST, dict(COLUMNS)), folder)


def test_a_horizon_of_0_is_refused():
    with pytest.raises(InputError, match=r"net.horizon: must be above 0"):
        recipe({"task": "forecast", "horizon": 0}, dict(COLUMNS))


def machines(path, pooling="last"):
    """Twelve series, each of a machine whose hum is fast or slow; of two lengths."""
    rows = ["machine,time,hum,state,speed"]
    for number in range(12):
        state, speed = ("fast", 1.2) if number % 2 else ("slow", 0.3)
        for step in range(30 - 5 * (number % 3 == 0)):
            rows.append(f"m{number},{step},{np.sin(speed * step + number):.4f},{state},{speed}")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path.parent


OF_MACHINES = {"time": "time", "series": "machine", "targets": ["state"], "features": ["hum"]}


@pytest.mark.parametrize("pooling", ["last", "none"])
def test_series_are_classified(tmp_path, pooling):
    folder = machines(tmp_path / "data" / "machines.csv")
    task = Task(recipe({"pooling": pooling, "dilations": [1, 2, 4, 8]}, dict(OF_MACHINES)), folder)
    assert task.net.labels == ("fast", "slow") and task.net.columns == ("hum",)
    inputs, y = task.examples.take(np.arange(len(task.examples)))
    assert len(y) == 8 and y.shape == ((8,) if pooling == "last" else (8, 30))
    assert sorted(set(inputs["lengths"].tolist())) == [25, 30]
    assert 0 <= task.evaluate(task.net)["accuracy"] <= 1


def test_steps_that_the_last_one_does_not_see_are_told_of(tmp_path):
    """Most series have 30; who answers at each step, or by the mean of all, sees them all."""
    folder = machines(tmp_path / "data" / "machines.csv")
    says = r"net.dilations: the net sees the last 13 steps, and most sequences have 30; set it to \[1, 2, 4, 8\] to see all"
    with pytest.warns(Note, match=says):
        Task(recipe({}, dict(OF_MACHINES)), folder)
    Task(recipe({"pooling": "mean"}, dict(OF_MACHINES)), folder)  # warnings are errors
    sales(tmp_path / "sales" / "sales.csv")
    says = r"the net sees the last 13 steps, and windows \(data.window\) have 30; set it to \[1, 2, 4, 8\]"
    with pytest.warns(Note, match=says):
        Task(recipe(FORECAST, {**COLUMNS, "window": 30}), tmp_path / "sales")


def test_series_have_values(tmp_path):
    folder = machines(tmp_path / "data" / "machines.csv")
    task = Task(recipe({"task": "regress", "pooling": "mean"}, {**OF_MACHINES, "targets": ["speed"]}), folder)
    _, y = task.examples.take(np.arange(8))
    assert {round(speed, 3) for speed in y.ravel().tolist()} == {0.3, 1.2}
    assert task.net.target_mean[0] == pytest.approx(y.mean())
    assert task.evaluate(task.net)["scaled_error"] > 0


@pytest.mark.parametrize(
    ("before", "after", "data", "words"),
    [
        ("m1,20,", "m1,20,", {"series": ""}, "data.series: say which column tells the series apart"),
        ("m1,20,", "m1,20,", {"targets": ["state", "speed"]}, "data.targets: give one column of labels"),
        (",slow,", ",fast,", {"targets": ["hum"], "features": []}, "column state: 'fast' is no number"),
    ],
)
def test_faults_of_whole_series(tmp_path, before, after, data, words):
    folder = machines(tmp_path / "data" / "machines.csv")
    text = (folder / "machines.csv").read_text()
    (folder / "machines.csv").write_text(text.replace(before, after))
    with pytest.raises(InputError, match=words):
        Task(recipe({}, {**OF_MACHINES, **data}), folder)


def test_faults_of_labels(tmp_path):
    folder = machines(tmp_path / "data" / "machines.csv")
    lines = (folder / "machines.csv").read_text().splitlines()
    changed = [line.replace("slow", "odd") if line.startswith("m0,7,") else line for line in lines]
    (folder / "machines.csv").write_text("\n".join(changed))
    with pytest.raises(InputError, match=r"line 9: state differs within series 'm0'; set net.pooling to none"):
        Task(recipe({}, dict(OF_MACHINES)), folder)
    task_labels = [f"{line.split(',')[0]}x" for line in lines[1:]]
    own = [",".join([*line.split(",")[:3], label, "1"]) for line, label in zip(lines[1:], task_labels, strict=True)]
    (folder / "machines.csv").write_text("\n".join([lines[0], *own]))
    with pytest.raises(InputError, match=r"label 'm[0-9]+x' is none of those trained on"):
        Task(recipe({}, dict(OF_MACHINES)), folder)


@pytest.mark.slow
def test_recordings_by_label(tmp_path, capsys):
    for label, pitch in (("high", 1.0), ("low", 0.1)):
        for number in range(10):
            write_wav(
                tmp_path / "data" / label / f"{number}.wav", 0.5 * np.sin(pitch * np.arange(800 + 16 * number)), 8000
            )
    made = recipe({"frame": 16, "pooling": "mean"}, {"reader": "audio_folder"}, epochs=6, batch_size=4)
    best = registry.train(made, tmp_path / "data", tmp_path / "run")
    model = TCN.from_preset(best)
    assert model.labels == ("high", "low") and model.evaluate_on(tmp_path / "data", "test")["accuracy"] == 1
    assert main(["predict", str(best), str(tmp_path / "data" / "low" / "1.wav")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1.wav,low,")
    more = {"name": "more", "init": str(best), "data": {"reader": "audio_folder", "sample_rate": 16000}}
    with pytest.raises(InputError, match=r"data.sample_rate: .*best hears 8000 Hz, not 16000; set it to 8000"):
        Task(registry.parse_recipe(more), tmp_path / "data")


def test_a_run_goes_on_from_a_preset(forecaster):
    net = {"horizon": 7, "quantiles": [0.1, 0.5, 0.9], "dropout": 0.1}
    content = {"name": "more", "init": str(forecaster / "run" / "best"), "data": {**COLUMNS, "window": 13}, "net": net}
    task = Task(registry.parse_recipe(content), forecaster / "data")
    assert task.net.dropout == 0.1 and task.net.dilations == (1, 2)
    own = TCN.from_preset(forecaster / "run" / "best").get_weights()
    for weight, trained in zip(task.net.get_weights(), own, strict=True):
        np.testing.assert_array_equal(weight, trained)


@pytest.mark.parametrize(
    ("net", "data", "words"),
    [
        ({"task": "next"}, {}, "net.task: what comes next is learnt from arrays"),
        ({"task": "regress"}, {"reader": "audio_folder"}, "net.task: recordings in folders are classified"),
        ({"task": "forecast", "pooling": "none"}, {}, "net.pooling: a window has one forecast"),
        ({}, {"window": 5}, "data.window: has no effect, since it is for forecasts"),
        ({}, {"reader": "arrays", "time": "t"}, "data.time: has no effect, since it is for tables"),
        ({}, {"validation": 0.5, "test": 0.5}, "data.test: leaves nothing to train on"),
        ({}, {"targets": "sold"}, "data.targets: must be a list"),
        ({"kernel": 3}, {}, "unknown key net.kernel; did you mean net.kernel_size"),
    ],
)
def test_faults_of_recipes(net, data, words):
    with pytest.raises(InputError, match=words):
        recipe(net, data)
