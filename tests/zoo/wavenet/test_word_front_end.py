"""Text to units to a timeline to frames, and the durations behind it."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spellings import SPELLINGS, UNKNOWN

from dilatednets.errors import InputError
from dilatednets.zoo.wavenet.word_front_end import Segment, WordFrontEnd, fit_durations

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def test_words_digits_and_runs_of_digits_say_the_same(front_end):
    for text in ("four two seven", "4 2 7", "427", " Four, 2-SEVEN!\n", "42 seven."):
        assert front_end.units(text) == ["four", "two", "seven"]
    np.testing.assert_array_equal(front_end.frames("four two seven", "ann"), front_end.frames("427", "ann"))


@given(st.lists(st.integers(0, 9), min_size=1), st.sampled_from([" ", ", ", "-", "\n", ""]))
def test_any_number_is_spelt_out(front_end, digits, separator):
    assert front_end.units(separator.join(map(str, digits))) == [DIGITS[digit] for digit in digits]


@pytest.mark.parametrize(("text", "word"), [("four hello", "hello"), ("4x2", "4x2"), ("four2", "four2"), ("ⅳ", "iv")])
def test_unknown_word_lists_the_vocabulary(front_end, text, word):
    with pytest.raises(InputError, match=f"cannot say '{word}'; this model's words are {', '.join(DIGITS)}"):
        front_end.units(text)


@pytest.mark.parametrize("text", ["", "  ", " .,!?\n"])
def test_text_without_a_word_is_refused(front_end, text):
    with pytest.raises(InputError, match="nothing to say"):
        front_end.frames(text)


@given(st.lists(st.sampled_from(DIGITS), min_size=1, max_size=12), st.sampled_from([None, "ann", "stranger"]))
def test_units_follow_one_another_with_gaps_between(front_end, units, speaker):
    segments = front_end.align(units, speaker)
    assert [segment.unit for segment in segments] == units
    seconds = 0.05 if speaker == "ann" else 0.1
    assert [s.end - s.start for s in segments] == [8000 * seconds] * len(units)
    assert segments[0].start == 8000 * 0.05
    assert all(b.start - a.end == 8000 * 0.06 for a, b in itertools.pairwise(segments))
    total = segments[-1].end + 8000 * 0.05
    frames = front_end.frames(" ".join(units), speaker)
    assert frames.shape == (np.ceil(total / 80), 3 * 11 + 8 + 1) and frames.shape[1] == front_end.num_features


def slow_features(vocabulary, hop, sample_rate, segments, num_frames):
    """What each feature means, one frame at a time."""
    rows = []
    silence = len(vocabulary)
    for frame in range(num_frames):
        centre = (frame + 0.5) * hop
        before = [s for s in segments if s.end <= centre]
        now = [s for s in segments if s.start <= centre < s.end]
        after = [s for s in segments if s.start > centre]
        identities = np.zeros((3, silence + 1))
        for row, candidates in enumerate((now, before[-1:], after[:1])):
            identities[row, vocabulary.index(candidates[0].unit) if candidates else silence] = 1
        bumps, log_duration = np.zeros(8), 0.0
        if now:
            length = now[0].end - now[0].start
            position = (centre - now[0].start) / length * 7
            bumps = np.array([max(1 - abs(position - bump), 0) for bump in range(8)])
            log_duration = np.log(length / sample_rate / 0.4)
        rows.append([*identities.ravel(), *bumps, log_duration])
    return np.array(rows)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 900), st.sampled_from("abc")), max_size=6),
    st.integers(1, 40),
)
def test_features_say_of_each_frame_what_the_definition_says(pieces, num_frames):
    segments, position = [], 0
    for gap, length, unit in pieces:
        segments.append(Segment(unit, position + gap, position + gap + length))
        position += gap + length
    features = WordFrontEnd(list("abc"), 80, 8000, {}).features(segments, num_frames)
    assert features.dtype == np.float32 and features.shape == (num_frames, 3 * 4 + 8 + 1)
    np.testing.assert_allclose(features, slow_features("abc", 80, 8000, segments, num_frames), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"hop": 0}, "hop"), ({"gap": -1}, "gap"), ({"durations": {"": 1}}, "durations.: must be a table")],
)
def test_bad_arguments_are_named(front_end, changes, says):
    with pytest.raises(InputError, match=says):
        WordFrontEnd.from_config({**front_end.get_config(), **changes})


def test_config_makes_the_same_front_end(front_end):
    config = json.loads(json.dumps(front_end.get_config()))
    copy = WordFrontEnd.from_config(config)
    assert copy.get_config() == front_end.get_config() == config
    for speaker in (None, "ann"):
        np.testing.assert_array_equal(copy.frames("4 2 7", speaker), front_end.frames("4 2 7", speaker))


def test_additive_effects_are_recovered(rng):
    of_speaker, of_unit = rng.normal(0, 0.3, 4), rng.normal(-1, 0.3, 6)
    seen = [(s, u) for s in range(4) for u in range(6) if (s, u) not in {(0, 1), (3, 4)}]
    table = fit_durations([(f"s{s}", f"u{u}", np.exp(of_speaker[s] + of_unit[u])) for s, u in seen])
    for s in range(4):
        for u in range(6):  # also for the two pairs that nobody has heard
            assert table[f"s{s}"][f"u{u}"] == pytest.approx(np.exp(of_speaker[s] + of_unit[u]), rel=1e-6)
    for u in range(6):
        assert table[""][f"u{u}"] == pytest.approx(np.exp(of_speaker.mean() + of_unit[u]), rel=1e-6)


def test_rare_pairs_shrink_towards_the_additive_model():
    def pair(count, shrinkage=5.0):
        """Every pair heard `count` times; ann and bob differ in opposite ways, so that the additive model says 1."""
        seconds = {("ann", "x"): 2.0, ("ann", "y"): 0.5, ("bob", "x"): 0.5, ("bob", "y"): 2.0}
        return fit_durations([(*key, value) for key, value in seconds.items()] * count, shrinkage)["ann"]["x"]

    for count in (1, 5, 50):
        assert np.log2(pair(count)) == pytest.approx(count / (count + 5))
    assert pair(1, shrinkage=0) == pytest.approx(2) and pair(1, shrinkage=1e9) == pytest.approx(1)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0.1, 2)), min_size=1, max_size=20))
def test_every_voice_can_say_every_unit(observations):
    table = fit_durations(observations)
    assert set(table) == {"", *(speaker for speaker, _, _ in observations)}
    for by_unit in table.values():
        assert set(by_unit) == {unit for _, unit, _ in observations}
        assert all(np.isfinite(seconds) and seconds > 0 for seconds in by_unit.values())


@pytest.mark.parametrize("observations", [[], [("ann", "one", 0.3), ("ann", "two", 0.0)], [("ann", "one", -1.0)]])
def test_durations_need_recordings_that_last(observations):
    with pytest.raises(InputError, match="durations"):
        fit_durations(observations)


@pytest.mark.parametrize(("text", "words"), SPELLINGS.items())
def test_faults_texts_are_read_as_people_write_them(front_end, text, words):
    assert front_end.units(text) == words


@pytest.mark.parametrize(("text", "word"), UNKNOWN.items())
def test_faults_unknown_words_are_named_as_they_are_read(front_end, text, word):
    with pytest.raises(InputError, match="text: cannot say ") as caught:
        front_end.units(f"four ({text})")
    assert repr(word) in str(caught.value)


@pytest.mark.parametrize("spelling", ["caf\u00e9", "cafe\u0301", "\u201cCAF\u00c9\u201d"])
@pytest.mark.parametrize("vocabulary", ["caf\u00e9", "cafe\u0301"])
def test_faults_accents_may_stand_apart(spelling, vocabulary):
    front_end = WordFrontEnd([vocabulary, "don't"], 80, 8000, {})
    assert front_end.units(f"{spelling} don\u2019t") == [vocabulary, "don't"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vocabulary": ["Hello"]}, "vocabulary: 'Hello' is never found.*write 'hello'"),
        ({"vocabulary": ["twenty-one"]}, "vocabulary: 'twenty-one' is never found.*write 'twenty one'"),
        ({"vocabulary": ["\uff14"]}, "vocabulary: .* is never found.*write '4'"),
        ({"vocabulary": ["..."]}, "vocabulary: '...' is never found"),
        ({"vocabulary": "four"}, "vocabulary: must be a list of strings, not 'four'"),
        ({"vocabulary": ["four", "four"]}, "vocabulary: must be a list of different names"),
        ({"aliases": {"Four": "four"}}, "aliases: 'Four' is never found"),
        ({"aliases": {"4": "fourteen"}}, "aliases: '4' stands for 'fourteen', which is no word of the vocabulary"),
        ({"durations": {"": {"zero": 0.3}}}, "durations: those of '' lack eight, five"),
        ({"durations": {"ann": dict.fromkeys(DIGITS, 0.1)}}, "durations: need those of speaker ''"),
        ({"durations": {"": dict.fromkeys(DIGITS, 0.0)}}, "durations.*: must be above 0"),
        ({"hop": "80"}, "hop: must be an integer"),
        ({"tempo": 2}, "text: has no argument tempo"),
    ],
)
def test_faults_in_a_front_end_are_named_at_construction(front_end, changes, says):
    with pytest.raises(InputError, match=says):
        WordFrontEnd.from_config({**front_end.get_config(), **changes})


@pytest.mark.parametrize("text", [b"four", None, 4, ["four"]])
def test_faults_what_is_no_text_is_refused(front_end, text):
    with pytest.raises(InputError, match="text: must be a string"):
        front_end.frames(text)


def test_faults_a_front_end_without_durations_says_so():
    with pytest.raises(InputError, match="durations: this front end has none"):
        WordFrontEnd(["four"], 80, 8000, {}).frames("four")
