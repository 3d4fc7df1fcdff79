"""The command `predict`: tables in, tables and pictures out."""

import csv
import io
import json

import numpy as np
import pytest
from helpers import tiny_tcn
from PIL import Image

from dilatednets.cli.main import main
from dilatednets.data import mnist
from dilatednets.errors import InputError
from dilatednets.zoo.tcn.prediction import predict_file

TABLE = {"reader": "csv", "time": "day", "series": "shop", "targets": ["sold"], "features": ["sold", "promotion"]}


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preset") / "forecaster"
    data = {**TABLE, "known": ["promotion"], "window": 6, "step": "1 day"}
    model = tiny_tcn(
        1, task="forecast", horizon=2, quantiles=(0.1, 0.9), columns=("sold", "promotion"), known=("promotion",),
        labels=("sold",), mean=(10, 0), scale=(3, 1), target_mean=(10,), target_scale=(3,), data=data,
    )  # fmt: skip
    model.save_to_preset(folder)
    return model, folder


def table(path, future=2, days=8):
    rows = ["day,shop,sold,promotion"]
    for day in range(1, days + future + 1):
        rows += [
            f"2024-01-{day:02},{shop},{sold + day if day <= days else ''},{day % 2}"
            for shop, sold in (("a", 5), ("b", 9))
        ]
    path.write_text("\n".join(rows))
    return path


def run(*arguments):
    return main([str(one) for one in ("predict", *arguments)])


def test_a_forecast_of_each_series(forecaster, tmp_path, capsys):
    model, preset = forecaster
    file = table(tmp_path / "a.csv")
    assert run(preset, file, "--plot", tmp_path / "a.png") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["shop"], row["day"]) for row in rows] == [
        (shop, day) for shop in "ab" for day in ("2024-01-09", "2024-01-10")
    ]
    sequence = [[[sold + day, day % 2] for day in range(3, 9)] for sold in (5, 9)]
    values = model.answer({"sequence": sequence, "known": [[[1.0], [0.0]]] * 2})["values"]
    said = [[float(row["sold_0.1"]), float(row["sold_0.9"])] for row in rows]
    np.testing.assert_allclose(said, values.reshape(4, 2), rtol=1e-4)
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_faults_a_series_that_cannot_be_forecast_leaves_the_others(forecaster, tmp_path, capsys):
    model, preset = forecaster
    file = table(tmp_path / "a.csv")
    wanted, _ = predict_file(model, file)
    new = "\n2024-01-08,new,5,0\n2024-01-09,new,,1\n2024-01-10,new,,0\n"
    late = "".join(f"2024-01-0{day},late,{day},0\n" for day in range(1, 9)) + "2024-01-09,late,,1\n"
    gap = "".join(f"2024-01-{2 * day:02},gap,{day if day < 9 else ''},0\n" for day in range(1, 11))
    file.write_text(file.read_text() + new + late + gap)
    left_out = []
    rows, forecasts = predict_file(model, file, left_out)
    assert rows == wanted and [one.past.series.name for one in forecasts] == ["a", "b"] and len(left_out) == 3
    with pytest.raises(InputError, match="series 'new' has 1 rows"):
        predict_file(model, file)
    assert run(preset, file, "--output", tmp_path / "out.csv") == 2
    out, err = capsys.readouterr()
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 5 and not out
    for said, words in zip(
        err.splitlines(), ("'new' has 1 rows, the", "'late' has 1 rows after its", "2 days apart"), strict=True
    ):
        assert said.startswith("dilatednets: ") and words in said
    assert run(preset, file, "--json") == 2
    assert len(json.loads(capsys.readouterr().out)["predictions"]) == 4


def test_values_far_from_what_was_learnt_are_noted(forecaster, tmp_path, capsys):
    file = table(tmp_path / "a.csv")
    assert run(forecaster[1], file) == 0
    assert "standard deviations" not in capsys.readouterr().err
    file.write_text(file.read_text().replace("2024-01-08,a,13", "2024-01-08,a,1300"))
    assert run(forecaster[1], file) == 0
    said = capsys.readouterr().err
    assert "column 'sold' lies up to 430 standard deviations" in said and "mean 10, deviation 3" in said
    assert "promotion" not in said
    lines = table(file).read_text().splitlines()
    ahead = [number for number, line in enumerate(lines) if ",," in line]
    lines[ahead[0]] = ",".join([*lines[ahead[0]].split(",")[:-1], "70"])
    file.write_text("\n".join(lines))
    assert run(forecaster[1], file) == 0
    said = capsys.readouterr().err
    assert "column 'promotion' lies up to" in said and said.count("note:") == 1


def test_faults_a_picture_of_a_digit_is_answered_as_on_the_page(tmp_path, capsys):
    model = tiny_tcn(10, labels=tuple("0123456789"), data={"reader": "mnist", "order": "permuted"})
    model.save_to_preset(tmp_path / "net")
    one = np.full((90, 60), 255, np.uint8)
    one[20:70, 25:30] = 0
    Image.fromarray(one).save(tmp_path / "one.png")
    assert run(tmp_path / "net", tmp_path / "one.png") == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    wanted = model.answer(mnist.permuted(mnist.of_picture(one)[None])[..., None])
    assert row["sequence"] == "one.png" and row["label"] == wanted["label"][0]
    np.testing.assert_allclose([float(row[name]) for name in model.labels], wanted["probabilities"][0], atol=1e-5)
    (tmp_path / "two.png").write_bytes(b"no picture")
    assert run(tmp_path / "net", tmp_path / "two.png") == 2
    assert capsys.readouterr().err.startswith("dilatednets: ")


def test_faults_arrays_and_columns_in_other_units_are_noted(forecaster, tmp_path, capsys, rng):
    model = tiny_tcn(features=2, mean=(5, 0), scale=(2, 1))
    model.save_to_preset(tmp_path / "net")
    for change, words in (
        ([1, 1], ""),
        ([1, 1e-3], "'feature 1' varies by 0.1% of what the model has learnt from"),
        ([100, 1], "'feature 0' lies up to"),
        ([1, 0], ""),
    ):
        np.savez(tmp_path / "a.npz", x=rng.normal([5, 0], [2, 1], (9, 30, 2)) * change)
        assert run(tmp_path / "net", tmp_path / "a.npz") == 0
        said = capsys.readouterr().err
        assert words in said and said.count("note:") == bool(words)
    file = table(tmp_path / "a.csv")
    lines = [line.split(",") for line in file.read_text().splitlines()]
    place = lines[0].index("sold")
    for line in lines[1:]:
        line[place] = line[place] and str(float(line[place]) / 1000)
    file.write_text("\n".join(map(",".join, lines)))
    assert run(forecaster[1], file) == 0
    assert "column 'sold' varies by 0." in capsys.readouterr().err


def test_what_fills_shorter_series_is_not_far(tmp_path, capsys):
    data = {"reader": "csv", "series": "shop", "targets": ["kind"], "features": ["sold"]}
    model = tiny_tcn(columns=("sold",), labels=("x", "y", "z"), pooling="last", mean=(1000,), scale=(1,), data=data)
    model.save_to_preset(tmp_path / "net")
    rows = ["shop,sold,kind", *(f"{shop},1001,x" for shop in "aab")]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert run(tmp_path / "net", tmp_path / "a.csv") == 0
    assert "standard deviations" not in capsys.readouterr().err
    (tmp_path / "a.csv").write_text("\n".join([*rows, "b,900,x"]))
    assert run(tmp_path / "net", tmp_path / "a.csv") == 0
    assert "up to 100 standard deviations" in capsys.readouterr().err


def test_faults_many_sequences_are_answered_some_at_a_time(tmp_path, rng, monkeypatch):
    model, sizes = tiny_tcn(labels=("x", "y", "z")), []
    answer = model.answer
    monkeypatch.setattr(model, "answer", lambda given: sizes.append(len(given["sequence"])) or answer(given))
    x, lengths = rng.normal(size=(150, 5, 1)).astype("float32"), rng.integers(1, 6, 150)
    np.savez(tmp_path / "a.npz", x=x, lengths=lengths)
    rows, _ = predict_file(model, tmp_path / "a.npz")
    assert [row["label"] for row in rows] == answer({"sequence": x, "lengths": lengths})["label"].tolist()
    assert sizes == [64, 64, 22]


def test_answers_as_json_and_in_a_file(forecaster, tmp_path, capsys):
    file = table(tmp_path / "a.csv")
    assert run(forecaster[1], file, "--json", "--output", tmp_path / "out.csv") == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert len(rows) == 4 and set(rows[0]) == {"shop", "day", "sold_0.1", "sold_0.9"}
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 5


def test_classes_of_an_archive_a_row_a_sequence_or_a_step(tmp_path, capsys, rng):
    np.savez(tmp_path / "a.npz", x=rng.normal(size=(3, 5)), lengths=[5, 2, 5])
    for pooling, count in (("last", 3), ("none", 12)):
        model = tiny_tcn(labels=("x", "y", "z"), pooling=pooling)
        model.save_to_preset(tmp_path / pooling)
        assert run(tmp_path / pooling, tmp_path / "a.npz") == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert len(rows) == count
        assert all(row["label"] == max("xyz", key=lambda name: float(row[name])) for row in rows)


def test_faults_of_files(forecaster, tmp_path, capsys):
    preset = forecaster[1]
    np.savez(tmp_path / "a.npz", x=np.zeros((1, 9, 5)))
    (tmp_path / "wrong.csv").write_text("day,shop,solt,promotion\n1,a,2,0\n")
    (tmp_path / "text.csv").write_text("day,shop,sold,promotion\n1,a,2,0\n2,a,many,0\n")
    (tmp_path / "a.wav").touch()
    for file, words in (
        (tmp_path / "none.csv", "none.csv: cannot be read"),
        (tmp_path / "wrong.csv", "has no column 'sold'; did you mean 'solt'?"),
        (tmp_path / "text.csv", "line 3, column sold: 'many' is no number"),
        (table(tmp_path / "few.csv", days=4), "series 'a' has 4 rows, the model looks at 6; give more"),
        (
            table(tmp_path / "now.csv", future=1),
            "1 rows after its last value, the forecast needs 2, with promotion alone",
        ),
        (tmp_path / "a.npz", "a.npz: inputs: this model takes sequence and known"),
        (tmp_path / "a.wav", "a.wav: this model was not trained on recordings"),
    ):
        assert run(preset, file) == 2
        said = capsys.readouterr().err.strip()
        assert words in said and "\n" not in said, said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("2024-01-10", "2024-01-12"),
            "line 20, column day: 2024-01-12 does not come 1 day after 2024-01-09; give the",
        ),
        (
            ("2024-01-10", "2030-01-01"),
            "line 20, column day: 2030-01-01 does not come 1 day after 2024-01-09; give the",
        ),
        (
            ("2024-01-", "2024-"),
            "line 6, column day: rows from here on are 1 month apart, the model was trained on 1 day",
        ),
        (("2024-01-", "20"), "line 6, column day: rows from here on are 1 apart, the model was trained on 1 day"),
        (("2024-01-05", ""), "line 10, column day: '' is no time"),
    ],
)
def test_faults_of_times(forecaster, tmp_path, capsys, change, words):
    file = table(tmp_path / "a.csv")
    file.write_text(file.read_text().replace(*change))
    assert run(forecaster[1], file) == 2
    said = capsys.readouterr().err.strip()
    assert words in said and "\n" not in said, said


def test_faults_of_a_gap_matter_where_the_model_looks(forecaster, tmp_path, capsys):
    file = table(tmp_path / "a.csv", days=12)
    lines = file.read_text().splitlines()
    for day, status in (("2024-01-08", 2), ("2024-01-04", 0)):
        file.write_text("\n".join(line for line in lines if day not in line))
        assert run(forecaster[1], file) == status
    assert "2024-01-09 does not come 1 day after 2024-01-07" in capsys.readouterr().err


def test_times_are_written_as_they_were_read(forecaster, tmp_path, capsys):
    file = table(tmp_path / "a.csv")
    file.write_text(file.read_text().replace(",a,", "T12:00+01:00,a,").replace(",b,", "T12:00+01:00,b,"))
    assert run(forecaster[1], file, "--plot", tmp_path / "a.png") == 0
    assert "a,2024-01-09T12:00+01:00," in capsys.readouterr().out


def test_faults_a_target_that_the_model_does_not_read_need_not_be_there(tmp_path, capsys):
    data = {"reader": "csv", "time": "day", "targets": ["sold"], "features": ["temp"], "window": 3, "step": "1 day"}
    tiny_tcn(1, task="forecast", horizon=2, columns=["temp"], labels=["sold"], data=data).save_to_preset(
        tmp_path / "net"
    )
    rows, answers = [f"2024-01-0{day},{day}" for day in range(1, 9)], set()
    tables = {
        "missing": ["day,temp", *rows],
        "empty": ["day,temp,sold", *(f"{row}," for row in rows)],
        "there": ["day,temp,sold", *(f"{row},{row[-1]}" for row in rows)],
        "partly": ["day,temp,sold", *(f"{row},{number if number % 3 else ''}" for number, row in enumerate(rows))],
    }
    for name, lines in tables.items():
        (tmp_path / "a.csv").write_text("\n".join(lines))
        assert run(tmp_path / "net", tmp_path / "a.csv", "--plot", tmp_path / f"{name}.png") == 0
        answers.add(capsys.readouterr().out)
    assert len(answers) == 1 and "2024-01-09," in answers.pop()
    (tmp_path / "a.csv").write_text("\n".join([*tables["there"], "2024-01-09,,9"]))
    assert run(tmp_path / "net", tmp_path / "a.csv") == 2
    assert "line 10, column temp: is empty" in capsys.readouterr().err


def test_faults_files_that_are_there_stay(forecaster, tmp_path, capsys):
    file, link, other = table(tmp_path / "a.csv"), tmp_path / "link.csv", tmp_path / "other.csv"
    link.symlink_to(file)
    other.write_text("kept")
    content = file.read_text()
    for target in (file, link):
        for source in (file, link):
            assert run(forecaster[1], source, "--output", target, "--overwrite") == 2
            assert f"--output: {target}: is the file that is read; choose another name" in capsys.readouterr().err
    assert run(forecaster[1], file, "--output", other) == 2
    assert "is there already; give --overwrite to replace it" in capsys.readouterr().err
    assert file.read_text() == content and other.read_text() == "kept"
    assert run(forecaster[1], file, "--output", other, "--overwrite") == 0
    assert other.read_text().startswith("shop,day,")
    (tmp_path / "a.png").touch()
    assert run(forecaster[1], file, "--plot", tmp_path / "a.png") == 2
    assert "--plot: " in capsys.readouterr().err


def test_faults_of_options(forecaster, tmp_path, capsys):
    file = table(tmp_path / "a.csv")
    tiny_tcn().save_to_preset(tmp_path / "classes")
    for model, options, words in (
        (forecaster[1], ["--output", "a.json"], "--output: a.json: a table is written as .csv"),
        (forecaster[1], ["--plot", "a.gif"], "cannot write a picture as '.gif'"),
        (tmp_path / "classes", ["--plot", tmp_path / "a.png"], "--plot: is for forecasts"),
        ("tcn_chunker_conll2000", [], "is a TCNChunker; this needs a TCN"),
    ):
        assert run(model, file, *options) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()
