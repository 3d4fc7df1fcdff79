"""Costs, in figures and words."""

import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.presets import golden
from dilatednets.zoo.tcn.describe import describe, golden_inputs, lines


def test_multiply_accumulates_are_counted_by_hand():
    facts = describe(tiny_tcn(features=2, pooling="none"))
    taps, width = 3, 6
    blocks = taps * (2 * width + 3 * width * width) + 2 * width  # and the projection of 2 features
    assert facts["macs_per_step"] == blocks + width * 3 and facts["receptive_field"] == 1 + 2 * 2 * (1 + 2)
    framed = describe(tiny_tcn(frame=8))
    assert framed["macs_per_step"] == (8 * width + taps * 4 * width * width) // 8


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"vocabulary": 9}, "takes: tokens, 9 of them"),
        ({"columns": ["load", "wind"]}, "takes: load, wind"),
        ({"causal": False}, "classify: 3 outputs; centred"),
        ({"task": "forecast", "horizon": 5}, "forecast: 3 outputs; 5 steps; causal, streams"),
    ],
)
def test_words(settings, words):
    model = tiny_tcn(**settings)
    assert words in "\n".join(lines(model, describe(model)))


@pytest.mark.parametrize(
    "settings",
    [
        {"vocabulary": 9},
        {"frame": 4},
        {"task": "forecast", "horizon": 30, "columns": ["a", "b"], "known": ["b"], "mean": (500, 0), "scale": (9, 1)},
    ],
)
def test_golden_outputs_are_found_again(settings, tmp_path):
    model = tiny_tcn(**settings)
    model.save_to_preset(tmp_path / "preset")
    assert golden.largest_error(type(model).from_preset(tmp_path / "preset"), tmp_path / "preset") == 0
    assert all(np.all(np.isfinite(value)) for value in golden_inputs(model).values())
