import numpy as np
import pytest
from helpers import tiny_vocoder

from dilatednets.benchmarks import vocoding
from dilatednets.data.audio import write_audio
from dilatednets.errors import InputError
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.model import WaveNet

MELS = MelFrontEnd(8000, 80, bands=40, window=320, fft_size=512, f_max=4000.0)


@pytest.fixture(scope="module")
def vocoder():
    sizes = {"residual_channels": 4, "gate_channels": 8, "skip_channels": 4, "condition_hidden": 4}
    return WaveNet((1, 2), output="logistics", mel=MELS.get_config(), **sizes)


@pytest.fixture
def clips(tmp_path, rng):
    """Two recordings to judge by, of a second and a half, in folders of their own."""
    for split, count in (("train", 1), ("validation", 2)):
        (tmp_path / split).mkdir()
        for number in range(count):
            samples = 4000 * (number + 1)
            level = np.where(np.arange(samples) % 2000 < 1200, 0.1, 0.002)  # words and pauses
            write_audio(tmp_path / split / f"{number}.wav", level * rng.standard_normal(samples), 8000)
    return tmp_path


@pytest.mark.slow
def test_griffin_lim_makes_a_sound_of_these_mels():
    pytest.importorskip("librosa")
    t = np.arange(8000) / 8000
    real = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    made = vocoding.griffin_lim(MELS.frames(real), MELS)
    assert len(real) - len(made) < MELS.hop
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made))))
    assert abs(spectrum.argmax() * 8000 / len(made) - 440) < 20
    assert np.sqrt(np.mean(made[1000:-1000] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.2)


def test_each_recording_is_made_in_both_ways_and_judged(vocoder, clips, monkeypatch):
    monkeypatch.setattr(vocoding, "griffin_lim", lambda mels, front_end: np.zeros(80, np.float32))
    monkeypatch.setattr(
        WaveNet, "generate", lambda self, condition, **asked: np.full((1, MELS.hop * len(condition)), 0.1, np.float32)
    )
    heard = []

    def loudness(real, made):
        assert len(real) == len(made)
        heard.append(len(real))
        return float(np.abs(made).max() > 0)

    monkeypatch.setattr(vocoding, "judges", lambda rate: {"pesq": loudness, "stoi": loudness})
    result = vocoding.run(vocoder, clips)
    assert result["clips"] == 2 and result["seconds"] == pytest.approx(1.5)
    assert sorted(heard) == [4000] * 4 + [8000] * 4
    base, net = result["rows"]
    assert (base["pesq"], net["pesq"], net["pesq_gain"], net["pesq_gain_error"]) == (0, 1, 1, 0)
    assert "| WaveNet | 1.00 | +1.00 ± 0.00 | 1.000 |" in vocoding.report(result)


def test_a_mel_vocoder_is_judged_by_the_same_name(clips, monkeypatch):
    monkeypatch.setattr(vocoding, "griffin_lim", lambda mels, front_end: np.zeros(80, np.float32))
    monkeypatch.setattr(vocoding, "judges", lambda rate: {"pesq": lambda real, made: float(np.abs(made).max() > 0)})
    base, net = vocoding.run(tiny_vocoder(), clips)["rows"]
    assert (net["who"], base["pesq"], net["pesq_gain"]) == ("MelVocoder", 0, 1)
    with pytest.raises(InputError, match="temperature: a MelVocoder draws nothing"):
        vocoding.run(tiny_vocoder(), clips, temperature=0.5)


def test_a_recording_is_as_good_as_itself_and_noise_is_not(rng):
    for name in ("pesq", "pystoi"):
        pytest.importorskip(name)
    from dilatednets.data.samples import sample
    from dilatednets.data.spoken_digits import load

    real = np.concatenate([one.audio for one in load(sample("spoken_digits"), "validation", 16000)[:8]])
    noisy = real + rng.normal(0, 0.05, len(real)).astype(np.float32)
    for name, judge in vocoding.judges(16000).items():
        assert judge(real, real) > {"pesq": 4.5, "stoi": 0.99}[name] and judge(real, real) > judge(real, noisy) + 0.05


def test_faults_in_model_and_packages_are_named(vocoder, clips, monkeypatch):
    with pytest.raises(InputError, match="model: must be a vocoder"):
        vocoding.run(WaveNet((1, 2)), clips)
    monkeypatch.setattr(vocoding.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs pesq, pystoi, librosa; pip install 'dilatednets\[speech\]'"):
        vocoding.run(vocoder, clips)


def test_faults_the_split_is_that_of_training(vocoder, clips, monkeypatch):
    """Else what was trained on would be judged."""

    def load(*arguments, **how):
        assert (how["pattern"], how["validation"]) == ("{}", 0.4)
        raise InputError("asked as in training")

    monkeypatch.setattr(vocoding.recordings, "load", load)
    monkeypatch.setattr(vocoding, "judges", lambda rate: {})
    monkeypatch.setattr(vocoder, "trained_on", {"pattern": "{}", "validation": 0.4, "level": -20.0})
    with pytest.raises(InputError, match="asked as in training"):
        vocoding.run(vocoder, clips)
