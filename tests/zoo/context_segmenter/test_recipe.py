"""The recipe of a segmenter: what is refused, and what its file keeps."""

import pytest

from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe, read_recipe
from dilatednets.training.recipe import recipe_toml


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"stages": {"all": {"epoch": 1}}}, "unknown key stages.all.epoch; did you mean stages.all.epochs?"),
        ({"stages": {"a": {"epochs": 0}}}, "key stages.a.epochs: must be above 0, not 0"),
        ({"stages": {"a": {"crop": [32]}}}, "key stages.a.crop: must be two positive integers"),
        (
            {"stages": {"a": {"scale": [2.0, 1.0]}}},
            "key stages.a.scale: must be two numbers above 0, the smaller first",
        ),
        ({"stages": {"a": {"scale": ["b", 1.0]}}}, "key stages.a.scale: must be a number, not 'b'"),
        ({"stages": {"a": {"train": "head"}}}, "key stages.a.train: must be 'front_end' or 'context' or 'all'"),
        ({"stages": {"a": {"final_learning_rate": 1.0}}}, "key stages.a.final_learning_rate: must not exceed"),
        ({"stages": {"a": 3}}, "key stages.a: must be a table, not 3"),
        ({"stages": {}}, "key stages: must hold at least one stage"),
        (
            {"stages": {"a": {"train": "context"}}, "net": {"context": "none"}},
            "key stages.a.train: there is no context to",
        ),
        ({"net": {"imagenet": True}}, "key net.imagenet: only the front end 'vgg16' has"),
        ({"net": {"widths": [32, 49, 127, 256]}}, "key net.widths: must be four positive even integers"),
        ({"net": {"scales": [9.0]}}, "key net.scales: must be a list of numbers from 0.1 to 4"),
        ({"net": {"stride": 16}}, "key net.stride: must be 2, 4 or 8"),
        ({"net": {"widths": [8, 8]}}, "key net.widths: must be four positive even integers"),
        ({"stages": {"a": {"class_weights": "yes"}}}, "key stages.a.class_weights: must be 'none' or 'enet'"),
        ({"net": {"head": "regression", "scales": [0.75, 1.0]}}, "key net.scales: values may depend on the scale"),
        ({"net": {"front_end": "resnet"}}, "key net.front_end: must be 'light', 'vgg16' or another"),
        (
            {"net": {"front_end": "vgg16", "stride": 8}},
            "key net.stride: has no effect, since it is an option of the front",
        ),
        (
            {"net": {"head": "regression"}, "stages": {"a": {"loss": "dice"}}},
            "key stages.a.loss: has no effect, since values are learnt by their absolute error",
        ),
    ],
)
def test_bad_recipes(content, says):
    with pytest.raises(InputError) as caught:
        parse_recipe({"name": "a", "model": "ContextSegmenter", **content})
    assert says in str(caught.value)


def test_a_recipe_survives_its_file_and_settings_reach_stages(tmp_path):
    odd = parse_recipe({"name": "a", "model": "ContextSegmenter", "stages": {"step 1.é": {"epochs": 3}}})
    (tmp_path / "odd.toml").write_text(recipe_toml(odd), encoding="utf-8")
    assert read_recipe(tmp_path / "odd.toml") == odd
    stages = {name: {"train": name} for name in ("front_end", "context", "all")}
    recipe = parse_recipe({"name": "a", "model": "ContextSegmenter", "stages": stages, "goal": {"mean_iou": 0.5}})
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_toml(recipe))
    assert read_recipe(path) == recipe and list(read_recipe(path).stages) == ["front_end", "context", "all"]
    assert read_recipe(path, ["stages.all.epochs=7"]).stages["all"].epochs == 7
    assert recipe.epochs == 150 and "dilatednets segment" in recipe.try_next(path)
