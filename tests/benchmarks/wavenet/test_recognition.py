import numpy as np
import pytest

from dilatednets.benchmarks.wavenet import recognition
from dilatednets.data import spoken_digits
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet.model import WaveNet


def test_features_do_not_depend_on_level_and_show_pitch():
    t = np.arange(8000) / 8000
    low, high = (np.sin(2 * np.pi * f * t).astype(np.float32) for f in (300, 2000))
    features = recognition.log_mel(low, 8000)
    assert features.shape[1] == recognition.BANDS and np.abs(features).max() <= -recognition.FLOOR
    np.testing.assert_allclose(features, recognition.log_mel(0.5 * low, 8000), atol=0.2)
    assert features.mean(axis=0).argmax() < recognition.log_mel(high, 8000).mean(axis=0).argmax()
    assert len(recognition.log_mel(low[:10], 8000)) >= 8


@pytest.mark.slow
def test_recogniser_learns_real_recordings(sample_dir):
    """On the sample alone, 80 recordings to learn from, it must be far above chance (10 % and 50 %)."""
    training, validation = (spoken_digits.load(sample_dir, split) for split in ("train", "validation"))
    recogniser = recognition.train_recogniser(training, ("jackson", "theo"), 8000)
    shares = recognition.accuracy(recogniser, validation, ("jackson", "theo"), 8000)
    assert shares["digit"] > 0.6 and shares["speaker"] > 0.9


@pytest.mark.slow
def test_recognition_asks_for_every_digit_of_every_speaker(sample_dir, monkeypatch):
    monkeypatch.setattr(recognition, "EPOCHS", 3)
    result = recognition.run(WaveNet.from_preset("wavenet_digits"), str(sample_dir), seeds=1, temperature=0.8)
    assert result["count"] == 60 and result["temperature"] == 0.8
    assert all(0 <= result[kind][what] <= 1 for kind in ("real", "generated") for what in ("digit", "speaker"))
    assert "60 generated digits, temperature 0.8" in recognition.report(result)
    assert "60 generated digits, each the best of 4 takes, temperature" in recognition.report({**result, "takes": 4})


@pytest.mark.parametrize("seeds", [0, -1, 1.5])
def test_faults_seeds_are_checked(tiny_model, sample_dir, seeds):
    with pytest.raises(InputError, match=r"^seeds: must be"):
        recognition.run(tiny_model, sample_dir, seeds=seeds)


@pytest.mark.parametrize("settings", [{}, {"speakers": ["ann"]}])
def test_faults_models_that_say_no_digits_are_refused(sample_dir, settings):
    with pytest.raises(InputError, match=r"^model: must be one with text and speakers that says zero"):
        recognition.run(WaveNet((1, 2), 2, 4, 8, 4, **settings), sample_dir)
