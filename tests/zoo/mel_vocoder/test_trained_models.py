"""The trained vocoder on the sample of its data set."""

import numpy as np
import pytest

from dilatednets.data.audio import read_audio
from dilatednets.data.samples import sample
from dilatednets.zoo.mel_vocoder import MelVocoder


@pytest.fixture(scope="module")
def vocoder():
    return MelVocoder.from_preset("wavenet_vocoder_ljspeech")


@pytest.fixture(scope="module")
def recording(vocoder):
    return read_audio(sample("ljspeech") / "validation" / "LJ001-0090.flac", vocoder.sample_rate)


def test_it_knows_more_of_the_spectrum_than_the_bands_say(vocoder):
    plain = MelVocoder((1,), 4, mel=vocoder.mel_front_end.get_config())
    errors = [model.evaluate_on(sample("ljspeech"))["spectral_error"] for model in (vocoder, plain)]
    assert errors[0] < errors[1] - 0.2  # dB


def test_its_sound_is_that_of_the_recording(vocoder, recording):
    """The long-time spectrum within 2 dB in each octave; the mels of what it makes are those that it was given."""
    mels = vocoder.mel_front_end.frames(recording)
    made = vocoder.generate(mels)[0]
    assert len(recording) - len(made) < vocoder.mel_front_end.hop and np.abs(made).max() < 1
    power = [np.abs(np.fft.rfft(x[: len(made)])) ** 2 for x in (recording, made)]
    for low in (125, 250, 500, 1000, 2000, 4000):
        first, last = (round(hertz * len(made) / vocoder.sample_rate) for hertz in (low, 2 * low))
        real, ours = (10 * np.log10(x[first:last].sum()) for x in power)
        assert abs(real - ours) < 2, low
    again = vocoder.mel_front_end.frames(made)
    loud = mels[: len(again)] > -6
    assert np.abs(again - mels[: len(again)])[loud].mean() < 0.2
