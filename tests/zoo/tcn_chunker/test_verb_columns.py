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
        for marked in ("\ufeff" + conll_u(text), "\ufeff" + conll_u(text).split("\n", 2)[2]):
            assert output(name, marked, "--format", "conll", *arguments) == want


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
    "text", ["It works today.\n", "it NOUN\nworks VERB\n\n" * 20, "1 it\n3 works\n", '{"a": 1}\n'], ids=range(4)
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


NUMBERED = [
    "1\tIt\tit\tPRP\t_\t_\t2\n2\tworks\twork\tVBZ\t_\t_\t0\n",  # as CoNLL-2009
    "# newpar\n1-2 Its _ _ _ _ _ _ _ _\n1 It it X PRP _ 2 x _ _\n2 is is X VBZ _ 0 x _ _\n",  # CoNLL-U, with blanks
    "0 Yes UH B-INTJ\n\n0 It PRP B-NP\n1 works VBZ B-VP\n",
]


@pytest.mark.parametrize("text", NUMBERED, ids=range(3))
def test_numbers_of_words_are_no_words_faults(text, refusal, output):
    count = len(text.splitlines()[-1].split())
    columns = f"id,word{',-' * (count - 2)}"
    for arguments in (("--input", "conll"), (), ("--format", "conll")):
        says = refusal("none", text, *arguments)[1]
        assert f"the first column holds numbers of words; say what each holds, as in --columns {columns}" in says
        assert ("or add --input text" in says) == ("--input" not in arguments)
    assert "numbers of words" in refusal("input", text)[1]
    assert "It" in output("none", text, "--columns", columns)


@pytest.mark.parametrize(
    "text", ["1 Who\n2 What\n3 Why\n", "1\tIntroduction\n2\tMethods\n", "1 CD B-NP\n2 CD I-NP\ndogs NNS I-NP\n"]
)
def test_numbered_lines_may_be_text_and_numbers_words(text, output):
    arguments = ("--input", "conll") if "CD" in text else ("--input", "text")
    assert output("none", text) == output("none", text, *arguments)


@pytest.mark.parametrize(
    ("text", "sign"),
    [("word,tag\nIt,B-NP\nworks,B-VP\n", ","), ('"It";"B-NP"\n"in";"O"\n', ";"), ("New York|B-LOC\nis|O\n", "|")],
)
def test_columns_between_other_signs_are_named_faults(text, sign, refusal, output):
    says = f"columns are separated by {sign!r}; put spaces or tabs between them"
    assert says + "\n" in refusal("none", text, "--input", "conll")[1]
    if "New" not in text:
        assert says + ", or add --input text if it is text" in refusal("none", text)[1]
    output("none", text, "--input", "text")
    output("none", "10,000\n20;30\nmen\n", "--input", "conll")


@pytest.mark.parametrize("odd", ["New York\tB-LOC", "word\ttag", "It\tPRP\tB-NP"])
def test_a_line_unlike_the_others_does_not_make_text_of_columns_faults(odd, refusal, output):
    for text in (f"{odd}\nIt\tB-NP\nworks\tB-VP\n", f"It\tB-NP\nworks\tB-VP\n{odd}\n"):
        for arguments in ((), ("--format", "conll")):
            says = refusal("none", text, *arguments)[1]
            assert f"lines are columns with a tag in the last, but not {odd!r}; put one word and its tag" in says
    output("none", odd.replace("\t", " ") + "\nIt works\nA dog\n")


def test_blanks_in_words_between_tabs_are_named_faults(chunk):
    for text, line in (("New York\tB-LOC\nSan Jose\tB-LOC\nof x\tO\n", "New York"), ("It is\tDT x\tO\n", "It is")):
        status, _, err = chunk("none", text, "--input", "conll")
        assert status == 0 and err.startswith(f"note: standard input: '{line}\\t")
        assert "columns, since blanks divide them as tabs do; put no blanks into words\n" in err


@pytest.mark.parametrize(
    ("name", "what"),
    [("a.json", "JSON in one piece"), ("a.CSV", "a table"), ("a.jsonl", "lines of JSON"), ("a.html", "text b")],
)
def test_what_is_no_text_by_its_name_is_noted_faults(name, what, chunk, output, tmp_path):
    (tmp_path / name).write_text("It works.")
    _, out, err = chunk("none", b"", tmp_path / name)
    assert err.startswith(f"note: {tmp_path / name}: {what}") and err.endswith(
        "read as text; add --input text if it is\n"
    )
    assert out == output("none", b"", tmp_path / name, "--input", "text") == output("none", "It works.")


@pytest.mark.parametrize("text", ["\xa0\n", "\xa0 \u3000\nIt works.\n", "9" * 5000 + " a\n"])
@pytest.mark.parametrize("arguments", [(), ("--format", "conll"), ("--input", "conll")])
def test_odd_first_lines_are_no_bug_faults(text, arguments, chunk):
    status, _, err = chunk("none", text, *arguments)
    assert status == 0 or (status == 2 and err.startswith("dilatednets: "))
