"""Each model learns something new beside the same net from scratch."""

import json

import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker, tiny_segmenter

from dilatednets import registry
from dilatednets.benchmarks import fine_tuning
from dilatednets.cli.main import main
from dilatednets.data import nuclei
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import fine_tuning as wavenet_fine_tuning

SAMPLES = {"bits_per_sample": "spoken_digits", "nucleus_iou": "nuclei", "f1": "snips"}


@pytest.fixture
def presets(tiny_model, tmp_path):
    """A small model of each kind, by the metric of what it learns."""
    models = {
        "bits_per_sample": tiny_model,
        "nucleus_iou": tiny_segmenter(2, context="none", class_names=nuclei.CLASSES),
        "f1": tiny_chunker(),
    }
    for metric, model in models.items():
        model.save_to_preset(tmp_path / metric)
    return {metric: str(tmp_path / metric) for metric in models}


@pytest.mark.slow
@pytest.mark.parametrize("metric", SAMPLES)
def test_both_nets_are_trained_and_measured(metric, presets, tmp_path, capsys):
    picture = tmp_path / "curve.png"
    data_dir = str(CHECKOUT / "datasets" / SAMPLES[metric] / "sample")
    command = ["benchmark", "fine-tuning", presets[metric], "--data-dir", data_dir, "--epochs", "2"]
    assert main([*command, "--plot", str(picture), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["metric"] == metric and list(result["curves"]) == ["fine-tuned", "from scratch"]
    for curve in result["curves"].values():
        assert [row["epoch"] for row in curve] == [0, 1, 2]
        assert 0 == curve[0]["seconds"] < curve[1]["seconds"] < curve[2]["seconds"] and np.isfinite(curve[2][metric])
        if metric == "bits_per_sample":  # even so small a net learns this much at once
            assert curve[2][metric] < curve[1][metric] < curve[0][metric]
    assert picture.is_file()


@pytest.mark.slow
@pytest.mark.parametrize("metric", SAMPLES)
def test_one_net_has_the_weights_of_the_preset_and_the_other_is_fresh(metric, presets):
    data_dir = str(CHECKOUT / "datasets" / SAMPLES[metric] / "sample")
    model = registry.from_preset(presets[metric])
    task = registry.family_of(model).part("fine_tuning").fine_tuning(presets[metric], data_dir, data_dir)
    assert task.metric == metric
    known = {weight.path: np.asarray(weight) for weight in model.weights}
    trained = [weight for weight in task.tuned.weights if weight.path.startswith(("block", "front_end"))]
    kernels = [weight for weight in trained if weight.path.endswith("kernel")]
    assert kernels
    fresh = {weight.path: np.asarray(weight) for weight in task.untrained.weights}
    for weight in kernels:
        np.testing.assert_array_equal(weight, known[weight.path])
        assert np.abs(fresh[weight.path] - known[weight.path]).max() > 0


@pytest.mark.slow
def test_the_trained_net_learns_a_voice_with_its_first_half_frozen(presets, sample_dir):
    task = wavenet_fine_tuning.fine_tuning(presets["bits_per_sample"], str(sample_dir), str(sample_dir))
    assert task.tuned.speakers == ("new",) and task.examples == "40 recordings"
    assert [block.trainable for block in task.tuned.blocks] == [False, True, True]
    assert all(block.trainable for block in task.untrained.blocks)


def test_a_chunker_that_needs_parts_of_speech_is_refused(given_pos, tmp_path):
    given_pos.save_to_preset(tmp_path / "given")
    with pytest.raises(InputError, match="needs parts of speech, which snips has not"):
        fine_tuning.run(str(tmp_path / "given"), str(CHECKOUT / "datasets" / "snips" / "sample"))


def test_no_epochs_are_refused(presets, nuclei_dir, capsys):
    command = ["benchmark", "fine-tuning", presets["nucleus_iou"], "--data-dir", str(nuclei_dir), "--epochs", "0"]
    assert main(command) == 2
    assert "--epochs" in capsys.readouterr().err


@pytest.mark.parametrize(("metric", "highest"), [("nucleus_iou", 1), ("bits_per_sample", 8)])
def test_curves_are_drawn_and_tabled(metric, highest):
    rows = [{"epoch": e, "seconds": 1.0 * e, metric: e / 10 * highest} for e in (2, 4)]
    curves = {"fine-tuned": rows, "from scratch": rows}
    result = {"metric": metric, "what": "it", "examples": "20 images", "curves": curves}
    last = f"| 4 | {rows[1][metric]:.4f} | 4 | {rows[1][metric]:.4f} | 4 |"
    assert fine_tuning.report(result).splitlines()[-1] == last
    (ax,) = fine_tuning.draw(result).get_axes()
    assert [line.get_label() for line in ax.get_lines()] == list(curves)
    assert [line.get_ydata()[-1] for line in ax.get_lines()] == [0.4 * highest] * 2
