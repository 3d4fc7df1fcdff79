"""Mels: equal to librosa's and to sums written out, and what a WaveNet makes of them."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.errors import InputError, Note
from dilatednets.zoo.mel_front_end import hertz, mel
from dilatednets.zoo.mel_vocoder import MelVocoder
from dilatednets.zoo.wavenet import MelFrontEnd, WaveNet

SETTINGS = [
    {"sample_rate": 22050, "hop": 256},
    {"sample_rate": 8000, "hop": 80, "bands": 40, "window": 400, "fft_size": 512, "f_max": 4000.0, "power": 2},
    {"sample_rate": 16000, "hop": 200, "window": 801, "fft_size": 1026, "f_min": 60.0, "floor": 1e-3},
]
SMALL = {"sample_rate": 8000, "hop": 80, "bands": 20, "window": 256, "fft_size": 256, "f_max": 4000.0}


def noise(length, seed=0):
    return np.clip(0.3 * np.random.default_rng(seed).standard_normal(length), -1, 1).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("length", [1, 100, 5000, 5120])
def test_frames_are_those_of_librosa(settings, length):
    librosa = pytest.importorskip("librosa")
    front_end, audio = MelFrontEnd(**settings), noise(length)
    padded = np.pad(audio, front_end.fft_size // 2)  # so that it need not be told how to pad, of which it warns
    energies = librosa.feature.melspectrogram(
        y=padded, sr=front_end.sample_rate, n_fft=front_end.fft_size, hop_length=front_end.hop,
        win_length=front_end.window, n_mels=front_end.bands, fmin=front_end.f_min, fmax=front_end.f_max,
        power=front_end.power, center=False,
    )  # fmt: skip
    expected = np.log(np.maximum(energies, front_end.floor)).T
    np.testing.assert_allclose(front_end.frames(audio), expected, atol=2e-5)


def test_bands_are_those_that_librosa_gave():
    """Written down from `librosa.filters.mel(sr=22050, n_fft=1024, fmax=8000)` of version 0.11."""
    filters = MelFrontEnd(22050, 256).filters
    assert filters.shape == (80, 513)
    written = {
        (0, 1): [0.01552772, 0.02265139, 0.00712367, 0.0],
        (10, 18): [0.01096482, 0.02649254, 0.01168657, 0.0],
        (40, 77): [0.00029586, 0.00531549, 0.01033513, 0.01489547],
        (79, 345): [0.00023798, 0.00048902, 0.00074005, 0.00099109],
    }
    for (band, first), values in written.items():
        np.testing.assert_allclose(filters[band, first : first + 4], values, atol=1e-7)
        assert not filters[band, :first].any()
    assert filters.sum() == pytest.approx(3.7136881, rel=1e-6)


def test_frames_are_what_the_sums_say():
    """A transform written out, sample by sample."""
    front_end = MelFrontEnd(**SMALL)
    audio = noise(900).astype(np.float64)
    frames = front_end.frames(audio)
    assert frames.shape == (12, 20) and frames.dtype == np.float32
    n = np.arange(256)
    hann = np.sin(np.pi * n / 256) ** 2
    for frame in (0, 5, 11):
        around = frame * 80 + n - 128
        heard = np.where((around >= 0) & (around < 900), audio[np.clip(around, 0, 899)], 0) * hann
        energy = [abs(np.sum(heard * np.exp(-2j * np.pi * k * n / 256))) for k in range(129)]
        expected = [np.log(max(np.dot(row, energy), 1e-5)) for row in front_end.filters]
        np.testing.assert_allclose(frames[frame], expected, atol=1e-5)


@given(st.floats(0, 20000))
def test_the_scale_goes_there_and_back(frequency):
    assert hertz(mel(frequency)) == pytest.approx(frequency, rel=1e-9, abs=1e-9)


@given(st.integers(1, 700), st.integers(1, 9))
def test_sound_later_by_a_frame_is_a_frame_later(length, frames):
    front_end, audio = MelFrontEnd(**SMALL), noise(length, length)
    later = front_end.frames(np.concatenate([np.zeros(80 * frames, np.float32), audio]))
    assert len(later) == 1 + (length + 80 * frames) // 80
    np.testing.assert_allclose(later[frames:], front_end.frames(audio), atol=1e-5)


def test_silence_is_the_floor_and_is_scaled_to_the_lowest():
    front_end = MelFrontEnd(**SMALL)
    np.testing.assert_array_equal(front_end.frames(np.zeros(160)), front_end.silence(3))
    np.testing.assert_allclose(front_end.scaled(front_end.silence(1)), -1, atol=1e-6)
    np.testing.assert_allclose(front_end.scaled(np.zeros(3)), 1)


def test_config_makes_the_same_again():
    front_end = MelFrontEnd(**SETTINGS[2])
    again = MelFrontEnd.from_config(json.loads(json.dumps(front_end.get_config())))
    assert again.get_config() == front_end.get_config()
    np.testing.assert_array_equal(again.frames(noise(500)), front_end.frames(noise(500)))


def test_a_model_says_which_mels_it_takes_and_keeps_that(tmp_path):
    model = WaveNet((1, 2), 2, 4, 8, 4, mel=MelFrontEnd(**SMALL).get_config())
    assert (model.sample_rate, model.condition_features, model.condition_hop) == (8000, 20, 80)
    model.save_to_preset(tmp_path / "vocoder")
    assert "20 bands from 0 to 4000 Hz (Slaney), every 80 samples" in (tmp_path / "vocoder" / "README.md").read_text()
    again = WaveNet.from_preset(tmp_path / "vocoder")
    frames = again.mel_front_end.frames(noise(800))
    made = [one.generate(condition=frames, seed=1) for one in (model, again)]
    assert made[0].shape == (1, 80 * len(frames))
    np.testing.assert_array_equal(*made)


def test_logarithms_to_base_10_are_told_of(rng):
    front_end = MelFrontEnd(**SMALL)
    words = rng.normal(0, 0.1, 12_000) * np.where(np.arange(12_000) % 4000 < 2500, 1, 0.02)  # with pauses between
    frames = front_end.frames(words.clip(-1, 1))
    for model, how in (
        (MelVocoder((1,), 4, iterations=1, mel=front_end.get_config()), {}),
        (WaveNet((1, 2), 2, 4, 8, 4, mel=front_end.get_config()), {"num_samples": 5}),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.generate(condition=frames, **how)
            model.generate(condition=frames[:50] / 2.3026, **how)  # too short to tell
            model.generate(condition=front_end.silence(150), **how)
            model.generate(condition=front_end.frames(rng.normal(0, 1e-4, 12_000)), **how)  # quiet noise
        for wrong in (frames / 2.3026, [frames, frames / 2.3026]):
            with pytest.warns(Note, match="condition: mels have .* base 10, multiply them by 2.3026"):
                model.generate(condition=wrong, **how)


def test_other_mels_make_the_encoder_fresh_and_keep_the_rest(tmp_path):
    model = WaveNet((1, 2), 2, 4, 8, 4, mel=MelFrontEnd(**SMALL).get_config())
    model.save_to_preset(tmp_path / "vocoder")
    other = WaveNet.from_preset(tmp_path / "vocoder", mel={**SMALL, "power": 2})
    same = {one.path: np.array_equal(one, two) for one, two in zip(model.weights, other.weights, strict=True)}
    assert [path for path, equal in same.items() if not equal] == ["upsampler/encoder_0/kernel"]  # its bias starts at 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hop": 0}, "hop: must be above 0"),
        ({"window": 300}, "window: 300 samples are more than fft_size, 256"),
        ({"fft_size": 257}, "fft_size: must be even"),
        ({"f_max": 4001.0}, "f_max: 4001 Hz is above half of sample_rate, 8000"),
        ({"f_min": 4000.0}, "f_min: 4000 Hz is not below f_max"),
        ({"bands": 200}, "bands: no frequency of a transform of 256 samples lies in .* of 200; raise fft_size"),
        ({"power": 3}, "power: must be 1 .magnitudes. or 2"),
        ({"floor": 0.0}, "floor: must be above 0"),
    ],
)
def test_faults_in_settings_are_told_with_their_cure(changes, says):
    with pytest.raises(InputError, match=says):
        MelFrontEnd(**{**SMALL, **changes})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mel": {"hop": 80}}, "^mel: lacks sample_rate"),
        ({"mel": {**SMALL, "n_mels": 20}}, "^mel: has no argument n_mels"),
        ({"mel": 5}, "^mel: must be what MelFrontEnd.get_config returns"),
        ({"mel": {**SMALL, "window": 0}}, "^mel: window: must be above 0"),
        ({"mel": {**SMALL, "bands": 2**40}}, "^mel: bands: must be below 65,536"),
        ({"mel": {**SMALL, "fft_size": 2**40}}, "^mel: fft_size: must be below 65,536"),
        ({"mel": SMALL, "sample_rate": 16000}, "^sample_rate: 16000, but mel has 8000"),
        ({"mel": SMALL, "condition_hop": 100}, "^condition_hop: 100, but mel has 80"),
        ({"mel": SMALL, "condition_features": 80}, "^condition_features: 80, but mel has 20"),
    ],
)
def test_faults_a_model_and_its_mels_must_fit(arguments, says):
    with pytest.raises(InputError, match=says):
        WaveNet((1, 2), 2, 4, 8, 4, **arguments)


def test_faults_text_and_mels_exclude_each_other(front_end):
    with pytest.raises(InputError, match="mel: the local condition is text or mels"):
        WaveNet((1, 2), 2, 4, 8, 4, mel=SMALL, text=front_end.get_config())


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (np.zeros((9, 40)), "^condition: mels of 40 bands, .*this model wants 20 bands .* every 80 samples at 8000 Hz"),
        (np.zeros((20, 9)), "^condition: its bands come first, of shape .20, 9.*transpose it"),
        (np.full((9, 20), -80.0), "^condition: mels from -80 to -80; .*natural logarithms .*decibels are others"),
        (np.linspace(0, 0.9, 180).reshape(9, 20), "^condition: mels from 0 to 0.9; .*so are energies themselves"),
        (np.full((9, 20), np.nan), "^condition: holds NaN"),
        ([np.zeros((9, 20)), np.zeros((9, 21))], "^condition: number 1: mels of 21 bands"),
        ([np.zeros((9, 20)), np.zeros((0, 20))], "^condition: number 1: is empty"),
        (None, "^condition: this model needs a condition: 20 bands"),
    ],
)
def test_faults_other_mels_are_refused_in_one_line(condition, says):
    model = WaveNet((1, 2), 2, 4, 8, 4, mel=SMALL)
    with pytest.raises(InputError, match=says) as caught:
        model.generate(condition=condition)
    assert "\n" not in str(caught.value)
