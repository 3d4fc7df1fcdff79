"""From recordings to a vocoder."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from helpers import tiny_vocoder

from dilatednets import registry
from dilatednets.errors import InputError
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.mel_vocoder import MelVocoder, SpectraWindows, SpectrumLoss

RATE = 8000
KEYS = {
    "data": {"sample_rate": RATE},
    "net": {"dilations": [1, 2], "channels": 16},
    "mel": {"hop": 64, "bands": 20, "window": 256, "fft_size": 256, "f_max": 4000.0},
    "training": {
        "epochs": 8,
        "batch_size": 4,
        "frames": 16,
        "learning_rate": 0.01,
        "warmup_steps": 0,
        "jit_compile": False,
    },
}
MELS = MelFrontEnd(RATE, 64, bands=20, window=256, fft_size=256, f_max=4000.0)


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Harmonics of gliding pitches, which mels of few bands blur."""
    folder, t = tmp_path_factory.mktemp("voices"), np.arange(RATE) / RATE
    for number in range(10):
        phase = 2 * np.pi * (150 + 20 * number) * (t + 0.1 * t**2)
        sound = 0.1 * sum(np.sin(k * phase) for k in range(1, 9))
        soundfile.write(folder / f"{number}.wav", sound, RATE, "FLOAT")
    return folder


def recipe(**keys):
    return registry.parse_recipe({"name": "mine", "model": "MelVocoder", **KEYS, **keys})


@pytest.mark.slow
def test_a_vocoder_learns_more_than_interpolation(voices, tmp_path):
    begun = MelVocoder(mel=MELS.get_config(), **KEYS["net"]).evaluate_on(voices)
    best = registry.train(recipe(), voices, tmp_path / "run")
    model = MelVocoder.from_preset(best)
    figures = model.evaluate_on(voices)
    assert figures["spectral_error"] < 0.75 * begun["spectral_error"]
    assert (figures["recordings"], figures["seconds"]) == (1, 1.0) and model.sample_rate == RATE


@pytest.mark.slow
def test_what_was_learnt_is_where_more_is_learnt_from(voices, tmp_path):
    tiny_vocoder().save_to_preset(tmp_path / "start")
    training = {**KEYS["training"], "epochs": 1, "jit_compile": True}
    again = registry.parse_recipe({"name": "on", "init": str(tmp_path / "start"), "training": training})
    assert MelVocoder.from_preset(registry.train(again, voices, tmp_path / "on")).channels == 6


def test_windows_are_of_one_sound(voices):
    """The mels of a window are those of its magnitudes, whatever speed and level were drawn, and each epoch draws anew."""
    sounds = [soundfile.read(path, dtype="float32")[0] for path in sorted(voices.iterdir())]
    windows = SpectraWindows(sounds, MELS, frames=16, batch_size=4, seed=2)
    batches = list(windows.epochs(0, 2))
    assert len(batches) == 2 * windows.steps_per_epoch == 2 * (10 * RATE // 64 // 64)
    for mels, magnitudes in batches:
        np.testing.assert_allclose(mels, np.log(np.maximum(magnitudes @ MELS.filters.T, MELS.floor)), atol=1e-4)
    np.testing.assert_array_equal(next(windows.epoch(1))[0], batches[windows.steps_per_epoch][0])
    assert not np.array_equal(batches[0][0], batches[windows.steps_per_epoch][0])


def test_other_speeds_have_other_pitches():
    sound = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    windows = SpectraWindows([sound], MELS, frames=8, batch_size=8)
    loudest = {int(magnitudes[0, 4].argmax()) for number in range(40) for _, magnitudes in windows.epoch(number)}
    assert min(loudest) == round(32 * 14 / 16) and max(loudest) == round(32 * 19 / 16)
    fixed = SpectraWindows([sound], MELS, frames=8, batch_size=8, speeds=False)
    assert {int(magnitudes[0, 4].argmax()) for number in range(5) for _, magnitudes in fixed.epoch(number)} == {32}


def test_loss_by_numpy(rng):
    true, made = rng.uniform(0, 2, (2, 5, 9)), rng.normal(0, 1, (2, 5, 9))
    s = np.maximum(true, 1e-3)
    expected = np.mean(np.abs(np.log(s) - made) + 12 * np.abs(s**0.3 - np.exp(0.3 * np.maximum(made, np.log(1e-3)))))
    assert float(SpectrumLoss()(true, made)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_fitted_on_arrays_it_is_loaded_where_only_the_zoo_is_imported(tmp_path):
    model = tiny_vocoder()
    mels, magnitudes = MELS.with_magnitudes(0.1 * np.sin(np.arange(1000)))
    model.compile("adam", SpectrumLoss())
    model.fit(mels[None], magnitudes[None], verbose=0)
    model.save(tmp_path / "g.keras")
    code = "import sys, keras, dilatednets.zoo; print(type(keras.models.load_model(sys.argv[1]).loss).__name__)"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "g.keras"], capture_output=True, text=True)
    assert done.stdout.strip() == "SpectrumLoss", done.stderr


def test_what_cannot_be_learnt_from_is_refused_faults(voices, tmp_path):
    model = tiny_vocoder()
    model.compile("adam", SpectrumLoss())
    with pytest.raises(InputError, match="y: must hold magnitudes, at least 0, not -1;"):
        model.fit(np.full((1, 4, 20), -3.0), np.full((1, 4, 129), -1.0), verbose=0)
    with pytest.raises(InputError, match="too few for one batch of 400 windows"):
        registry.task(recipe(training={"batch_size": 400, "frames": 16}), voices)
    with pytest.raises(InputError, match=r"key data.shortest: must be below data.longest"):
        recipe(data={"shortest": 40.0})
    with pytest.raises(InputError, match=r"key mel.bands: has no effect, since a run from init"):
        tiny_vocoder().save_to_preset(tmp_path / "start")
        registry.parse_recipe({"name": "mine", "init": str(tmp_path / "start"), "mel": {"bands": 30}})
    with pytest.raises(InputError, match="--reader: spoken_digits: the data of a MelVocoder are recordings"):
        tiny_vocoder().evaluate_on(voices, reader="spoken_digits")
