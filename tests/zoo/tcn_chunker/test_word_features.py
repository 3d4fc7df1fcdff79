"""Numbers of words, characters and shapes against what a few plain loops find."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.word_features import WordFeatures, normal_form, shape

WORDS = st.text(max_size=40) | st.text("aZ9.-", max_size=40)
SENTENCES = st.lists(st.lists(WORDS, max_size=6), max_size=5)


def shape_oracle(word):
    """Kinds one by one, then runs of equal ones cut to two."""
    kinds = [("x", "X")[c.isupper()] if c.isalpha() else "d" if c.isdigit() else c for c in word[:24]]
    return "".join(kind * min(2, len(list(run))) for kind, run in itertools.groupby(kinds))


@given(WORDS)
def test_shape_equals_the_oracle(word):
    assert shape(word) == shape_oracle(word)


@given(WORDS)
def test_normal_form_is_its_own(word):
    form = normal_form(word)
    assert normal_form(form) == form == form.lower()
    assert not any(character in "123456789" for character in form)


@given(SENTENCES, st.integers(0, 3))
def test_batch_equals_the_oracle(sentences, more):
    known = sentences[::2]
    features = WordFeatures.fit(known, extra=["extra"], rare=1)
    time = max([1, *map(len, sentences)]) + more
    batch = features.batch(sentences, time)
    vocabulary = {name: [None, None, *entries] for name, entries in features.get_config().items()}
    assert {array.dtype for array in batch.values()} == {np.dtype("int32")}
    assert batch["words"].shape == batch["shapes"].shape == batch["characters"].shape[:2] == (len(sentences), time)

    def number(kind, entry):
        return vocabulary[kind].index(entry) if entry in vocabulary[kind] else 1

    for row, sentence in enumerate(sentences):
        for column, word in enumerate(sentence):
            assert batch["words"][row, column] == number("words", normal_form(word))
            assert batch["shapes"][row, column] == number("shapes", shape(word))
            letters = word if len(word) <= 24 else word[:12] + word[-12:]
            found = batch["characters"][row, column].tolist()
            assert found[: len(letters)] == [number("characters", letter) for letter in letters]
            assert not any(found[len(letters) :])
        assert all(not array[row, len(sentence) :].any() for array in batch.values())
    if not more:
        assert all(np.array_equal(array, batch[name]) for name, array in features.batch(sentences).items())
    assert all((batch["words"][2 * row, : len(sentence)] > 1).all() for row, sentence in enumerate(known))


@given(SENTENCES)
def test_counts_are_those_of_the_text(sentences):
    features = WordFeatures.fit(sentences[:3])
    counts = features.counts(sentences)
    forms = [normal_form(word) for sentence in sentences for word in sentence]
    expected = [0, sum(form not in features.words for form in forms), *(forms.count(word) for word in features.words)]
    assert counts.tolist() == expected


def test_vocabulary_of_a_text():
    features = WordFeatures.fit([["The", "the", "THE"], ["F-16", "t\xe9"]], extra=["New", "the"], rare=2)
    assert features.words == ["f-00", "the", "t\xe9", "new"]
    assert features.characters == ["T", "e", "h", "t"]
    assert features.shapes == ["xx"]
    assert WordFeatures.fit([["The", "the", "Its", "of"]], rare=2).shapes == ["Xxx", "xx"]
    assert WordFeatures.fit([["The", "a", "10"], ["the", "11"]], extra=["new"], rare_words=2).words == [
        "00",
        "the",
        "new",
    ]


def test_config_makes_the_same_again():
    features = WordFeatures.fit([["It", "works", "1,000", "\U0001f600"]], rare=1)
    copy = WordFeatures(**features.get_config())
    sentences = [["It", "fails", "\U0001f600\U0001f600"], [], ["1,234", ""]]
    for name, array in features.batch(sentences).items():
        np.testing.assert_array_equal(copy.batch(sentences)[name], array)


def test_no_sentences_are_a_batch_too():
    batch = WordFeatures(["it"], "it", ["xx"]).batch([])
    assert batch["words"].shape == (0, 1) and batch["characters"].shape[:2] == (0, 1)
    assert WordFeatures([], "", []).batch([[]])["characters"].shape == (1, 1, 1)


def test_more_words_than_are_kept_in_memory():
    features = WordFeatures(["word0"], "w", ["xxdd"])
    first = features.batch([["word0"]])
    features._known = dict.fromkeys(map(str, range(1 << 16)))
    for name, array in features.batch([["word0"]]).items():
        np.testing.assert_array_equal(array, first[name])
    assert len(features._known) == 1


@pytest.mark.parametrize("arguments", [(["a", "b", "a"], "", []), ([], "aa", []), ([], "", ["x", "x"])])
def test_entries_that_come_twice_are_refused(arguments):
    with pytest.raises(InputError, match=r"entries, .* different ones; name each once"):
        WordFeatures(*arguments)
