"""Pairs of dry and wet recordings: what is put right, what is told, and what is refused."""

import numpy as np
import pytest
import soundfile

from dilatednets.data import dry_wet
from dilatednets.errors import InputError, Note

RATE = 8000


def playing(seconds=3.0, seed=0):
    """Something lively, (samples,)."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    envelope = 0.2 + 0.8 * (np.sin(2 * np.pi * 3 * t) > 0)
    return 0.3 * envelope * np.convolve(rng.normal(size=len(t)), [0.5, 0.3, 0.2], "same")


def pair(folder, dry, wet, rate=RATE, wet_rate=None):
    folder.mkdir(parents=True, exist_ok=True)
    for name, audio, of in (("dry", dry, rate), ("wet", wet, wet_rate or rate)):
        if audio is not None:
            soundfile.write(folder / f"{name}.wav", audio, of, "FLOAT")
    return folder


def distorted(dry):
    """A gentle low pass behind a hard bend."""
    return 0.4 * np.convolve(np.tanh(6 * dry), [0.6, 0.3, 0.1])[: len(dry)]


def test_aligned_pairs_stay_as_they_are(tmp_path):
    dry = np.clip(playing(), -0.99, 0.99)
    [one] = dry_wet.load(pair(tmp_path, dry, distorted(dry)), "train")
    assert (one.sample_rate, one.delay, one.knobs) == (RATE, 0, {})
    np.testing.assert_allclose(one.dry, dry, atol=1e-6)
    np.testing.assert_allclose(one.wet, distorted(dry), atol=1e-6)


@pytest.mark.parametrize(("late", "words"), [(160, "20.0 ms) late"), (-100, "12.5 ms) early")])
def test_a_delay_is_taken_out(late, words, tmp_path):
    dry = np.clip(playing(), -0.99, 0.99)
    wet = np.roll(distorted(dry), late)
    with pytest.warns(Note, match=f"comes {abs(late)} samples") as caught:
        [one] = dry_wet.load(pair(tmp_path, dry, wet), "train")
    assert words in str(caught[0].message) and len(one.dry) == len(one.wet)
    assert abs(one.delay - late) <= 10  # a little is left, so that the net need not look ahead
    left = late - one.delay
    expected = np.roll(distorted(one.dry), left)
    np.testing.assert_allclose(one.wet[500:-500], expected[500:-500], atol=1e-5)


@pytest.mark.parametrize("name", ["inverted", "a loop", "clipped dry"])
def test_what_is_odd_is_told(name, tmp_path):
    dry = np.clip(playing(), -0.99, 0.99)
    loop = np.tile(dry[:600], 40)
    dry, wet, words = {
        "inverted": (dry, -distorted(dry), "wet.wav: is inverted"),
        "a loop": (loop, np.roll(loop, 300), "its delay is taken for 0"),
        "clipped dry": (np.clip(9 * dry, -1, 1), distorted(dry), "dry.wav: is clipped at"),
    }[name]
    with pytest.warns(Note, match=words):
        dry_wet.load(pair(tmp_path, dry, wet), "train")


def test_folders_of_pairs_share_a_dry_recording_and_say_where_knobs_were(tmp_path):
    dry = np.clip(playing(), -0.99, 0.99)
    pair(tmp_path, dry, None)
    for name, gain in (("loud", 9), ("soft", 2)):
        pair(tmp_path / name, None, 0.3 * np.tanh(gain * dry))
        (tmp_path / name / "knobs.toml").write_text(f"gain = {gain}\n")
    pair(tmp_path / "test", dry, 0.3 * np.tanh(dry))
    pairs = dry_wet.load(tmp_path, "validation")
    assert [one.knobs for one in pairs] == [{"gain": 9.0}, {"gain": 2.0}]
    [test] = dry_wet.load(tmp_path, "test")
    np.testing.assert_allclose(test.wet, 0.3 * np.tanh(dry), atol=1e-6)


DRY = np.clip(playing(), -0.99, 0.99)
FAULTS = {
    "no wet": ((DRY, None), "holds no wet recording; the layout is DIR/dry.wav and DIR/wet.wav"),
    "no dry": ((None, DRY), "holds no dry recording beside wet.wav"),
    "rates": ((DRY, DRY, RATE, 11025), "wet.wav: is of 11025 Hz, dry.wav of 8000 Hz; export both at one rate"),
    "lengths": ((DRY, DRY[:-RATE]), "wet.wav: lasts 2.00 s, dry.wav 3.00 s"),
    "silent": ((DRY, 0 * DRY), "wet.wav: is silent; check the cables"),
    "clipped": ((DRY, np.clip(99 * DRY, -1, 1)), "wet.wav: is clipped at"),
    "stereo": ((DRY, np.stack([DRY, -DRY], 1)), "wet.wav: has 2 channels; export the one that is to be learnt"),
    "unrelated": (
        (DRY, np.clip(playing(seed=1), -0.99, 0.99)),
        "wet.wav: has nothing in common with the dry recording",
    ),
    "dry in the range of integers": ((20000 * DRY, distorted(DRY)), "dry.wav: reaches "),
    "NaN": ((DRY, np.where(np.arange(24000) == 99, np.nan, DRY)), "wet.wav: holds NaN or infinity"),
}


@pytest.mark.parametrize(("recordings", "words"), FAULTS.values(), ids=FAULTS)
def test_faults_of_recordings(recordings, words, tmp_path):
    folder = pair(tmp_path / "a", *recordings)
    with pytest.raises(InputError) as caught:
        dry_wet.load(folder, "train")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_faults_of_folders(tmp_path):
    pair(tmp_path, DRY, distorted(DRY))
    with pytest.raises(InputError, match="test: no such folder; the layout is"):
        dry_wet.load(tmp_path, "test")
    for much in ("'much'", "nan", "inf", "true"):
        (tmp_path / "knobs.toml").write_text(f"gain = {much}\n")
        with pytest.raises(InputError, match=r"knobs.toml: gain is no number"):
            dry_wet.load(tmp_path, "train")
    pair(tmp_path / "b", DRY, distorted(DRY), 16000)
    (tmp_path / "knobs.toml").write_text("")
    with pytest.raises(InputError, match="its pairs are of 8000 Hz, 16000 Hz"):
        dry_wet.load(tmp_path, "train")


def test_faults_what_is_not_used_is_named_and_what_is_alike_is_read(tmp_path):
    pair(tmp_path, np.stack([DRY, DRY], 1), distorted(DRY))
    (tmp_path / "knobs.toml").write_text("gain = 0.7\n", encoding="utf-8-sig")  # as Windows writes it
    [one] = dry_wet.load(tmp_path, "train")
    assert one.knobs == {"gain": 0.7}
    np.testing.assert_allclose(one.dry, DRY, atol=1e-6)
    pair(tmp_path / "lead", DRY, None)
    soundfile.write(tmp_path / "lead" / "output.WAV", DRY, RATE)
    with pytest.warns(Note, match=r"lead/dry.wav \(and 1 more\): not used; the layout is"):
        dry_wet.load(tmp_path, "train")
    pair(tmp_path / "rhythm" / "second take", DRY, distorted(DRY))
    with pytest.warns(Note, match=r"lead/dry.wav \(and 3 more\): not used"):
        dry_wet.load(tmp_path, "train")


@pytest.mark.parametrize("name", ["train", "validation", "Dev"])
def test_faults_of_folders_of_splits(tmp_path, name):
    pair(tmp_path / "clean", DRY, distorted(DRY))
    pair(tmp_path / name, DRY, distorted(DRY))
    for split in ("train", "validation"):
        with pytest.raises(InputError, match=f"{name}: the end of each pair is held out .* give it another name, if"):
            dry_wet.load(tmp_path, split)


def test_a_folder_for_test_is_not_trained_on_however_it_is_written(tmp_path):
    pair(tmp_path, DRY, distorted(DRY))
    pair(tmp_path / "Test", DRY[RATE:], distorted(DRY[RATE:]))
    assert [len(dry_wet.load(tmp_path, split)) for split in ("train", "test")] == [1, 1]
    assert dry_wet.load(tmp_path, "test")[0].path.endswith("Test")
