"""Words that a graph finds are those that Python finds: examples of each rule, any text, and the samples' sentences."""

import json
import re

import hypothesis.strategies as st
import pytest
from helpers import CHECKOUT
from hypothesis import assume, example, given

from dilatednets.data import conll2000, penn_treebank, snips
from dilatednets.data.characters import plain

pytestmark = pytest.mark.tensorflow

MAN, JOINER, DARK, HEART = "\U0001f468", "\u200d", "\U0001f3ff", "\u2764\ufe0f"
FAMILY = JOINER.join((MAN, "\U0001f469", "\U0001f467"))
FLAG = "\U0001f1eb\U0001f1f7"
# What the rules look at, so that any of them meet, and the marks that steps leave.
PIECES = (
    [FAMILY, FLAG, DARK, JOINER, "  ", "\n", "\r\n", "\t", "\0", "\1", "\2", "\3", "\4", "\v", "\f", "\x1f", "\x85"]
    + ["a", "B", "5", ".", "...", "!", "?", ",", ";", ":", "'", "''", '"', "`", "``", "(", ")", "[", "]", "$", "US$"]
    + ["#", "%", "&", "@", "-", "--", "_", "/", "\\", "*", "+", "=", "n't", "'s", "'ve", "cannot", "'80s", "'n'", "'tis"]
    + ["Mr.", "Inc.", "U.S.", "J.", "No.", "The", "1,000", "http://", "www.", " x@y.org", "-LRB-", "-RRB-", "<", ">"]
    + ["\u2018", "\u2019", "\u201c", "\u201d", "\xab", "\xbb", "\u2014", "\u2013", "\u2011", "\u2212", "\u2026", "\xad"]
    + ["\xa3", "\xe9", "e\u0301", "\u6f22", "\u200b", "\ufffd", "\ue000", "\U0010ffff"]
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES + 8 * [" "]), max_size=30).map("".join)


def in_python(text, tokenizer):
    """Words as they stand there, and as the net sees them."""
    words = [token.text for token in (snips if tokenizer == "plain" else penn_treebank).split_words(text)]
    return words, list(map(plain, words)) if tokenizer == "plain" else penn_treebank.treebank_forms(words)


@pytest.fixture(scope="module")
def module():
    import tensorflow as tf

    from dilatednets.zoo.tcn_chunker.split_words import split_words

    class Splitter(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def treebank(self, sentences):
            return split_words(sentences, "treebank")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def plain(self, sentences):
            return split_words(sentences, "plain")

    return Splitter()


@pytest.fixture(scope="module")
def in_graph(module):
    """The same of many texts, in a graph."""

    def split(texts, tokenizer):
        import tensorflow as tf

        found = getattr(module, tokenizer)(tf.constant(texts, tf.string))
        tokens, words = ([[word.decode() for word in row] for row in ragged.to_list()] for ragged in found)
        return list(zip(tokens, words, strict=True))

    return split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n\0\u200b\u00a0", ""),
        ("I don't, CAN'T; it's\nwe'd've.", "I do n't , CA N'T ; it 's we 'd 've ."),
        ("I didn\u2019t, she\u2019ll. n't 's", "I did n\u2019t , she \u2019ll . n't 's"),
        ("You cannot. Gimme 'tis more'n", "You can not . Gim me 't is more 'n"),
        ("the '80s, 'til rock 'n' roll 'twasn't '80sx", "the '80s , 'til rock 'n' roll ' twas n't ' 80sx"),
        ("'s 's 's 's", "'s 's 's 's"),
        ("Acme Inc.'s, INC. and the U.S.'s No. 5; no. Ph.D", "Acme Inc. 's , INC. and the U.S. 's No. 5 ; no . Ph.D"),
        ("J. P. Li, pp. (5) of vol. #3, in Foo., Va.", "J. P. Li , pp. ( 5 ) of vol. # 3 , in Foo. , Va ."),
        ("He works for Acme Inc.", "He works for Acme Inc ."),
        ("(at Acme Inc.)\u201d ", "( at Acme Inc . ) \u201d"),
        ("to the U.S.", "to the U.S."),
        ("to non-U.S.", "to non-U.S ."),
        ("and Mr.", "and Mr."),
        ("MR. and MR.", "MR. and MR ."),
        ("Well...no. Maybe\u2026 I wonder.... Hm.....", "Well ... no . Maybe \u2026 I wonder ... . Hm ....."),
        ("rules--if any---apply\u2014or not", "rules -- if any --- apply \u2014 or not"),
        ("to-.. a-. -x -5 .5 ....5 --", "to- .. a- . -x -5 .5 ... .5 --"),
        ('"Yes," he said \'no\'.', '" Yes , " he said \' no \' .'),
        ("a [b] {c} <d>", "a [ b ] { c } < d >"),
        ("$5, $1,250.50, US$5, C$6, \xa31.8 80%-owned 50%", "$ 5 , $ 1,250.50 , US$ 5 , C$ 6 , \xa3 1.8 80%-owned 50 %"),
        ("1,2:3\u20134, 10:30, 1,x ,5", "1,2:3\u20134 , 10:30 , 1 , x , 5"),
        ("AT&T, and/or a25-year-old O'Connor", "AT&T , and/or a25-year-old O'Connor"),
        ("http://x.org/a?b='1',c@d.e#f--g...h.", "http://x.org/a?b='1',c@d.e#f--g...h ."),
        ("(www.example.com), WWW.x.org's www...a", "( www.example.com ) , WWW.x.org's www...a"),
        ("a.b+c@x-y.org. a--b..c@d--e.org/f", "a.b+c@x-y.org . a--b..c@d--e.org /f"),
        ("and/a@b.org 'a@b.org' a@b", "and/a @ b.org ' a@b.org ' a @ b"),
        ("@anna: #nlp #1 a@b c#d @a-b ##", "@anna : #nlp # 1 a @ b c # d @a - b ##"),
        (f"hi{FAMILY}{HEART} {MAN}{DARK}!{FLAG}{FLAG}", f"hi {FAMILY} {HEART} {MAN}{DARK} ! {FLAG} {FLAG}"),
        ("5\ufe0f\u20e3 #\ufe0f\u20e3", "5\ufe0f\u20e3 #\ufe0f\u20e3"),
        ("Cafe\u0301s, na\xefve", "Cafe\u0301s , na\xefve"),
        ("\u0939\u093f\u0928\u094d, \u6211\u7231\u3002", "\u0939\u093f\u0928\u094d , \u6211\u7231 \u3002"),
        ("-LRB--RRB- -LRB-- `` '' ''' \\*\\* ** == ~~^^||", "-LRB- -RRB- -LRB- - `` '' '' ' \\*\\* ** == ~~ ^^ ||"),
    ],
)  # fmt: skip
def test_words_of_the_treebank(in_graph, text, expected):
    (found,) = in_graph([text], "treebank")
    assert found[0] == expected.split()
    assert found == in_python(text, "treebank")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's on at 7:30 p.m., rock'n'roll?", "What 's on at 7:30 p.m . , rock 'n 'roll ?"),
        (
            "na\xefve caf\xe9\u2019s\u00a0AT&T #1\u3000\U0001f600!\0",
            "na\xefve caf\xe9 \u2019s AT&T # 1 \U0001f600 !",
        ),
        ("", ""),
        (" \t\n\x85\x1f", ""),
    ],
)
def test_plain_words(in_graph, text, expected):
    assert in_graph([text], "plain") == [(expected.split(" ") if expected else [],) * 2] == [in_python(text, "plain")]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ('" A , " said B , " C . "', "`` A , '' said B , `` C . ''"),
        ('\u201c A , " said B', "`` A , '' said B"),
        ('gone . "', "gone . ''"),
        ('gone , " he said', "gone , '' he said"),
        ('He said , " Go', "He said , `` Go"),
        ('"a" "" "', "`` a '' `` '' ''"),
        ("\u201eA\u201d \xabB\xbb \u2018c\u2019", "`` A '' `` B '' ` c '"),
        ("(a) [b] {c} \xa35", "-LRB- a -RRB- -LSB- b -RSB- -LCB- c -RCB- # 5"),
        ("1/2 3\\/4 * ** a\u2011b 1990\u201391 \u2013 \u2014\u2014 ---", "1\\/2 3\\/4 \\* \\*\\* a-b 1990-91 -- -- --"),
        ("\u2026 \u2026\u2026 .. ..... n\u2019t \u2212", "... ... ... ... n't -"),
        ("co\u00adop \u00ad \u00ada\u00ad\u00adb\u00ad", "coop \u00ad ab"),
    ],
)
def test_forms_of_the_treebank(in_graph, text, forms):
    ((_, words),) = in_graph([text], "treebank")
    assert words == forms.split() == in_python(text, "treebank")[1]


@given(st.lists(TEXTS, max_size=8), st.sampled_from(["treebank", "plain"]))
@example(["'n''n'", "\u20e3..x@y.org", "No. (5", 'a , " b " , " c', "''s"], "treebank")
def test_words_of_any_text(in_graph, texts, tokenizer):
    # What differs; see the module.
    assume(not any(re.search(rf"@\S*@|(?i:{penn_treebank.CLITIC}){{4}}", text) for text in texts))
    assert in_graph(texts, tokenizer) == [in_python(text, tokenizer) for text in texts]


@pytest.mark.parametrize("tokenizer", ["treebank", "plain"])
def test_words_of_the_samples(in_graph, tokenizer):
    texts = [" ".join(sentence.words) for sentence in conll2000.load(CHECKOUT / "datasets/conll2000/sample", "train")]
    for path in sorted(CHECKOUT.glob("datasets/snips/sample/*/validate_*.json")):
        (utterances,) = json.loads(path.read_text("utf-8")).values()
        texts += ["".join(part["text"] for part in utterance["data"]) for utterance in utterances]
    assert len(texts) > 80
    assert in_graph(texts, tokenizer) == [in_python(text, tokenizer) for text in texts]


def test_bytes_that_are_not_utf_8(in_graph):
    assert in_graph([b"caf\xe9 (\xff"], "treebank") == [in_python("caf\ufffd (\ufffd", "treebank")]


def test_saved(module, in_graph, tmp_path):
    import tensorflow as tf

    def served(sentences):
        tokens, words = module.treebank(sentences)
        return {"tokens": tokens.to_tensor(""), "words": words.to_tensor("")}

    signature = tf.function(served).get_concrete_function(tf.TensorSpec([None], tf.string, "sentences"))
    tf.saved_model.save(module, str(tmp_path), {"serving_default": signature})
    loaded = tf.saved_model.load(str(tmp_path))
    texts = ["It can't (yet).", "", '"No,"  he said.']
    found = loaded.signatures["serving_default"](sentences=tf.constant(texts))
    expected = in_graph(texts, "treebank")
    for number, name in enumerate(("tokens", "words")):
        rows = [[word.decode() for word in row if word] for row in found[name].numpy().tolist()]
        assert rows == [both[number] for both in expected]
    assert loaded.plain(tf.constant(["what's on"])).tokens.to_list() == [[b"what", b"'s", b"on"]]


def test_no_sentences(in_graph):
    assert in_graph([], "treebank") == in_graph([], "plain") == []


@pytest.mark.parametrize("tokenizer", ["treebank", "plain"])
def test_words_as_people_write_them_faults(in_graph, tokenizer):
    """The same in the graph as in Python; which words these are, tests of `data` say."""
    texts = [
        "The cat sat.[1] It purred.", "See Ref. 7, chap. 14, ca. 10,000 and vols. 2", "A man of med. build. med. build",
        "i like it. it is IT. so nice. they don't. a. b. c cats. dogs. e.g. x", "In 1989. then he\u2019ll. go Non-it. so",
        "It costs \u20ac5, \uffe5100, \xa33, 5\xa2 and \u0e3f7.", "\u201cCafe\u0301\u201d \u2014 \u2018no\u2019",
        "\uff15\uff10\uff0c\uff10\uff10\uff10 \uff08ok\uff09 \uff02q\uff02 \uff0e",
        "\ufb01ne \u2460 \u2163 m\xb2 \xbd \u212b", "Vie\u0323\u0302t o\u031b\u0301 e\u0301\uffff", "\u0301 a\u0301", "",
    ]  # fmt: skip
    assert in_graph(texts, tokenizer) == [in_python(text, tokenizer) for text in texts]
