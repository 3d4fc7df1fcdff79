"""The benchmarks measure what they say; none of these tests depends on how fast a machine is."""

import json

import pytest

from dilatednets import native
from dilatednets.benchmarks.wavenet import generation
from dilatednets.cli.main import main
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import loop


@pytest.mark.slow
def test_generation_is_measured_beside_its_baseline(tiny_model):
    result = generation.run(tiny_model, batches=(1, 2), seconds=0.05)
    engines = list(loop.ENGINES) if native.available() else ["xla"]
    assert [(row["engine"], row["batch"]) for row in result["rows"]] == [(e, b) for e in engines for b in (1, 2)]
    for row in result["rows"]:
        rate = row["samples_per_second"]
        assert rate > 0 and row["compile_seconds"] > 0
        assert row["real_time_factor"] == pytest.approx(rate / 8000 / row["batch"])
        assert row["macs_per_second"] == pytest.approx(rate * tiny_model.describe()["macs_per_sample"])
        assert ("bound" in row) == (row["engine"] != "xla")
        assert all(bound > 0 for bound in row.get("bound", {}).values())
    assert result["baselines"][0]["samples_per_second"] > 0
    assert 0 <= result["memory_of_10_s_bytes"] < 2**30
    text = generation.report(result)
    assert all(baseline["name"] in text for baseline in result["baselines"])


@pytest.mark.slow
def test_any_configuration_can_be_measured(capsys):
    net = ["--layers", "3", "--residual-channels", "4", "--gate-channels", "8", "--skip-channels", "4"]
    assert main(["benchmark", "generation", *net, "--batch", "2", "--seconds", "0.05", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["model"]["layers"] == 3 and result["model"]["receptive_field"] == 1 + 1 + 2 + 4 + 1
    assert {row["batch"] for row in result["rows"]} == {2}


@pytest.mark.parametrize("option", ["--layers", "--kernel-size", "--sample-rate"])
def test_faults_sizes_beside_a_model_are_refused(capsys, option):
    assert main(["benchmark", "generation", "wavenet_digits", option, "3"]) == 2
    said = capsys.readouterr().err
    assert f"{option}: wavenet_digits has a size of its own; leave out one of the two" in said


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"batches": (0,)}, "batches: must be"),
        ({"batches": ()}, "batches"),
        ({"seconds": 0}, "seconds: must be above 0"),
    ],
)
def test_faults_in_arguments_are_named(tiny_model, how, says):
    with pytest.raises(InputError, match=says):
        generation.run(tiny_model, **how)
