"""The segmenter's commands, as their users meet them."""

import json

import numpy as np
import pytest
from helpers import tiny_segmenter
from PIL import Image

from dilatednets.cli.main import main
from dilatednets.data import camvid, nuclei
from dilatednets.data.images import read_labels
from dilatednets.presets import presets

PALETTE = ((10, 20, 30), (200, 0, 0), (0, 0, 200))


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A classifier and a regressor as the only presets."""
    root = tmp_path / "zoo"
    tiny_segmenter(class_names=("ground", "disc", "sky"), palette=PALETTE).save_to_preset(root / "tiny")
    tiny_segmenter(11, class_names=camvid.CLASSES, palette=camvid.PALETTE).save_to_preset(root / "sky")
    tiny_segmenter(1, head="regression", class_names=("distance",)).save_to_preset(root / "values")
    tiny_segmenter(2, class_names=nuclei.CLASSES, palette=nuclei.PALETTE).save_to_preset(root / "cells")
    monkeypatch.setattr(presets, "roots", lambda: [root])
    return root


@pytest.fixture
def image(tmp_path, rng):
    path = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).save(path)
    return path


def refusal(capsys, *arguments):
    """The line on standard error with which a command is refused."""
    status = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    assert status == 2, printed
    assert printed.err.count("\n") == 1 and printed.err.startswith("dilatednets: ") and "Traceback" not in printed.out
    return printed.err


def test_segment_writes_labels_and_overlay(zoo, image, tmp_path, capsys):
    other = tmp_path / "grey.jpg"
    Image.open(image).convert("L").save(other)
    out = tmp_path / "new" / "out"
    assert (
        main(["segment", "tiny", str(image), str(other), "--output", str(out), "--flip", "--scales", "1", "0.5"]) == 0
    )
    assert sorted(path.name for path in out.iterdir()) == [
        "grey.png",
        "grey_overlay.png",
        "photo.png",
        "photo_overlay.png",
    ]
    printed = capsys.readouterr().out
    assert "photo_overlay.png: " in printed and " %" in printed
    with Image.open(out / "photo.png") as labels:
        assert labels.mode == "P" and labels.size == (50, 40)
        assert np.asarray(labels).max() < 3 and labels.getpalette()[3:6] == [200, 0, 0]
    with Image.open(out / "photo_overlay.png") as overlay:
        assert overlay.width >= 50 and overlay.height > 40


def test_regressed_values_can_be_read_back(zoo, image, tmp_path, capsys):
    from dilatednets.zoo.context_segmenter.model import ContextSegmenter

    assert main(["segment", "values", str(image), "--output", str(tmp_path / "out"), "--count"]) == 0
    assert "counted" in capsys.readouterr().out
    values = ContextSegmenter.from_preset("values").regress(image)[..., 0]
    np.testing.assert_allclose(
        read_labels(tmp_path / "out" / "photo.png") / 256, np.clip(values, 0, None), atol=1 / 256
    )


def test_evaluate_finds_the_data_set_by_the_classes(zoo, nuclei_dir, capsys):
    assert main(["evaluate", "cells", "--data-dir", str(nuclei_dir), "--split", "val", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result) >= {"model", "mean_iou", "pixel_accuracy", "class_iou", "count_error", "images", "split"}
    assert result["images"] == 8 and set(result["class_iou"]) == {"background", "nucleus"}
    assert main(["evaluate", "values", "--data-dir", str(nuclei_dir), "--split", "validation"]) == 0
    assert "mae " in capsys.readouterr().out


def test_describe_says_what_it_costs_and_draws_the_field(zoo, tmp_path, capsys):
    assert main(["describe", "tiny", "--plot", str(tmp_path / "field.png")]) == 0
    printed = capsys.readouterr().out
    assert "in the context module" in printed and "ground, disc, sky" in printed
    with Image.open(tmp_path / "field.png") as picture:
        assert picture.size == (900, 500 + 420)  # the field, and what it costs
    assert main(["describe", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["context_parameters"] == 600
    assert main(["models"]) == 0 and "| tiny | ContextSegmenter |" in capsys.readouterr().out


def test_bad_images_are_refused(zoo, tmp_path, capsys):
    (tmp_path / "empty.png").touch()
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:3000])
    Image.new("CMYK", (8, 8)).save(tmp_path / "print.tif")
    Image.new("L", (1, 1)).save(tmp_path / "dot.png")
    out = tmp_path / "out"
    for name, says in [
        ("empty.png", "is empty"),
        ("half.png", "not a readable image"),
        ("print.tif", "convert it to RGB"),
        ("dot.png", "needs at least 2x2"),
        ("none.png", "no such file"),
    ]:
        assert says in refusal(capsys, "segment", "tiny", tmp_path / name, "--output", out)
    assert not out.exists() or not any(out.iterdir())


def test_bad_requests_are_refused(zoo, image, tmp_path, preset_of_wavenet, capsys):
    out = tmp_path / "out"
    assert "neither a preset nor a folder" in refusal(capsys, "segment", "nothing", image, "--output", out)
    assert "is a WaveNet; this needs a ContextSegmenter" in refusal(
        capsys, "segment", preset_of_wavenet, image, "--output", out
    )
    assert "two images would be written there" in refusal(capsys, "segment", "tiny", image, image, "--output", out)
    before = image.read_bytes()
    assert "would be overwritten" in refusal(capsys, "segment", "tiny", image, "--output", image.parent)
    assert image.read_bytes() == before
    assert "labels areas, not things" in refusal(capsys, "segment", "sky", image, "--output", out, "--count")
    assert "--scales: must be a list of numbers from 0.1 to 4" in refusal(
        capsys, "segment", "tiny", image, "--output", out, "--scales", "0"
    )
    (tmp_path / "file").touch()
    assert "cannot write there" in refusal(capsys, "segment", "tiny", image, "--output", tmp_path / "file" / "out")
    assert "holds a 'ContextSegmenter', not a WaveNet" in refusal(
        capsys, "generate", "tiny", "--output", tmp_path / "a.wav"
    )
    assert "classes.json" in refusal(capsys, "evaluate", "tiny", "--data-dir", tmp_path, "--split", "validation")
    assert "--size: must be at least 16" in refusal(capsys, "benchmark", "inference", "tiny", "--size", "8", "8")


@pytest.fixture
def preset_of_wavenet(tiny_model, tmp_path):
    tiny_model.save_to_preset(tmp_path / "voice")
    return tmp_path / "voice"
