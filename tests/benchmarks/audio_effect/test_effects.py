"""Measurements of speed, small."""

import json

import pytest
from helpers import tiny_effect

from dilatednets import native
from dilatednets.benchmarks.audio_effect import effects
from dilatednets.cli.main import main
from dilatednets.errors import InputError


@pytest.mark.slow
def test_all_engines_are_measured(tmp_path, capsys):
    result = effects.run(tiny_effect(knobs=["gain"]), [16, 64], seconds=0.01, live_seconds=0.1)
    engines = ["native", "compiled"] if native.available() else ["compiled"]
    assert [(row["engine"], row["block"]) for row in result["rows"]] == [(e, b) for e in engines for b in (0, 16, 64)]
    assert all(row["real_time_factor"] > 0 for row in result["rows"])
    row = result["rows"][2]
    assert row["count"] == 75 and 0 <= row["late"] <= 75 and row["block_ms"] == pytest.approx(64 / 48)
    assert "whole" in effects.report(result) and "of 1.33 ms" in effects.report(result)


@pytest.mark.slow
def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(effects, "PATIENCE", 0.0)
    tiny_effect().save_nam(tmp_path / "a.nam")
    assert main(["benchmark", "effects", str(tmp_path / "a.nam"), "--seconds", "0.01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["layers"] == 3


def test_faults(capsys):
    with pytest.raises(InputError, match="blocks"):
        effects.run(tiny_effect(), [0])
    assert main(["benchmark", "effects", "--block", "0"]) == 2
    assert main(["benchmark", "effects", "tcn_chorales"]) == 2
    assert "this needs an AudioEffect" in capsys.readouterr().err
