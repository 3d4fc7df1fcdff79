"""A folder of one's own tagged sentences, and word vectors in a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.column_folder import load
from dilatednets.data.columns import TaggedSentence, column_lines
from dilatednets.data.word_vectors import read_word_vectors
from dilatednets.errors import InputError

TWO = "The B-NP\nend I-NP\n\nGo B-VP\n"
THREE = "The DT B-NP\nend NN I-NP\n\nGo VB B-VP\n"


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "split"),
    [
        ("train.txt", "train"), ("val.txt", "validation"), ("val.txt", "val"), ("validation.txt", "validation"),
        ("dev.txt", "validation"), ("test.txt", "test"),
    ],
)  # fmt: skip
def test_splits_are_files(tmp_path, file, split):
    (tmp_path / file).write_text(TWO)
    words = [TaggedSentence(("The", "end"), ("B-NP", "I-NP")), TaggedSentence(("Go",), ("B-VP",))]
    assert load(tmp_path, split) == load(str(tmp_path), split) == words
    (tmp_path / file).write_text(THREE)
    assert [sentence.pos for sentence in load(tmp_path, split)] == [("DT", "NN"), ("VB",)]
    assert [sentence.tags for sentence in load(tmp_path, split)] == [one.tags for one in words]


def test_val_comes_before_other_names_of_it(tmp_path):
    (tmp_path / "dev.txt").write_text("a O\n")
    (tmp_path / "val.txt").write_text("b O\n")
    assert load(tmp_path, "val")[0].words == ("b",)


@pytest.mark.parametrize(
    "begin",
    [
        "\n\n",
        "-DOCSTART- -X- -X- O\n\n",
        "# some more words\n",
        "\ufeff",
        "\ufeff# id = 1\n",
        " \t\n",
        "\r\n",
        "#\n",
    ],
)
def test_columns_are_counted_at_the_first_token(tmp_path, begin):
    for text, pos in ((TWO, ()), (THREE, ("DT", "NN"))):
        (tmp_path / "train.txt").write_bytes((begin + text).encode())
        assert load(tmp_path, "train")[0] == TaggedSentence(("The", "end"), ("B-NP", "I-NP"), pos)


def test_what_was_written_comes_back(tmp_path):
    word = st.text(st.characters(exclude_characters=" \t\r\n\0\ufeff#-", exclude_categories=("Cs",)), min_size=1)
    token = st.tuples(word, st.sampled_from(["O", "B-NP", "I-NP"]), st.sampled_from(["NN", "``", "#"]))

    @given(st.lists(st.lists(token, min_size=1, max_size=4), min_size=1, max_size=4), st.booleans())
    def law(rows, with_pos):
        sentences = []
        for row in rows:
            words, tags, pos = zip(*row, strict=True)
            sentences.append(TaggedSentence(words, tags, pos if with_pos else ()))
        columns = ("word", "pos", "tag") if with_pos else ("word", "tag")
        text = "".join(column_lines(sentence, columns) for sentence in sentences)
        (tmp_path / "test.txt").write_text(text, encoding="utf-8", newline="")
        assert load(tmp_path, "test") == sentences

    law()


def test_folders_that_are_refused(tmp_path):
    assert refusal(load, tmp_path, "train") == (
        f"{tmp_path}/train.txt: missing; write one word a line with its tag in the last column"
    )
    assert "val.txt: missing" in refusal(load, tmp_path, "validation")
    assert "train.txt: missing" in refusal(load, tmp_path / "none", "train")
    assert "columns has train, validation, val, test, not 'all'" in refusal(load, tmp_path, "all")
    path = tmp_path / "train.txt"
    for text, says in [
        ("word\n", "train.txt: 1 columns; write word and tag"),
        ("a b c O\n", "train.txt: 4 columns; write word and tag, or word, part of speech and tag"),
        ("", "train.txt: 0 columns"),
        ("\n# comment\n", "train.txt: 0 columns"),
        ("The B-NP\nend NN I-NP\n", "train.txt, line 2: 3 columns, but word tag makes 2"),
        ("The NP\n", "train.txt, line 1: 'NP' is not a tag"),
        ("The DT\n\nend NN\n", "train.txt, line 1: 'DT' is not a tag"),
    ]:
        path.write_text(text)
        assert says in refusal(load, tmp_path, "train")
    path.write_bytes(b"The B-NP\ncaf\xe9 I-NP\n")
    assert "train.txt: not UTF-8 at byte 12; it may be LATIN1" in refusal(load, tmp_path, "train")


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
def test_vectors_that_are_refused(tmp_path, text, says):
    message = refusal(vectors, tmp_path, text)
    assert message.startswith(str(tmp_path / "vectors.txt")) and says in message


def test_vectors_that_are_not_there(tmp_path):
    assert "cannot be read" in refusal(read_word_vectors, tmp_path / "none.txt", 3)
    assert "cannot be read" in refusal(read_word_vectors, tmp_path, 3)
