"""The scorer against a port of the Perl script conlleval, and numbers by hand."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.scoring import score

TAGS = st.sampled_from(["O", *(f"{prefix}-{label}" for prefix in "BI" for label in ("NP", "VP", "a-b"))])
PAIRS = st.lists(st.lists(st.tuples(TAGS, TAGS)))


def end_of_chunk(last, tag, last_type, type_):
    """Rules of conlleval for tags B, I and O, line by line."""
    end = (last, tag) in (("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"))
    return end or (last not in ("O", ".") and last_type != type_)


def start_of_chunk(last, tag, last_type, type_):
    start = (last, tag) in (("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"))
    return start or (tag not in ("O", ".") and last_type != type_)


def conlleval(sentences):
    """Walks through the tokens with a state, as the Perl script does; a boundary, tagged O, follows each sentence."""
    correct, gold, found = Counter(), Counter(), Counter()
    tokens = correct_tags = 0
    in_correct, last_gold, last_found = False, ("O", ""), ("O", "")
    stream = [pair for sentence in sentences for pair in [*sentence, (None, None)]]
    for pair in stream:
        (g, g_type), (f, f_type) = (("O", "") if tag in (None, "O") else tuple(tag.split("-", 1)) for tag in pair)
        gold_ends, found_ends = (
            end_of_chunk(last_gold[0], g, last_gold[1], g_type),
            end_of_chunk(last_found[0], f, last_found[1], f_type),
        )
        gold_starts, found_starts = (
            start_of_chunk(last_gold[0], g, last_gold[1], g_type),
            start_of_chunk(last_found[0], f, last_found[1], f_type),
        )
        if in_correct:
            if gold_ends and found_ends and last_gold[1] == last_found[1]:
                in_correct = False
                correct[last_gold[1]] += 1
            elif gold_ends != found_ends or g_type != f_type:
                in_correct = False
        if gold_starts and found_starts and g_type == f_type:
            in_correct = True
        gold[g_type] += gold_starts
        found[f_type] += found_starts
        if pair[0] is not None:
            tokens += 1
            correct_tags += (g, g_type) == (f, f_type)
        last_gold, last_found = (g, g_type), (f, f_type)
    return tokens, correct_tags, gold, found, correct


@given(PAIRS)
def test_equal_to_conlleval_on_valid_and_invalid_tags(sentences):
    scores = score(*([[pair[side] for pair in sentence] for sentence in sentences] for side in (0, 1)))
    tokens, correct_tags, gold, found, correct = conlleval(sentences)
    assert (scores["tokens"], scores["correct_tokens"]) == (tokens, correct_tags)
    assert (scores["gold"], scores["predicted"], scores["correct"]) == (gold.total(), found.total(), correct.total())
    assert {label: (v["gold"], v["predicted"], v["correct"]) for label, v in scores["by_label"].items()} == {
        label: (gold[label], found[label], correct[label]) for label in gold | found if label
    }
    whole = {"gold": gold.total(), "predicted": found.total(), "correct": correct.total()}
    for rates in ({**scores, **whole}, *scores["by_label"].values()):
        assert rates["precision"] == (rates["correct"] / rates["predicted"] if rates["predicted"] else 0)
        assert rates["recall"] == (rates["correct"] / rates["gold"] if rates["gold"] else 0)
        assert rates["f1"] * (rates["gold"] + rates["predicted"]) == pytest.approx(2 * rates["correct"])


@given(st.lists(st.lists(TAGS)))
def test_perfect_tags_score_one_and_sides_swap_precision_and_recall(sentences):
    scores = score(sentences, sentences)
    some = any(tag != "O" for tags in sentences for tag in tags)
    assert scores["f1"] == scores["precision"] == scores["recall"] == some
    assert scores["accuracy"] == any(sentences)
    shifted = [tags[1:] + tags[:1] for tags in sentences]
    one, other = score(sentences, shifted), score(shifted, sentences)
    assert (one["precision"], one["recall"], one["f1"]) == (other["recall"], other["precision"], other["f1"])


def test_numbers_by_hand():
    gold = [["B-NP", "I-NP", "B-VP", "B-NP"], ["B-PP", "O"]]
    predicted = [["B-NP", "B-NP", "B-VP", "I-NP"], ["O", "B-ADVP"]]
    scores = score(iter(gold), iter(predicted))
    assert scores["precision"] == 2 / 5 and scores["recall"] == 2 / 4 and scores["f1"] == pytest.approx(4 / 9)
    assert scores["accuracy"] == 2 / 6
    assert scores["by_label"]["NP"] == {
        "precision": 1 / 3,
        "recall": 1 / 2,
        "f1": pytest.approx(2 / 5),
        "gold": 2,
        "predicted": 3,
        "correct": 1,
    }
    assert list(scores["by_label"]) == ["ADVP", "NP", "PP", "VP"]
    assert scores["by_label"]["PP"]["f1"] == scores["by_label"]["ADVP"]["f1"] == 0


def test_nothing_to_score_is_zero():
    nothing = score([], [])
    assert nothing.pop("by_label") == {} and not any(nothing.values())
    assert score([["O"]], [["O"]])["accuracy"] == 1 and score([["O"]], [["O"]])["f1"] == 0


def test_schemes_agree():
    assert (
        score([["B-NP", "E-NP", "S-VP"]], [["B-NP", "E-NP", "O"]])["f1"]
        == (score([["B-NP", "I-NP", "B-VP"]], [["B-NP", "I-NP", "O"]])["f1"])
    )


@pytest.mark.parametrize(
    ("gold", "predicted", "message"),
    [
        ([["O"], ["O", "O"]], [["O"], ["O"]], "sentence 2: 2 true tags, but 1 predicted"),
        ([["O"]], [["O"], ["O"]], "sentence 2: has no true tags"),
        ([["O"], []], [["O"]], "sentence 2: has no predicted tags"),
        ([["O"]], [["NP"]], "'NP' is not a tag"),
    ],
)
def test_sides_that_do_not_match_are_refused(gold, predicted, message):
    with pytest.raises(InputError, match=message):
        score(gold, predicted)
