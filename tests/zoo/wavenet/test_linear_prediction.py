"""Linear prediction: the filters are those of the normal equations, and what they leave makes the sound again."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.linalg import solve_toeplitz
from scipy.signal import freqz

from dilatednets.data.spoken_digits import Recording
from dilatednets.zoo.wavenet import MelFrontEnd, WaveNet
from dilatednets.zoo.wavenet.clip_windows import ClipWindows
from dilatednets.zoo.wavenet.linear_prediction import PEAK, SpeechFilter, excitation, filters_of, predictors
from dilatednets.zoo.wavenet.loop import ENGINES

ORDER, HOP = 12, 80
MELS = {"sample_rate": 8000, "hop": HOP, "bands": 20, "window": 256, "fft_size": 256, "f_max": 4000.0}
SEEDS = st.integers(0, 10**6)


def random_filters(seed, frames=7, batch=1):
    spectrum = np.cumsum(np.random.default_rng(seed).normal(0, 0.4, (batch, frames, 65)), axis=-1)
    return predictors(np.exp(spectrum), 8000, ORDER)


def voiced(samples=1600, rate=8000):
    """Overtones of 120 Hz, those around 700 Hz the strongest."""
    t, k = np.arange(samples) / rate, np.arange(1, 20)[:, None]
    strengths = 0.2 / (1 + ((120 * k - 700) / 300) ** 2)
    return np.sum(strengths * np.sin(2 * np.pi * 120 * k * t + k), axis=0).astype(np.float32)


@given(SEEDS)
def test_filters_solve_the_normal_equations(seed):
    power = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.4, (3, 65)), axis=1))
    lags = np.arange(ORDER + 1)
    for spectrum, (gain, *a) in zip(power, predictors(power, 8000, ORDER), strict=True):
        r = np.fft.irfft(spectrum)[: ORDER + 1] * np.exp(-0.5 * (2 * np.pi * 30 / 8000 * lags) ** 2)
        r[0] += 1e-5 * np.fft.irfft(spectrum)[0]
        expected = solve_toeplitz(r[:-1], r[1:])
        np.testing.assert_allclose(a, expected, atol=1e-6 * np.abs(expected).max())
        assert gain == pytest.approx(np.sqrt(r[0] - expected @ r[1:]), rel=1e-6)
        poles = np.roots(np.concatenate([[1.0], np.negative(a)]))
        assert np.abs(poles).max() < 1


def test_filters_have_the_spectrum_that_mels_tell():
    front_end, sound = MelFrontEnd(**MELS, prediction=ORDER), voiced()
    gain, *a = filters_of(front_end, front_end.frames(sound))[10]
    frequencies, response = freqz([gain], np.concatenate([[1.0], np.negative(a)]), 256, fs=8000)
    assert abs(frequencies[np.abs(response).argmax()] - 700) < 130


@given(SEEDS, st.integers(1, 7 * HOP), st.lists(st.integers(1, 200), max_size=5), st.integers(0, 150))
def test_what_is_left_makes_the_sound_again_in_any_stretches(seed, length, cuts, primed):
    filters = random_filters(seed, batch=2)
    primed = min(primed, length)
    sound = np.random.default_rng(seed).normal(0, 1e-3, (2, length)) * filters[:, :1, 0] / filters[:, :, 0].max()
    left = excitation(sound, filters, HOP)
    assert np.abs(left).max() < 1
    speech = SpeechFilter(filters, HOP, sound[:, :primed], primed)
    edges = np.unique(np.clip(np.cumsum([primed, *cuts, length]), 0, length))
    made = [speech(left[:, first:last]) for first, last in itertools.pairwise(edges)]
    np.testing.assert_allclose(np.concatenate([sound[:, :primed], *made], axis=1), sound, atol=1e-6)


@pytest.mark.tensorflow
@given(SEEDS)
def test_a_graph_has_the_same_filters_and_excitation(seed):
    front_end = MelFrontEnd(**MELS, prediction=ORDER)
    frames = np.random.default_rng(seed).uniform(-9, 2, (2, 5, 20)).astype(np.float32)
    sound = np.random.default_rng(seed).normal(0, 0.1, (2, 5 * HOP)).astype(np.float32)
    filters = filters_of(front_end, frames)
    in_graph = filters_of(front_end, ops.convert_to_tensor(frames), ops)
    np.testing.assert_allclose(ops.convert_to_numpy(in_graph), filters, rtol=1e-6, atol=1e-6)
    left = excitation(ops.convert_to_tensor(sound), in_graph, HOP, ops)
    np.testing.assert_allclose(ops.convert_to_numpy(left), excitation(sound, filters, HOP), atol=1e-6)


@pytest.fixture(scope="module")
def vocoder():
    return WaveNet((1, 2, 4), 2, 8, 12, 10, mel=MelFrontEnd(**MELS, prediction=ORDER).get_config())


@pytest.mark.parametrize("engine", [name for name in ENGINES if name in ("xla", "native_float32")])
def test_sound_is_what_the_net_makes_filtered(vocoder, engine):
    if engine != "xla":
        pytest.importorskip("numba")
    plain = WaveNet.from_config({**vocoder.get_config(), "mel": MelFrontEnd(**MELS).get_config()})
    plain.set_weights(vocoder.get_weights())
    mels = vocoder.mel_front_end.frames(voiced())
    made = vocoder.generate(condition=[mels, mels[:9]], seed=3, engine=engine)
    left = plain.generate(condition=[mels, mels[:9]], seed=3, engine=engine)
    expected = SpeechFilter(filters_of(vocoder.mel_front_end, np.stack([mels, mels])), HOP)(left)
    np.testing.assert_allclose(made[0], expected[0], atol=1e-6)
    np.testing.assert_allclose(made[1, : 9 * HOP], expected[1, : 9 * HOP], atol=1e-6)
    assert not made[1, 9 * HOP :].any()
    chunks = [*vocoder.stream(condition=mels, seed=3, engine=engine, chunk_samples=333)]
    whole = vocoder.generate(condition=mels, seed=3, engine=engine)
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), whole, atol=1e-6)
    prime = voiced()[:500]
    on = vocoder.generate(condition=mels, prime=prime, seed=4, engine=engine)
    filters = filters_of(vocoder.mel_front_end, mels)[None]
    before = excitation(prime[None], filters, HOP)
    left = plain.generate(condition=mels, prime=before, seed=4, engine=engine)
    np.testing.assert_allclose(on, SpeechFilter(filters, HOP, prime[None], 500)(left), atol=1e-6)


def test_faults_weights_for_what_is_left_do_not_make_sound(vocoder, tmp_path):
    trained = WaveNet.from_config(vocoder.get_config())
    trained.set_weights([weight + 9 for weight in trained.get_weights()])
    trained.save_to_preset(tmp_path / "left")
    with pytest.warns(UserWarning, match="26 of 26 weights start fresh, since .*mel changed"):
        plain = WaveNet.from_preset(tmp_path / "left", mel=MelFrontEnd(**MELS).get_config())
    assert max(weight.max() for weight in plain.get_weights()) < 5


def test_windows_hold_what_is_left():
    front_end, sound = MelFrontEnd(**MELS, prediction=ORDER), voiced(1590)
    windows = ClipWindows(
        [Recording("", "", "", 0, sound)], front_end, [], receptive_field=100, target=HOP, batch_size=1
    )
    clip = windows.clip(windows.recordings[0])
    filters = filters_of(front_end, clip.condition)[None]
    np.testing.assert_allclose(SpeechFilter(filters, HOP)(clip.audio[None])[0, :1590], sound, atol=1e-5)
    assert not clip.audio[1590:].any() and np.abs(clip.audio).max() > 0.01 / PEAK


@pytest.mark.tensorflow
@given(SEEDS, st.integers(1, 5 * HOP), st.lists(st.integers(1, 200), max_size=3), st.integers(0, 2 * HOP))
@settings(max_examples=15)
def test_a_graph_filters_as_the_loop_does(seed, length, cuts, position):
    from dilatednets.zoo.wavenet.speech_graph import speech

    filters = random_filters(seed, batch=2)
    left = np.random.default_rng(seed).normal(0, 0.1, (2, length)).astype(np.float32)
    before = np.random.default_rng(seed).normal(0, 0.1, (2, ORDER))
    expected = SpeechFilter(filters, HOP, before, position)(left)
    past, made = before, []
    for first, last in itertools.pairwise(np.unique([0, *np.clip(np.cumsum(cuts), 0, length), length])):
        audio, past = speech(left[:, first:last], ops.convert_to_tensor(filters), HOP, past, position + int(first))
        made.append(ops.convert_to_numpy(audio))
    np.testing.assert_allclose(np.concatenate(made, axis=1), expected, atol=1e-5)
