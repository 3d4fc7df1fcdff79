"""The loss against plain NumPy."""

import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.zoo.audio_effect.losses import RESOLUTIONS, EffectLoss


def of_spectra(wet, made):
    total = 0
    for length, window, step in RESOLUTIONS:
        spectra = []
        for audio in (wet, made):
            emphasised = audio[1:] - 0.85 * audio[:-1]
            frames = np.lib.stride_tricks.sliding_window_view(emphasised, length)[::step]
            # As Keras has it: a periodic Hann window in the middle of the transform.
            hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
            first = (length - window) // 2
            spectra.append(np.abs(np.fft.rfft(frames * np.pad(hann, (first, length - window - first)), axis=1)))
        true, other = (np.maximum(one, 1e-4) for one in spectra)
        total += np.linalg.norm(true - other) / np.linalg.norm(true) + np.mean(np.abs(np.log(true) - np.log(other)))
    return total / len(RESOLUTIONS)


def test_samples_and_spectra(rng):
    wet, made = 0.3 * rng.normal(size=(2, 2, 4000))
    power, found = 0.09, EffectLoss(0.09, weight=0.5)
    expected = np.mean([np.mean((y - x) ** 2) / power + 0.5 * of_spectra(y, x) for y, x in zip(wet, made, strict=True)])
    assert float(found(wet, made)) == pytest.approx(expected, rel=1e-3)
    before = np.concatenate([np.ones((2, 99)), made], axis=1)  # what comes before the last samples does not count
    assert float(found(wet, before)) == pytest.approx(float(found(wet, made)), rel=1e-5)
    assert float(found(wet, wet)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("weight", [0, 0.01])
def test_faults_integers_and_columns_are_the_same_audio(weight, rng):
    wet = rng.integers(-9000, 9000, (2, 600)).astype(np.int16)
    made, loss = rng.uniform(-1, 1, (2, 700)).astype(np.float32), EffectLoss(weight=weight)
    expected = float(loss(wet / np.float32(32768), made))
    for truth, answer in (
        (wet, made),
        (wet[..., None], made),
        (wet, made[..., None]),
        (wet[..., None], made[..., None]),
    ):
        assert float(loss(truth, answer)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weight", [0, 0.01])
@pytest.mark.parametrize(
    "shapes", [((1, 600), (4, 600)), ((4, 600), (1, 600)), ((4, 600), (4, 1)), ((4, 600, 1), (1, 600))]
)
def test_faults_nothing_is_broadcast(weight, shapes):
    true, made = map(np.zeros, shapes)
    with pytest.raises(InputError, match=r"y_true: is of shape .* but the model made"):
        EffectLoss(weight=weight)(true, made)
    with pytest.raises(InputError, match=r"EffectLoss: audio must be of shape \(batch, samples\), not \(4, 600, 2\)"):
        EffectLoss(weight=weight)(np.zeros((4, 600, 2)), made)


def test_configuration():
    loss = EffectLoss(0.2, 0.3, 0.5)
    again = EffectLoss.from_config(loss.get_config())
    assert (again.power, again.weight, again.emphasis) == (0.2, 0.3, 0.5)
