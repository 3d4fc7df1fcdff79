"""Music of a TCN: from its tokens to files, and the command that makes them."""

import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.cli.main import main
from dilatednets.data import polymusic
from dilatednets.data.audio import read_audio
from dilatednets.zoo.tcn import TCN, music

MUSIC = {"reader": "polymusic", "set": "JSB_Chorales"}


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preset") / "composer"
    model = tiny_tcn(2 * polymusic.TOKENS, task="next", data={**MUSIC, "voices": 2})
    model.save_to_preset(folder)
    return model, folder


class Player:
    """What a model is to `make_music`, with tokens that are known."""

    def __init__(self, made, voices):
        self.data, self.made = {**MUSIC, "voices": voices}, np.array(made)

    def generate(self, steps, **how):
        return self.made[None, :steps]


def test_a_piece_of_voices_ends_where_the_highest_is_silent():
    silent, low = polymusic.TOKENS, polymusic.TOKENS + 1
    tokens = [40, low + 20, 41, silent, 0, low + 3, 50, low]
    roll = music.make_music(Player(tokens, 2), 4)
    assert [np.flatnonzero(step).tolist() for step in roll] == [[20, 39], [40]]
    assert len(music.make_music(Player(tokens[:4], 2), 2)) == 2
    assert music.make_music(Player([0, low], 2), 1).shape == (1, 88)  # a file needs a step


def test_labels_are_keys(rng):
    keys = rng.integers(0, 2, (5, 88))
    np.testing.assert_array_equal(music.make_music(Player(keys, 0), 5), keys)


def test_tones_have_the_pitches_and_times_of_the_roll():
    roll = np.zeros((3, 88))
    roll[0, [39, 43]] = roll[2, 48] = 1  # C4 and E4, a rest, A4
    sound = music.tones(roll, steps_a_minute=60)
    second = music.SAMPLE_RATE
    middles = [np.abs(np.fft.rfft(sound[n * second : (n + 1) * second] * np.hanning(second))) for n in range(3)]
    assert sorted(np.argsort(middles[0][:400])[-6:]) == [261, 262, 263, 329, 330, 331]
    assert np.argmax(middles[2]) == 440 and 0.7 < np.abs(sound).max() <= 0.8001 and len(sound) < 3.05 * second
    assert np.abs(sound[second + 900 : 2 * second]).max() < 1e-3


def test_high_keys_have_no_harmonics_that_would_fold_down():
    roll = np.zeros((1, 88))
    roll[0, 87] = 1  # C8, 4186 Hz; the fourth multiple would be above half the sample rate
    spectrum = np.abs(np.fft.rfft(music.tones(roll, 60)[: music.SAMPLE_RATE] * np.hanning(music.SAMPLE_RATE)))
    peaks = np.flatnonzero(spectrum > spectrum.max() / 50)
    assert {round(peak / 4186) for peak in peaks} == {1, 2}


def test_the_command_writes_music_that_a_seed_repeats(composer, tmp_path, capsys):
    model, preset = composer
    arguments = ["generate", str(preset), "--steps", "9", "--seed", "5"]
    assert main([*arguments, "--output", str(tmp_path / "new" / "a.mid"), "--plot", str(tmp_path / "a.png")]) == 0
    assert "a.mid: " in capsys.readouterr().out and (tmp_path / "a.png").stat().st_size > 2000
    assert main([*arguments, "--output", str(tmp_path / "b")]) == 0
    assert (tmp_path / "new" / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    roll = music.make_music(model, 9, seed=5)
    np.testing.assert_allclose(read_audio(tmp_path / "b.wav"), music.tones(roll, lowest=9), atol=1e-4)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--steps", "0"], "--steps: must be above 0, not 0"),
        (["--temperature", "0"], "--temperature: must be above 0"),
        (["--seed", "-1"], "--seed: must be"),
        (["--text", "4 2"], "--text: is for a WaveNet, not for a TCN; leave it out"),
        (["--output", "a.mp3"], "--output: a.mp3: music is written as .mid and .wav"),
        (["--plot", "a.gif"], "a.gif: cannot write a picture as '.gif'"),
    ],
)
def test_faults_of_the_command(composer, tmp_path, monkeypatch, capsys, more, says):
    monkeypatch.chdir(tmp_path)
    assert main(["generate", str(composer[1]), "--output", "a", *more]) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("output", "there"), [("song", "song.mid"), ("song", "song.wav"), ("song.mid", "song.wav")])
def test_faults_a_file_that_was_not_named_is_not_replaced(composer, tmp_path, monkeypatch, capsys, output, there):
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).write_bytes(b"made by hand")
    command = ["generate", str(composer[1]), "--steps", "3", "--output", output]
    assert main(command) == 2
    assert f"--output: {there}: is there already; give --overwrite to replace it" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == [there] and (tmp_path / there).read_bytes() == b"made by hand"
    assert main([*command, "--overwrite"]) == 0 and len(list(tmp_path.iterdir())) == 2
    assert main(["generate", str(composer[1]), "--steps", "3", "--output", "other.mid"]) == 0


def test_faults_of_models_that_make_no_music(tmp_path, capsys):
    tiny_tcn(3, task="next").save_to_preset(tmp_path / "tokens")
    assert main(["generate", str(tmp_path / "tokens"), "--output", str(tmp_path / "a")]) == 2
    assert "this model was not trained on music" in capsys.readouterr().err


@pytest.mark.slow
def test_the_trained_model_writes_four_parts():
    model = TCN.from_preset("tcn_chorales")
    made = model.generate(4 * 40, batch_size=8, seed=0).reshape(8, 40, 4)
    ends = [min([*np.flatnonzero(piece[:, 0] == 0), 40]) for piece in made]
    chords = np.concatenate([piece[:end] for piece, end in zip(made, ends, strict=True)])
    assert len(chords) > 160
    voices, tokens = np.divmod(chords, polymusic.TOKENS)
    assert np.mean(voices == np.arange(4)) > 0.98
    assert np.mean(np.diff(tokens[np.all(tokens > 0, axis=1)], axis=1) < 0) > 0.97  # each voice below the one above
    scale = np.isin((tokens[tokens > 0] + polymusic.LOWEST - 1) % 12, (0, 2, 4, 5, 7, 9, 11))
    assert 0.7 < scale.mean() < 1  # C major, and what modulates and leads
