"""Text in pieces: what is read of bytes, where it is wrong, and where its words are; however it is cut."""

import io
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dilatednets.data import penn_treebank, snips, text_stream
from dilatednets.data.plain_text import split
from dilatednets.data.text_stream import read_pieces
from dilatednets.errors import InputError

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
        "\u2019",
        "\U0001f600",
        "\xe9",
    ]
    + ["\ufeff", "\u6f22", "-", "/", "\u200b", "\x85", "\u2028"]
)
TEXTS = st.lists(SIGNS | st.characters(exclude_categories=("Cs",)), max_size=40).map("".join)
TOKENIZERS = st.sampled_from(["treebank", "plain"])


def cut(text, ends):
    ends = sorted({0, len(text), *(end % (len(text) + 1) for end in ends)})
    return [text[start:end] for start, end in itertools.pairwise(ends)]


class Pipe:
    """Bytes that come in pieces of given sizes; it never gives more than it is asked for."""

    def __init__(self, data, sizes):
        self.data, self.sizes, self.asked = data, itertools.cycle(sizes), []

    def read1(self, size):
        self.asked.append(size)
        size = min(size, next(self.sizes))
        piece, self.data = self.data[:size], self.data[size:]
        return piece


SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=5)


def read(data, sizes=(1 << 20,)):
    """The text before an error, and what the error says."""
    found = []
    try:
        for piece in read_pieces(Pipe(data, sizes), "some.txt"):
            found.append(piece)
    except InputError as error:
        assert "\n" not in str(error)
        return "".join(found), str(error)
    return "".join(found), ""


@given(TEXTS, SIZES)
@example("\ufeffIt", [1])
@example("\ufeff\ufeff", [2])
def test_all_text_comes_however_it_is_cut(text, sizes):
    text = text.replace("\0", "")
    assert read(text.encode(), sizes) == (text.removeprefix("\ufeff"), "")


@given(TEXTS, SIZES, st.sampled_from([b"\xe9 and", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf0\x9f\x98"]), TEXTS)
@example("\ufeffIt", [100], b"\xe9", "")
@example("", [100], b"\xe9", "")
def test_a_wrong_byte_is_named_and_what_is_before_it_comes(text, sizes, wrong, after):
    text, after = text.replace("\0", ""), after.replace("\0", "")
    data = text.encode() + wrong + after.encode()
    try:
        data.decode()
        raise AssertionError("the byte is not wrong")
    except UnicodeDecodeError as error:
        at = error.start
    found, says = read(data, sizes)
    assert found == text.removeprefix("\ufeff")
    assert says.startswith(f"some.txt: not UTF-8 at byte {at}; ") and at == len(text.encode())


@given(TEXTS, SIZES, TEXTS)
def test_a_nul_byte_is_named(text, sizes, after):
    text = text.replace("\0", "")
    found, says = read(text.encode() + b"\0" + after.encode(), sizes)
    assert found == text.removeprefix("\ufeff")
    assert says == f"some.txt: a NUL byte at byte {len(text.encode())}; give plain text in UTF-8"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("caf\xe9 au lait".encode("latin-1"), "not UTF-8 at byte 3; it may be LATIN1: iconv -f LATIN1 -t UTF-8"),
        ("It works.".encode("utf-16"), "not UTF-8 at byte 0; it may be UTF-16: iconv -f UTF-16 -t UTF-8"),
        (b"It\x92s", "not UTF-8 at byte 2; save the file as UTF-8"),
    ],
)
def test_what_it_may_be_instead(data, says):
    assert read(data)[1] == f"some.txt: {says}"


def test_a_stream_is_read_in_bounded_pieces():
    pipe = Pipe(b"It works. " * 20_000, [10**9])
    assert sum(map(len, read_pieces(pipe, "pipe"))) == 200_000
    assert set(pipe.asked) == {text_stream.PIECE}

    class Raw:
        """Without read1, as an unbuffered file is."""

        read = Pipe(b"It", [1]).read1

    assert list(read_pieces(Raw(), "raw")) == ["I", "t"]
    assert list(read_pieces(io.BytesIO(b""), "empty")) == []


def test_pieces_come_as_they_are_there():
    def sizes():
        yield 3
        raise AssertionError("read too far")

    assert next(read_pieces(Pipe(b"It works", sizes()), "live")) == "It "


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
    lines = [snips.tokenize(line) for line in text.split("\n")]
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
