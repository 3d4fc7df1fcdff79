"""Text from a stream of bytes: what is read, however it is cut into pieces, and where it is wrong."""

import io
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dilatednets.data import text_stream
from dilatednets.data.text_stream import read_pieces
from dilatednets.errors import InputError

TEXTS = st.text(
    st.sampled_from("It. \n\ufeff\u2019\U0001f600\xe9\u6f22\x85")
    | st.characters(exclude_categories=("Cs",), exclude_characters="\0")
)


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
    assert read(text.encode(), sizes) == (text.removeprefix("\ufeff"), "")


@given(TEXTS, SIZES, st.sampled_from([b"\xe9 and", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf0\x9f\x98"]), TEXTS)
@example("\ufeffIt", [100], b"\xe9", "")
@example("", [100], b"\xe9", "")
def test_a_wrong_byte_is_named_and_what_is_before_it_comes(text, sizes, wrong, after):
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
