"""`dilatednets chunk`, as its users meet it: what it prints, when, and one line for what is wrong."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from helpers import CHECKOUT, tiny_segmenter

from dilatednets.cli.main import main
from dilatednets.data import columns
from dilatednets.data.columns import read_columns

TEXT = 'It works, e.g. in the U.S.\nThe dog doesn\'t.\n\n"A \U0001f600 caf\xe9 (in 1989)!"'
PLAIN = "it works\nthe dog isn't in\n\na \U0001f600"


def test_brackets(models, output):
    lines = output("none", TEXT).splitlines()
    sentences = list(models["none"].chunk_stream([TEXT]))
    assert len(lines) == len(sentences) == 3
    for line, sentence in zip(lines, sentences, strict=True):
        words = [word for word in line.split() if word != "]" and word not in ("[NP", "[VP")]
        assert words == [token.text for token in sentence.tokens]
        inside = re.findall(r"\[(NP|VP) (.*?) \]", line)
        assert [label for label, _ in inside] == [one.label for one in sentence.chunks]
        assert [part.replace(" ", "") for _, part in inside] == [re.sub(r"\s", "", one.text) for one in sentence.chunks]
    assert output("none", TEXT, "--format", "brackets", "--input", "text").splitlines() == lines


@pytest.mark.parametrize(("name", "text"), [("none", TEXT), ("joint", TEXT), ("plain", PLAIN)])
def test_conll(name, text, models, output):
    found = output(name, text, "--format", "conll")
    names = ("word", "pos", "tag") if name == "joint" else ("word", "tag")
    rows = list(read_columns(io.BytesIO(found.encode()), names))
    sentences = list(models[name].chunk_stream([text]))
    assert [list(row.words) for row in rows] == [[token.text for token in one.tokens] for one in sentences]
    assert [list(row.tags) for row in rows] == [one.tags for one in sentences]
    assert [list(row.pos) for row in rows] == [one.pos for one in sentences]
    assert found.endswith("\n\n") and "\n\n\n" not in found


@pytest.mark.parametrize(("name", "text"), [("none", TEXT), ("joint", TEXT), ("plain", PLAIN)])
def test_json(name, text, models, output):
    found = output(name, text, "--format", "json")
    assert "\U0001f600" in found  # readable, not escaped
    rows = [json.loads(line) for line in found.splitlines()]
    sentences = list(models[name].chunk_stream([text]))
    assert [row["text"] for row in rows] == [one.text for one in sentences]
    for row, sentence in zip(rows, sentences, strict=True):
        assert set(row) == {"text", "start", "words", "chunks"}
        assert text[row["start"] :].startswith(row["text"])
        assert [word["tag"] for word in row["words"]] == sentence.tags
        assert [word.get("pos") for word in row["words"]] == (sentence.pos or [None] * len(sentence.tags))
        for one in (*row["words"], *row["chunks"]):
            assert text[one["start"] : one["end"]] == one["text"]
    chunks = [tuple(one[key] for key in ("label", "start", "end", "text")) for row in rows for one in row["chunks"]]
    assert chunks == models[name].chunk(text)


@pytest.mark.parametrize("layout", ["plain", "windows", "mark"])
def test_a_file_gives_the_same_as_standard_input(layout, output, tmp_path):
    path = tmp_path / "text.txt"
    text = {"windows": TEXT.replace("\n", "\r\n"), "mark": "\ufeff" + TEXT}.get(layout, TEXT)
    path.write_bytes(text.encode())
    for form in ("brackets", "conll", "json"):
        found = output("none", b"not read", path, "--format", form)
        assert found == output("none", text, "--format", form)
        if layout == "mark" or form != "json":  # a byte order mark is no character of the text
            assert found == output("none", TEXT, "--format", form)


def test_words_that_are_split_already(models, output):
    words = [["It", "(", "works", "."], ["10\xa0000", "dogs"]]
    tags = models["none"].tag(words)
    expected = "".join(
        "".join(f"{word} {tag}\n" for word, tag in zip(*pair, strict=True)) + "\n"
        for pair in zip(words, tags, strict=True)
    )
    one = "\n".join(["\n".join(sentence) + "\n" for sentence in words])
    four = one.replace("\n", " x NN O\n").replace("\n x NN O\n", "\n\n")
    windows, tabs = one.replace("\n", "\r\n"), four.replace(" ", "\t")
    for data in (one, four, windows, tabs, "\ufeff" + one, "\n\n" + one.rstrip("\n")):
        assert output("none", data, "--input", "conll", "--format", "conll") == expected
    # Lines of single words are sentences in columns, if columns are asked for, and text is text.
    assert output("none", one, "--format", "conll") == expected
    assert output("none", one, "--input", "text", "--format", "conll") != expected
    assert output("none", "It (\nworks .\n", "--format", "conll") == output("none", "It ( works .", "--format", "conll")
    assert output("none", "It\nworks today .\n") == output("none", "It works today.")
    # Places are those in the words joined by spaces, sentence after sentence.
    rows = [json.loads(line) for line in output("none", one, "--input", "conll", "--format", "json").splitlines()]
    text = " ".join(" ".join(sentence) for sentence in words)
    assert [row["text"] for row in rows] == [" ".join(sentence) for sentence in words]
    for row in rows:
        assert all(text[one["start"] : one["end"]] == one["text"] for one in (*row["words"], *row["chunks"]))


CONLL = "It PRP B-NP\nworks VBZ B-VP\n\nThe DT B-NP\ndog NN I-NP\n"


def test_columns_are_told_from_text(output):
    """With --format conll, a file of the shared task is not text."""
    words = "It\nworks\n\nThe\ndog\n"
    want = output("none", words, "--input", "conll", "--format", "conll")
    for given in (words, CONLL, "-DOCSTART- -X- O\n\n" + CONLL, "# sent_id = 1\n" + CONLL):
        assert output("none", given, "--format", "conll") == want, given
        assert output("none", given, "--input", "conll", "--format", "conll") == want, given
    for text in ("Title\n\nIt works today.\n", "Vitamin O\n", "It works O\nThe dog\n"):
        assert output("none", text, "--format", "conll") == output("none", text, "--input", "text", "--format", "conll")


@pytest.mark.parametrize("layout", ["brackets", "json"])
def test_faults_columns_with_tags_are_no_text_in_any_format(output, layout):
    conll_u = "# sent_id = 1\n# text = It works\n1\tIt\tit" + 7 * "\t_" + "\n2\tworks\twork" + 7 * "\t_" + "\n\n"
    for given in (CONLL, CONLL * 2000, "-DOCSTART- -X- O\n\n" + CONLL, CONLL.replace("\n", "\r\n"), conll_u):
        want = output("none", given, "--input", "conll", "--format", layout)
        assert output("none", given, "--format", layout) == want, given[:99]
    for text in (
        "It\nworks\n",
        "Title\n\nIt works today.\n",
        "Vitamin O\n",
        "It works O\nThe dog\n",
        "# A title\nIt is O\n",
    ):
        assert output("none", text, "--format", layout) == output("none", text, "--input", "text", "--format", layout)


def test_more_columns_than_are_needed(output):
    given = CONLL.replace(" B-", " x B-").replace(" I-", " x I-")
    assert output("input", "-DOCSTART- -X- -X- O\n\n" + given) == output("input", CONLL)


@pytest.mark.slow
def test_output_is_utf_8_whatever_the_terminal_is(saved):
    process = start(saved["none"][0], PYTHONIOENCODING="ascii")
    assert "caf\xe9" in process.communicate("caf\xe9".encode())[0].decode() and process.returncode == 0


def test_a_model_that_needs_parts_of_speech(models, output, refusal):
    words, pos = [["it", "works"], ["dog"]], [["DT", "VB"], ["??"]]
    tags = models["input"].tag(words, pos)
    data = "it DT\nworks VB\n\ndog ??\n"
    with_tags = "it DT O\nworks VB B-NP\n\ndog ?? O\n"
    for given in (data, with_tags):
        for arguments in ((), ("--input", "conll")):
            found = output("input", given, "--format", "conll", *arguments)
            assert found == "it DT {}\nworks VB {}\n\ndog ?? {}\n\n".format(*tags[0], *tags[1])
    assert output("input", data).count("\n") == 2
    assert (
        "one column; this model needs two, a word and its part of speech a line" in refusal("input", "it\nworks\n")[1]
    )
    assert "--input: this model needs parts of speech; give a word and" in refusal("input", data, "--input", "text")[1]
    for line in ("it,DT,B-NP\n", "it|DT|O\n"):
        says = f"standard input: columns are separated by {line[2]!r}; put spaces or tabs"
        assert says in refusal("none", 3 * line, "--input", "conll")[1]
    assert "columns: x, pos; name word once" in refusal("input", data, "--columns", "x,pos")[1]
    assert "line 3: 1 column, but word pos makes 2" in refusal("input", "it DT\nworks VB\ndog\n")[1]


@pytest.mark.parametrize("arguments", [(), ("--format", "conll"), ("--input", "conll"), ("--format", "json")])
def test_input_without_words(arguments, refusal, tmp_path):
    path = tmp_path / "empty.txt"
    holds = "sentences; write one word a line" if "--input" in arguments else "words; give text, such as: It works."
    for data in (b"", b" \n\n\t\n"):
        out, says = refusal("none", data, *arguments)
        assert out == "" and f": holds no {holds}" in says
        path.write_bytes(data)
        assert str(path) in refusal("none", b"It works.", path, *arguments)[1]


def test_bytes_that_are_no_text(refusal, output):
    begin = "It works. The caf\xe9 is in.\n\n".encode()
    before = output("none", begin)
    for wrong, says in (
        (b"A caf\xe9 in", "not UTF-8 at byte 33; it may be LATIN1: iconv -f LATIN1 -t UTF-8"),
        (b"A dog\0 in", "a NUL byte at byte 33; give plain text in UTF-8"),
    ):
        assert refusal("none", begin + wrong) == (before, f"dilatednets: standard input: {says}\n")
        out, line = refusal("none", b"\xef\xbb\xbf" + begin + wrong)
        assert out == before and "byte 36" in line
        out, _ = refusal("none", b"\xef\xbb\xbf" + begin + wrong, "--format", "json")
        assert [json.loads(row)["start"] for row in out.splitlines()] == [0, 10]
        out, line = refusal("none", wrong)
        assert out == "" and "at byte 5" in line
    assert "it may be UTF-16" in refusal("none", "It works.".encode("utf-16"))[1]


def test_bad_columns(refusal, output, monkeypatch):
    good = "it DT\nworks VB\n\n"
    before = output("none", good, "--input", "conll")
    out, says = refusal("none", f"{good}a DT\ndog NN B-NP\n", "--input", "conll")
    assert out == before and "standard input, line 5: 3 columns, but word - makes 2" in says
    for wrong, says in (
        (b"caf\xe9 NN\n", "standard input: not UTF-8 at byte 19; it may be LATIN1"),
        (b"a\0 NN\n", "standard input, line 4: a NUL byte"),
    ):
        out, line = refusal("none", good.encode() + wrong, "--input", "conll")
        assert out == before and says in line
    monkeypatch.setattr(columns, "MAX_LINE", 50)
    for begin, number in (("", 1), ("it\n", 2), ("it\nworks\n", 3), ("it\n\nworks\n\n", 5), ("\n\n\n", 4)):
        for length in (50, 51, 80, 99, 101, 160, 1000):
            out, line = refusal("none", f"{begin}{'a' * length}\nworks\n", "--input", "conll")
            assert f"standard input, line {number}: longer than 50 bytes; write one word a line" in line, length
        assert "a" * 49 in output("none", f"{begin}{'a' * 49}\nworks\n", "--input", "conll")


def test_files_that_cannot_be_read(refusal, chunk, tmp_path):
    tiny_segmenter().save_to_preset(tmp_path / "segmenter")
    missing = tmp_path / "none.txt"
    for form in ("brackets", "conll"):
        assert refusal("none", b"", missing, "--format", form)[1] == (
            f"dilatednets: {missing}: cannot be read (No such file or directory); give a text file, or none for standard "
            "input\n"
        )
        assert f"{tmp_path}: cannot be read (Is a directory)" in refusal("none", b"", tmp_path, "--format", form)[1]
    assert "neither a preset nor a folder" in refusal(str(tmp_path / "nothing"), b"It")[1]
    assert "is a ContextSegmenter; this needs a TCNChunker" in refusal(str(tmp_path / "segmenter"), b"It")[1]
    for arguments in (("--format", "xml"), ("--input", "json")):
        with pytest.raises(SystemExit) as caught:
            chunk("none", b"It", *arguments)
        assert caught.value.code == 2


def test_sentences_of_a_live_stream_come_at_once(saved, models, monkeypatch):
    """The second piece of the input is not there before the first sentence was printed."""
    printed, seen = threading.Event(), []

    class Output(io.StringIO):
        def write(self, text):
            seen.append(text)
            printed.set()
            return len(text)

    class Input(io.BytesIO):
        pieces = [b"It works.\n\nThe dog", b" works.", b""]

        def read1(self, size):
            if len(self.pieces) == 2:
                assert printed.wait(60)
                assert seen[0].replace("]", "").split()[-1] == "."
            return self.pieces.pop(0)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Input()))
    monkeypatch.setattr(sys, "stdout", Output())
    assert main(["chunk", str(saved["none"][0])]) == 0
    assert len(seen) == 2 and "dog" in seen[1]


def test_many_sentences_keep_their_order(output):
    text = "".join(f"It works {'in ' * (number % 7)}{number}.\n\n" for number in range(3000))
    lines = output("none", text).splitlines()
    assert [int(re.search(r"\d+", line)[0]) for line in lines] == list(range(3000))


def start(folder, **variables):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
    command = [sys.executable, "-m", "dilatednets.cli.main", "chunk", str(folder)]
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def clean(process):
    """What it said on standard error, which may be TensorFlow's words, but nothing of a program that failed."""
    said = process.stderr.read().decode()
    process.stderr.close()
    assert "Traceback" not in said and "Fatal" not in said and "Exception" not in said, said
    return said


@pytest.mark.slow
def test_who_reads_the_output_may_stop(saved):
    """As `| head -1` does, while more input may still come."""
    process = start(saved["none"][0])
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(b"It works.\n\n" * 50)
        process.stdin.flush()
        assert b"works" in process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"It works.\n\n" * 50)  # unless it noticed already
        process.stdin.flush()
        process.wait(60)  # its input is open all this time
    assert process.wait(60) == 0
    clean(process)


@pytest.mark.slow
def test_it_can_be_stopped_while_it_waits(saved):
    """Control-C on a live stream: one line, and no wait for more input."""
    process = start(saved["none"][0])
    with process.stdin, process.stdout:
        process.stdin.write(b"It works.\n\n")
        process.stdin.flush()
        assert b"works" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert clean(process).splitlines()[-1] == "dilatednets: stopped"
