"""Tags and spans: there and back in every scheme, repairs, and which tag may follow which."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.tag_schemes import (
    SCHEMES,
    Span,
    check_labels,
    check_tags,
    convert,
    from_spans,
    parse,
    repairs,
    scheme_of,
    spans,
    valid_transitions,
)

LABELS = ("NP", "VP", "a-b")
ALL_TAGS = {
    scheme: ["O", *(f"{prefix}-{label}" for label in LABELS for prefix in prefixes)]
    for scheme, prefixes in SCHEMES.items()
}


@st.composite
def sentences(draw):
    """A length and spans that fit into it, some of them touching."""
    found, end = [], 0
    for gap, length, label in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(LABELS)))):
        found.append(Span(label, end + gap, end + gap + length))
        end = found[-1].end
    return found, end + draw(st.integers(0, 2))


@given(sentences(), st.sampled_from(list(SCHEMES)), st.sampled_from(list(SCHEMES)))
def test_spans_survive_every_scheme_and_conversion(sentence, source, target):
    found, length = sentence
    tags = from_spans(reversed(found), length, source)
    assert spans(tags) == found and len(tags) == length
    check_tags(tags, source)
    assert convert(tags, source, target) == from_spans(found, length, target)
    assert convert(convert(tags, source, target), target, source) == tags


@given(st.lists(st.sampled_from([*ALL_TAGS["iobes"]])))
def test_reading_any_tags_covers_each_tagged_word_once(tags):
    found = spans(tags)
    covered = [(span.label, index) for span in found for index in range(span.start, span.end)]
    assert covered == [(parse(tag)[1], index) for index, tag in enumerate(tags) if tag != "O"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-NP I-NP", [("NP", 0, 2)]),
        ("O I-NP I-VP", [("NP", 1, 2), ("VP", 2, 3)]),
        ("B-NP I-VP I-VP", [("NP", 0, 1), ("VP", 1, 3)]),
        ("B-NP B-NP I-NP", [("NP", 0, 1), ("NP", 1, 3)]),
        ("I-NP B-NP", [("NP", 0, 1), ("NP", 1, 2)]),
        ("B-NP E-NP I-NP", [("NP", 0, 2), ("NP", 2, 3)]),
        ("E-NP E-NP", [("NP", 0, 1), ("NP", 1, 2)]),
        ("S-NP S-NP I-NP E-NP", [("NP", 0, 1), ("NP", 1, 2), ("NP", 2, 4)]),
        ("I-NP S-NP", [("NP", 0, 1), ("NP", 1, 2)]),
        ("B-NP O E-NP", [("NP", 0, 1), ("NP", 2, 3)]),
        ("", []),
    ],
)
def test_spans_by_hand(tags, expected):
    assert spans(tags.split()) == expected


@pytest.mark.parametrize(
    ("iob1", "iob2", "iobes"),
    [
        ("I-NP I-NP B-NP I-VP", "B-NP I-NP B-NP B-VP", "B-NP E-NP S-NP S-VP"),
        ("I-NP O I-NP B-NP I-NP I-NP", "B-NP O B-NP B-NP I-NP I-NP", "S-NP O S-NP B-NP I-NP E-NP"),
    ],
)
def test_schemes_by_hand(iob1, iob2, iobes):
    for source, tags in (("iob1", iob1), ("iob2", iob2), ("iobes", iobes)):
        for target, expected in (("iob1", iob1), ("iob2", iob2), ("iobes", iobes)):
            assert convert(tags.split(), source, target) == expected.split()


@given(st.lists(st.sampled_from(ALL_TAGS["iob2"])))
def test_repairs_count_the_tags_that_conversion_changes(tags):
    repaired = convert(tags, "iob2", "iob2")
    assert repairs(tags) == sum(a != b for a, b in zip(tags, repaired, strict=True))
    assert repairs(repaired) == 0 and spans(repaired) == spans(tags)


@pytest.mark.parametrize("scheme", ["iob2", "iobes"])
@given(data=st.data())
def test_transitions_allow_exactly_the_tags_of_some_spans(scheme, data):
    names = ALL_TAGS[scheme]
    follows, begins, ends = valid_transitions(names)
    numbers = data.draw(st.lists(st.integers(0, len(names) - 1), min_size=1, max_size=4))
    tags = [names[number] for number in numbers]
    allowed = begins[numbers[0]] and ends[numbers[-1]] and all(follows[a, b] for a, b in pairwise(numbers))
    assert allowed == (convert(tags, scheme, scheme) == tags)


@given(sentences(), st.sampled_from(["iob2", "iobes"]))
def test_transitions_allow_every_sentence(sentence, scheme):
    tags = from_spans(*sentence, scheme)
    names = ALL_TAGS[scheme]
    follows, begins, ends = valid_transitions(names)
    numbers = [names.index(tag) for tag in tags]
    assert all(follows[a, b] for a, b in pairwise(numbers))
    assert not numbers or (begins[numbers[0]] and ends[numbers[-1]])


def test_transitions_have_one_place_a_tag_in_the_order_given():
    follows, begins, ends = valid_transitions(["I-X", "B-Y", "O", "B-X"])
    assert follows.dtype == begins.dtype == ends.dtype == bool and follows.shape == (4, 4)
    np.testing.assert_array_equal(follows[:, 0], [True, False, False, True])
    np.testing.assert_array_equal(begins, [False, True, True, True])
    assert follows[:, 1:].all() and ends.all()


@pytest.mark.parametrize("tag", ["", "NP", "B", "B-", "-NP", "X-NP", "o", "BI-NP", "B_NP", "O-NP", "b-NP"])
def test_other_tags_are_named(tag):
    for function in (spans, repairs, valid_transitions, lambda tags: convert(tags, "iob1", "iob2")):
        with pytest.raises(InputError, match=f"'{tag}' is not a tag; write O"):
            function(["O", tag])


def test_tags_of_another_scheme_and_unknown_schemes_are_named():
    with pytest.raises(InputError, match="'E-NP' is not a tag of iob2"):
        repairs(["B-NP", "E-NP"])
    with pytest.raises(InputError, match="'S-NP' is not a tag of iob1"):
        convert(["S-NP"], "iob1", "iob2")
    with pytest.raises(InputError, match="scheme: must be 'iob1' or 'iob2' or 'iobes' or 'bilou', not 'bmes'"):
        convert([], "iob2", "bmes")


@pytest.mark.parametrize(
    "wrong", [[Span("NP", 0, 2), Span("VP", 1, 3)], [Span("NP", 1, 1)], [Span("NP", 3, 5)], [Span("NP", -1, 1)]]
)
def test_spans_that_do_not_fit_are_refused(wrong):
    with pytest.raises(InputError, match="empty, overlaps"):
        from_spans(wrong, 4)


@pytest.mark.parametrize("labels", [[], ["B-PER", "I-PER", "O"], ["O"], ["B-PER"], ["U-X", "L-X"]])
def test_labels_are_no_tags_faults(labels):
    with pytest.raises(InputError, match=r"^labels: "):
        check_labels(labels)


@pytest.mark.parametrize("labels", [["NP"], ["B-cell", "T-cell"], ["by-line"], ["o"]])
def test_labels_may_hold_hyphens_faults(labels):
    check_labels(labels)


@pytest.mark.parametrize("scheme", ["iob2", "iobes", "bilou"])
def test_the_scheme_is_seen_by_its_letters_faults(scheme):
    assert scheme_of(from_spans([Span("X", 0, 3), Span("X", 4, 5)], 5, scheme)) == scheme


def test_bilou_by_hand_faults():
    tags = ["U-NP", "B-NP", "I-NP", "L-NP", "O"]
    assert convert(tags, "bilou", "iobes") == ["S-NP", "B-NP", "I-NP", "E-NP", "O"]
    rules = valid_transitions(["O", "B-NP", "I-NP", "L-NP", "U-NP"])
    for one, other in zip(rules, valid_transitions(["O", "B-NP", "I-NP", "E-NP", "S-NP"]), strict=True):
        np.testing.assert_array_equal(one, other)
