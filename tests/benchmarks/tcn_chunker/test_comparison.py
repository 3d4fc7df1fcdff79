"""Taggers are compared by what they do alike: the same data, epochs and measurements."""

import dataclasses

import keras
import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker

from dilatednets.benchmarks.tcn_chunker import comparison
from dilatednets.data.columns import TaggedSentence
from dilatednets.registry import parse_recipe
from dilatednets.training.batches import data_of
from dilatednets.training.loop import compile_model
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.recipe import Recipe, Training
from dilatednets.zoo.tcn_chunker.training import make_batches


@pytest.fixture
def recipe():
    return parse_recipe(
        {
            "name": "tiny",
            "model": "TCNChunker",
            "net": {"width": 8, "dilations": [1, 2], "word_channels": 8, "character_filters": 8},
            "training": {"epochs": 2, "batch_size": 8},
        }
    )


def test_variants_differ_in_what_they_say(recipe):
    settings = {name: dataclasses.asdict(comparison.variant(recipe, name).net) for name in comparison.VARIANTS}
    plain = settings.pop("TCN")
    changed = {name: {key for key in plain if net[key] != plain[key]} for name, net in settings.items()}
    assert changed == {
        "no dilation": {"dilations"},
        "softmax": {"decoder"},
        "no characters": {"character_channels"},
        "causal": {"causal"},
        "iterated": {"iterations", "shared"},
    }
    assert settings["no dilation"]["dilations"] == [1, 1]


@pytest.mark.slow
def test_nets_are_trained_side_by_side(recipe, monkeypatch):
    names = ["TCN", "no dilation", "BiGRU"]
    said = []
    result = comparison.run(recipe, str(CHECKOUT / "datasets/conll2000/sample"), (0, 1), names, said.append)
    assert [(row["seed"], row["net"]) for row in result["rows"]] == [(s, n) for s in (0, 1) for n in names]
    plain, undilated, recurrent = result["rows"][:3]
    assert plain["parameters"] == undilated["parameters"] != recurrent["parameters"]
    for row in result["rows"]:
        assert [point["epoch"] for point in row["curve"]] == [1, 2]
        assert 0 <= row["f1"] <= row["best_f1"] <= 1
    assert len(said) == 6
    text = comparison.report(result)
    assert text.count("| BiGRU | ") == 3 and "+-" in text


@pytest.mark.slow
def test_evaluating_changes_nothing_of_the_training():
    """What is evaluated are averages, which must not become what is trained further."""
    sentences = [TaggedSentence((f"w{i}", "it"), ("B-NP", "O"), ("NN", "VB")) for i in range(8)]
    recipe = Recipe("a", training=Training(epochs=3, batch_size=4, warmup_steps=1, word_dropout=0.0, ema=0.9))
    nets, config = [], tiny_chunker().get_config()
    for measured in (True, False):
        keras.utils.set_random_seed(0)  # which the dropout's seeds come from
        net = TCNChunker.from_config(config)
        if measured:
            curve = comparison._curve(net, recipe, sentences, sentences, 0)
        else:
            batches = make_batches(net, recipe, sentences, 0)
            compile_model(net, recipe.training, recipe.training, batches.steps_per_epoch * 3)
            net.fit(data_of(batches), epochs=3, steps_per_epoch=batches.steps_per_epoch, verbose=0, shuffle=False)
        nets.append(net)
    assert [point["epoch"] for point in curve] == [1, 2, 3] and curve[0]["seconds"] < curve[2]["seconds"]
    for one, other in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
