"""Archives of dry recordings: each as the command `process` plays it, with the knobs that its record says."""

import io

import numpy as np
import pytest
import soundfile
from effects import assert_close
from helpers import tiny_effect

from dilatednets import registry
from dilatednets.archives import manifest, worker
from dilatednets.cli.main import main
from dilatednets.errors import InputError
from dilatednets.zoo.audio_effect import archive

RATE = 8000


def mapper(monkeypatch, *how, **kwargs):
    model = tiny_effect(sample_rate=RATE, **kwargs)
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: model)
    return archive.Mapper("tiny", *how)


def test_a_recording_is_what_the_command_makes_of_it(tmp_path, rng, monkeypatch):
    """Of a path and of bytes, in stereo and at another rate than the model's."""
    tiny_effect(sample_rate=RATE).save_nam(tmp_path / "a.nam")
    soundfile.write(tmp_path / "dry.wav", 0.1 * rng.normal(size=(3000, 2)).clip(-3, 3), 11025)
    assert (
        main(["process", str(tmp_path / "a.nam"), str(tmp_path / "dry.wav"), "--output", str(tmp_path / "w.wav")]) == 0
    )
    given = str(tmp_path / "dry.wav"), (tmp_path / "dry.wav").read_bytes()
    rows, failed = worker.answers(
        archive.Mapper(tmp_path / "a.nam"), [(str(n), {"audio": one}) for n, one in enumerate(given)]
    )
    assert not failed and len(rows) == 2
    for row in rows:
        assert (row["sample_rate"], row["channels"], row["samples"]) == (11025, 2, 3000)
        assert row["wet"] == (tmp_path / "w.wav").read_bytes()
        assert row.keys() - {"key"} == archive.Mapper(tmp_path / "a.nam").example().keys()


def test_records_say_where_their_knobs_are(rng, monkeypatch):
    dry, one = 0.2 * rng.uniform(-1, 1, 400), mapper(monkeypatch, {"gain": 0.5, "tone": 0.1}, knobs=["gain", "tone"])
    told = {}, {"tone": 0.9}, {"tome": 0.9}
    rows, failed = worker.answers(one, [(str(n), {"audio": dry, "knobs": knobs}) for n, knobs in enumerate(told)])
    for row, knobs in zip(rows, told, strict=False):
        wet, rate = soundfile.read(io.BytesIO(row["wet"]), dtype="float32")
        assert rate == RATE
        expected = one.model.process(dry, knobs={"gain": 0.5, "tone": 0.1, **knobs})
        assert_close(wet, np.clip(expected, -1, 1), 1e-5)
    assert [key for key, _ in failed] == ["2"] and "did you mean tone" in failed[0][1]


def test_records_that_are_no_recordings_are_named_faults(tmp_path, monkeypatch):
    (tmp_path / "a.wav").write_bytes(b"nothing")
    given = str(tmp_path / "a.wav"), str(tmp_path / "b.wav"), b"RIFF", [0.0, float("nan")], 3
    rows, failed = worker.answers(mapper(monkeypatch), [(str(n), {"audio": one}) for n, one in enumerate(given)])
    assert not rows
    words = dict(failed)
    assert "a.wav" in words["0"] and "b.wav: no such file" in words["1"]
    assert all(words[key].startswith("audio: ") for key in "234")
    with pytest.raises(InputError, match=r"no knob .gain.; this model has none"):
        mapper(monkeypatch, {"gain": 1})


def test_a_nam_file_is_a_model_of_a_run(tmp_path):
    tiny_effect().save_nam(tmp_path / "a.nam")
    model = manifest.model_of(tmp_path / "a.nam")
    assert model["class"] == "AudioEffect" and len(model["file"]) == 64
    tiny_effect(head_scale=0.125).save_nam(tmp_path / "a.nam")
    assert manifest.model_of(tmp_path / "a.nam") != model
    with pytest.raises(InputError, match=r"b.nam: no such file"):
        manifest.model_of(tmp_path / "b.nam")
