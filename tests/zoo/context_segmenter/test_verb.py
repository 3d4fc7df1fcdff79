"""The segmenter's commands, as their users meet them."""

import io
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_segmenter
from PIL import Image

from dilatednets.cli.main import main
from dilatednets.data import camvid, nuclei
from dilatednets.data.images import read_labels
from dilatednets.errors import InputError, Note
from dilatednets.presets import presets
from dilatednets.zoo.context_segmenter.verb import segment_file, told_apart

PALETTE = ((10, 20, 30), (200, 0, 0), (0, 0, 200))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A classifier and a regressor."""
    root = tmp_path_factory.mktemp("saved")
    tiny_segmenter(class_names=("ground", "disc", "sky"), palette=PALETTE).save_to_preset(root / "tiny")
    tiny_segmenter(11, class_names=camvid.CLASSES, palette=camvid.PALETTE).save_to_preset(root / "sky")
    tiny_segmenter(1, head="regression", class_names=("distance",), things=("distance",)).save_to_preset(
        root / "values"
    )
    cells = {"class_names": nuclei.CLASSES, "palette": nuclei.PALETTE, "things": ("nucleus",)}
    tiny_segmenter(2, **cells).save_to_preset(root / "cells")
    return root


@pytest.fixture
def zoo(saved, tmp_path, monkeypatch):
    """They are the only presets."""
    root = shutil.copytree(saved, tmp_path / "zoo")
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


@pytest.mark.slow
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
    for scales in (["0"], ["1", "nan"], ["nan", "1"], ["inf"]):
        assert "--scales: must be a list of numbers from 0.1 to 4" in refusal(
            capsys, "segment", "tiny", image, "--output", out, "--scales", *scales
        )
    (tmp_path / "file").touch()
    assert "cannot write there" in refusal(capsys, "segment", "tiny", image, "--output", tmp_path / "file" / "out")
    assert "is a ContextSegmenter, which makes nothing new" in refusal(
        capsys, "generate", "tiny", "--output", tmp_path / "a.wav"
    )
    assert "classes.json" in refusal(capsys, "evaluate", "tiny", "--data-dir", tmp_path, "--split", "validation")
    assert "--size: must be at least 16" in refusal(capsys, "benchmark", "inference", "tiny", "--size", "8", "8")


@pytest.fixture
def preset_of_wavenet(save_tiny, tmp_path):
    return save_tiny(tmp_path / "voice")


@pytest.mark.slow
def test_pages_folders_and_patterns_are_read_and_a_bad_file_leaves_the_others_faults(zoo, image, tmp_path, capsys):
    scans, out = tmp_path / "scans", tmp_path / "scans" / "out"
    (scans / "below").mkdir(parents=True)
    first, *others = [Image.fromarray(np.full((20, 24), level, np.uint8)) for level in (10, 90, 200)]
    first.save(scans / "below" / "stack.tif", save_all=True, append_images=others)
    first.save(scans / "one.PNG")
    (scans / "bad.png").write_bytes(b"%PDF-1.7")
    (scans / "worse.png").touch()
    arguments = ["segment", "tiny", str(scans), str(image), "--output", str(out)]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert sorted(line.split(": ")[1].rpartition("/")[2] for line in said.err.splitlines()) == ["bad.png", "worse.png"]
    assert "is a PDF" in said.err and len(said.out.splitlines()) == 5
    names = ["below/stack_p1", "below/stack_p2", "below/stack_p3", "one", "photo"]
    made = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.png")}
    assert sorted(made) == sorted(f"{name}{end}.png" for name in names for end in ("", "_overlay"))
    assert "is there already; give --overwrite" in refusal(capsys, *arguments)
    pattern = str(scans / "below" / "*.tif")
    assert main(["segment", "tiny", pattern, "--page", "2", "--output", str(out / "below"), "--overwrite"]) == 0
    assert {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.png")} == made
    assert "stack.tif: has 3 pages, so there is no page 4" in refusal(
        capsys, *arguments[:2], pattern, "--page", 4, *arguments[-2:]
    )
    assert "no image is there" in refusal(capsys, *arguments[:2], str(scans / "*.bmp"), *arguments[-2:])
    assert "--page: must be at least 1" in refusal(capsys, *arguments, "--page", 0)


def test_faults_pictures_of_one_name_keep_their_suffixes(zoo, tmp_path, capsys):
    scans, out = tmp_path / "scans", tmp_path / "out"
    (scans / "below").mkdir(parents=True)
    for name in ("a.png", "a.tif", "bright.png", "below/a.png"):
        Image.fromarray(np.zeros((20, 24), np.uint8)).save(scans / name)
    assert main(["segment", "tiny", str(scans), "--output", str(out)]) == 0
    stems = ["a.png", "a.tif", "below/a", "bright"]
    made = [f"{stem}{end}.png" for stem in stems for end in ("", "_overlay")]
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png")) == sorted(made)
    again = [str(scans / "bright.png")] * 2
    assert "two images would be written there" in refusal(capsys, "segment", "tiny", *again, "--output", out / "new")


def test_faults_names_that_suffixes_make_collide_no_more(tmp_path):
    names = ["a.png", "a.tif", "a.tif.png", "b.png"]
    found = told_apart([(tmp_path / name, Path(name).with_suffix("")) for name in names])
    assert [str(below) for _, below in found] == ["a.png", "a.tif", "a.tif.png", "b"]


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"\xff\xfe.png", "\u7d30\u80de.png".encode()])
def test_names_that_standard_output_cannot_encode_are_escaped_faults(zoo, image, tmp_path, capsys, name, monkeypatch):
    image.rename(tmp_path / os.fsdecode(name))
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", "strict")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["segment", "tiny", str(tmp_path / os.fsdecode(name)), "--output", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert b"out/" in stream.buffer.getvalue() and b".png and " in stream.buffer.getvalue()


@pytest.mark.parametrize(("classes", "channels", "dtype"), [(300, 3, np.uint8), (3, 6, np.uint16)])
def test_many_classes_and_bands_are_written_faults(tmp_path, rng, classes, channels, dtype):
    model = tiny_segmenter(classes, channels=channels, context="none")
    pixels = rng.integers(0, 2**12, (20, 24, channels)).astype(dtype)
    segment_file(model, pixels, tmp_path / "a")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), model.segment(pixels))


@pytest.mark.slow
def test_things_are_counted_with_the_partner_that_the_card_names(zoo, image, tmp_path, capsys):
    segment = ["segment", "cells", str(image), "--output", str(tmp_path / "out"), "--overwrite", "--instances"]
    assert main(segment) == 0
    assert ", by outlines alone" in capsys.readouterr().out
    card = json.loads((zoo / "cells" / "card.json").read_text())
    (zoo / "cells" / "card.json").write_text(json.dumps({**card, "partner": "values"}))
    assert main(segment) == 0
    words = capsys.readouterr().out
    numbers = np.asarray(Image.open(tmp_path / "out" / "photo_instances.png"))
    table = np.loadtxt(tmp_path / "out" / "photo_instances.csv", delimiter=",", skiprows=1, ndmin=2)
    assert f"; {numbers.max()} counted\n" in words and len(table) == numbers.max() > 0
    for number, x, y, area in table:
        rows, columns = np.nonzero(numbers == number)
        np.testing.assert_allclose((x, y, area), (columns.mean(), rows.mean(), len(rows)), atol=0.06)
    largest = int(table[:, 3].max())
    assert main([*segment, "--min-size", str(largest)]) == 0
    kept = np.asarray(Image.open(tmp_path / "out" / "photo_instances.png"))
    assert kept.max() == (table[:, 3] == largest).sum()


def test_a_diameter_stands_for_a_scale(rng):
    net = tiny_segmenter(2, class_names=nuclei.CLASSES, things=("nucleus",), diameter=10.0)
    picture = rng.integers(0, 256, (40, 50, 3), np.uint8)
    np.testing.assert_array_equal(net.segment(picture, diameter=20.0), net.segment(picture, scales=(0.5,)))
    for wrong in (
        {"diameter": 20.0, "scales": (0.5,)},
        {"diameter": 0.0},
        {"diameter": 1.0},
        {"diameter": float("nan")},
    ):
        with pytest.raises(InputError, match=r"^diameter: "):
            net.segment(picture, **wrong)
    with pytest.raises(InputError, match=r"^diameter: the model was trained on no things"):
        tiny_segmenter().segment(picture, diameter=20.0)


def test_a_distance_at_another_scale_is_one_of_the_picture(rng):
    distances = tiny_segmenter(1, head="regression", class_names=("distance",), things=("distance",))
    picture = rng.integers(0, 256, (32, 48, 3), np.uint8)
    doubled = distances.regress(picture, scales=(2.0,))
    distances.things = ()
    plain = distances.averaged_outputs(picture[None], (2.0,))
    np.testing.assert_allclose(doubled, np.asarray(plain)[0] / 2, atol=1e-5)


def test_a_dark_picture_is_named_to_nets_that_go_by_brightness_faults(rng):
    picture = rng.integers(0, 200, (20, 30, 3)).astype(np.uint16)
    with pytest.warns(Note, match=r"^image: uses values 0 to 199 of 0 to 65535 only"):
        tiny_segmenter().segment(picture)
    net = tiny_segmenter(normalization="percentiles")
    np.testing.assert_array_equal(net.segment(picture), net.segment(picture * 100))
