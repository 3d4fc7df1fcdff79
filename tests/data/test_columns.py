"""Files in columns: what is read, what is refused and where it says so, and that writing is the inverse of reading."""

import io
import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dilatednets.data.columns import (
    CONLL_2003,
    CONLL_U,
    MAX_LINE,
    MAX_TOKENS,
    TaggedSentence,
    column_lines,
    known_columns,
    read_columns,
)

TWO = b"The DT B-NP\nend NN I-NP\n\nGo VB B-VP\n"
SENTENCES = [
    TaggedSentence(("The", "end"), ("B-NP", "I-NP"), ("DT", "NN")),
    TaggedSentence(("Go",), ("B-VP",), ("VB",)),
]
WORDS = st.text(st.characters(exclude_characters=" \t\r\n\0\ufeff", exclude_categories=("Cs",)), min_size=1).filter(
    lambda word: word != "-DOCSTART-"
)
TAGS = st.sampled_from(["O", "B-NP", "I-NP", "B-a-b"])


def read(data, *args, **kwargs):
    return list(read_columns(io.BytesIO(data) if isinstance(data, bytes) else io.StringIO(data), *args, **kwargs))


def test_path_bytes_and_text_read_the_same(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes(TWO)
    with open(path, encoding="utf-8") as text:
        assert list(read_columns(text)) == SENTENCES
    assert list(read_columns(path)) == list(read_columns(str(path))) == read(TWO) == SENTENCES


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: b"\xef\xbb\xbf\n\n" + data.replace(b"\n\n", b"\n \t\n\n\n"),
        lambda data: data.rstrip(b"\n"),
        lambda data: data.replace(b" ", b"  \t "),
        lambda data: data.replace(b"\n", b" \n"),
        lambda data: b"-DOCSTART- -X- O\n\n" + data.replace(b"\n\n", b"\n\n-DOCSTART-\n\n"),
        lambda data: data.replace(b"\n\n", b"\n-DOCSTART- -X- -X- O\n"),
        lambda data: b"# text = The end\n# newdoc id\n#\n" + data.replace(b"\n\n", b"\n\n# sent_id = 2\n"),
    ],
)
def test_layout_does_not_change_the_sentences(change):
    assert read(change(TWO)) == SENTENCES
    assert read(change(TWO).decode("utf-8")) == SENTENCES


def test_hash_is_a_word_where_it_can_be_one():
    (sentence,) = read(b"# # B-NP\n1.8 CD I-NP\n# # O\n")
    assert sentence.words == ("#", "1.8", "#")
    assert read(b"# a comment\n#\n", ["word"]) == [TaggedSentence(("#",))]


def test_columns_are_chosen_by_name():
    assert read(b"a x\tNN O\n", ("word", "lemma", "pos", "tag")) == [TaggedSentence(("a",), ("O",), ("NN",))]
    assert read(b"O a\n", ("tag", "word")) == [TaggedSentence(("a",), ("O",))]
    assert read(b"- a - 1\n", ("other", "word", "other", "third")) == [TaggedSentence(("a",))]


@pytest.mark.parametrize("columns", [("pos", "tag"), ("word", "word"), ("word", "tag", "tag")])
def test_columns_without_a_word_or_twice_are_refused_before_reading(refusal, columns):
    assert "; name word once" in refusal(read_columns, io.BytesIO(TWO), columns)


def test_unbreakable_space_is_part_of_a_word():
    assert read("10\u00a0000\u2028\x85 NN O\n".encode(), ("word", "pos", "tag"))[0].words == ("10\u00a0000\u2028\x85",)


def test_tags_have_the_prefixes_of_their_scheme(refusal):
    data = b"a B-NP\nb E-NP\nc S-NP\nd O\n"
    assert read(data, ("word", "tag"), "BIES")[0].tags == ("B-NP", "E-NP", "S-NP", "O")
    assert "line 2: 'E-NP' is not a tag; write O, or one of B-, I- and a label" in refusal(read, data, ("word", "tag"))


def test_tags_of_iob2_are_kept_even_where_they_are_invalid():
    assert read(b"a O\nb I-NP\n", ("word", "tag"))[0].tags == ("O", "I-NP")


def test_errors_name_file_and_line_and_come_after_what_was_read(tmp_path, refusal):
    path = tmp_path / "bad.txt"
    path.write_bytes(TWO + b"\nno columns here now\n")
    sentences = read_columns(path)
    assert [next(sentences), next(sentences)] == SENTENCES
    assert "bad.txt, line 6: 4 columns, but word pos tag makes 3; separate" in refusal(next, sentences)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "holds no sentences"),
        (b"\n\n# no words\n-DOCSTART- -X- O\n", "holds no sentences"),
        (b"a NN\n", "line 1: 2 columns"),
        (b"a NN O\nb\n", "line 2: 1 column, "),
        (b"The DT B-NP\n# text = The end\n", "the input, line 2: 5 columns, but word pos tag makes 3"),
        (b"a NN O\nb NN NP\n", "line 2: 'NP' is not a tag"),
        (b"a NN O\nb NN S-NP\n", "line 2: 'S-NP' is not a tag; write O, or one of B-, I- and"),
        (b"a NN O\nb\0 NN O\n", "line 2: a NUL byte"),
        (b"a NN O\rb NN O\r", "line 1: a carriage return inside"),
        ("a NN O\n".encode("utf-16"), "not UTF-8 at byte 0; it may be UTF-16"),
        ("a NN O\n".encode("utf-32"), "not UTF-8 at byte 0; it may be UTF-32"),
        (b"%PDF-1.7 \xe2\xe3\xcf\xd3\n", "the input: a PDF, not text"),
        (b"\xc3\xa9 caf\xc3", "not UTF-8 at byte 6; save the file as UTF-8"),
        (b"\xef\xbb\xbfa NN O\nb NN O\ncaf\xe9 NN O\n", r"not UTF-8 at byte 20; it may be LATIN1: iconv -f LATIN1"),
        (b"a NN O\n\x93a\x94 NN O\n", "not UTF-8 at byte 7; save the file as UTF-8"),
        (b"a NN O\nb NN \xed\xa0\xbc\n", "not UTF-8 at byte 12"),
    ],
)
def test_wrong_files_are_refused_with_a_cure(refusal, data, message):
    assert message in refusal(read, data)


def test_file_that_cannot_be_opened_is_named(tmp_path, refusal):
    for path in (tmp_path / "nowhere.txt", tmp_path):
        assert refusal(next, read_columns(path)).startswith(f"{path}: cannot be read")


@pytest.mark.parametrize(
    ("errors", "message"),
    [("strict", "after line 0: not utf-8"), ("surrogateescape", "line 6: bytes that are not UTF-8")],
)
def test_wrong_bytes_of_a_text_stream_are_refused(refusal, errors, message):
    stream = io.TextIOWrapper(io.BytesIO(TWO + b"\n\xe9 NN O\n"), "utf-8", errors)
    assert message in refusal(list, read_columns(stream))


class Endless:
    """Gives lines, or one line, without end, and counts what is taken from it."""

    def __init__(self, *lines):
        self.lines, self.taken = itertools.cycle(lines), 0

    def readline(self, size=-1):
        assert 0 <= size <= MAX_LINE + 1
        line = next(self.lines)
        part = line if line.endswith(b"\n") else line * size
        self.taken += len(part)
        return part


def test_endless_line_is_refused_without_reading_it(refusal):
    stream = Endless(b"x")
    assert f"line 1: longer than {MAX_LINE} bytes" in refusal(next, read_columns(stream))
    assert stream.taken == MAX_LINE + 1
    assert read(b"a" * (MAX_LINE - 5) + b" N O\n")[0].pos == ("N",)


def test_endless_file_is_read_sentence_by_sentence():
    stream = Endless(b"a NN O\n", b"\n")
    assert [s.words for s in itertools.islice(read_columns(stream), 3)] == [("a",)] * 3
    assert stream.taken == 3 * len(b"a NN O\n\n")


def test_endless_sentence_is_refused(refusal):
    message = refusal(next, read_columns(Endless(b"a NN O\n")))
    assert f"line {MAX_TOKENS + 1}: more than {MAX_TOKENS} words in a sentence" in message


def test_lengths_must_agree(refusal):
    assert "pos: 1, but the sentence has 2 words" in refusal(TaggedSentence, ("a", "b"), pos=("NN",))


@given(st.lists(st.lists(st.tuples(WORDS, WORDS, TAGS), min_size=1), min_size=1))
def test_writing_is_the_inverse_of_reading(sentences):
    sentences = [
        TaggedSentence(words, tags, pos) for words, pos, tags in (zip(*rows, strict=True) for rows in sentences)
    ]
    text = "".join(map(column_lines, sentences))
    assert read(text.encode()) == sentences
    assert read(text.replace("\n", "\r\n").encode()) == sentences


def test_columns_are_written_in_the_order_asked_for(refusal):
    assert column_lines(SENTENCES[0]) == "The DT B-NP\nend NN I-NP\n\n"
    assert column_lines(SENTENCES[0], ("tag", "word")) == "B-NP The\nI-NP end\n\n"
    assert column_lines(TaggedSentence(("a",))) == "a\n\n"
    message = refusal(column_lines, TaggedSentence(("a",), pos=("NN",)), ("word", "tag"))
    assert message == "columns: the sentence has no tag; it has word, pos"


@pytest.mark.parametrize("word", ["", "New York", "a\tb", "a\n", "\r", "\0", "\ufeffa", "\ud83c", "-DOCSTART-"])
def test_words_that_would_break_the_format_are_refused(refusal, word):
    assert "cannot" in refusal(column_lines, TaggedSentence((word,), ("O",)))


def test_sentence_without_words_is_refused(refusal):
    assert "no word" in refusal(column_lines, TaggedSentence(()), ("word",))
    assert "without words" in refusal(column_lines, TaggedSentence(()))


ROW = "{}\t{}\tlemma\tDET\tDT\t_\t2\tdet\t_\t_\n"


def test_conll_u_is_known_by_its_lines_and_read_faults(refusal):
    text = "# text = don't go\n" + ROW.format("1-2", "don't") + ROW.format(1, "do") + ROW.format(2, "n't")
    text += ROW.format("2.1", "_") + ROW.format(3, "New York") + "\n# id = 2\n" + ROW.format(1, "Go")
    assert known_columns(text.splitlines(keepends=True)) == CONLL_U
    found = read(text.encode(), CONLL_U)
    assert [one.words for one in found] == [("do", "n't", "New York"), ("Go",)] and found[1].pos == ("DT",)
    assert "9 columns" in refusal(read, "\t".join("123456789").encode(), CONLL_U)


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (["-DOCSTART- -X- O O", "", "EU NNP I-NP I-ORG"], CONLL_2003), (["EU NNP I-NP I-ORG"], ()),
        (["a b c d e f g h i j"], ()),
        (["-DOCSTART-", "EU NNP I-NP I-ORG"], ()), (["-DOCSTART- -X- -X- O", "EU NNP O"], ()), ([], ()),
        (["\t".join("abcdefghij")], ()),
    ],
)  # fmt: skip
def test_columns_are_found_only_where_it_is_sure_faults(lines, columns):
    assert known_columns(lines) == columns


@pytest.mark.parametrize("columns", ["word", b"word", 3, None, ["word", 1]])
def test_columns_are_names_faults(refusal, columns):
    assert refusal(read, TWO, columns).startswith("columns: must be a")


def test_a_column_without_a_name_is_no_column_to_skip_faults(refusal):
    assert "write - for a column" in refusal(read, TWO, ["word", "", "pos"])
