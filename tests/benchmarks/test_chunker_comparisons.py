"""Taggers are compared by what they do alike; none of these tests depends on how fast a machine is."""

import dataclasses
from collections import Counter

import keras
import numpy as np
import pytest
from conftest import CHECKOUT

from dilatednets.benchmarks import chunker_speed, compare_chunkers
from dilatednets.benchmarks.recurrent_chunker import RecurrentChunker
from dilatednets.data.columns import TaggedSentence
from dilatednets.errors import InputError
from dilatednets.training.chunking import compile_model, make_batches
from dilatednets.training.chunking_recipe import ChunkingRecipe, Training
from dilatednets.training.fitting import data_of
from dilatednets.training.recipe import parse_recipe
from dilatednets.zoo.tcn_chunker import TCNChunker


@pytest.fixture(scope="module")
def model():
    words = [f"w{i}" for i in range(20)]
    return TCNChunker(["NP", "VP"], words, "w0123456789", ["xx"], ["NN", "VB"], width=16, word_channels=8)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_net_has_the_same_inputs_and_outputs(model, cell):
    rival = RecurrentChunker.like(model, cell, layers=2)
    inputs = model.encode([["w1", "w2", "w3"], ["w4"]])
    ours, theirs = model(inputs), rival(inputs)
    assert {name: value.shape for name, value in ours.items()} == {name: value.shape for name, value in theirs.items()}
    assert rival.crf.follows.tolist() == model.crf.follows.tolist()
    assert [block.layer.name for block in rival.blocks] == ["recurrent_0", "recurrent_1"]


def numbers(net, inputs):
    return keras.ops.convert_to_numpy(net(inputs)["tags"])


def test_recurrent_net_sees_both_sides_and_honours_the_mask(model):
    rival = RecurrentChunker.like(model)
    long = numbers(rival, rival.encode([["w1", "w2", "w3", "w4"], ["w5", "w6"]]))
    alone = numbers(rival, rival.encode([["w5", "w6"]]))
    np.testing.assert_allclose(long[1, :2], alone[0], atol=1e-5)
    for changed in (["w9", "w2", "w3", "w4"], ["w1", "w2", "w3", "w9"]):
        other = numbers(rival, rival.encode([changed]))
        assert (np.abs(other[0] - long[0]).max(axis=1) > 1e-7).all()


def test_recurrent_net_is_counted(model):
    rival = RecurrentChunker.like(model)
    width = 16
    matrices = sum(w.shape[0] * w.shape[1] for w in rival.blocks[0].weights if len(w.shape) == 2)
    assert matrices == 2 * 4 * (width // 2) * (width + width // 2)
    assert rival.describe()["macs_per_word"] - model.describe()["macs_per_word"] == matrices - sum(
        np.prod(w.shape) for block in model.blocks for w in block.weights if len(w.shape) == 3
    )


def test_inference_is_measured(model, monkeypatch):
    monkeypatch.setattr(chunker_speed, "SENTENCES", 6)
    result = chunker_speed.inference(model, batches=(1, 4), seconds=0.01)
    names = ["TCN", "BiLSTM x1", "TCN's bound"]
    assert [(row["batch"], row["net"]) for row in result["rows"]] == [(b, name) for b in (1, 4) for name in names]
    own, bound = result["rows"][0], result["rows"][2]
    projection, characters = 16 * (8 + 96 + 16), 5 * 3 * 32 * 96
    assert own["macs_per_word"] - bound["macs_per_word"] == projection + characters
    for row in result["rows"]:
        assert row["sentences_per_second"] > 0
        assert row["ratio"] > 0
    assert result["rows"][0]["ratio"] == 1
    assert "BiLSTM x1" in chunker_speed.report(result)


def test_random_sentences_are_as_long_as_those_of_newspapers(model):
    sentences, pos = chunker_speed.random_sentences(model)
    lengths = [len(sentence) for sentence in sentences]
    assert pos is None
    assert 20 < np.median(lengths) < 26
    counts = sorted(Counter(word for sentence in sentences for word in sentence).values(), reverse=True)
    assert len(counts) == len(model.features.words) and 6 < counts[0] / counts[9] < 15
    assert max(lengths) <= 78


def test_other_cells_are_refused():
    with pytest.raises(InputError, match="cell: must be one of lstm, gru"):
        RecurrentChunker.like(TCNChunker(labels=["NP"], pos="none"), "rnn")


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
    settings = {
        name: dataclasses.asdict(compare_chunkers.variant(recipe, name).net) for name in compare_chunkers.VARIANTS
    }
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
    result = compare_chunkers.run(recipe, str(CHECKOUT / "datasets/conll2000/sample"), (0, 1), names, said.append)
    assert [(row["seed"], row["net"]) for row in result["rows"]] == [(s, n) for s in (0, 1) for n in names]
    plain, undilated, recurrent = result["rows"][:3]
    assert plain["parameters"] == undilated["parameters"] != recurrent["parameters"]
    for row in result["rows"]:
        assert [point["epoch"] for point in row["curve"]] == [1, 2]
        assert 0 <= row["f1"] <= row["best_f1"] <= 1
    assert len(said) == 6
    text = compare_chunkers.report(result)
    assert text.count("| BiGRU | ") == 3 and "+-" in text


@pytest.mark.slow
def test_evaluating_changes_nothing_of_the_training(model):
    """What is evaluated are averages, which must not become what is trained further."""
    sentences = [TaggedSentence((f"w{i}", "w1"), ("B-NP", "O"), ("NN", "VB")) for i in range(8)]
    recipe = ChunkingRecipe("a", training=Training(epochs=3, batch_size=4, warmup_steps=1, word_dropout=0.0, ema=0.9))
    nets = []
    for measured in (True, False):
        keras.utils.set_random_seed(0)  # which the dropout's seeds come from
        net = TCNChunker.from_config(model.get_config())
        if measured:
            curve = compare_chunkers._curve(net, recipe, sentences, sentences, 0)
        else:
            batches = make_batches(net, recipe, sentences, 0)
            compile_model(net, recipe, batches.steps_per_epoch * 3)
            net.fit(data_of(batches, 0), epochs=3, steps_per_epoch=batches.steps_per_epoch, verbose=0, shuffle=False)
        nets.append(net)
    assert [point["epoch"] for point in curve] == [1, 2, 3] and curve[0]["seconds"] < curve[2]["seconds"]
    for one, other in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
