"""What the layout of a folder says of its recordings: splits, words and speakers, and what is left open."""

import re
from pathlib import Path

import numpy as np
import pytest
from sounds import sine

from dilatednets.data.audio import write_audio
from dilatednets.data.recording_labels import labelled
from dilatednets.data.recordings import load
from dilatednets.errors import InputError, Note

RATE = 8000


def fill(root, *names):
    for name in names:
        write_audio(root / f"{name}.wav", sine(440, RATE, 0.5).astype(np.float32), RATE)
    return root


def said(root, split="train", **options):
    return sorted((Path(one.path).stem, one.word, one.speaker) for one in load(root, split, RATE, **options))


@pytest.mark.parametrize("below", ["wavs", ""])
def test_lines_say_words(tmp_path, below):
    fill(tmp_path / below, "a", "b")
    (tmp_path / "metadata.csv").write_text("\ufeffa|No. 1|no\u2028one\r\n\nb|No one|\n", encoding="utf-8")
    assert [one.word for one in labelled(tmp_path, words=True)] == ["no\u2028one", "No one"]


@pytest.mark.parametrize(
    ("name", "pattern", "first", "second"),
    [
        ("turn_left_theo_1", "{word}_{speaker}_{}", "word 'turn', speaker 'left'", "word 'turn_left', speaker 'theo'"),
        ("yes_mary_ann", "{word}_{speaker}", "word 'yes', speaker 'mary_ann'", "word 'yes_mary', speaker 'ann'"),
        ("a/yes_1_2", "{}/{word}_{}", "word 'yes'", "word 'yes_1'"),
        ("1_2_yes", "{}_{word}", "word '2_yes'", "word 'yes'"),
    ],
)
def test_faults_of_names_that_a_pattern_reads_in_two_ways(tmp_path, name, pattern, first, second):
    fill(tmp_path, name)
    words = re.escape(
        f"{name}.wav: fits data.pattern, {pattern!r}, in two ways, with {first} and with {second}; rename"
    )
    with pytest.raises(InputError, match=words):
        labelled(tmp_path, words=True, pattern=pattern)


def test_a_pattern_with_more_of_the_name_reads_it_in_one_way(tmp_path):
    fill(tmp_path, "yes/0a7c_nohash_0")
    for pattern in ("{word}/{speaker}_nohash_{}", "{word}/{speaker}_{}_{}", "{word}/{speaker}_{}h_0"):
        [one] = labelled(tmp_path, words=True, pattern=pattern)
        assert (one.word, one.speaker) == ("yes", "0a7c")


@pytest.mark.parametrize("name", ["val", "valid", "dev", "Validation"])
def test_validation_has_the_usual_names(tmp_path, name):
    fill(tmp_path, "train/no/1", "train/yes/2", f"{name}/no/3", "test/yes/4")
    assert said(tmp_path) == [("1", "no", ""), ("2", "yes", "")]
    assert said(tmp_path, "validation") == [("3", "no", "")]
    assert said(tmp_path, "test") == [("4", "yes", "")]


@pytest.mark.parametrize(
    ("there", "options", "says"),
    [
        ("train test", {}, "validation: no such folder, but one called test; add it, or give that another name"),
        ("train test", {"words": False}, "validation: no such folder, but one called test"),
        ("dev test", {"pattern": "{word}/{}"}, "train: no such folder, but one called dev"),
        ("yes no test", {}, "train: no such folder, but one called test; add it, or give that another name if"),
        ("train val dev", {}, "val: is for validation, as dev is; put all into one of them"),
    ],
)
def test_faults_of_folders_of_splits(tmp_path, there, options, says):
    fill(tmp_path, *(f"{split}/{word}/{n}" for split in there.split() for word in ("no", "yes") for n in range(3)))
    for split in ("train", "validation"):
        with pytest.raises(InputError, match=says):
            load(tmp_path, split, RATE, **options)


def test_faults_what_lies_beside_the_splits_is_named(tmp_path):
    fill(tmp_path, "train/no/1", "train/yes/2", "dev/no/3", "more/no/4")
    with pytest.warns(Note, match="more: not used, since it lies beside the splits"):
        load(tmp_path, "train", RATE)


def test_a_table_and_speakers_are_of_all_splits(tmp_path):
    fill(tmp_path, "train/wavs/1", "train/wavs/2", "validation/wavs/3")
    (tmp_path / "metadata.csv").write_text("1|no\n2|yes\n3|no\n")
    assert said(tmp_path) == [("1", "no", ""), ("2", "yes", "")]
    assert said(tmp_path, "validation") == [("3", "no", "")]
    assert said(tmp_path, words=False) == [("1", "", ""), ("2", "", "")]
    (tmp_path / "metadata.csv").write_text("1|no\n2|yes\n")
    with pytest.raises(InputError, match=r"validation.wavs.3\.wav: has no line in"):
        load(tmp_path, "train", RATE)
    (tmp_path / "train" / "metadata.csv").write_text("1|no\n2|yes\n")
    with pytest.raises(InputError, match=r"metadata.csv: .*metadata.csv is for all splits; remove one of them"):
        load(tmp_path, "train", RATE)
    spoken = fill(tmp_path / "spoken", "train/ann/1", "train/bob/2", "validation/bob/3")
    assert said(spoken, "validation", words=False) == [("3", "", "bob")]


def test_where_words_do_not_matter_a_table_takes_no_speakers_away(tmp_path):
    fill(tmp_path, "ann/1", "ann/2", "bob/1")
    (tmp_path / "metadata.csv").write_text("1|hello\n")
    assert [one.speaker for one in labelled(tmp_path, words=False)] == ["ann", "ann", "bob"]


def test_where_nobody_matters_folders_may_lie_in_folders(tmp_path):
    fill(tmp_path, "ann/1/1", "ann/2/2", "bob/1/1", "3")
    assert [one.speaker for one in labelled(tmp_path, words=False, speakers=False)] == ["", "ann", "ann", "bob"]
    deep = fill(tmp_path / "deep", "LJSpeech/wavs/1", "LJSpeech/wavs/2")
    assert [one.speaker for one in labelled(deep, words=False)] == ["", ""]


def test_faults_all_recordings_are_one_word(tmp_path):
    fill(tmp_path, "recordings/no_1", "recordings/yes_1")
    with pytest.warns(Note, match="all recordings are one word, 'recordings'; is that in the names"):
        load(tmp_path, "train", RATE)


@pytest.mark.parametrize(
    ("names", "table", "words", "says"),
    [
        ("ann/one/1 bob/one/1", "", False, r'1\.wav: lies in .*speaker; say which, as data.pattern = "{speaker}/{}/{}"'),
        ("19/198/a/1 26/495/a/1", "", False, 'data.pattern = "{speaker}/{}/{}/{}", or "{}/{}/{}/{}" for none'),
        ("ann/1 2", "", False, r"2\.wav: no folder says its speaker; the layout is"),
        ("yes/ann/1 no/bob/1", "", True, r'may be its word; say which, as data.pattern = "{word}/{}/{}"$'),
        ("yes/1 no/bob/1", "", True, r"no.bob.1\.wav: lies in folders in folders"),
        ("wavs/1 wavs/2", "", True, r"1\.wav: no table says its word; put metadata.csv beside wavs, or name"),
        ("WAVS/1 yes/2", "", True, r"1\.wav: no table says its word; put metadata.csv beside WAVS"),
        ("wavs/1 wavs/2", "metadata.txt", True, r"metadata.txt: is no table of words where it lies; that is .*metadata.csv"),
        ("wavs/1 wavs/2", "wavs/metadata.csv", True, "wavs.metadata.csv: is no table of words where it lies"),
        ("LJ/wavs/1 LJ/wavs/2", "LJ/metadata.csv", True, "LJ.metadata.csv: is no table of words where it lies"),
    ],
)  # fmt: skip
def test_faults_of_folders_whose_meaning_is_open(tmp_path, names, table, words, says):
    fill(tmp_path, *names.split())
    if table:
        (tmp_path / table).write_text("1|no\n2|yes\n")
    with pytest.raises(InputError, match=says):
        labelled(tmp_path, words)


def test_a_pattern_says_which_of_the_folders_it_is(tmp_path):
    fill(tmp_path, "ann/one/1", "bob/one/1")
    assert [one.speaker for one in labelled(tmp_path, False, "{speaker}/{}/{}")] == ["ann", "bob"]
    assert [one.speaker for one in labelled(tmp_path, False, "{}/{}/{}")] == ["", ""]
    assert [one.word for one in labelled(tmp_path, True, "{speaker}/{word}/{}")] == ["one", "one"]
