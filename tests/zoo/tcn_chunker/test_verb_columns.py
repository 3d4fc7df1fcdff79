"""`dilatednets chunk` on columns as they come: CoNLL-U, named columns, and parts of speech that the model does not have."""

import json

import pytest


def conll_u(text):
    rows = [line.split() if line else [] for line in text.splitlines()]
    lines = [
        "\t".join([str(n), *row[:1], "_", "X", *row[1:2], *"_____"]) if row else "" for n, row in enumerate(rows, 1)
    ]
    return "# text = It works\n1-2\tIt'sn't\t" + "\t".join("_" * 8) + "\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["none", "input"])
def test_conll_u_is_read_by_its_words_faults(name, output):
    text = "it DT\nworks VB\n\nthe DT\ndog NN\n"
    want = output(name, text, "--input", "conll", "--format", "conll")
    for arguments in (("--input", "conll"), ()):
        assert output(name, conll_u(text), "--format", "conll", *arguments) == want


def test_columns_are_named_faults(output, refusal):
    text = "1 it x DT\n2 works x VB\n"
    for name in ("none", "input"):
        want = output(name, "it DT\nworks VB\n", "--input", "conll")
        assert output(name, text, "--columns", "id,word,-,pos") == want
        assert output(name, text, "--columns=-,word,tag,pos", "--input", "conll") == want
    for arguments, says in (
        (("--columns", ""), "--columns: a name is empty; write -"),
        (("--columns", "a"), "--columns: a; name word once"),
        (("--columns", "word,word"), "--columns: word, word; name word once"),
        (("--columns", "word", "--input", "text"), "--columns: text has none"),
        (("--columns", "word,-"), "line 1: 4 columns, but word - makes 2"),
    ):
        assert says in refusal("none", text, *arguments)[1]
    assert "no column pos; this model needs two" in refusal("input", text, "--columns=-,word,-,-")[1]


@pytest.mark.parametrize(
    "text", ["It works today.\n", "it NOUN\nworks VERB\n\n" * 20, "1 it\n2 works\n", '{"a": 1}\n'], ids=range(4)
)
@pytest.mark.parametrize("arguments", [(), ("--input", "conll")])
def test_parts_of_speech_of_which_none_is_known_faults(text, arguments, refusal):
    out, line = refusal("input", text, *arguments)
    assert out == "" and "is no part of speech of this model, nor are those after it; give a word and its" in line


@pytest.mark.parametrize(
    "text", ["Vitamin B-12\nVitamin B-6\n", "Boeing B-17\nFormula E-5\n", "Unit S-1_a\nUnit L-2\n"]
)
def test_numbers_in_the_last_column_are_no_tags(text, output):
    assert output("none", text) == output("none", text, "--input", "text")


@pytest.mark.parametrize(
    ("text", "tags"), [("Vitamin O\nType O\n", "O"), ("Send E-mail\nPlay E-sports\n", "E-mail, E-sports")]
)
def test_who_writes_columns_that_may_be_text_is_told(text, tags, chunk, output):
    status, out, err = chunk("none", text)
    assert (status, out) == (0, output("none", text, "--input", "conll"))
    says = f"note: standard input: is read as columns, of which the last holds tags, {tags}; add --input text if it is text"
    assert err == f"{says}\n"


def test_tags_that_differ_are_sure(output):
    output("none", "It B-NP\nworks O\n\nA B-NP\ndog I-NP\n")  # warnings are errors


@pytest.mark.parametrize(
    "text", ["It works\nThe dog\nA dog works\n", "It\r\nworks in\r\nA dog", "It works. A\n\ndog\n"]
)
def test_each_line_may_be_a_text_faults(text, output, models):
    alone = "".join(output("none", line) for line in text.splitlines() if line)
    assert output("none", text, "--input", "lines") == alone
    found = [json.loads(line) for line in output("none", text, "--input=lines", "--format=json").splitlines()]
    assert all(text[one["start"] :].startswith(one["text"]) for one in found) and len(found) == alone.count("\n")
    assert output("plain", text, "--input", "lines") == output("plain", text)


def test_lines_of_text_have_no_columns_faults(refusal):
    assert "--columns: text has none" in refusal("none", "It\n", "--input", "lines", "--columns", "word")[1]
    assert "--input: this model needs parts of speech" in refusal("input", "it DT\n", "--input", "lines")[1]
