"""The page of an audio effect: dry against wet."""

import numpy as np
from helpers import tiny_effect
from sounds import sine, wav_bytes
from visits import visit

from dilatednets.zoo.audio_effect.page import page


def test_dry_and_wet_are_heard_and_seen_faults():
    model = tiny_effect(sample_rate=8000, knobs=["gain"])
    dry = sine(440, 8000, 0.2)
    with visit(page(model, "tiny")) as visitor:
        _, answer = visitor.fill_in(
            **{"dry": ("dry.wav", wav_bytes(dry[:, None], 8000, "float32")), "knob.gain": "0.25"}
        )
        (heard, _), (wet, rate) = answer.sounds
        np.testing.assert_allclose(heard, dry, atol=1 / 32768)
        expected = np.clip(model.process(dry, knobs={"gain": 0.25}), -1, 1)
        assert rate == 8000 and np.ptp(wet) > 0.01
        np.testing.assert_allclose(wet, expected, atol=1.01 / 32768)
        assert "mean of" not in answer.text
        both = ("dry.wav", wav_bytes(np.stack([dry, 0 * dry], 1), 8000, "float32"))
        assert "This is the mean of 2 channels" in visitor.fill_in(**{"dry": both, "knob.gain": "0.25"})[1].text
        first, second = answer.pictures
        assert first.shape == second.shape == (520, 900, 3) and (first != second).any()
        status, answer = visitor.fill_in(**{"dry": ("dry.wav", b"RIFF"), "knob.gain": "0.25"})
        assert status == 400 and answer.wrong.startswith("dry.wav: ")
        long = ("long.wav", wav_bytes(np.zeros((61 * 100, 1)), 100, "uint8"))
        assert (
            "long.wav: is 61 s long, and 60 s are the most"
            in visitor.fill_in(**{"dry": long, "knob.gain": "1"})[1].wrong
        )
        assert visitor.fill_in(**{"knob.gain": "much"})[1].wrong == "gain: must be a number, not 'much'"


def test_without_a_file_the_sample_is_played_and_a_loud_output_is_said():
    loud = tiny_effect(sample_rate=8000, head_scale=50.0)
    with visit(page(loud, "loud")) as visitor:
        _, answer = visitor.fill_in()
    (dry, _), (wet, _) = answer.sounds
    assert len(dry) == len(wet) > 8000 and "is cut at 1" in answer.text and np.abs(wet).max() > 0.99
