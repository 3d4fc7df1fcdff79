"""Every trained model that ships is what its card says."""

import hashlib
import json
import math
import tomllib

import keras
import pytest
from helpers import CHECKOUT

from dilatednets import registry
from dilatednets.presets import card as cards
from dilatednets.presets import golden, presets
from dilatednets.registry import parse_recipe, read_recipe

PRESETS = presets.available()


@pytest.fixture(scope="module", params=PRESETS)
def folder(request):
    return PRESETS[request.param]


@pytest.fixture(scope="module")
def card(folder):
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def config(folder):
    return json.loads((folder / "config.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model(folder, config):
    return registry.from_preset(folder.name, config["class"])


def test_a_trained_model_ships():
    assert PRESETS, "zoo/ holds no preset"


def test_its_class_lists_it(folder, config):
    assert registry.FAMILIES[config["class"]].cls.presets.count(folder.name) == 1


def test_folder_is_whole_and_small(folder):
    names = {"config.json", "model.weights.h5", "recipe.toml", "golden.npz", "card.json", "README.md"}
    samples = {
        "sample.wav",
        "sample.png",
        "ablation.toml",
        f"{folder.name}.nam",
    }  # what the front page shows, and how the card's figures came
    samples |= {
        picture["file"]
        for picture in json.loads((folder / "card.json").read_text(encoding="utf-8")).get("pictures", [])
    }
    assert names <= {path.name for path in folder.iterdir()} <= names | samples
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000_000


def test_counted_figures_are_what_a_recount_gives(card, config, model):
    described = model.describe()
    assert {key: card[key] for key in described} == described and card["class"] == config["class"]
    assert card["parameters"] == sum(weight.size for weight in model.get_weights())


def test_weights_are_the_ones_of_the_card(folder, card):
    assert hashlib.sha256((folder / "model.weights.h5").read_bytes()).hexdigest() == card["sha256"]


def test_outputs_are_the_golden_ones(folder, model):
    assert golden.largest_error(model, folder) < (1e-4 if keras.backend.backend() == "tensorflow" else 1e-3)


def test_recipe_makes_this_net(folder, model):
    recipe = read_recipe(folder / "recipe.toml")
    assert recipe == parse_recipe(tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8")))
    assert recipe.name == folder.name and recipe.model == type(model).__name__
    idle = {key.removeprefix("net.") for key in recipe.idle_keys()}
    net = {key: value for key, value in vars(recipe.net).items() if key not in idle and "net" not in idle}
    made = model.get_config()  # with arguments that came after the preset
    made |= made.get("front_end_options") or {}
    assert {key: made[key] for key in net if key in made} == {key: net[key] for key in net if key in made}
    assert set(net) - set(made) <= {"imagenet"}  # which says where the weights began


def test_card_says_where_it_comes_from(folder, card):
    assert card["name"] == folder.name
    told = {"description", "data", "data_licence", "weights_licence", "weights_licence_id", "seed", "keras", "hardware"}
    assert all(str(card.get(key, "")).strip() for key in (*told, "wall_time")), told - set(card)


def test_metrics_say_how_to_get_them(folder, card):
    assert card["metrics"]
    for metric in card["metrics"]:
        assert {"name", "data", "split", "value", "tolerance", "command"} <= set(metric)
        assert all(str(metric[key]).strip() for key in ("name", "data", "split", "command"))
        assert math.isfinite(metric["value"]) and 0 <= metric["tolerance"] < math.inf


def test_validation_reaches_the_recipe_s_goal(folder, card):
    if "converted_from" in card:
        pytest.skip("was trained by others, on data that are not published")
    recipe = read_recipe(folder / "recipe.toml")
    goal, names = recipe.goal, set(recipe.goal) - {"tolerance", "hours"}
    metrics = [m for m in card["metrics"] if (m["data"], m["split"]) == (recipe.data.reader, "validation")]
    reached = {m["name"]: m["value"] for m in metrics}
    assert names, "a recipe states what it must reach"
    for name in names:
        if name.endswith(("iou", "accuracy", "f1")):
            assert reached[name] >= goal[name] - goal["tolerance"]
        else:
            assert reached[name] <= goal[name] + goal["tolerance"]


@pytest.mark.slow
def test_sample_s_figure_is_measured_again(card, model):
    """The figures on the data that comes with the checkout, on this backend."""
    claims = [m for m in card["metrics"] if m["data"].startswith("datasets/")]
    if not claims:
        pytest.skip("its data may not be redistributed")
    for data, split in {(m["data"], m["split"]) for m in claims}:
        measured = model.evaluate_on(CHECKOUT / data, split)
        for claim in claims:
            if (claim["data"], claim["split"]) == (data, split):
                name = claim["name"]
                value = measured[name] if name in measured else measured["class_iou"][name.removesuffix("_iou")]
                assert value == pytest.approx(claim["value"], abs=claim["tolerance"]), name


def test_readme_is_made_from_the_card(folder, card):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text == cards.readme(card, registry.FAMILIES[card["class"]].cls.facts)
    yaml = pytest.importorskip("yaml")
    metadata = yaml.safe_load(text.split("---\n")[1])
    shown = [(m["type"], m["value"]) for r in metadata["model-index"][0]["results"] for m in r["metrics"]]
    assert shown == [(metric["name"], metric["value"]) for metric in card["metrics"]]
