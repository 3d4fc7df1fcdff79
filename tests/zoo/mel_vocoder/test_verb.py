"""The command `generate` of a vocoder."""

import numpy as np
import pytest
import soundfile
from helpers import tiny_vocoder

from dilatednets.cli.main import main


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model and a recording at another rate."""
    folder = tmp_path_factory.mktemp("vocoder")
    tiny_vocoder().save_to_preset(folder / "net")
    soundfile.write(folder / "a.wav", 0.3 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000), 16000)
    return folder


def say(place, *options, output="say.wav"):
    return main(["generate", str(place / "net"), *map(str, options), "--output", str(place / output)])


def test_recordings_sound_anew(place, capsys):
    assert say(place, "--mel-of", place / "a.wav", "--mel-of", place / "a.wav", "--plot", place / "say.png") == 0
    printed = capsys.readouterr().out
    assert "16000 Hz, resampled to the 8000 Hz of the model" in printed and "say_2.wav: 1.00 s of audio" in printed
    first, second = (soundfile.read(place / f"say_{n}.wav")[0] for n in (1, 2))
    np.testing.assert_array_equal(first, second)
    assert len(first) == 8000 and (place / "say_2.png").exists()


def test_mels_of_another_program_sound(place):
    model = tiny_vocoder()
    mels = model.mel_front_end.frames(soundfile.read(place / "a.wav")[0][::2])
    np.save(place / "mels.npy", mels)
    assert say(place, "--condition", place / "mels.npy", "--seed", 3, output="b.wav") == 0
    expected = model.generate(mels, seed=3)[0]
    np.testing.assert_allclose(soundfile.read(place / "b.wav")[0], expected, atol=1e-3)


def test_each_row_of_a_file_is_a_sound(place, capsys):
    model = tiny_vocoder()
    mels = np.random.default_rng(0).normal(-5, 1, (3, 9, 20)).astype(np.float32)
    np.save(place / "batch.npy", mels[:2])
    np.save(place / "one.npy", mels[2])
    assert say(place, "--condition", place / "batch.npy", "--condition", place / "one.npy", output="row.wav") == 0
    assert "row_3.wav: 0.06 s" in capsys.readouterr().out
    for number, one in enumerate(mels, 1):
        made = soundfile.read(place / f"row_{number}.wav")[0]
        np.testing.assert_allclose(made, model.generate(one)[0], atol=1e-3)


@pytest.mark.parametrize(
    "options, words",
    [
        ([], "--mel-of: missing; give --mel-of FILE.wav, or --condition FILE.npy"),
        (["--mel-of", "a.wav", "--condition", "a.npy"], "--mel-of says already what is to be heard"),
        (["--text", "one"], "--text: is for a WaveNet, not for a MelVocoder; leave it out"),
        (["--mel-of", "a.wav", "--prime", "a.wav"], "--prime: is for a WaveNet"),
        (["--mel-of", "a.wav", "--temperature", "0.5"], "--temperature: a MelVocoder draws nothing"),
        (["--mel-of", "nowhere.wav"], "nowhere.wav"),
        (["--condition", "bad.npy"], "bad.npy: mels of 5 bands"),
        (["--mel-of", "say.wav"], "say.wav"),
    ],
)
def test_faults_are_named(place, capsys, monkeypatch, options, words):
    monkeypatch.chdir(place)
    np.save("bad.npy", np.zeros((9, 5)) - 3)
    assert main(["generate", "net", *options, "--output", "say.wav"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and words in lines[0]
