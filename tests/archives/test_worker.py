"""What a worker does, without Ray: like records together, bad ones named, shards whole or made again."""

import json
import os

import pytest

from dilatednets.archives import inputs, shards, worker
from dilatednets.errors import InputError


class Mapper:
    """Doubles numbers; some are bad, and some spoil the batch that they are in."""

    FIELD, SUFFIXES, ALSO, AT_ONCE = "text", (), (), 3

    def __init__(self, handle: str, factor: int = 2) -> None:
        self.factor, self.batches = factor, []

    def read(self, record):
        return int(record["text"])

    def size(self, item):
        return item

    def answer(self, items):
        self.batches.append(items)
        if 13 in items:
            raise InputError("13: brings bad luck")
        if 0 in items:
            1 / 0  # noqa: B018
        return [{"number": item * self.factor} for item in items]

    def example(self):
        return {"number": 0}


def test_like_records_are_answered_together_and_bad_ones_alone():
    mapper = Mapper("")
    texts = ["7", "x", "1", "13", "5", "3", "0"]
    pairs = [(f"a:{n}", {"text": text}) for n, text in enumerate(texts)] + [("a:9", InputError("not UTF-8"))]
    rows, failed = worker.answers(mapper, pairs)
    assert rows == [{"key": f"a:{n}", "number": 2 * int(texts[n])} for n in (0, 2, 4, 5)]
    assert [key for key, _ in failed] == ["a:1", "a:3", "a:6", "a:9"]
    assert (
        "invalid literal" in failed[0][1] and failed[1][1] == "13: brings bad luck" and "ZeroDivision" in failed[2][1]
    )
    assert mapper.batches[0] == [0, 1, 3] and [5, 7, 13] in mapper.batches


def test_settings_are_checked_by_name_and_kind_faults():
    assert worker.checked_settings(Mapper, {"factor": 3}) == {"factor": 3}
    for settings, words in (({"facter": 3}, "did you mean factor"), ({"factor": "x"}, "factor: must be an integer")):
        with pytest.raises(InputError, match=words):
            worker.checked_settings(Mapper, settings)


def test_a_model_that_is_another_here_is_refused_faults():
    with pytest.raises(InputError, match="is another model on"):
        worker.load({"name": "wavenet_digits", "model.weights.h5": "0"}, {})


@pytest.fixture
def part(tmp_path):
    (tmp_path / "a.txt").write_text("1\n2\n13\n")
    (found,) = inputs.parts(inputs.sources([tmp_path / "a.txt"], Mapper, tmp_path), 1000)[:1]
    return found._replace(slices=[found.slices[0]._replace(stop=7, records=3)])


def test_a_shard_is_whole_or_made_again(part, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    schema = shards.schema_of(Mapper("").example())
    rows, failed = worker.answers(Mapper(""), inputs.records(part, "text"))
    assert shards.failures(tmp_path, part, "run") is None
    shards.write(tmp_path, part, "run", rows, failed, schema)
    path = shards.path_of(tmp_path, part.number)
    assert parquet.read_table(path).to_pylist() == [{"key": "a.txt:1", "number": 2}, {"key": "a.txt:2", "number": 4}]
    assert shards.failures(tmp_path, part, "run") == [["a.txt:3", "13: brings bad luck"]]
    assert shards.failures(tmp_path, part, "other") is None
    assert shards.failures(tmp_path, part._replace(slices=part.slices * 2), "run") is None
    whole = path.read_bytes()
    for cut in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert shards.failures(tmp_path, part, "run") is None


def test_an_empty_shard_has_the_same_columns(part, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    schema = shards.schema_of(Mapper("").example())
    shards.write(tmp_path, part, "run", [], [["a", "b"]] * 3, schema)
    assert parquet.read_table(shards.path_of(tmp_path, 0)).schema.equals(schema)


def test_a_part_that_kills_its_workers_ends_the_run_faults(part, tmp_path):
    one = object.__new__(worker.Worker)
    one.output, one.how, one.stamp, one.refusal, one.mapper = tmp_path, {}, "", "", Mapper("")
    assert [shards.begun(tmp_path, 0) for _ in range(worker.MOST_DEATHS)] == [*range(worker.MOST_DEATHS)]
    assert "its 3 records, from a.txt:1 on, have killed 10 workers" in one.make(part)["refusal"]
    shards.remove_halves(tmp_path)
    assert shards.begun(tmp_path, 0) == 0
    shards.ended(tmp_path, 0)
    assert not list((tmp_path / shards.FOLDER).iterdir())


@pytest.mark.parametrize("whole", [False, True])
def test_names_that_are_not_utf_8_stop_nothing_faults(tmp_path, whole):
    parquet = pytest.importorskip("pyarrow.parquet")
    for name, text in ((b"a.txt", "5"), (b"caf\xe9.txt", "7"), (b"\xff.txt", "13")):
        (tmp_path / os.fsdecode(name)).write_text(text)
    found = inputs.sources([tmp_path], Mapper, tmp_path / "out", whole)
    inputs.fingerprint(found)
    if whole:
        found[-1].path.unlink()  # so that the error names the file
    end = "" if whole else ":1"
    slices = [inputs.Slice("file" if whole else "text", str(one.path), one.name, 0, 2, 1, 1) for one in found]
    part = inputs.Part.from_json(inputs.Part(0, slices).as_json())
    rows, failed = worker.answers(Mapper(""), inputs.records(part, "text"))
    shards.write(tmp_path, part, "run", rows, failed, shards.schema_of(Mapper("").example()))
    keys = parquet.read_table(shards.path_of(tmp_path, 0))["key"].to_pylist()
    assert keys == [f"a.txt{end}", f"caf\\udce9.txt{end}"]
    shards.write_failed(tmp_path, shards.failures(tmp_path, part, "run"))
    line = json.loads((tmp_path / shards.FAILED).read_text())
    assert line["key"] == f"\\udcff.txt{end}" and ("\\udcff.txt: cannot be read" in line["error"]) == whole


def test_failed_records_stand_in_lines(tmp_path):
    shards.write_failed(tmp_path, [("ä.png", "is none")])
    assert json.loads((tmp_path / shards.FAILED).read_text()) == {"key": "ä.png", "error": "is none"}
    shards.write_failed(tmp_path, [])
    assert not (tmp_path / shards.FAILED).exists()


def test_a_machine_without_ray_names_the_extra_faults(tmp_path, monkeypatch):
    from dilatednets.archives import on_ray

    (tmp_path / "a.txt").write_text("It works.")
    monkeypatch.setattr(on_ray.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'dilatednets\[ray\]'"):
        on_ray._check_installed()


def test_bytes_of_hugging_face_are_unwrapped_in_data_sets_faults():
    from dilatednets.archives import on_ray

    rows = object.__new__(on_ray.Rows)
    rows.mapper, rows.column = Mapper(""), "picture"
    for held, content in (({"bytes": b"1", "path": "a"}, b"1"), ({"bytes": None, "path": "a"}, "a"), ("b", "b")):
        assert rows._record({"picture": held})["text"] == content
    assert "has no 'picture'" in str(rows._record({"picture": {"bytes": None, "path": None}}))
