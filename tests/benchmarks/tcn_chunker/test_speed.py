"""Tagging is measured beside a recurrent tagger and a bound; nothing here depends on how fast a machine is."""

from collections import Counter

import numpy as np
import pytest

from dilatednets.benchmarks.tcn_chunker import speed
from dilatednets.zoo.tcn_chunker.model import TCNChunker


@pytest.fixture(scope="module")
def model():
    words = [f"w{i}" for i in range(20)]
    return TCNChunker(["NP", "VP"], words, "w0123456789", ["xx"], ["NN", "VB"], width=16, word_channels=8)


def test_inference_is_measured(model, monkeypatch):
    monkeypatch.setattr(speed, "SENTENCES", 6)
    result = speed.inference(model, batch=(1, 4), seconds=0.01)
    names = ["TCN", "BiLSTM x1", "TCN's bound"]
    assert [(row["batch"], row["net"]) for row in result["rows"]] == [(b, name) for b in (1, 4) for name in names]
    own, bound = result["rows"][0], result["rows"][2]
    projection, characters = 16 * (8 + 96 + 16), 5 * 3 * 32 * 96
    assert own["macs_per_word"] - bound["macs_per_word"] == projection + characters
    for row in result["rows"]:
        assert row["sentences_per_second"] > 0
        assert row["ratio"] > 0
    assert result["rows"][0]["ratio"] == 1
    assert "BiLSTM x1" in speed.report(result)


def test_random_sentences_are_as_long_as_those_of_newspapers(model):
    sentences, pos = speed.random_sentences(model)
    lengths = [len(sentence) for sentence in sentences]
    assert pos is None
    assert 20 < np.median(lengths) < 26
    counts = sorted(Counter(word for sentence in sentences for word in sentence).values(), reverse=True)
    assert len(counts) == len(model.features.words) and 6 < counts[0] / counts[9] < 15
    assert max(lengths) <= 78
