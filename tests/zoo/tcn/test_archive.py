"""Archives of sequences, tables and recordings: what the command `predict` answers, in columns of one type."""

import os

import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets import registry
from dilatednets.archives import worker
from dilatednets.data.audio import write_audio
from dilatednets.zoo.tcn import archive
from dilatednets.zoo.tcn.prediction import predict_file
from dilatednets.zoo.tcn.verb import as_csv


def types_of(row):
    return {name: type(value) for name, value in row.items()}


@pytest.fixture
def mapper_of(monkeypatch):
    def made(model):
        monkeypatch.setattr(registry, "from_preset", lambda handle, kind: model)
        return archive.Mapper("tiny")

    return made


@pytest.mark.parametrize(
    "settings",
    [
        {"labels": ["low", "middle", "high"]},
        {"pooling": "none"},
        {"multi_label": True},
        {"task": "regress"},
        {"task": "forecast", "horizon": 2, "quantiles": (0.1, 0.9)},
        {"task": "next", "vocabulary": 3},
    ],
)
def test_sequences_of_one_length_are_answered_together_as_alone(mapper_of, settings):
    mapper = mapper_of(tiny_tcn(**settings))
    pairs = [(str(n), {"sequence": [n % 3, 1, 2] * (1 + n % 2)}) for n in range(4)]
    rows, failed = worker.answers(mapper, pairs)
    assert not failed
    for row, (_, record) in zip(rows, pairs, strict=True):
        (alone,), _ = worker.answers(mapper, [("a", record)])
        assert [one.keys() for one in row["answer"]] == [one.keys() for one in alone["answer"]]
        for one, other in zip(row["answer"], alone["answer"], strict=True):
            assert types_of(one) == types_of(other) == types_of(mapper.example()["answer"][0])
            numbers = [name for name, kind in types_of(one).items() if kind is float]
            np.testing.assert_allclose([one[name] for name in numbers], [other[name] for name in numbers], atol=2e-6)


def test_bad_sequences_are_named_faults(mapper_of):
    mapper = mapper_of(tiny_tcn())
    bad = ["nowhere.wav", [], [[1], [1, 2]], ["a"], 5, [float("nan")], [[1.0, 2.0]]]
    rows, failed = worker.answers(mapper, [(str(n), {"sequence": one}) for n, one in enumerate(bad)])
    assert not rows and [key for key, _ in failed] == [str(n) for n in range(len(bad))]
    assert all("sequence" in error or "no such file" in error for _, error in failed)


@pytest.mark.parametrize("tokens", [[1.7, 0.0], ["1", "2"], [True, False], [3], [-1], [2**40]])
def test_what_are_no_tokens_is_named_faults(mapper_of, tokens):
    rows, [(_, error)] = worker.answers(mapper_of(tiny_tcn(task="next", vocabulary=3)), [("a", {"sequence": tokens})])
    assert not rows and "sequence: must" in error


def test_recordings_give_the_command_s_csv(mapper_of, tmp_path, rng):
    data = {"reader": "audio_folder", "sample_rate": 8000}
    model = tiny_tcn(2, labels=("cat", "dog"), data=data)
    write_audio(tmp_path / "a.wav", rng.uniform(-0.5, 0.5, 400), 8000)
    mapper = mapper_of(model)
    (row,), _ = worker.answers(mapper, [("a.wav", {"sequence": str(tmp_path / "a.wav")})])
    assert mapper.as_file(row["answer"]).decode() == as_csv(predict_file(model, tmp_path / "a.wav")[0])
    assert types_of(row["answer"][0]) == types_of(mapper.example()["answer"][0])


def test_names_that_are_not_utf_8_can_be_written_faults(mapper_of, tmp_path, rng):
    model = tiny_tcn(2, labels=("cat", "dog"), data={"reader": "audio_folder", "sample_rate": 8000})
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    write_audio(path, rng.uniform(-0.5, 0.5, 400), 8000)
    mapper = mapper_of(model)
    (row,), _ = worker.answers(mapper, [("a", {"sequence": str(path)})])
    assert row["answer"][0]["sequence"] == "caf\\udce9.wav" and b"caf\\udce9.wav" in mapper.as_file(row["answer"])


@pytest.mark.parametrize("settings", [{}, {"pooling": "none", "frame": 80}])
def test_recordings_in_a_table_are_bytes_or_paths_faults(mapper_of, tmp_path, rng, settings):
    model = tiny_tcn(2, labels=("cat", "dog"), data={"reader": "audio_folder", "sample_rate": 8000}, **settings)
    write_audio(tmp_path / "a.flac", rng.uniform(-0.5, 0.5, 1600), 8000)
    content = (tmp_path / "a.flac").read_bytes()
    (one, other), [(_, error)] = worker.answers(
        mapper_of(model),
        [(str(n), {"sequence": x}) for n, x in enumerate((str(tmp_path / "a.flac"), content, content[:999]))],
    )
    for row in (*one["answer"], *other["answer"]):
        row.pop("sequence", None)
    assert one["answer"] == other["answer"] != [] and "truncated" in error


@pytest.mark.slow
def test_answers_of_other_columns_are_not_lost_faults(mapper_of, tmp_path, rng):
    sound = rng.uniform(-0.5, 0.5, 1600).astype(np.float32).round(3)
    model = tiny_tcn(
        2, labels=("cat", "dog"), data={"reader": "audio_folder", "sample_rate": 8000}, pooling="none", frame=80
    )
    np.savez(tmp_path / "a.npz", x=sound[None])
    write_audio(tmp_path / "a.wav", sound, 8000)
    mapper = mapper_of(model)
    given = [str(tmp_path / "a.wav"), sound.tolist(), sound[:, None].tolist(), str(tmp_path / "a.npz")]
    rows, [(_, error)] = worker.answers(mapper, [(str(n), {"sequence": one}) for n, one in enumerate(given)])
    assert [row["answer"][0].keys() for row in rows] == 3 * [mapper.example()["answer"][0].keys()]
    assert all([row["label"] for row in one["answer"]] == [row["label"] for row in rows[0]["answer"]] for one in rows)
    assert (
        "has the columns sequence, step, label, cat, dog, others in this archive seconds, label, probability" in error
    )
    data = {"reader": "csv", "targets": ["sold"], "features": ["sold"], "window": 3}
    forecaster = tiny_tcn(1, task="forecast", horizon=2, columns=("sold",), labels=("sold",), data=data)
    rows, [(_, error)] = worker.answers(mapper_of(forecaster), [("a", {"sequence": [1.0, 2.0, 3.0]})])
    assert not rows and "others in this archive step, sold" in error


def test_tables_give_the_command_s_forecast(mapper_of, tmp_path):
    data = {"reader": "csv", "series": "shop", "targets": ["sold"], "features": ["sold"], "window": 3}
    model = tiny_tcn(1, task="forecast", horizon=2, columns=("sold",), labels=("sold",), data=data)
    (tmp_path / "a.csv").write_text("shop,sold\na,1\na,2\na,3\nb,4\nb,5\nb,6\n")
    mapper = mapper_of(model)
    (row,), _ = worker.answers(mapper, [("a.csv", {"sequence": str(tmp_path / "a.csv")})])
    assert row["answer"] == predict_file(model, tmp_path / "a.csv")[0] and len(row["answer"]) == 4
    assert types_of(row["answer"][0]) == types_of(mapper.example()["answer"][0])
