"""Plain text as sentences of words, and where in the text they are; however it is cut into pieces."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data import penn_treebank, snips
from dilatednets.data.characters import plain
from dilatednets.data.plain_text import split

SIGNS = st.sampled_from(
    [
        " ",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        ".",
        "?",
        "It",
        "works",
        "Mr.",
        "n't",
        "'",
        '"',
        "(",
        "-",
        "/",
        "\ufeff",
        "\u2019",
    ]
    + ["\U0001f600", "\xe9", "\u6f22", "\u200b", "\x85", "\u2028"]
)
TEXTS = st.lists(SIGNS | st.characters(exclude_categories=("Cs",)), max_size=40).map("".join)
TOKENIZERS = st.sampled_from(["treebank", "plain"])


def cut(text, ends):
    ends = sorted({0, len(text), *(end % (len(text) + 1) for end in ends)})
    return [text[start:end] for start, end in itertools.pairwise(ends)]


@given(TEXTS, st.lists(st.integers(0, 99), max_size=6))
def test_a_line_may_be_a_text_of_its_own_faults(text, ends):
    found = list(split([text], "treebank", by_line=True))
    assert list(split(cut(text, ends), "treebank", by_line=True)) == found
    alone, start = [], 0
    for line in re.split("[\n\r\u2029]", text):
        alone += [(one.words, one.start + start) for one in split([line], "treebank")]
        start += len(line) + 1
    assert [(one.words, one.start) for one in found] == alone


@given(TEXTS, st.lists(st.integers(0, 99), max_size=6), TOKENIZERS, st.sampled_from([5, 100_000]))
def test_words_stand_where_they_say_however_the_text_is_cut(text, ends, tokenizer, longest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(penn_treebank, "MAX_SENTENCE", longest)
        found = list(split([text], tokenizer))
        assert list(split(cut(text, ends), tokenizer)) == list(split(text, tokenizer)) == found
    last = 0
    for sentence in found:
        end = sentence.start + len(sentence.text)
        assert text[sentence.start : end] == sentence.text and sentence.start >= last and len(sentence.text) <= longest
        assert len(sentence.words) == len(sentence.tokens) > 0
        places = [place for token in sentence.tokens for place in (token.start, token.end)]
        assert [sentence.start, *places, end] == sorted([sentence.start, *places, end])
        assert all(token.text == text[token.start : token.end] for token in sentence.tokens)
        last = end


@given(TEXTS)
def test_plain_text_is_a_sentence_a_line(text):
    lines = [list(map(plain, snips.tokenize(line))) for line in text.split("\n")]
    assert [sentence.words for sentence in split([text], "plain")] == [words for words in lines if words]


@given(TEXTS)
def test_treebank_text_is_split_as_the_treebank_does(text):
    found = list(split([text], "treebank"))
    parts = [text[start:end] for start, end in penn_treebank.split_sentences(text)]
    assert [sentence.text for sentence in found] == [part for part in parts if penn_treebank.split_words(part)]
    for sentence in found:
        words = [token.text for token in penn_treebank.split_words(sentence.text)]
        assert sentence.words == penn_treebank.treebank_forms(words)
        assert [token.text for token in sentence.tokens] == words


def test_words_are_as_the_data_set_writes_them():
    [sentence] = split(['  "It (1/2)"'], "treebank")
    assert sentence.words == ["``", "It", "-LRB-", "1\\/2", "-RRB-", "''"]
    assert [token.text for token in sentence.tokens] == ['"', "It", "(", "1/2", ")", '"']
    assert sentence.start == 2 and sentence.tokens[0][1:] == (2, 3)
    [_, second] = split(["play it\n\n", " (now)"], "plain")
    assert second.words == ["(", "now", ")"] and second.start == 9 and second.tokens[1][1:] == (11, 14)


def test_a_long_line_cut_at_a_carriage_return_keeps_its_places():
    pieces = ["a " * 50_001 + "b\r", "c d e\n"]
    text = "".join(pieces)
    tokens = [token for sentence in split(pieces, "plain") for token in sentence.tokens]
    assert [text[token.start : token.end] for token in tokens] == [token.text for token in tokens]
    assert [token.text for token in tokens[-3:]] == ["c", "d", "e"]


@pytest.mark.parametrize("tokenizer", ["treebank", "plain"])
def test_a_sentence_comes_before_the_text_ends(tokenizer):
    def source():
        yield "It works.\n\nIt"
        raise AssertionError("read too far")

    assert next(split(source(), tokenizer)).words[:2] == ["It", "works"]


@pytest.mark.parametrize("piece", ["a" * 1000, "word " * 200])
@pytest.mark.parametrize("tokenizer", ["treebank", "plain"])
def test_a_line_without_end_is_cut(tokenizer, piece):
    read = itertools.count()
    first = next(split((piece for _ in read), tokenizer))
    assert 0 < len(first.text) <= penn_treebank.MAX_SENTENCE
    assert next(read) * 1000 <= penn_treebank.MAX_SENTENCE + 2000


@pytest.mark.parametrize(
    ("text", "tokenizer", "words"),
    [
        ("the cafe\u0301 at \uff15", "plain", ["the", "caf\xe9", "at", "5"]),
        ("a \ufb01ne cafe\u0301.", "treebank", ["a", "fine", "caf\xe9", "."]),
        ("pay \u20ac\uff15.[1] ok", "treebank", ["pay", "$", "5", ".", "-LSB-", "1", "-RSB-", "ok"]),
    ],
)
def test_words_are_plain_and_places_those_of_the_text_faults(text, tokenizer, words):
    [sentence] = split([text], tokenizer)
    assert sentence.words == words
    assert all(token.text == text[token.start : token.end] for token in sentence.tokens)
    assert "".join(token.text for token in sentence.tokens) == text.replace(" ", "")
