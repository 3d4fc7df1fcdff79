"""Every trained model that ships is what its card says."""

import dataclasses
import hashlib
import json
import math
import tomllib

import keras
import numpy as np
import pytest
from conftest import CHECKOUT

from dilatednets.training.evaluate import evaluate
from dilatednets.training.recipe import parse_recipe, read_recipe
from dilatednets.zoo import catalogue, model_card, presets

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
    return catalogue.from_preset(folder.name, config["class"])


def test_a_trained_model_ships():
    assert PRESETS, "zoo/ holds no preset"


def test_its_class_lists_it(folder, config):
    assert catalogue.MODELS[config["class"]].presets.count(folder.name) == 1


def test_folder_is_whole_and_small(folder):
    names = {"config.json", "model.weights.h5", "recipe.toml", "golden.npz", "card.json", "README.md"}
    samples = {
        "sample.wav",
        "sample.png",
        "ablation.toml",
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


def test_wavenet_s_figures_follow_from_its_arguments(card, config):
    if config["class"] != "WaveNet":
        pytest.skip("another model")
    net = config["config"]
    layers, kernel, dilations = len(net["dilations"]), net["kernel_size"], net["dilations"]
    residual, gate, skip = net["residual_channels"], net["gate_channels"], net["skip_channels"]
    field = (kernel - 1) * sum(dilations) + net["input_kernel_size"]
    outputs = {"softmax": net["levels"], "logistics": 3 * net["components"], "gaussian": 2}[net["output"]]
    macs = net["input_kernel_size"] * residual + layers * (kernel * residual * gate + gate // 2 * (residual + skip))
    macs += skip * skip + skip * outputs - gate // 2 * residual  # the last block has no residual
    if net["condition_features"]:
        macs += layers * net["condition_channels"] * gate
    assert (card["layers"], card["receptive_field"], card["macs_per_sample"]) == (layers, field, macs)
    assert card["receptive_field_ms"] == pytest.approx(1000 * field / net["sample_rate"])


def test_weights_are_the_ones_of_the_card(folder, card):
    assert hashlib.sha256((folder / "model.weights.h5").read_bytes()).hexdigest() == card["sha256"]


def test_outputs_are_the_golden_ones(folder, model):
    assert model_card.golden_error(model, folder) < (1e-4 if keras.backend.backend() == "tensorflow" else 1e-3)


def test_recipe_makes_this_net(folder, model):
    recipe = read_recipe(folder / "recipe.toml")
    assert recipe == parse_recipe(tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8")))
    assert recipe.name == folder.name and recipe.model == type(model).__name__
    net = {} if recipe.init else dataclasses.asdict(recipe.net)
    made = model.get_config()  # with arguments that came after the preset
    made |= made.get("front_end_options", {})
    if recipe.model == "WaveNet":
        net["sample_rate"] = recipe.data.sample_rate
    elif recipe.model == "ContextSegmenter":
        net["head"] = recipe.net.head
        net.pop("imagenet", None)  # of where the weights began
    assert {key: made[key] for key in net} == net


def test_segmenter_s_figures_follow_from_its_arguments(card, config):
    if config["class"] != "ContextSegmenter":
        pytest.skip("another model")
    net = config["config"]
    options, classes = net["front_end_options"], net["num_classes"]
    stem, fine, middle, coarse = options["widths"]
    blocks, joined = options["blocks"], options["output_channels"]
    norms, kernels = [], []  # channels of each normalisation; (weights of a kernel, stride)

    def conv(size, channels, filters, stride):
        kernels.append((size * size * channels * filters, stride))
        norms.append(filters)

    conv(4, 3, stem, 2)
    for before, width, count, stride in (
        (stem, fine, blocks[0], 4), (fine, middle, blocks[1], 8), (middle, coarse, len(options["dilations"]), 16),
    ):  # fmt: skip
        conv(2, before, width, stride)
        for _ in range(count):
            conv(1, width, width, stride)
            conv(3, width // 2, width // 2, stride)
            conv(3, width // 2, width // 2, stride)
            conv(1, width, width, stride)
    conv(1, coarse, middle, 16)
    conv(1, middle, middle, 8)
    conv(3, middle, joined, 8)
    for level, width in ((4, fine), (2, stem)):
        if options["stride"] <= level:
            conv(1, width, 16, level)
            conv(3, joined + 16, joined, level)
    parameters = sum(size for size, _ in kernels) + 4 * sum(norms) + (joined + 1) * classes
    macs = sum(size / stride**2 for size, stride in kernels) + joined * classes / options["stride"] ** 2
    context = 0
    if net["context"] == "basic":
        context = len(net["context_dilations"]) * (9 * classes**2 + classes) + classes**2 + classes
        macs += (context - (len(net["context_dilations"]) + 1) * classes) / options["stride"] ** 2
    assert (card["parameters"], card["context_parameters"]) == (parameters + context, context)
    assert card["macs_per_pixel"] == round(macs)


def test_chunker_s_figures_follow_from_its_arguments(card, config):
    if config["class"] != "TCNChunker":
        pytest.skip("another model")
    net = config["config"]
    width, blocks = net["width"], len(net["dilations"]) * (1 if net["shared"] else net["iterations"])
    embedded = net["word_channels"] + net["character_filters"] + net["shape_channels"]
    embedded += net["pos_channels"] if net["pos"] == "input" else 0
    tags = 1 + len(net["labels"]) * {"iobes": 4, "iob2": 2}[net["scheme"]]
    filters = width * (2 if net["gated"] else 1)
    convolution = net["kernel_size"] * width * filters
    characters = 3 * net["character_channels"] * net["character_filters"]
    parts = 2 * width * len(net["pos_tags"]) if net["pos"] == "joint" else 0
    macs = 5 * characters + embedded * width + 2 * blocks * convolution + parts + width * tags
    assert net["normalization"] == "layer" and card["macs_per_word"] == macs
    parameters = macs - 4 * characters  # the same kernel at each of a word's five characters
    parameters += net["character_filters"] + width + 2 * blocks * 3 * filters + 2 * width + tags + tags * (tags + 2)
    parameters += len(net["pos_tags"]) if net["pos"] == "joint" else 0
    for entries, length in (
        ("words", net["word_channels"]), ("characters", net["character_channels"]), ("shapes", net["shape_channels"]),
    ):  # fmt: skip
        parameters += (2 + len(net[entries])) * length
    parameters += (2 + len(net["pos_tags"])) * net["pos_channels"] if net["pos"] == "input" else 0
    assert card["parameters"] == parameters
    assert card["receptive_field"] == 1 + 2 * (net["kernel_size"] - 1) * sum(net["dilations"]) * net["iterations"]


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
        measured = evaluate(model, str(CHECKOUT / data), split)
        for claim in claims:
            if (claim["data"], claim["split"]) == (data, split):
                name = claim["name"]
                value = measured[name] if name in measured else measured["class_iou"][name.removesuffix("_iou")]
                assert value == pytest.approx(claim["value"], abs=claim["tolerance"]), name


def test_readme_is_made_from_the_card(folder, card):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text == model_card.readme(card)
    yaml = pytest.importorskip("yaml")
    metadata = yaml.safe_load(text.split("---\n")[1])
    shown = [(m["type"], m["value"]) for r in metadata["model-index"][0]["results"] for m in r["metrics"]]
    assert shown == [(metric["name"], metric["value"]) for metric in card["metrics"]]


def test_it_generates(config, model):
    if config["class"] != "WaveNet":
        pytest.skip("another model")
    text = model.text["vocabulary"][0] if model.text else None
    audio = model.generate(num_samples=200, text=text, speaker=0 if model.speakers else None, seed=0)
    assert audio.shape == (1, 200) and audio.dtype == np.float32
    assert np.all(np.isfinite(audio)) and np.abs(audio).max() <= 1


def test_it_segments(config, model, rng):
    if config["class"] != "ContextSegmenter":
        pytest.skip("another model")
    image = rng.integers(0, 256, (50, 70, 3), np.uint8)
    if model.head_name == "regression":
        assert model.regress(image).shape == (50, 70, model.num_classes)
    else:
        labels = model.segment(image)
        assert labels.shape == (50, 70) and labels.min() >= 0 and labels.max() < model.num_classes


def test_it_chunks(config, model):
    if config["class"] != "TCNChunker":
        pytest.skip("another model")
    sentence = ["play", "some", "jazz", "in", "September", "."]
    pos = [["VB", "DT", "NN", "IN", "NNP", "."]] if config["config"]["pos"] == "input" else None
    [tags] = model.tag([sentence], pos)
    assert len(tags) == len(sentence) and {tag.partition("-")[2] for tag in tags} - {""} <= set(model.labels)
    assert any(tag != "O" for tag in tags)
    if pos is None:
        text = "Play some jazz in September."
        assert all(text[chunk.start : chunk.end] == chunk.text for chunk in model.chunk(text))
