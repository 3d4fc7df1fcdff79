"""The comparisons of the segmenter run, and say what they measured."""

import json

import pytest
from helpers import tiny_segmenter

from dilatednets.benchmarks.context_segmenter import context_ablation
from dilatednets.cli.main import main
from dilatednets.data import nuclei
from dilatednets.layers.context_module import ContextModule
from dilatednets.presets import presets
from dilatednets.registry import read_recipe

STAGE = "[stages.all]\nepochs = 1\nbatch_size = 4\ncrop = [32, 32]\n"


@pytest.fixture
def front_end(tmp_path):
    tiny_segmenter(2, context="none", class_names=nuclei.CLASSES).save_to_preset(tmp_path / "front")
    return tmp_path / "front"


@pytest.mark.slow
def test_variants_of_the_context_module_are_compared(front_end, nuclei_dir, tmp_path, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'name = "a"\nmodel = "ContextSegmenter"\n[data]\nreader = "nuclei"\n{STAGE}')
    command = [
        "benchmark",
        "context",
        str(recipe),
        "--front-end",
        str(front_end),
        "--data-dir",
        str(nuclei_dir),
        "--json",
    ]
    names = ["front end alone", "basic"]
    assert main([*command, "--variants", *names]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert [row["variant"] for row in rows] == names
    assert [row["context_parameters"] > 0 for row in rows] == [False, True]
    assert rows[0]["receptive_field"] < rows[1]["receptive_field"]
    assert all(0 <= row["mean_iou"] <= 1 for row in rows)
    assert main([*command, "--variants", "huge"]) == 2 and "there are front end alone" in capsys.readouterr().err
    assert main([*command, "--stage", "joint"]) == 2 and "--stage: joint: the recipe has all" in capsys.readouterr().err


def test_variants_differ_in_what_they_say():
    assert context_ablation.VARIANTS["basic"] == {"context": "basic"}
    for name, settings in context_ablation.VARIANTS.items():
        assert name.startswith(settings["context"]) or settings["context"] == "none"
        assert ("random" in name) == ("context_identity" in settings)
        assert ("dilations 1" in name) == (settings.get("context_dilations") == [1] * 7)
    flat = context_ablation.VARIANTS["large, all dilations 1"]
    assert flat["context_multipliers"] == list(ContextModule("large").multipliers)


def test_the_recipe_of_the_ablation_has_both_steps():
    recipe = read_recipe(presets.find("context_segmenter_camvid") / "ablation.toml")
    assert [stage.train for stage in recipe.stages.values()] == ["front_end", "all"]
    undilated = read_recipe(presets.find("context_segmenter_camvid") / "ablation.toml", ["net.dilations=[1,1,1,1,1,1]"])
    assert undilated.net.dilations == [1] * 6 and undilated.stages == recipe.stages
