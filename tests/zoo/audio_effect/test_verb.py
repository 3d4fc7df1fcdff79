"""The command `process`."""

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from effects import assert_close
from helpers import tiny_effect

from dilatednets.cli.main import main
from dilatednets.data.audio import resample

RATE = 8000


@pytest.fixture
def place(tmp_path):
    """A model, as a file, and a dry recording."""
    tiny_effect(sample_rate=RATE).save_nam(tmp_path / "a.nam")
    soundfile.write(tmp_path / "dry.wav", dry(), RATE, "FLOAT")
    return tmp_path


def dry(seconds=1.0, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    return (0.4 * np.sin(2 * np.pi * 200 * t) * np.exp(-t)).astype(np.float32)


def run(place, name="dry.wav", *options, output="wet.wav"):
    return main(["process", str(place / "a.nam"), str(place / name), "--output", str(place / output), *options])


def test_a_recording(place, capsys):
    assert run(place, "dry.wav", "--plot", str(place / "a.png")) == 0
    printed = capsys.readouterr().out
    assert "wet.wav: 1.00 s of audio" in printed and "a.png: the dry and the wet signal" in printed
    wet, rate = soundfile.read(place / "wet.wav", dtype="float32")
    assert rate == RATE and (place / "a.png").read_bytes()[:4] == b"\x89PNG"
    np.testing.assert_allclose(wet, tiny_effect(sample_rate=RATE).process(dry()), atol=1e-5)


def test_another_rate_is_resampled_and_back(place, capsys):
    soundfile.write(place / "other.wav", dry(rate=11025), 11025, "FLOAT")
    assert run(place, "other.wav") == 0
    assert "is of 11025 Hz, the model of 8000 Hz: resampled to that and back" in capsys.readouterr().out
    wet, rate = soundfile.read(place / "wet.wav", dtype="float32")
    expected = resample(tiny_effect(sample_rate=RATE).process(resample(dry(rate=11025), 11025, RATE)), RATE, 11025)
    assert rate == 11025 and len(wet) == 11025
    np.testing.assert_allclose(wet, expected[:11025], atol=1e-5)


def test_channels_are_processed_each_by_itself(place, capsys):
    soundfile.write(place / "stereo.wav", np.stack([dry(), -dry()], axis=1), RATE, "FLOAT")
    assert run(place, "stereo.wav") == 0
    assert "2 channels, each processed by itself" in capsys.readouterr().out
    wet, _ = soundfile.read(place / "wet.wav", dtype="float32")
    model = tiny_effect(sample_rate=RATE)
    np.testing.assert_allclose(wet.T, [model.process(dry()), model.process(-dry())], atol=1e-5)


def test_standard_input_to_standard_output(place, monkeypatch):
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(dry().tobytes())))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=output, write=lambda text: 1 / 0, flush=lambda: None))
    assert main(["process", str(place / "a.nam"), "-", "--output", "-"]) == 0
    assert_close(np.frombuffer(output.getvalue(), np.float32), tiny_effect(sample_rate=RATE).process(dry()))


def test_knobs(place):
    model = tiny_effect(sample_rate=RATE, knobs=["gain"], head_scale=0.1)
    model.save_to_preset(place / "preset")
    command = ["process", str(place / "preset"), str(place / "dry.wav"), "--output", str(place / "wet.wav")]
    assert main([*command, "--knob", "gain=0.5"]) == 0
    wet, _ = soundfile.read(place / "wet.wav", dtype="float32")
    np.testing.assert_allclose(wet, model.process(dry(), knobs={"gain": 0.5}), atol=1e-5)


def test_what_is_too_loud_is_cut_and_told(place, capsys):
    tiny_effect(sample_rate=RATE, head_scale=100.0).save_nam(place / "a.nam")
    assert run(place) == 0
    assert "note: the output reaches" in capsys.readouterr().err
    soundfile.write(place / "loud.wav", 4 * dry(), RATE, "FLOAT")
    assert run(place, "loud.wav") == 0
    assert f"note: {place / 'loud.wav'} reaches 1.60 and is cut at 1" in capsys.readouterr().err


def test_faults_stopping_a_live_recording_keeps_it(place, monkeypatch):
    pieces = [dry()[:4000].tobytes(), KeyboardInterrupt]

    def read1(size):
        if pieces[0] is KeyboardInterrupt:
            raise KeyboardInterrupt
        return pieces.pop(0)

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read1=read1)))
    live = ["process", str(place / "a.nam"), "-", "--plot", str(place / "a.png"), "--output"]
    assert main([*live, str(place / "wet.wav")]) == 0
    wet, _ = soundfile.read(place / "wet.wav", dtype="float32")
    np.testing.assert_allclose(wet, tiny_effect(sample_rate=RATE).process(dry()[:4000]), atol=1e-5)
    assert main([*live, str(place / "none.wav")]) == 130 and not (place / "none.wav").exists()


def test_faults_a_live_recording_does_not_replace_another(place, monkeypatch, capsys):
    (place / "wet.wav").write_bytes(b"a take")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(dry().tobytes())))
    live = ["process", str(place / "a.nam"), "-", "--output", str(place / "wet.wav")]
    assert main(live) == 2
    assert f"--output: {place / 'wet.wav'}: is there already; give --overwrite" in capsys.readouterr().err
    assert (place / "wet.wav").read_bytes() == b"a take"
    assert main([*live, "--overwrite"]) == 0 and (place / "wet.wav").stat().st_size > 100
    assert run(place) == 0  # of a file, it can be made again
    assert run(place, output="dry.wav") == 2  # what is read is never replaced
    assert "is the file that is read" in capsys.readouterr().err


def test_faults_a_pipe_without_sound_is_refused(place, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    command = ["process", str(place / "a.nam"), "-", "--plot", str(place / "a.png"), "--output", str(place / "wet.wav")]
    assert main(command) == 2 and not (place / "wet.wav").exists()
    assert capsys.readouterr().err.startswith("dilatednets: standard input: holds no samples")


def test_faults_of_files_and_options(place, capsys):
    soundfile.write(place / "other.wav", dry(), 11025, "FLOAT")
    soundfile.write(place / "nan.wav", dry() * np.nan, RATE, "FLOAT")
    (place / "cut.wav").write_bytes((place / "dry.wav").read_bytes()[:-999])
    for arguments, words in (
        (("nothing.wav",), "nothing.wav: cannot be read"),
        (("cut.wav",), "truncated file"),
        (("nan.wav",), "nan.wav: holds NaN or infinity"),
        (("other.wav", "--no-resample"), "is of 11025 Hz, the model of 8000 Hz; leave out --no-resample"),
        (("dry.wav", "--knob", "gain=1"), "no knob 'gain'; this model has none"),
    ):
        assert run(place, *arguments) == 2
        assert words in capsys.readouterr().err
        assert not (place / "wet.wav").exists()
    broken = tiny_effect(sample_rate=RATE)
    broken.weights[-1].assign([np.nan])
    broken.save_to_preset(place / "broken")
    assert main(["process", str(place / "broken"), str(place / "dry.wav"), "--output", str(place / "wet.wav")]) == 2
    assert "model: gives NaN or infinity" in capsys.readouterr().err and not (place / "wet.wav").exists()
    assert run(place, output="dry.wav") == 2
    assert "--output: " in (printed := capsys.readouterr().err) and "is the file that is read" in printed
    assert main(["process", "wavenet_digits", str(place / "dry.wav"), "--output", str(place / "wet.wav")]) == 2
    assert "is a WaveNet; this needs an AudioEffect" in capsys.readouterr().err
