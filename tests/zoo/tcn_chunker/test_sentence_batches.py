"""Batches of tagged sentences: the same for the same seed, each sentence once, what is padded, dropped and unknown."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dilatednets.data.columns import TaggedSentence
from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.sentence_batches import SentenceBatches
from dilatednets.zoo.tcn_chunker.tag_schemes import convert
from dilatednets.zoo.tcn_chunker.word_features import WordFeatures

TAGS = ["O", "B-NP", "I-NP"]
POS = ["DT", "NN", "VB"]


def sentences_of(lengths, seed=0):
    """Each has a word of its own, at its begin."""
    rng = np.random.default_rng(seed)
    return [
        TaggedSentence(
            (f"s{number}", *rng.choice(["It", "works", "dog"], length - 1).tolist()),
            tuple(convert(rng.choice(TAGS, length).tolist(), "iob2", "iob2")),
            tuple(rng.choice(POS, length).tolist()),
        )
        for number, length in enumerate(lengths)
    ]


class ByName(WordFeatures):
    """Does not take every digit for a 0, so that sentences can be told apart."""

    def batch(self, sentences, time=None):
        found = super().batch(sentences, time)
        found["first"] = np.array([int(sentence[0][1:]) for sentence in sentences])
        return found


def model_of(sentences, features=None, **attributes):
    """What of a model counts."""
    features = features or ByName.fit([sentence.words for sentence in sentences], rare=1)
    plain = {"tags": TAGS, "pos_tags": POS, "scheme": "iob2", "pos_embedding": None}
    return SimpleNamespace(features=features, **{**plain, **attributes})


def make(sentences, features=None, pos_embedding=None, **options):
    model = model_of(sentences, features, pos_embedding=pos_embedding)
    return SentenceBatches(model, sentences, **{"batch_size": 4, **options})


def same(a, b):
    return all(np.array_equal(x[name], y[name]) for x, y in zip(a, b, strict=True) for name in x)


def equal(first, second):
    first, second = list(first), list(second)
    return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))


SENTENCES = sentences_of([3, 17, 8, 1, 9, 5, 30, 2, 2, 11, 4])
DROPPING = {"word_dropout": 1.0, "character_dropout": 0.2}


def test_whole_batches_are_the_others_filled_up_with_what_does_not_count():
    features = WordFeatures.fit([sentence.words for sentence in SENTENCES])
    plain, whole = (list(make(SENTENCES, features, whole=w, **DROPPING).epoch(0)) for w in (False, True))
    assert sorted(len(inputs["words"]) for inputs, _ in plain) == [3, 4, 4]
    for short, full in zip(plain, whole, strict=True):
        rows = len(short[0]["words"])
        assert all(len(array) == 4 for part in full for array in part.values())
        assert same(short, [{name: array[:rows] for name, array in part.items()} for part in full])
        assert all(np.all(array[rows:] == 0) for array in full[0].values())
        assert all(np.all(array[rows:] == -1) for array in full[1].values())


def test_an_epoch_depends_on_seed_and_number_alone():
    batches = make(SENTENCES, seed=3, **DROPPING)
    third = list(batches.epoch(2))
    again = make(SENTENCES, seed=3, **DROPPING)
    list(again.epoch(0)), next(again.epoch(2)), np.random.default_rng(3).random()
    assert equal(third, again.epoch(2))
    assert not equal(third, batches.epoch(1))
    assert not equal(third, make(SENTENCES, seed=4, **DROPPING).epoch(2))
    assert not equal(third, make(SENTENCES, seed=4, **DROPPING).epoch(1))  # no other seed has it another time
    interleaved = list(itertools.chain(*zip(batches.epoch(2), batches.epoch(5), strict=True)))
    assert equal(interleaved[::2], third)


def test_epochs_follow_one_another():
    batches = make(SENTENCES, **DROPPING)
    alone = [batch for number in (3, 4, 5) for batch in batches.epoch(number)]
    assert equal(batches.epochs(3, 3), alone)
    assert equal(itertools.islice(batches.epochs(3), len(alone)), alone)
    assert list(batches.epochs(3, 0)) == []


@pytest.mark.tensorflow
def test_a_dataset_has_the_same():
    features = WordFeatures.fit([sentence.words for sentence in SENTENCES], rare=1)
    batches = make(SENTENCES, features, **DROPPING)
    expected = list(batches.epochs(2, 2))
    data = batches.dataset(2, 2)
    assert equal(data.as_numpy_iterator(), expected)
    inputs, targets = data.element_spec
    assert {spec.dtype.name for spec in (*inputs.values(), *targets.values())} == {"int32"}


@settings(max_examples=30)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=30),
    batch_size=st.integers(1, 7),
    number=st.integers(0, 9),
)
def test_each_sentence_comes_once_an_epoch_with_its_own(lengths, batch_size, number):
    sentences = sentences_of(lengths, number)
    batches = make(sentences, batch_size=batch_size)
    found = list(batches.epoch(number))
    assert len(found) == batches.steps_per_epoch == -(-len(sentences) // batch_size)
    seen = []
    for inputs, targets in found:
        rows = inputs["first"].tolist()
        seen += rows
        time = inputs["words"].shape[1]
        assert 1 <= len(rows) <= batch_size
        assert time % 8 == 0 and inputs["characters"].shape[2] % 8 == 0
        assert time - max(lengths[row] for row in rows) < 8
        plain = batches.features.batch([sentences[row].words for row in rows], time)
        letters = plain.pop("characters")
        np.testing.assert_array_equal(inputs["characters"][..., : letters.shape[2]], letters)
        assert not inputs["characters"][..., letters.shape[2] :].any()
        assert all(np.array_equal(inputs[name], array) for name, array in plain.items())
        for place, row in enumerate(rows):
            for name, names, values in (("tags", TAGS, sentences[row].tags), ("pos", POS, sentences[row].pos)):
                target = targets[name][place].tolist()
                assert [names[value] for value in target[: len(values)]] == list(values)
                assert set(target[len(values) :]) <= {-1}
    assert sorted(seen) == list(range(len(sentences)))


def test_sentences_of_similar_length_are_together():
    """In a pool: lengths of two batches do not overlap, yet batches come in any order."""
    sentences = sentences_of(np.random.default_rng(0).integers(1, 60, 150))
    batches = make(sentences, batch_size=10)
    bounds = [
        (min(lengths), max(lengths))
        for inputs, _ in batches.epoch(0)
        for lengths in [[len(sentences[row].words) for row in inputs["first"]]]
    ]
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(sorted(bounds)))
    assert bounds != sorted(bounds) and bounds != sorted(bounds, reverse=True)


def test_frequent_words_are_dropped_less():
    """A word that comes n times becomes unknown with probability a / (a + n)."""
    counts = {1: 12, 3: 4, 40: 1}  # how often a word comes: how many such words there are
    words = {n: [f"{chr(97 + i)}{'x' * n}" for i in range(many)] for n, many in counts.items()}
    text = [word for n, some in words.items() for word in some for _ in range(n)]
    sentences = [TaggedSentence((word, "other"), ("O", "O")) for word in text]
    features = WordFeatures.fit([sentence.words for sentence in sentences], rare=1)
    batches = make(sentences, features, batch_size=64, word_dropout=2.0)
    shapes = {features.batch([[word]])["characters"].tobytes(): n for n, some in words.items() for word in some}
    dropped = {n: [] for n in counts}
    for inputs, _ in batches.epochs(0, 100):
        for word, letters in zip(inputs["words"][:, 0], inputs["characters"][:, 0], strict=True):
            dropped[shapes[np.trim_zeros(letters).tobytes()]].append(word == 1)
    for n, found in dropped.items():
        assert len(found) == 100 * n * counts[n]
        assert np.mean(found) == pytest.approx(2 / (2 + n), abs=0.06), n
    assert abs(np.mean(dropped[40]) - 2 / 42) < 0.02


def test_words_that_only_have_vectors_count_as_seen_once():
    features = WordFeatures.fit([["it"]], extra=["more"], rare=1)
    batches = make([TaggedSentence(("it",))], features, word_dropout=0.5)
    assert batches._dropped[[2, 3]].tolist() == pytest.approx([1 / 3, 1 / 3])


def test_characters_are_dropped_by_their_share():
    sentences = sentences_of([20] * 40)
    features = WordFeatures.fit([sentence.words for sentence in sentences], rare=1)
    plain, dropping = make(sentences, features), make(sentences, features, character_dropout=0.25)
    before = np.concatenate([inputs["characters"] for inputs, _ in plain.epochs(0, 3)])
    after = np.concatenate([inputs["characters"] for inputs, _ in dropping.epochs(0, 3)])
    assert set(np.unique(after[after != before])) == {1}
    assert not after[before == 0].any() and (before > 1).any()
    assert np.mean((after == 1)[before > 1]) == pytest.approx(0.25, abs=0.02)
    # Words are left as they are.
    assert all(
        np.array_equal(a["words"], b["words"]) for (a, _), (b, _) in zip(plain.epoch(1), dropping.epoch(1), strict=True)
    )


def test_padding_is_not_dropped():
    for inputs, _ in make(SENTENCES, word_dropout=1e9, character_dropout=0.999).epoch(0):
        lengths = [len(SENTENCES[row].words) for row in inputs["first"]]
        inside = np.arange(inputs["words"].shape[1]) < np.array(lengths)[:, None]
        assert (inputs["words"][inside] == 1).all() and not inputs["words"][~inside].any()
        assert not inputs["characters"][~inside].any()


def test_what_is_unknown():
    sentences = [
        TaggedSentence(("s0", "dog"), ("B-NP", "I-NP")),
        TaggedSentence(("s1", "dog", "it"), (), ("NN", "XX", "VB")),
        TaggedSentence(("s2",), ("O",), ("DT",)),
    ]
    [(inputs, targets)] = make(sentences, pos_embedding=True).epoch(0)
    rows = {int(name): row for row, name in enumerate(inputs["first"])}
    none = [-1] * 8
    assert {number: targets["tags"][row].tolist() for number, row in rows.items()} == {
        0: [1, 2, *none[2:]], 1: none, 2: [0, *none[1:]],
    }  # fmt: skip
    assert {number: targets["pos"][row].tolist() for number, row in rows.items()} == {
        0: none, 1: [1, -1, 2, *none[3:]], 2: [0, *none[1:]],
    }  # fmt: skip
    assert {number: inputs["pos"][row].tolist() for number, row in rows.items()} == {
        0: [1, 1, *[0] * 6], 1: [3, 1, 4, *[0] * 5], 2: [2, *[0] * 7],
    }  # fmt: skip
    assert inputs["pos"].dtype == np.int32


def test_without_parts_of_speech():
    for inputs, targets in SentenceBatches(model_of(SENTENCES, pos_tags=()), SENTENCES, batch_size=4).epoch(0):
        assert set(targets) == {"tags"} and "pos" not in inputs


def test_tags_are_those_of_the_model_s_scheme():
    tags = ["O", "B-NP", "I-NP", "E-NP", "S-NP"]
    model = model_of(SENTENCES, tags=tags, scheme="iobes")
    sentences = [TaggedSentence(("s0", "dog", "it"), ("B-NP", "I-NP", "B-NP"))]
    [(_, targets)] = SentenceBatches(model, sentences).epoch(0)
    assert [tags[number] for number in targets["tags"][0, :3]] == ["B-NP", "E-NP", "S-NP"]
    with pytest.raises(InputError, match="'E-NP' is not a tag of iob2"):
        SentenceBatches(model, [TaggedSentence(("s0",), ("E-NP",))])


@pytest.mark.parametrize(
    ("sentences", "options", "says"),
    [
        ([], {}, "sentences: must be a list of TaggedSentence, at least one"),
        ([("s0", "it")], {}, "sentences: must be a list of TaggedSentence"),
        ([TaggedSentence(("s0",), ("B-XX",))], {}, "sentences: label XX is unknown to the model, which has NP"),
        (SENTENCES, {"batch_size": 0}, "batch_size: must be above 0, not 0"),
        (SENTENCES, {"batch_size": "4"}, "batch_size: must be an integer"),
        (SENTENCES, {"seed": -1}, "seed: must be 0 or above"),
        (SENTENCES, {"word_dropout": -1.0}, "word_dropout: must be 0 or above"),
        (SENTENCES, {"character_dropout": 1.0}, "character_dropout: must be at least 0 and below 1"),
    ],
)
def test_what_cannot_be_batches_faults(sentences, options, says):
    features = WordFeatures.fit([["s0", "it"]])
    with pytest.raises(InputError, match=says):
        SentenceBatches(model_of(sentences, features), sentences, **options)


def test_numbers_of_numpy_are_numbers_faults():
    batches = make(SENTENCES, batch_size=np.int64(4), seed=np.int32(3))
    assert batches.steps_per_epoch == 3 and len(list(batches.epoch(0))) == 3


def test_sentences_without_words_are_padding_faults():
    features = WordFeatures.fit([["it"]])
    [(inputs, targets)] = SentenceBatches(model_of([], features), [TaggedSentence(())] * 2).epoch(0)
    assert inputs["words"].shape == targets["tags"].shape == (2, 8)
