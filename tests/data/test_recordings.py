"""Recordings of one's own: what layouts say, who is in which split, and what is done to the sound."""

import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from sounds import sine, strongest_frequency

from dilatednets.data.audio import write_audio
from dilatednets.data.recording_labels import Labelled, labelled
from dilatednets.data.recordings import load, splits
from dilatednets.errors import InputError, Note

RATE = 8000


def tone(frequency=440, seconds=0.5, rate=RATE):
    return sine(frequency, rate, seconds).astype(np.float32)


def write(path, audio=None, rate=RATE):
    write_audio(path, tone(rate=rate) if audio is None else audio, rate)


def both(folder, *arguments, **options):
    """What is in each split, without notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Note)
        return {split: load(folder, split, RATE, *arguments, **options) for split in ("train", "validation")}


@pytest.fixture
def words(tmp_path):
    """A folder a word, in four formats."""
    for word, (number, suffix) in itertools.product(("no", "yes"), enumerate(("wav", "FLAC", "ogg", "mp3", "wav"))):
        write(tmp_path / word / f"{number}.{suffix.lower()}")
        (tmp_path / word / f"{number}.{suffix.lower()}").rename(tmp_path / word / f"{number}.{suffix}")
    return tmp_path


def test_folders_say_words_or_speakers(words):
    found = both(words)
    assert [len(one) for one in found.values()] == [8, 2]
    for one in itertools.chain(*found.values()):
        assert (one.word, one.speaker) == (Path(one.path).parent.name, "")
        assert one.audio.dtype == np.float32 and 3000 < len(one.audio) < 5000
    assert {one.speaker for one in both(words, words=False)["train"]} == {"no", "yes"}
    assert {one.speaker for one in both(words / "no", words=False)["train"]} == {""}


@pytest.mark.parametrize("run", ["", "run"])
def test_faults_what_a_run_has_said_is_no_recording(words, run):
    before = labelled(words, words=False)
    write(words / run / "samples" / "epoch_001.wav")
    (words / run / "state.npz").touch()
    with pytest.warns(Note, match="state.npz: not used"):
        assert labelled(words, words=False) == before


def test_names_say_words_and_speakers(tmp_path):
    for number in range(3):
        for word in ("one", "two"):
            write(tmp_path / "deep" / f"{word}-ann_{number}.wav")
    found = both(tmp_path, pattern="deep/{word}-{speaker}_{}")
    assert {(one.word, one.speaker) for one in found["train"]} == {("one", "ann"), ("two", "ann")}


@given(
    st.sampled_from([[""], ["ann", "bob"]]).flatmap(
        lambda speakers: st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(speakers)), min_size=2, max_size=40)
    ),
    st.floats(0, 0.9),
)
def test_each_recording_is_in_one_split_and_training_knows_every_label(labels, validation):
    found = [Labelled(Path(f"{n}.wav"), str(n), word, speaker) for n, (word, speaker) in enumerate(labels)]
    count = [sum(getattr(one, field) == getattr(other, field) for other in found)
             for one in found for field in ("word", "speaker") if getattr(one, field)]  # fmt: skip
    if min(count) < 2:
        with pytest.raises(InputError, match=r"\.wav: is the only recording of"):
            splits(found, validation, words=True)
        return
    chosen = splits(found, validation, words=True)
    assert sorted(chosen["train"] + chosen["validation"], key=found.index) == found
    assert chosen["validation"]
    for field in ("word", "speaker"):
        everywhere, trained = ({getattr(one, field) for one in part} for part in (found, chosen["train"]))
        assert everywhere == trained
    assert splits(found[::-1], validation, words=True)["validation"][::-1] == chosen["validation"]


def test_splits_may_have_folders_of_their_own(words, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    words.rename(outer / "train")
    for split, number in (("validation", 1), ("test", 2)):
        for place in range(number):
            write(outer / split / "no" / f"{place}.wav")
    found = {split: load(outer, split, RATE) for split in ("train", "validation", "test")}
    assert {split: len(part) for split, part in found.items()} == {"train": 10, "validation": 1, "test": 2}
    assert found["test"][0].word == "no"


def test_a_recording_that_is_added_moves_few_others():
    found = [Labelled(Path(f"{n}.wav"), str(n), "one") for n in range(200)]
    before, after = ({one.name for one in splits(part, 0.1, True)["validation"]} for part in (found[:-1], found))
    assert len(before) == len(after) == 20 and len(before & after) >= 19


def test_sound_is_resampled_trimmed_and_levelled_as_told(tmp_path):
    quiet = np.concatenate([np.zeros(RATE), 0.01 * tone(1000), np.zeros(RATE)])
    for number in range(2):
        write(tmp_path / f"{number}.wav", quiet)
    plain, prepared = (both(tmp_path, words=False, trim=trim, level=level)["train"][0].audio
                       for trim, level in ((False, 0.0), (True, -26.0)))  # fmt: skip
    np.testing.assert_allclose(plain, quiet, atol=2**-15)
    assert 0.5 * RATE <= len(prepared) < 0.6 * RATE
    assert 20 * np.log10(np.sqrt(np.mean(prepared**2))) == pytest.approx(-26, abs=0.1)
    with pytest.warns(Note, match="0.wav: recordings of 8000 Hz, hold nothing above 4000 Hz; resampled to 16000 Hz"):
        [one] = load(tmp_path, "validation" if Path("0.wav") in chosen(tmp_path) else "train", 16000, words=False)
    assert strongest_frequency(one.audio, 16000) == pytest.approx(1000, abs=2)


def chosen(folder):
    return [Path(one.path.name) for one in splits(labelled(folder, False), 0.1, False)["validation"]]


def test_two_rates_are_brought_to_one_and_a_note_says_so(tmp_path):
    for number, rate in enumerate((RATE, RATE, 44100, 16000)):
        write(tmp_path / f"{number}.wav", tone(rate=rate), rate)
    with pytest.warns(Note) as said:
        found = [load(tmp_path, split, RATE, words=False) for split in ("train", "validation")]
    notes = " ".join(str(one.message) for one in said)
    assert "2.wav: recordings of 44100 Hz; resampled to 8000 Hz" in notes
    assert "3.wav: recordings of 16000 Hz; resampled to 8000 Hz" in notes
    assert {len(one.audio) for one in itertools.chain(*found)} == {4000}


def test_long_recordings_are_cut_but_never_between_splits(tmp_path):
    for number in range(4):
        write(tmp_path / f"{number}.wav", tone(seconds=1 + number))
    found = both(tmp_path, words=False, longest=1.5, trim=False, level=0.0)
    assert max(len(one.audio) for part in found.values() for one in part) <= 1.5 * RATE
    assert sum(len(one.audio) for part in found.values() for one in part) == 10 * RATE
    paths = [{one.path for one in part} for part in found.values()]
    assert not paths[0] & paths[1] and len(paths[0] | paths[1]) == 4


def test_faults_what_is_left_out_is_listed_with_the_reason(words):
    write(words / "yes" / "silent.wav", np.zeros(4000))
    write(words / "yes" / "click.wav", tone(seconds=0.03))
    write(words / "yes" / "song.wav", tone(seconds=3))
    (words / "notes.txt").write_text("mine")
    with pytest.warns(Note) as said:
        found = [load(words, split, RATE, longest=2.0) for split in ("train", "validation")]
    notes = " ".join(str(one.message) for one in said)
    assert (
        "left out yes/silent.wav: silent, below -70 dB, or of channels that cancel each other; record it again" in notes
    )
    assert "left out yes/click.wav: shorter than 0.05 s (data.shortest)" in notes
    assert "left out yes/song.wav: longer than 2 s (data.longest), which is no single word" in notes
    assert "notes.txt: not used, since it is no recording" in notes
    assert len(list(itertools.chain(*found))) == 10


def nothing(folder):
    pass


def lone_word(folder):
    write(folder / "maybe" / "0.wav")


def twice(folder):
    write(folder / "no" / "0.flac")


def flat(folder):
    write(folder / "0.wav")


def nan(folder):
    audio = tone()
    audio[9] = np.nan
    for path in (folder / "no").iterdir():
        path.unlink()
    for number in range(2):
        soundfile.write(folder / "no" / f"{number}.wav", audio, RATE, "FLOAT")


def truncated(folder):
    for path in folder.rglob("*.wav"):
        path.write_bytes(path.read_bytes()[:-999])


def line_without_file(folder):
    (folder / "no" / "metadata.csv").write_text("".join(f"{n}|no\n" for n in range(6)))


def file_without_line(folder):
    (folder / "no" / "metadata.csv").write_text("".join(f"{n}|no\n" for n in range(4)))


def line_twice(folder):
    (folder / "no" / "metadata.csv").write_text("0|no\n0|no\n")


def no_columns(folder):
    (folder / "no" / "metadata.csv").write_text("0,no\n")


def no_text(folder):
    (folder / "no" / "metadata.csv").write_text("".join(f"{n}||\n" for n in range(5)))


def latin(folder):
    (folder / "no" / "metadata.csv").write_bytes(b"0|n\xf6\n")


@pytest.mark.parametrize(
    ("damage", "below", "options", "says"),
    [
        (nothing, "nowhere", {}, "nowhere: no such folder; the layout is DIR/LABEL"),
        (nothing, "", {"pattern": "{word}-{}"}, r"no.0\.wav: does not fit data.pattern, '\{word\}-\{\}'; rename it"),
        (nothing, "", {"pattern": "{speaker}/{}"}, r"data.pattern: .* holds no \{word\}"),
        (nothing, "", {"pattern": "{name}/{}"}, r"data.pattern: \{name\}: may hold \{word\} and \{speaker\} once each"),
        (nothing, "", {"pattern": "{word}/{word}"}, r"data.pattern: \{word\}: may hold"),
        (lone_word, "", {}, r"maybe.0\.wav: is the only recording of word 'maybe'; add others, or remove it"),
        (twice, "", {}, r"0\.wav: is there as 0\.flac, too; remove one of them"),
        (flat, "", {}, r"0\.wav: no folder says its word; the layout is"),
        (nan, "", {}, r"no.*\.wav: holds NaN"),
        (truncated, "", {}, r"\.wav: truncated file"),
        (line_without_file, "no", {}, r"metadata.csv: 5 has no recording, such as wavs/5.wav; add it, or remove the line"),
        (file_without_line, "no", {}, r"4\.wav: has no line in .*metadata.csv; add one that begins with 4|"),
        (line_twice, "no", {}, "metadata.csv: line 2: there is a line of 0 before"),
        (no_columns, "no", {}, "metadata.csv: line 1 is not id|text; correct it"),
        (no_text, "no", {}, "metadata.csv: the line of 0 says no text; add it"),
        (latin, "no", {}, "metadata.csv: cannot be read as UTF-8 text; save it so"),
    ],
)  # fmt: skip
def test_faults_are_one_line_with_the_file_and_the_cure(words, damage, below, options, says):
    damage(words)
    with pytest.raises(InputError, match=says) as caught:
        both(words / below, **options)
    assert "\n" not in str(caught.value)


def test_faults_of_splits_and_of_nothing_left(words):
    with pytest.raises(
        InputError, match="split: recordings have train and validation, and test in a folder of its own, not 'test'"
    ):
        load(words, "test", RATE)
    with (
        pytest.warns(Note, match="left out"),
        pytest.raises(InputError, match="none of the recordings for train is left"),
    ):
        load(words, "train", RATE, shortest=9.0, longest=10.0)
    for path in words.rglob("*.*"):
        path.unlink()
    with pytest.raises(InputError, match="holds no recordings; the layout is"):
        load(words, "train", RATE)
