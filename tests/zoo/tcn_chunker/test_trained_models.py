"""Trained chunkers: their cost follows from their arguments, and they find chunks."""

import pytest

from dilatednets.presets import presets
from dilatednets.zoo.tcn_chunker import TCNChunker


@pytest.fixture(scope="module", params=TCNChunker.presets)
def trained(request):
    """The card, the constructor's arguments and the model of a preset."""
    return presets.card(request.param), TCNChunker.preset_config(request.param), TCNChunker.from_preset(request.param)


def test_chunker_s_figures_follow_from_its_arguments(trained):
    card, net, _ = trained
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


def test_it_chunks(trained):
    _, net, model = trained
    sentence = ["play", "some", "jazz", "in", "September", "."]
    pos = [["VB", "DT", "NN", "IN", "NNP", "."]] if net["pos"] == "input" else None
    [tags] = model.tag([sentence], pos)
    assert len(tags) == len(sentence) and {tag.partition("-")[2] for tag in tags} - {""} <= set(model.labels)
    assert any(tag != "O" for tag in tags)
    if pos is None:
        text = "Play some jazz in September."
        assert all(text[chunk.start : chunk.end] == chunk.text for chunk in model.chunk(text))
