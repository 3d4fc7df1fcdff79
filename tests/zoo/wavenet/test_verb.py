"""The command `generate`: what it refuses, in its own words, and the command that a training suggests."""

import shlex

import pytest
import soundfile

from dilatednets.cli.main import main
from dilatednets.zoo.wavenet import WaveNet
from dilatednets.zoo.wavenet.recipe import Recipe


@pytest.fixture
def preset(tiny_model, tmp_path):
    tiny_model.save_to_preset(tmp_path / "my tiny")
    return tmp_path / "my tiny"


def say(preset, output, *more):
    return main(["generate", str(preset), "--text", "1", "--speaker", "ann", "--output", str(output), *more])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--speaker", "eve"], "--speaker: no speaker 'eve'; choose one of ann, bob"),
        (["--seconds", "99"], "--seconds: 792000 samples"),
        (["--temperature", "0"], "--temperature: must be above 0"),
        (["--seed", "-1"], "--seed: must be"),
        (["--text", "ten"], "--text: cannot say 'ten'"),
    ],
)
def test_faults_are_told_by_the_names_of_options(preset, tmp_path, capsys, more, says):
    assert say(preset, tmp_path / "a.wav", *more) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "a.wav").exists()


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
