"""The reader of the English Web Treebank: its marks and parts of speech as CoNLL-2000 has them, and words rejoined."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dilatednets.data.ewt import KEPT, OTHERS, load, rejoined, to_conll2000

CONLL2000 = {*KEPT, "(", ")", ":"}
TOKENS = st.lists(
    st.tuples(
        st.sampled_from(["a", "to", "-", "--", "...", "/", "(", "]", "'", '"', "\u2019s", "12", ":)"]),
        st.sampled_from([*KEPT, *OTHERS, "LS"]),
    )
)


def pairs(text):
    return [tuple(token.rsplit("|", 1)) for token in text.split()]


@pytest.mark.parametrize(
    ("ewt", "expected"),
    [
        (
            "(|-LRB- x|NN )|-RRB- [|-LRB- ]|-RRB- {|-LRB- }|-RRB-",
            "-LRB-|( x|NN -RRB-|) -LRB-|( -RRB-|) -LCB-|( -RCB-|)",
        ),
        ("<|-LRB- >>|-RRB-", "<|( >>|)"),
        ("\"|`` x|NN \"|''", "``|`` x|NN ''|''"),
        ("'|`` x|NN '|''", "`|`` x|NN '|''"),
        ("\u201c|`` x|NN \u201d|'' \u2018|`` \u2019|''", "``|`` x|NN ''|'' `|`` '|''"),
        ("they|PRP \u2019re|VBP n\u2019t|RB boys|NNS \u2019|POS", "they|PRP 're|VBP n't|RB boys|NNS '|POS"),
        ("x|NN -|, y|NN \u2014|: z|NN \u2013|: ---|NFP", "x|NN --|: y|NN --|: z|NN --|: --|:"),
        ("well|UH ...|, ok|UH .....|. \u2026|.", "well|UH ...|: ok|UH ...|: ...|:"),
        ("a|NN /|, b|NN ;|, c|NN ,|, d|NN ?|. :|:", "a|NN /|: b|NN ;|: c|NN ,|, d|NN ?|. :|:"),
        ("to|IN To|RB to|TO to|NN", "to|TO To|TO to|TO to|NN"),
        ("1|LS a|LS :)|NFP a@b.c|ADD non|AFX -|HYPH ca|XX", "1|CD a|NN :)|SYM a@b.c|NNP non|JJ -|: ca|FW"),
        ("out|GW standing|JJ food|NN", "out|JJ standing|JJ food|NN"),
        ("Ken|GW Rice@X|GW Y|ADD z|GW", "Ken|NNP Rice@X|NNP Y|NNP z|NN"),
        ("x|GW .doc|NN (|GW )|-RRB-", "x|NN .doc|NN (|NN -RRB-|)"),
    ],
)
def test_marks_and_tags_by_hand(ewt, expected):
    assert to_conll2000(pairs(ewt)) == pairs(expected)


@pytest.mark.parametrize(
    ("ewt", "expected"),
    [
        ("well|RB -|HYPH known|VBN", "well-known|JJ"),
        ("a|DT third|JJ -|HYPH quarter|NN loss|NN", "a|DT third-quarter|JJ loss|NN"),
        ("the|DT front|JJ -|HYPH runner|NN won|VBD", "the|DT front-runner|NN won|VBD"),
        ("Al|NNP -|HYPH Zaman|NNP", "Al-Zaman|NNP"),
        ("anti|AFX -|HYPH American|JJ", "anti-American|JJ"),
        ("counter|AFX -|HYPH terrorism|NN .|.", "counter-terrorism|NN .|."),
        ("fifty|CD -|HYPH three|CD weeks|NNS", "fifty-three|CD weeks|NNS"),
        ("C|NN -|HYPH 4|CD F|NNP -|HYPH 102|CD", "C-4|NN F-102|NNP"),
        ("check|VB -|HYPH in|RP time|NN", "check-in|NN time|NN"),
        ("re|AFX -|HYPH read|VB it|PRP", "re-read|VB it|PRP"),
        ("clean|NN -|HYPH ups|NNS", "clean-ups|NNS"),
        ("state|NN -|HYPH of|IN -|HYPH the|DT -|HYPH art|NN set|NN", "state-of-the-art|JJ set|NN"),
        ("26|CD -|HYPH year|NN -|HYPH old|JJ", "26-year-old|JJ"),
        ("1969|CD -|SYM 1970|CD", "1969-1970|CD"),
        ("c|NN /|HYPH o|IN them|PRP", "c/o|NN them|PRP"),
        ("out|GW standing|JJ", "outstanding|JJ"),
        ("per|GW cent|NN", "percent|NN"),
        # Not joined.
        ("-|HYPH x|NN -|HYPH", "-|HYPH x|NN -|HYPH"),
        ("a|NN -|HYPH \"|'' b|NN", "a|NN -|HYPH \"|'' b|NN"),
        ("a|NN -|: b|NN -|, c|NN", "a|NN -|: b|NN -|, c|NN"),
        ("drugs|NNS /|SYM sex|NN", "drugs|NNS /|SYM sex|NN"),
        ("x|GW .|.", "x|GW .|."),
        ("", ""),
    ],
)
def test_words_are_rejoined_by_hand(ewt, expected):
    assert rejoined(pairs(ewt)) == pairs(expected)


@given(TOKENS)
def test_only_tags_of_conll2000_are_left_and_no_letter_is_lost(tokens):
    written, joined = to_conll2000(tokens), rejoined(tokens)
    assert len(written) == len(tokens)
    assert {pos for _, pos in written} | {pos for _, pos in to_conll2000(joined)} <= CONLL2000
    assert "".join(word for word, _ in joined) == "".join(word for word, _ in tokens)
    assert rejoined(tokens) == joined


@pytest.fixture
def folder(tmp_path):
    text = "#\tSYM\tNN\nwell\tADV\tRB\n-\tPUNCT\tHYPH\nknown\tVERB\tVBN\n\nGo\tVERB\tVB\n\n"
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.tsv").write_text(text + f"{name}\tNOUN\tNN\n", encoding="utf-8")
    return tmp_path


def test_files_are_read(folder):
    first, second, _ = load(folder, "train")
    assert (first.words, first.pos, first.tags) == (("#", "well-known"), ("NN", "JJ"), ())
    assert second.words == ("Go",)
    apart = load(str(folder), "train", rejoin=False)[0]
    assert (apart.words, apart.pos) == (("#", "well", "-", "known"), ("NN", "RB", ":", "VBN"))
    last = [load(folder, split)[-1].words for split in ("train", "validation", "val", "test")]
    assert last == [("train",), ("dev",), ("dev",), ("test",)]


def test_wrong_files_are_named(folder, refusal):
    (folder / "dev.tsv").unlink()
    missing = f"{folder}/dev.tsv: missing; ewt has train.tsv, dev.tsv, test.tsv, see datasets/ewt"
    assert refusal(load, folder, "validation") == missing
    for line, says in [
        ("a\tDT\tDET\n", "test.tsv, sentence 1: 'DET', of 'a', is no part of speech of the treebank"),
        ("1\ta\tDT\tDET\n", "test.tsv, line 1: 4 columns, but word universal pos makes 3"),
    ]:
        (folder / "test.tsv").write_text(line, encoding="utf-8")
        assert says in refusal(load, folder, "test")
