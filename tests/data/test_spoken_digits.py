"""The reader, on the sample that comes with the checkout and on folders laid out wrongly."""

import wave

import numpy as np
import pytest
from helpers import CHECKOUT

from dilatednets.data.audio import read_audio, write_audio
from dilatednets.data.spoken_digits import SPLITS, WORDS, load, speakers
from dilatednets.errors import InputError


@pytest.fixture
def make_folder(tmp_path):
    def make(*names):
        for name in names:
            write_audio(tmp_path / "recordings" / name, np.sin(np.arange(800) / 3), 8000)
        return tmp_path

    return make


@pytest.mark.parametrize(("split", "indices"), [("validation", {5, 6}), ("train", {10, 11, 12, 13})])
def test_sample_splits_by_index(sample_dir, split, indices):
    recordings = load(sample_dir, split)
    assert {r.index for r in recordings} == indices
    keys = {(r.word, r.speaker, r.index) for r in recordings}
    assert keys == {(w, s, i) for w in WORDS for s in ("jackson", "theo") for i in indices}
    assert len(recordings) == len(keys)
    assert [r.path for r in recordings] == sorted(r.path for r in recordings)


def test_splits_share_nothing_and_leave_nothing_out(make_folder):
    folder = make_folder(*(f"3_ann_{index}.wav" for index in range(13)), "3_ann_1000000.wav")
    parts = {split: [r.index for r in load(folder, split)] for split in SPLITS}
    assert parts["test"] == [0, 1, 2, 3, 4] and parts["validation"] == [5, 6, 7, 8, 9]
    assert sorted(parts["train"]) == [10, 11, 12, 1000000]
    assert sorted(parts["all"]) == sorted(parts["test"] + parts["validation"] + parts["train"])


def test_faults_what_systems_hide_is_no_recording(make_folder):
    folder = make_folder("7_ann_12.wav")
    (folder / "recordings" / "._7_ann_12.wav").write_bytes(b"\0\5\x16\7")
    assert [recording.index for recording in load(folder)] == [12]


def test_recording_tells_who_says_what(make_folder):
    (recording,) = load(make_folder("7_ann_12.wav"))
    assert (recording.word, recording.speaker, recording.index) == ("seven", "ann", 12)
    assert recording.path.endswith("recordings/7_ann_12.wav") and recording.audio.dtype == np.float32


def test_speakers_are_named_once_and_sorted(make_folder, sample_dir):
    assert speakers(load(make_folder("1_theo_1.wav", "2_ann_2.wav", "3_theo_3.wav"), "test")) == ("ann", "theo")
    assert speakers(load(sample_dir, "validation")) == ("jackson", "theo")
    assert speakers([]) == ()


def test_recordings_are_trimmed_and_levelled_unless_asked_not_to(sample_dir):
    plain = load(sample_dir, "validation", trim=False, normalize=False)
    ready = load(sample_dir, "validation")
    for before, after in zip(plain, ready, strict=True):
        np.testing.assert_array_equal(before.audio, read_audio(before.path))
        assert 800 < len(after.audio) <= len(before.audio)
        level, peak = np.sqrt(np.mean(after.audio.astype(np.float64) ** 2)), np.abs(after.audio).max()
        assert level == pytest.approx(0.1, rel=1e-4) or (peak == pytest.approx(1) and level < 0.1)


def test_recordings_are_resampled(sample_dir):
    pairs = zip(
        load(sample_dir, "validation", trim=False), load(sample_dir, "validation", 16000, trim=False), strict=True
    )
    assert all(len(twice.audio) == 2 * len(once.audio) for once, twice in pairs)


def test_folder_without_recordings_is_named(tmp_path, refusal):
    layout = "recordings/{digit}_{speaker}_{index}.wav"
    missing = f"{tmp_path}/nowhere: no such folder; give the folder that holds {layout}"
    assert refusal(load, tmp_path / "nowhere") == missing
    assert refusal(load, tmp_path) == f"{tmp_path}: has no folder recordings; the layout is {layout}"
    (tmp_path / "recordings").mkdir()
    assert f"{tmp_path}/recordings: holds no WAV files" in refusal(load, tmp_path)


@pytest.mark.parametrize(
    "name", ["ann_3_1.wav", "10_ann_1.wav", "3_ann.wav", "3__1.wav", "3_ann_b_1.wav", "3_ann_-1.wav"]
)
def test_name_that_does_not_fit_is_named(make_folder, name):
    with pytest.raises(InputError, match=rf"recordings/{name}: the name does not fit"):
        load(make_folder("3_ann_11.wav", name))


@pytest.mark.parametrize(("split", "range_"), [("test", "0 to 4"), ("validation", "5 to 9"), ("train", "10 and above")])
def test_split_without_recordings_says_which_indices_it_needs(make_folder, split, range_):
    folder = make_folder(
        *(f"1_ann_{SPLITS[other][0]}.wav" for other in ("test", "validation", "train") if other != split)
    )
    with pytest.raises(InputError, match=rf"no recordings of split {split} \(index {range_}\)"):
        load(folder, split)


def test_unknown_split_lists_the_splits(sample_dir):
    with pytest.raises(InputError, match="no split 'dev'; choose one of test, validation, train, all"):
        load(sample_dir, "dev")


def test_unreadable_recording_is_named(make_folder):
    folder = make_folder("3_ann_11.wav", "4_ann_11.wav")
    (folder / "recordings" / "4_ann_11.wav").write_bytes(b"")
    with pytest.raises(InputError, match=r"4_ann_11\.wav: the file is empty"):
        load(folder)


def test_sample_is_what_its_readme_says(sample_dir):
    readme = " ".join((CHECKOUT / "datasets" / "spoken_digits" / "README.md").read_text(encoding="utf-8").split())
    assert "120 of the recordings" in readme and "CC BY-SA 4.0" in readme
    assert "speakers jackson and theo, all digits, indices 5 and 6 (validation) and 10 to 13 (train)" in readme
    expected = {f"{d}_{s}_{i}.wav" for d in range(10) for s in ("jackson", "theo") for i in (5, 6, 10, 11, 12, 13)}
    files = list(sample_dir.rglob("*.wav"))
    assert len(expected) == 120 == len(files) and {file.name for file in files} == expected
    for file in files:
        with wave.open(str(file)) as sound:
            assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)


@pytest.mark.parametrize("suffix", [".WAV", ".Wav", ".flac", ".ogg", ".mp3"])
def test_faults_recordings_count_whatever_their_suffix(make_folder, suffix):
    folder = make_folder("3_ann_11.wav", f"4_ann_11{suffix}", f"5_bob_12{suffix}")
    assert [r.word for r in load(folder)] == ["three", "four", "five"]


@pytest.mark.parametrize("name", ["notes.txt", "4_ann_11.txt", "4_ann_11"])
def test_faults_files_that_are_not_used_are_named(make_folder, capsys, name):
    folder = make_folder("3_ann_11.wav")
    (folder / "recordings" / name).write_text("words")
    (folder / "recordings" / ".DS_Store").write_text("hidden")
    assert len(load(folder)) == 1
    assert capsys.readouterr().err == f"note: {folder}/recordings: not used: {name}\n"


def test_faults_recordings_of_other_codecs_are_refused_not_left_out(make_folder):
    folder = make_folder("3_ann_11.wav")
    (folder / "recordings" / "4_ann_11.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(40))
    with pytest.raises(InputError, match=r"4_ann_11\.m4a: .* cannot be read, AAC or ALAC in MP4; convert it"):
        load(folder)


def test_faults_a_recording_that_is_there_twice_is_named(make_folder):
    with pytest.raises(InputError, match=r"3_ann_11\.wav: is there as 3_ann_11\.flac, too"):
        load(make_folder("3_ann_11.flac", "3_ann_11.wav"))


@pytest.mark.parametrize("level", [0.0, 2.5e-5, 2e-4])
@pytest.mark.parametrize("trim", [False, True])
def test_faults_silent_recordings_are_named(make_folder, rng, level, trim):
    folder = make_folder("3_ann_11.wav")
    write_audio(folder / "recordings" / "4_ann_11.wav", level * rng.standard_normal(4000), 8000)
    with pytest.raises(InputError, match=r"4_ann_11\.wav: is silent"):
        load(folder, trim=trim)
