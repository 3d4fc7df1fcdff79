"""Archives on workers of this machine: killed, stopped, resumed; every record once, with the answer of the model itself."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import CHECKOUT, tiny_tcn

from dilatednets import files
from dilatednets.archives import shards
from dilatednets.errors import InputError

pytest.importorskip("ray")
parquet = pytest.importorskip("pyarrow.parquet")
pytestmark = [pytest.mark.slow, pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore")]
KILLS, RECORDS, MARK = 5, 80, "DILATEDNETS_TEST_RUN"


@pytest.fixture(scope="module")
def model():
    return tiny_tcn(labels=["low", "middle", "high"])


@pytest.fixture(scope="module")
def archive(tmp_path_factory, model):
    """Sequences of as many lengths, so that each takes a while, and one record that is none."""
    folder = tmp_path_factory.mktemp("archive")
    model.save_to_preset(folder / "preset")
    rng = np.random.default_rng(0)
    rows = [{"sequence": rng.normal(size=20 + number).tolist()} for number in range(RECORDS)]
    lines = [json.dumps(row) for row in rows[:7]] + ["{}"] + [json.dumps(row) for row in rows[7:]]
    (folder / "sequences.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def start(archive, output, *more, mark="-"):
    command = [sys.executable, "-m", "dilatednets", "map", archive / "preset", archive / "sequences.jsonl"]
    command += ["--output", output, "--workers", "1", *more]
    environment = {**os.environ, MARK: mark, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])}
    return subprocess.Popen(
        list(map(str, command)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def workers(mark):
    """Processes of our own run that answer records."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if b"MapWorker" in (path / "cmdline").read_bytes() and f"{MARK}={mark}".encode() in (
                path / "environ"
            ).read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def shards_in(output):
    return len(list(output.glob("shards/part-*.parquet")))


def wait_for(process, condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def check_answers(archive, output, model):
    """Each record once, as the model itself answers it."""
    rows = parquet.read_table(output / "shards").to_pylist()
    lines = (archive / "sequences.jsonl").read_text().splitlines()
    expected = {f"sequences.jsonl:{number}": json.loads(line) for number, line in enumerate(lines, start=1)}
    assert [row["key"] for row in rows] == [key for key, row in expected.items() if row]
    for row in rows:
        answer = model.answer(np.array([expected[row["key"]]["sequence"]], np.float32)[..., None])
        (found,) = row["answer"]
        assert found["label"] == answer["label"][0]
        np.testing.assert_allclose([found[name] for name in model.labels], answer["probabilities"][0], atol=2e-6)
    assert json.loads((output / shards.FAILED).read_text())["key"] == "sequences.jsonl:8"


def test_a_killed_worker_and_a_killed_run_lose_and_double_nothing(archive, model, tmp_path):
    output, mark = tmp_path / "out", f"{os.getpid()}"
    process = start(archive, output, mark=mark)
    killed = set()
    for _ in range(KILLS):
        before = shards_in(output)
        wait_for(process, lambda before=before: shards_in(output) > before and set(workers(mark)) - killed)
        assert shards_in(output) < 30
        (worker,) = set(workers(mark)) - killed
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)
    assert len(killed) == KILLS
    before = shards_in(output)
    wait_for(process, lambda: shards_in(output) > before)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while workers(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not workers(mark)
    done = sorted(output.glob("shards/part-*.parquet"))
    assert KILLS < len(done) < 30
    done[0].write_bytes(done[0].read_bytes()[:-20])  # cut short by hand
    kept = done[1].stat().st_mtime_ns
    process = start(archive, output)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 2, errors
    assert f"1 of {RECORDS + 1} records failed" in errors and "of them from before" in said
    assert done[1].stat().st_mtime_ns == kept
    check_answers(archive, output, model)
    said, errors = start(archive, output, "--no-resume").communicate(timeout=300)
    assert "of them from before" not in said and done[1].stat().st_mtime_ns != kept, errors
    check_answers(archive, output, model)
    assert not [path.name for path in output.rglob("*") if path.name.startswith(".")]


def test_two_runs_at_once_and_another_run_s_folder_are_refused_faults(archive, tmp_path):
    from dilatednets.archives import on_ray

    with files.locked(tmp_path), pytest.raises(InputError, match="is being written by another process"):
        on_ray.run(archive / "preset", [archive / "sequences.jsonl"], tmp_path)
    with pytest.raises(InputError, match="no cluster answers"):
        on_ray.run(archive / "preset", [archive / "sequences.jsonl"], tmp_path, address="127.0.0.1:9")
    with pytest.raises(InputError, match="answers other inputs"):
        on_ray.run(archive / "preset", [archive / "sequences.jsonl", archive / "preset" / "card.json"], tmp_path)


def test_columns_that_answers_have_are_refused_faults(archive):
    import pyarrow

    from dilatednets.archives import manifest
    from dilatednets.archives.on_ray import Rows

    rows = Rows(manifest.model_of(archive / "preset"), {}, None)
    with pytest.raises(InputError, match="dataset: has a column 'error', as answers have; rename it"):
        rows(pyarrow.table({"sequence": [[0.5] * 30], "error": ["mine"]}))


def test_two_machines_make_a_file_for_each_record(archive, model, tmp_path):
    """A cluster of two nodes in one machine, and a data set in Python."""
    import ray
    from ray.cluster_utils import Cluster

    import dilatednets
    from dilatednets.archives import on_ray

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    try:
        output = tmp_path / "out"
        asked = archive / "preset", [archive / "sequences.jsonl"], output, "files", cluster.address
        done = on_ray.run(*asked)
        assert done["failed"] == 1 and done["records"] == RECORDS + 1
        assert len(list((output / "files").iterdir())) == RECORDS
        (output / "files" / "sequences.jsonl:1.csv").write_text("changed")
        assert on_ray.run(*asked, workers=1)["made"] == 1
        with (
            pytest.MonkeyPatch.context() as patch,
            pytest.raises(InputError, match=r"has dilatednets 0.* not 9; pip install"),
        ):
            patch.setattr(dilatednets, "__version__", "9")
            on_ray.run(archive / "preset", [archive / "sequences.jsonl"], tmp_path / "other", address=cluster.address)
        with pytest.raises(InputError, match="no setting of this model"):
            dilatednets.map(archive / "preset", None, speaker="theo")
        with pytest.raises(InputError, match=r"dataset: must be a ray.data.Dataset, not list; make one by"):
            dilatednets.map(archive / "preset", [{"sequence": [0.5]}])
        with pytest.raises(InputError, match="workers: must be above 0, not 0"):
            dilatednets.map(archive / "preset", [], workers=0)
        ray.init(cluster.address, log_to_driver=False)
        data = ray.data.from_items(
            [{"sequence": [0.5] * 30, "id": 1}, {"sequence": [0.5] * 29 + [float("nan")], "id": 2}]
        )
        good, bad = sorted(dilatednets.map(archive / "preset", data).take_all(), key=lambda row: row["id"])
        assert good["answer"][0]["label"] in model.labels and good["error"] is None
        assert bad["answer"] is None and "sequence" in bad["error"]
    finally:
        ray.shutdown()
        cluster.shutdown()
