"""The net, and the sound that it makes of mels."""

import numpy as np
import pytest
from helpers import tiny_vocoder

from dilatednets.errors import InputError, Note
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.mel_vocoder import MelVocoder, describe
from dilatednets.zoo.mel_vocoder import model as model_module

NARROW = MelFrontEnd(8000, 64, bands=20, window=256, fft_size=256, f_max=3000.0)


def tone(seconds=0.5, rate=8000):
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def untrained(mel=NARROW, **settings):
    return MelVocoder((1, 2), 6, mel=mel.get_config(), **settings)


@pytest.mark.parametrize("power", [1, 2])
def test_it_begins_as_an_interpolation_between_the_bands(power):
    """Of a flat spectrum, that is the spectrum itself: within the bands, and a little less above them."""
    mel = MelFrontEnd(8000, 64, bands=20, window=256, fft_size=256, f_max=3000.0, power=power)
    level = 0.25
    flat = np.log(level**power * mel.filters.sum(axis=1)).astype(np.float32)
    spectrum = np.asarray(untrained(mel)(np.tile(flat, (1, 5, 1))))
    assert spectrum.shape == (1, 5, 129)
    np.testing.assert_allclose(spectrum[..., :95], np.log(level), atol=1e-5)
    np.testing.assert_allclose(spectrum[..., 97:], np.log(level) - 1, atol=1e-5)


def test_a_tone_sounds_again():
    model = untrained(iterations=30)
    made = model.generate(model.mel_front_end.frames(tone()))
    assert made.shape == (1, 62 * 64) and made.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(made[0] * np.hanning(made.shape[1])))
    assert abs(spectrum.argmax() * 8000 / made.shape[1] - 440) < 60  # as exact as a band is wide


def test_the_same_seed_makes_the_same_sound_alone_and_in_a_batch():
    model = tiny_vocoder()
    mels = model.mel_front_end.frames(tone())
    one, two = model.generate(mels), model.generate(np.stack([mels, mels[::-1]]))
    np.testing.assert_allclose(two[:1], one, atol=2e-3)
    assert not np.allclose(model.generate(mels, seed=1), one, atol=0.01)
    assert not np.allclose(model.generate(mels, iterations=0), one, atol=0.01)


def test_rows_that_are_too_much_at_once_are_made_one_after_the_other(monkeypatch, rng):
    model, calls = untrained(iterations=2), []
    mels = np.stack([model.mel_front_end.frames(rng.normal(0, 0.1, 1000)) for _ in range(5)])
    together = model.generate(mels)
    program = model._program
    monkeypatch.setattr(model, "_program", lambda part, *rest: calls.append(part.shape) or program(part, *rest))
    monkeypatch.setattr(model_module, "MOST_FRAMES", 2 * mels.shape[1] + 3)
    np.testing.assert_allclose(model.generate(mels), together, atol=1e-5)
    assert calls == [(2, *mels.shape[1:]), (2, *mels.shape[1:]), (1, *mels.shape[1:])]


@pytest.mark.parametrize("hop", [64, 20])
def test_the_shortest_sounds_begin_as_if_silence_followed(hop):
    mel = MelFrontEnd(8000, hop, bands=20, window=256, fft_size=256, f_max=3000.0)
    model = untrained(mel)
    mels = mel.frames(tone()[: 20 * hop])
    for count in range(2, 256 // hop + 4):
        made = model.generate(mels[:count])
        assert made.shape == (1, (count - 1) * hop) and np.abs(made).max() > 0.01
    long = np.concatenate([mels[:2], mel.silence(256 // hop)])
    np.testing.assert_allclose(model.generate(mels[:2]), model.generate(long)[:, :hop], atol=1e-5)


def test_what_is_trained_further_is_what_sounds():
    model = tiny_vocoder()
    mels = model.mel_front_end.frames(tone())
    before = model.generate(mels)
    model.head.bias.assign(model.head.bias + 0.5)
    np.testing.assert_allclose(np.abs(model.generate(mels)).mean() / np.abs(before).mean(), np.exp(0.5), rtol=0.2)


def test_a_frame_sees_as_far_as_the_receptive_field_says():
    model = tiny_vocoder()
    mels = np.random.default_rng(1).normal(-4, 2, (1, 60, 20)).astype(np.float32)
    other = mels.copy()
    other[0, 30] += 3
    changed = np.flatnonzero(np.abs(np.asarray(model(mels) - model(other))).max(axis=(0, 2)))
    assert (changed.min(), changed.max()) == (30 - 6, 30 + 6) and model.receptive_field == 13


def test_what_cannot_sound_is_refused_faults():
    model = tiny_vocoder()
    mels = model.mel_front_end.frames(tone())
    for wrong, words in (
        (mels.T, "its bands come first"),
        (np.exp(mels) + 1, "this model wants 20 bands"),
        (mels[:1], "1 frames, but sound is made of 2 to 32,768; give longer ones"),
        (np.tile(mels, (600, 1)), "cut them"),
        (mels[0], r"must be of shape \(frames, 20\)"),
        ([mels, mels[:5]], "of different lengths"),
        (np.where(mels == mels.max(), np.nan, mels), "condition"),
        (np.stack([mels, np.exp(mels) + 1]), "this model wants 20 bands"),
        (np.stack([mels, mels + 20]), "this model wants 20 bands"),
    ):
        with pytest.raises(InputError, match=words):
            model.generate(wrong)
    with pytest.raises(InputError, match="do not overlap by half"):
        untrained(MelFrontEnd(8000, 200, bands=20, window=256, fft_size=256, f_max=3000.0))
    with pytest.raises(InputError, match="a linear prediction is for a WaveNet"):
        untrained(MelFrontEnd(8000, 64, bands=20, window=256, fft_size=256, f_max=3000.0, prediction=8))


def test_mels_of_another_kind_are_told_of():
    """Those of very loud sound are not."""
    model = untrained(iterations=30)
    noise = np.random.default_rng(2).normal(0, 1, 4000).clip(-1, 1).astype(np.float32)
    mels = model.mel_front_end.frames(noise)
    assert np.abs(model.generate(mels)).max() == 1
    for wrong in (mels + 3, np.stack([mels, np.zeros_like(mels)])):
        with pytest.warns(Note, match=r"condition: \d+% of the sound .* this model wants 20 bands"):
            model.generate(wrong)


def test_cost():
    facts = tiny_vocoder().describe()
    assert facts["macs_per_frame"] == 20 * 6 + 4 * 3 * 6 * 6 + 6 * 129
    assert (facts["layers"], facts["receptive_field"], facts["receptive_field_ms"]) == (4, 13, 104.0)
    model = tiny_vocoder()
    assert "half of it in the future" in " ".join(describe.lines(model, facts)) and describe.draw(model, "a title").axes
