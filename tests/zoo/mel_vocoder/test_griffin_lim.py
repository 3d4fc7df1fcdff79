"""Griffin-Lim against librosa, and against sounds whose spectra are known."""

import numpy as np
import pytest
from keras import ops

from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.mel_vocoder.griffin_lim import first_phases, griffin_lim, phase_table

MELS = MelFrontEnd(8000, 64, bands=20, window=256, fft_size=256, f_max=4000.0)


def voice(pitch=120.0, seconds=0.8, rate=8000):
    t = np.arange(round(seconds * rate)) / rate
    return (0.2 * sum(np.sin(2 * np.pi * pitch * k * (t + 0.1 * t**2)) / k for k in range(1, 12))).astype(np.float32)


def off(sound, magnitudes, mels=MELS):
    """How far a sound's magnitudes are from those that were asked for."""
    _, made = mels.with_magnitudes(np.asarray(sound, np.float64).clip(-1, 1))
    return np.linalg.norm(made - magnitudes) / np.linalg.norm(magnitudes)


def made(magnitudes, iterations, seed=0, mels=MELS):
    phases = first_phases(phase_table(seed, magnitudes.shape[-1]), magnitudes.shape[-2])
    sound = griffin_lim(magnitudes[None], phases, iterations, mels.window, mels.hop, mels.fft_size)
    return ops.convert_to_numpy(sound)[0]


def test_iterations_bring_the_sound_to_its_magnitudes():
    _, magnitudes = MELS.with_magnitudes(voice())
    errors = [off(made(magnitudes, count), magnitudes) for count in (0, 5, 60)]
    assert errors[0] > 2 * errors[1] > 2 * errors[2] and errors[2] < 0.1


def test_true_phases_give_the_very_sound():
    sound = voice()
    real, imaginary = ops.stft(sound[None], MELS.window, MELS.hop, MELS.fft_size, window="hann")
    magnitudes, phases = ops.sqrt(real**2 + imaginary**2), ops.arctan2(imaginary, real)
    again = griffin_lim(magnitudes, phases, 0, MELS.window, MELS.hop, MELS.fft_size)
    np.testing.assert_allclose(ops.convert_to_numpy(again)[0, 256:-256], sound[256 : len(again[0]) - 256], atol=1e-4)


@pytest.mark.parametrize("window", [256, 200])
def test_as_near_as_librosa(window):
    librosa = pytest.importorskip("librosa")
    mels = MelFrontEnd(8000, 50, bands=20, window=window, fft_size=256, f_max=4000.0)
    _, magnitudes = mels.with_magnitudes(voice())
    theirs = librosa.griffinlim(
        magnitudes.T, n_iter=30, hop_length=50, win_length=window, n_fft=256, random_state=0, momentum=0.99
    )
    assert off(made(magnitudes, 30, mels=mels), magnitudes, mels) < 1.2 * off(theirs, magnitudes, mels) + 0.01


def test_phases_are_those_of_the_seed_however_long():
    table = phase_table(3, 9)
    long, short = (ops.convert_to_numpy(first_phases(table, count)) for count in (600, 5))
    np.testing.assert_array_equal(long[:5], short)
    np.testing.assert_array_equal(long[251:256], short)
    assert not np.array_equal(phase_table(4, 9), table) and np.abs(table).max() <= np.pi
