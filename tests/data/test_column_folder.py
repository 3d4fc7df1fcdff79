"""A folder of one's own tagged sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data import conll2000, ewt, snips
from dilatednets.data.column_folder import load
from dilatednets.data.columns import TaggedSentence, column_lines

TWO = "The B-NP\nend I-NP\n\nGo B-VP\n"
THREE = "The DT B-NP\nend NN I-NP\n\nGo VB B-VP\n"


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
    ["\n\n", "-DOCSTART- -X- -X- O\n\n", "# some more words\n", "\ufeff", "\ufeff# id = 1\n", " \t\n", "\r\n", "#\n"],
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


def test_folders_that_are_refused(tmp_path, refusal):
    assert refusal(load, tmp_path, "train") == (
        f"{tmp_path}/train.txt: missing; write one word a line with its tag in the last column"
    )
    assert "val.txt: missing" in refusal(load, tmp_path, "validation")
    assert "train.txt: missing" in refusal(load, tmp_path / "none", "train")
    path = tmp_path / "train.txt"
    for text, says in [
        ("word\n", "train.txt: 1 columns; write word and tag"),
        ("a b c O\n", "train.txt has 4; name what each holds: word, tag, pos, or - for others"),
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


@pytest.mark.parametrize("prefixes", ["BI", "BIES", "BILU"])
def test_tags_stand_as_they_are_written_faults(tmp_path, prefixes):
    tags = tuple(f"{letter}-X" for letter in prefixes)
    (tmp_path / "valid.txt").write_text("".join(f"a {tag}\n" for tag in tags))
    assert load(tmp_path, "val")[0].tags == tags == load(tmp_path, "val", prefixes=prefixes)[0].tags


def test_columns_as_they_come_faults(tmp_path, refusal):
    (tmp_path / "train.txt").write_text("-DOCSTART- -X- -X- O\n\nEU NNP I-NP I-ORG\nis VBZ I-VP O\n")
    right = [TaggedSentence(("EU", "is"), ("I-ORG", "O"), ("NNP", "VBZ"))]
    assert load(tmp_path, "train") == load(tmp_path, "train", ["word", "pos", "-", "tag"]) == right
    assert load(tmp_path, "train", ["word", "-", "tag", "-"])[0].tags == ("I-NP", "I-VP")
    assert refusal(load, tmp_path, "train", ["word", "-", "-", "-"]).startswith(
        "columns: word, -, -, -; name the one of"
    )
    assert refusal(load, tmp_path, "train", "word").startswith("columns: must be a list of strings")
    (tmp_path / "train.txt").write_text("1\tIt\tit\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n")
    assert refusal(load, tmp_path, "train").startswith(f"columns: {tmp_path}/train.txt has 10; name what each holds")


@pytest.mark.parametrize("folder", [3, None, b"data", ""])
def test_a_folder_is_a_path_faults(refusal, folder):
    for reader in (load, conll2000.load, ewt.load, snips.load):
        assert refusal(reader, folder, "train").startswith("data_dir: must be the path of a folder, not")
