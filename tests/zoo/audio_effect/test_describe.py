"""What an effect costs."""

import numpy as np
from helpers import tiny_effect

from dilatednets.zoo.audio_effect import AudioEffect, describe


def test_counts():
    """The net that most files hold: 13,802 weights with the scale of the head."""
    facts = AudioEffect().describe()
    assert (facts["parameters"], facts["layers"], facts["receptive_field"]) == (13801, 20, 4093)
    layer = {16: 3 * 16 * 16 + 16 + 16 * 16, 8: 3 * 8 * 8 + 8 + 8 * 8}
    assert facts["macs_per_sample"] == 16 + 10 * layer[16] + 16 * 8 + 16 * 8 + 10 * layer[8] + 8
    assert tiny_effect(knobs=["gain"]).describe()["macs_per_sample"] == tiny_effect().describe()["macs_per_sample"]


def test_words_and_picture():
    model = tiny_effect(metadata={"name": "My Amp", "date": {"year": 2024}})
    lines = describe.lines(model, model.describe())
    assert lines[:2] == ["3 channels: 1 3", "2 channels: 2"] and lines[-1] == "of its file: name My Amp"
    assert describe.draw(model, "a title").axes
    assert np.abs(describe.golden_inputs(model)["audio"]).max() < 1
