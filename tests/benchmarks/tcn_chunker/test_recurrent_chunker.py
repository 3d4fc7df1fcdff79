"""The recurrent tagger has all that a TCNChunker has but its blocks."""

import keras
import numpy as np
import pytest

from dilatednets.benchmarks.tcn_chunker.recurrent_chunker import RecurrentChunker
from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.model import TCNChunker


@pytest.fixture(scope="module")
def model():
    words = [f"w{i}" for i in range(20)]
    return TCNChunker(["NP", "VP"], words, "w0123456789", ["xx"], ["NN", "VB"], width=16, word_channels=8)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_net_has_the_same_inputs_and_outputs(model, cell):
    rival = RecurrentChunker.like(model, cell, depth=2)
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


def test_other_cells_are_refused():
    with pytest.raises(InputError, match="cell: must be 'lstm' or 'gru', not 'rnn'"):
        RecurrentChunker.like(TCNChunker(labels=["NP"], pos="none"), "rnn")
