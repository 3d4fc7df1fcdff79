"""A TCN that listens to recordings and pipes."""

import io
import struct
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import HAS_TENSORFLOW, tiny_tcn

from dilatednets.cli.main import main
from dilatednets.data.audio import write_audio
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import listening

DATA = {"reader": "audio_folder", "sample_rate": 8000}


def listener(**settings):
    settings = {"frame": 80, "filters": 3, "pooling": "none", "labels": ("a", "b", "c"), "scale": (0.1,), **settings}
    return tiny_tcn(data=DATA, **settings)


@pytest.fixture
def sound(rng):
    return (rng.uniform(-0.5, 0.5, 4000) * np.sin(np.arange(4000) / 500)).astype(np.float32).round(3)


def pcm(sound):
    return (sound * 32768).astype("<i2").tobytes()


def wav(sound, rate=8000, size=None, channels=1):
    data = pcm(sound)
    extra = struct.pack("<4sI5s", b"LIST", 5, b"hello") + b"\0"
    kind = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, 2 * rate, 2, 16)
    return b"RIFF\0\0\0\0WAVE" + kind + extra + struct.pack("<4sI", b"data", size or len(data)) + data + extra


def test_answers_do_not_depend_on_how_the_sound_comes(sound):
    model = listener()
    whole = np.asarray(model(sound[None]))[0]
    for cuts in ([], [1, 79, 80, 1000, 3999], [2500]):
        found = np.stack(list(listening.answers(model, np.split(sound, cuts))))
        np.testing.assert_allclose(found, whole, atol=1e-4)


@pytest.mark.parametrize(
    "content",
    [pcm, lambda x: pcm(x) + b"\1", wav, lambda x: wav(x)[:-14], lambda x: wav(x, size=2**32 - 1)[:-14]],
    ids=["raw", "half a sample more", "wav", "wav to its end", "wav of a pipe"],
)  # fmt: skip
def test_sound_from_a_pipe(content, sound):
    pieces = list(listening.samples(io.BytesIO(content(sound)), 8000))
    np.testing.assert_allclose(np.concatenate(pieces), sound, atol=1e-4)


def test_lines_when_the_answer_has_changed_and_held(monkeypatch):
    model, scores = listener(), np.full((40, 3), -9.0, np.float32)
    scores[:12, 0] = scores[12:15, 1] = scores[15:30, 2] = scores[30:, 1] = 9.0
    scores[35:, 1] = -9.0  # no one knows
    monkeypatch.setattr(listening, "answers", lambda model, sound: scores[:38])
    monkeypatch.setattr(listening, "read_audio", lambda file, rate: None)
    said = [(row["label"], row["seconds"]) for row in listening.rows(model, "a.wav")]
    assert said == [("a", 0.11), ("c", 0.26)]
    scores = scores[:33]  # it ends with a word that had no time to hold
    monkeypatch.setattr(listening, "answers", lambda model, sound: scores)
    assert [row["label"] for row in listening.rows(model, "a.wav")] == ["a", "c", "b"]
    times = [row["seconds"] for row in listening.rows(model, "a.wav", every=100)]
    assert times == [0.01, 0.11, 0.21, 0.31]


def test_the_command_hears_a_recording_and_a_pipe_alike(sound, tmp_path, capsys, monkeypatch):
    model = listener()
    model.save_to_preset(tmp_path / "net")
    write_audio(tmp_path / "a.wav", sound, 8000)
    command = ["predict", str(tmp_path / "net")]
    assert main([*command, str(tmp_path / "a.wav"), "--every", "50"]) == 0
    said = [capsys.readouterr().out]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(wav(sound))))
    assert main([*command, "-", "--every", "50"]) == 0
    said.append(capsys.readouterr().out)
    probabilities = model.answer(sound[None])["probabilities"][0].max(axis=-1)[::5]
    for lines in map(str.splitlines, said):
        assert lines[0] == "seconds,label,probability" and len(lines) == 11
        np.testing.assert_allclose([float(line.split(",")[2]) for line in lines[1:]], probabilities, atol=1e-3)


def test_values_are_said_at_each_frame(sound, monkeypatch):
    model = listener(task="regress")
    monkeypatch.setattr(listening, "read_audio", lambda file, rate: sound[:400])
    assert [set(row) for row in listening.rows(model, "a.wav")] == [{"seconds", "a", "b", "c"}] * 5


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TENSORFLOW, reason="one backend will do")
def test_an_endless_pipe_whose_reader_leaves(tmp_path):
    listener().save_to_preset(tmp_path / "net")
    command = f"yes | {sys.executable} -m dilatednets predict {tmp_path / 'net'} - --every 10 | head -2"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("seconds,label,probability\n0.01,") and not done.stderr


def test_faults_of_sound_and_options(sound, tmp_path, capsys):
    for content, words in (
        (wav(sound, rate=44100), "-: the WAV header says 44100 Hz, 1 channels, 16 bits; this model hears 8000 Hz"),
        (wav(sound, channels=2), "2 channels"),
        (wav(sound)[:30], "ends within its WAV header"),
        (b"", "-: holds no samples"),
        *(
            (head + bytes(99), "-: begins with the header of another kind")
            for head in (b"fLaC", b"OggS", b"RF64", b"ID3")
        ),
    ):
        with pytest.raises(InputError, match=words):
            list(listening.samples(io.BytesIO(content), 8000))
    with pytest.raises(InputError, match="was not trained on recordings"):
        list(listening.rows(tiny_tcn(), "-"))
    with pytest.raises(InputError, match="waits for the end"):
        list(listening.rows(listener(causal=False), "-"))
    with pytest.raises(InputError, match="every: must be at least 10, the milliseconds of a frame"):
        list(listening.rows(listener(), "-", every=5))
    tiny_tcn().save_to_preset(tmp_path / "net")
    assert main(["predict", str(tmp_path / "net"), "a.csv", "--every", "10"]) == 2
    assert "--every: is for listening" in capsys.readouterr().err
