"""Word vectors in a text file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.word_vectors import read_word_vectors


def vectors(tmp_path, text, length=3):
    path = tmp_path / "vectors.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_word_vectors(path, length)


def test_vectors_are_read_as_glove_word2vec_and_fasttext_write_them(tmp_path):
    for text in (
        "the 1 -2.5 3e-2\n, 0 0 0\n",
        "2 3\nthe 1 -2.5 3e-2 \n, 0 0 0 \n",
        "the 1 -2.5 3e-2\r\n, 0 0 0\r\nthe 9 9 9",
    ):
        found = vectors(tmp_path, text)
        assert list(found) == ["the", ","] and all(vector.dtype == np.float32 for vector in found.values())
        np.testing.assert_allclose(found["the"], [1, -2.5, 0.03])
    found = vectors(tmp_path, "caf\xe9\xa0au\u2028lait 1 2 3\n\x85 4 5 6\n")
    assert list(found) == ["caf\xe9\xa0au\u2028lait", "\x85"]
    assert vectors(tmp_path, "2 3\n2 4\n", length=1).keys() == {"2"}  # a first line of two is a head


@given(st.dictionaries(st.text("abc.,\xe9\u6f22", min_size=1), st.tuples(*[st.floats(width=32, allow_nan=False)] * 2)))
def test_vectors_that_were_written_come_back(tmp_path_factory, table):
    table = {word: values for word, values in table.items() if np.isfinite(values).all()}
    lines = "".join(f"{word} {' '.join(map(repr, values))}\n" for word, values in table.items())
    found = vectors(tmp_path_factory.getbasetemp(), f"{len(table)} 2\nfirst 0 0\n{lines}", length=2)
    assert found.keys() == {"first", *table}
    for word, values in table.items():
        np.testing.assert_array_equal(found[word], np.array(values, np.float32))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no word vectors; give a word and 3 numbers a line"),
        ("2 3\n", "holds no word vectors"),
        ("the 1 2 3\nof 1 2\n", "line 2: 2 numbers, but the net needs 3; set net.word_channels"),
        ("the 1 2 x\n", "line 1: not a word and 3 numbers"),
        ("the 1 2 nan\n", "line 1: "),
        ("the 1 2 3\n\nof 1 2 3\n", "line 2: 0 numbers"),
        (b"the 1 2 3\ncaf\xe9 1 2 3\n", "not UTF-8 at byte 13"),
        ("the 1 2 3\n\0 1 2 3\n", "line 2: a NUL byte"),
    ],
)
def test_vectors_that_are_refused(tmp_path, refusal, text, says):
    message = refusal(vectors, tmp_path, text)
    assert message.startswith(str(tmp_path / "vectors.txt")) and says in message


def test_vectors_that_are_not_there(tmp_path, refusal):
    for path in (tmp_path / "none.txt", tmp_path):
        assert f"{path}: cannot be read" in refusal(read_word_vectors, path, 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [("the 0.1 -2 3e-2 4 5\nof 1 2 3 4 5\n", 5), ("2 5\nthe 1 2 3 4 5\n", 5), (f"a {'0.25 ' * 300}\n", 300)],
)
def test_longer_vectors_are_no_words_with_spaces_faults(tmp_path, refusal, text, found):
    message = refusal(vectors, tmp_path, text)
    assert f"line 1: {found} numbers, but the net needs 3; set net.word_channels, or take other vectors" in message


def test_words_with_spaces_are_read_faults(tmp_path):
    assert list(vectors(tmp_path, ". . 1 2 3\nat 5 1 2 3\n 4 5 6\nthe 0 0 1\n")) == [". .", "at 5", "the"]
