"""The speed of streams: what is measured is there, and is refused where there is nothing to measure."""

import json

import pytest
from helpers import tiny_tcn

from dilatednets.benchmarks.tcn import streaming
from dilatednets.cli.main import main
from dilatednets.errors import InputError

pytestmark = pytest.mark.tensorflow


def test_every_runtime_is_measured(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None, raising=False)
    model = tiny_tcn(features=1, frame=4, data={"reader": "spoken_digits", "sample_rate": 8000})
    model.save_to_preset(tmp_path / "net")
    assert main(["benchmark", "streaming", str(tmp_path / "net"), "--seconds", "0.05", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(row["runtime"], row["frames"]) for row in result["rows"]][:3] == [
        ("keras", 1),
        ("keras", 16),
        ("litert", 1),
    ]
    for row in result["rows"]:
        assert row["frames_per_second"] > 0
        assert row["real_time_factor"] == pytest.approx(row["frames_per_second"] * 4 / 8000)
    assert result["largest_difference"] < 1e-4


def test_faults_a_model_without_such_a_stream_is_refused():
    with pytest.raises(InputError, match="causal: a centred model waits for the future"):
        streaming.run(tiny_tcn(features=1, causal=False))
    with pytest.raises(InputError, match="has no stream of single numbers"):
        streaming.run(tiny_tcn(features=2))
