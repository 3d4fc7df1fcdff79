"""Recordings in a folder a label."""

import numpy as np
import pytest

from dilatednets.data.audio import write_wav
from dilatednets.data.audio_folder import load
from dilatednets.errors import InputError, Note


@pytest.fixture
def folder(tmp_path):
    for label, pitch in (("high", 0.5), ("low", 0.1)):
        for number in range(10):
            name = f"{number}.WAV" if number % 2 else f"{number}.wav"
            write_wav(tmp_path / label / name, 0.5 * np.sin(pitch * np.arange(100 + number)), 8000)
    return tmp_path


def test_each_file_is_in_one_split(folder):
    splits = {split: load(folder, split, 8000) for split in ("train", "validation", "test")}
    paths = [clip.path for clips in splits.values() for clip in clips]
    assert len(paths) == len(set(paths)) == 20
    assert {clip.label for clip in splits["validation"]} == {"high", "low"}
    assert {len(clip.audio) for clip in splits["train"]} <= {100 + number for number in range(10)}


def test_splits_of_its_own(folder, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    folder.rename(outer / "train")
    for split in ("train", "validation"):
        with pytest.raises(InputError, match="validation: no such folder"):
            load(outer, split, 8000)
    (outer / "validation").mkdir()
    assert len(load(outer, "train", 8000)) == 20
    with pytest.raises(InputError, match="test: no such folder; there must be train, validation, test"):
        load(outer, "test", 8000)


@pytest.mark.parametrize("name", ["val", "valid", "dev", "Test"])
def test_faults_a_folder_of_a_split_is_no_label(folder, name, tmp_path_factory):
    (folder / "high").rename(folder / name)
    with pytest.raises(InputError, match=f"train: no such folder, but one called {name}; add it, or give that another"):
        load(folder, "train", 8000)
    (folder / name).rename(folder / "high")
    outer = tmp_path_factory.mktemp("outer")
    folder.rename(outer / "train")
    (outer / name / "high").mkdir(parents=True)
    if name != "Test":
        (outer / "train" / "high" / "0.wav").rename(outer / name / "high" / "0.wav")
        assert [clip.label for clip in load(outer, "validation", 8000)] == ["high"]


def test_faults_no_file_is_passed_over(folder):
    (folder / "high" / "notes.txt").write_text("loud")
    with pytest.warns(Note, match=r"notes.txt: not used, since it is no recording; convert it to WAV, if it is one"):
        load(folder, "train", 8000)
    (folder / "high" / "notes.txt").unlink()
    (folder / "high" / ".DS_Store").touch()
    assert load(folder, "train", 8000)
    (folder / "few").mkdir()
    with pytest.raises(InputError, match="few: holds 0, too few"):
        load(folder, "train", 8000)


def test_faults_what_systems_leave_in_folders_is_passed_over(folder):
    before = load(folder, "train", 8000)
    for name in ("Thumbs.db", "low/desktop.ini", "high/Thumbs.db", "__MACOSX/low/._0.wav", "low/__MACOSX/0.wav"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).touch()
    assert [one.path for one in load(folder, "train", 8000)] == [one.path for one in before]


def test_faults_recordings_in_folders_below_a_label_are_of_it(folder):
    before = {one.path for one in load(folder, "train", 8000)}
    for speaker in ("s1", "s2"):
        (folder / "low" / speaker).mkdir()
        for number in (0, 5):
            write_wav(folder / "low" / speaker / f"{number}.wav", np.ones(100) / 2, 8000)
    with pytest.warns(Note, match=r"low/s1 \(and 1 more\): is below a label's folder; what it holds is of that label"):
        clips = load(folder, "train", 8000)
    clips += load(folder, "validation", 8000) + load(folder, "test", 8000)
    assert len({one.path for one in clips}) == len(clips) == 24
    assert {one.label for one in clips if "/s" in one.path} == {"low"}
    assert before & {one.path for one in clips} == before


def test_faults_what_lies_beside_the_labels_is_named(folder):
    (folder / "README.md").touch()
    (folder / "x.wav").touch()
    with pytest.warns(Note, match=r"README.md \(and 1 more\): not used, since it lies beside the labels"):
        load(folder, "train", 8000)


def test_faults_a_run_beside_the_labels_is_none(folder):
    before = load(folder, "train", 8000)
    for name in ("state.npz", "best/config.json"):
        (folder / "run" / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / "run" / name).touch()
    assert [one.path for one in load(folder, "train", 8000)] == [one.path for one in before]


def test_faults_what_lies_beside_splits_is_named(folder, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    folder.rename(outer / "train")
    for name in ("validation", "tset"):
        (outer / name).mkdir()
    with pytest.warns(Note, match="tset: not used"):
        load(outer, "train", 8000)


def test_faults_silence_is_named(folder):
    tone = np.sin(np.arange(100))
    for name, audio in (("a", np.zeros(100)), ("b", 1e-5 * tone)):
        write_wav(folder / "high" / f"{name}.wav", audio, 8000)
    with pytest.warns(Note, match="wav.*: is silent, below -70 dB") as said:
        for split in ("train", "validation", "test"):
            load(folder, split, 8000)
    assert all("high" in str(one.message) for one in said)


def test_faults_of_a_single_label(folder):
    (folder / "low").rename(folder / ".low")
    with pytest.raises(InputError, match="holds recordings of one label, high; add a folder for each other label"):
        load(folder, "train", 8000)


def test_faults_of_folders(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        load(tmp_path / "nowhere", "train", 8000)
    with pytest.raises(InputError, match="holds no folders of recordings"):
        load(tmp_path, "train", 8000)
