"""The command `generate`: what it makes of texts, mels and primes, and what it refuses, in its own words."""

import shlex

import numpy as np
import pytest
import soundfile
from sounds import sine

from dilatednets.cli.main import main
from dilatednets.data.audio import read_audio, write_audio
from dilatednets.zoo.wavenet import WaveNet
from dilatednets.zoo.wavenet.recipe import Recipe


@pytest.fixture
def preset(save_tiny, tmp_path):
    return save_tiny(tmp_path / "my tiny")


def say(preset, output, *more):
    return main(["generate", str(preset), "--text", "1", "--speaker", "ann", "--output", str(output), *more])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--speaker", "eve"], "--speaker: no speaker 'eve'; choose one of ann, bob"),
        (["--seconds", "99"], "--seconds: 792000 samples"),
        (["--temperature", "0"], "--temperature: must be above 0"),
        (["--seed", "-1"], "--seed: must be"),
        (["--takes", "0"], "--takes: must be above 0"),
        (["--text", "ten"], "--text: cannot say 'ten'"),
    ],
)
def test_faults_are_told_by_the_names_of_options(preset, tmp_path, capsys, more, says):
    assert say(preset, tmp_path / "a.wav", *more) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "a.wav").exists()


def test_the_best_of_takes_is_written(preset, tmp_path):
    assert say(preset, tmp_path / "a.wav", "--seed", "1", "--takes", "3") == 0
    written, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    best = WaveNet.from_preset(preset).generate(text="1", speaker="ann", seed=[1], takes=3)[0]
    np.testing.assert_allclose(written, best, atol=2**-15)


@pytest.mark.parametrize("name", ["a.m4a", "a", "-"])
def test_faults_formats_are_refused_before_the_work(preset, tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(WaveNet, "from_preset", None)
    assert say(preset, name) == 2
    assert f"{name}: sound is written to names ending in .wav" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["my tiny"]


@pytest.mark.parametrize(("suffix", "kind"), [("flac", "FLAC"), ("ogg", "OGG"), ("mp3", "MP3")])
def test_faults_the_format_is_the_one_that_is_named(preset, tmp_path, suffix, kind):
    assert say(preset, tmp_path / f"a.{suffix}", "--seed", "1") == 0
    assert soundfile.info(tmp_path / f"a.{suffix}").format == kind


def test_faults_the_suggested_command_can_be_pasted(preset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(Recipe("mine").try_next(preset))
    assert program == "dilatednets" and main(arguments) == 0
    assert (tmp_path / "say.wav").is_file()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder of a vocoder, of sounds, and of what is neither sound nor mels."""
    folder = tmp_path_factory.mktemp("here")
    mel = {"sample_rate": 8000, "hop": 80, "bands": 20, "window": 256, "fft_size": 256, "f_max": 4000.0}
    WaveNet((1, 2, 4), 2, 8, 16, 8, mel=mel, speakers=("ann", "bob")).save_to_preset(folder / "vocoder")
    for name, rate, seconds in (("short", 8000, 0.2), ("long", 22050, 0.4)):
        write_audio(folder / f"{name}.wav", sine(300, rate, seconds), rate)
    soundfile.write(folder / "nan.wav", np.full(900, np.nan, np.float32), 8000, "FLOAT")
    for name, array in (("bands", np.zeros((9, 80))), ("first", np.zeros((20, 9))), ("nan", np.full((9, 20), np.nan))):
        np.save(folder / f"{name}.npy", array)
    np.save(folder / "objects.npy", np.array([{}, None], object))
    np.savez(folder / "many.npz", a=np.zeros(3))
    return folder


def make(preset, output, *more):
    return main(["generate", str(preset), "--seed", "3", *map(str, more), "--output", str(output)])


def test_several_texts_are_several_files_as_each_would_be_by_itself(preset, tmp_path):
    assert say(preset, tmp_path / "a.wav", "--text", "2 3", "--speaker", "bob", "--seed", "1") == 0
    assert {path.name for path in tmp_path.glob("*.wav")} == {"a_1.wav", "a_2.wav"}
    one = [
        "generate",
        str(preset),
        "--text",
        "2 3",
        "--speaker",
        "bob",
        "--seed",
        "1",
        "--output",
        str(tmp_path / "b.wav"),
    ]
    assert main(one) == 0
    assert (tmp_path / "a_2.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_one_text_in_several_voices_and_no_file_is_written_over(preset, tmp_path):
    (tmp_path / "a_2.wav").write_bytes(b"mine")
    assert say(preset, tmp_path / "a.wav", "--speaker", "bob", "--plot", str(tmp_path / "p.png")) == 0
    assert {path.name for path in tmp_path.glob("*.*")} == {"a_1.wav", "a_2.wav", "a_3.wav", "p_1.png", "p_3.png"}
    assert (tmp_path / "a_2.wav").read_bytes() == b"mine"
    assert len(read_audio(tmp_path / "a_1.wav")) != len(read_audio(tmp_path / "a_3.wav"))  # each in its own tempo


def test_mels_of_recordings_sound_as_those_that_are_given(here, tmp_path, capsys):
    files = [here / f"{name}.wav" for name in ("short", "long")]
    assert (
        make(here / "vocoder", tmp_path / "a.wav", "--mel-of", files[0], "--mel-of", files[1], "--speaker", "bob") == 0
    )
    said = capsys.readouterr().out
    assert f"{files[1]}: 22050 Hz, resampled to the 8000 Hz of the model" in said and f"{files[0]}: 8000" not in said
    front_end = WaveNet.from_preset(here / "vocoder").mel_front_end
    for number, file in enumerate(files, 1):
        frames = front_end.frames(read_audio(file, 8000))
        np.save(tmp_path / "frames.npy", frames)
        given = "--condition", tmp_path / "frames.npy", "--speaker", "bob"
        assert make(here / "vocoder", tmp_path / "a.wav", *given) == 0
        assert len(read_audio(tmp_path / "a.wav")) == 80 * len(frames)
        assert (tmp_path / f"a_{number}.wav").read_bytes() == (tmp_path / "a.wav").read_bytes()


def test_a_prime_is_resampled_and_not_written(here, tmp_path, capsys):
    frames, long = np.zeros((60, 20), np.float32), here / "long.wav"
    np.save(tmp_path / "frames.npy", frames)
    given = "--condition", tmp_path / "frames.npy", "--prime", long, "--speaker", "ann"
    assert make(here / "vocoder", tmp_path / "a.wav", *given) == 0
    assert f"{long}: 22050 Hz, resampled to the 8000 Hz of the model" in capsys.readouterr().out
    prime = read_audio(long, 8000)
    audio = WaveNet.from_preset(here / "vocoder").generate(condition=frames, prime=prime, speaker="ann", seed=3)[0]
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), audio, atol=2**-15)
    assert len(audio) == 60 * 80 - len(prime)


def test_audio_alone_lasts_as_long_as_is_asked(tmp_path):
    WaveNet((1, 2, 4), 2, 8, 16, 8, sample_rate=8000).save_to_preset(tmp_path / "plain")
    assert make(tmp_path / "plain", tmp_path / "a.wav", "--seconds", 0.25) == 0
    assert len(read_audio(tmp_path / "a.wav")) == 2000


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--mel-of", "nowhere.wav"], "nowhere.wav: cannot be read"),
        (["--mel-of", "{}/short.wav", "--text", "1"], "--mel-of: --text says already what is to be heard"),
        (["--mel-of", "{}/short.wav", "--speaker", "eve"], "--speaker: no speaker 'eve'"),
        (["--mel-of", "{}/short.wav", "--seconds", "9"], "--mel-of: 21 frames of 80 samples are too short for 72000"),
        (["--mel-of", "{}/nan.wav"], "nan.wav: holds NaN"),
        (["--condition", "{}/nowhere.npy"], "nowhere.npy: cannot be read"),
        (["--condition", "{}/short.wav"], "short.wav: no array of NumPy's; write it by numpy.save"),
        (["--condition", "{}/bands.npy"], "--condition: {}/bands.npy: mels of 80 bands, of shape (9, 80); this model"),
        (["--condition", "{}/first.npy"], "--condition: {}/first.npy: its bands come first"),
        (["--condition", "{}/nan.npy"], "--condition: {}/nan.npy: holds NaN"),
        (["--condition", "{}/objects.npy"], "objects.npy: no array of NumPy's"),
        (["--condition", "{}/many.npz"], "many.npz: an archive of arrays"),
        (["--prime", "{}/nan.wav"], "nan.wav: holds NaN"),
        ([], "--condition: this model needs a condition: 20 bands from 0 to 4000 Hz (Slaney), every 80 samples"),
    ],
)  # fmt: skip
def test_faults_in_what_is_to_sound_are_one_line(here, tmp_path, capsys, more, says):
    speaker = [] if "--speaker" in more else ["--speaker", "ann"]
    assert make(here / "vocoder", tmp_path / "a.wav", *(one.format(here) for one in more), *speaker) == 2
    said = capsys.readouterr().err
    assert says.format(here) in said and said.count("\n") == 1
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("option", ["--mel-of", "--prime"])
def test_faults_no_recording_is_written_over(here, tmp_path, capsys, option):
    own = tmp_path / "own.wav"
    own.write_bytes((here / "short.wav").read_bytes())
    assert make(here / "vocoder", own, option, tmp_path / "." / "own.wav", "--speaker", "ann") == 2
    assert capsys.readouterr().err == f"dilatednets: --output: {own}: is the file that is read; choose another name\n"
    assert own.read_bytes() == (here / "short.wav").read_bytes()


@pytest.mark.parametrize("option", ["--mel-of", "--condition", "--prime", "--plot", "--output"])
def test_faults_an_empty_name_is_shown(here, tmp_path, capsys, option):
    given = {"--output": str(tmp_path / "a.wav"), option: ""}
    said = [word for pair in given.items() for word in pair]
    assert main(["generate", str(here / "vocoder"), "--speaker", "ann", *said]) == 2
    assert "dilatednets: '': not the name of a file or folder; give one" in capsys.readouterr().err


def test_faults_silence_is_named(here, tmp_path, capsys):
    soundfile.write(tmp_path / "still.wav", np.zeros((400, 2)), 8000)
    assert make(here / "vocoder", tmp_path / "a.wav", "--mel-of", tmp_path / "still.wav", "--speaker", "ann") == 0
    assert "still.wav: is silent, below -70 dB, or its channels cancel each other" in capsys.readouterr().err


def test_faults_a_model_of_words_takes_no_mels(preset, here, tmp_path, capsys):
    assert make(preset, tmp_path / "a.wav", "--mel-of", here / "short.wav", "--speaker", "ann") == 2
    assert f"--mel-of: {preset} takes text, and no mels; leave it out" in capsys.readouterr().err
    assert make(preset, tmp_path / "a.wav", "--condition", here / "bands.npy", "--speaker", "ann") == 2
    assert f"--condition: {here / 'bands.npy'}: need (frames, 42), not (9, 80)" in capsys.readouterr().err
