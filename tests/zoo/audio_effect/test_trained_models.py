"""Trained audio effects: the .nam file beside a preset holds the same model."""

import json

import numpy as np
import pytest
from effects import assert_close, play_nam
from helpers import CHECKOUT

from dilatednets.zoo.audio_effect import AudioEffect

FILES = sorted(CHECKOUT.glob("zoo/*/*.nam"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_nam_file_beside_a_preset_is_the_same_model(file, rng):
    """Weight by weight; and played by a reading of the file that is none of ours."""
    model, again = AudioEffect.from_preset(file.parent.name), AudioEffect.from_nam(file)
    assert (again.sample_rate, again.head_scale, again.metadata) == (48000, model.head_scale, model.metadata)
    assert again.metadata["training"]["validation_esr"] < 0.01
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    dry = 0.2 * rng.uniform(-1, 1, 200)
    assert_close(model.process(dry), play_nam(json.loads(file.read_text()), dry, model.receptive_field))


def test_a_preset_has_one():
    assert [file.stem for file in FILES] == ["amp_demo"]
