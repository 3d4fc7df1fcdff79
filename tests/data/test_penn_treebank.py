"""Sentences and words as the Penn Treebank cuts them: examples of each rule, and laws that hold for any text."""

import re
from itertools import chain, count, islice, pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from dilatednets.data import penn_treebank
from dilatednets.data.penn_treebank import (
    Sentence,
    Token,
    sentences,
    split_sentences,
    split_words,
    treebank_form,
    treebank_forms,
)

SPACE = re.compile(r"[\s\0-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*")
MAN, WOMAN, JOINER, DARK, HEART = "\U0001f468", "\U0001f469", "\u200d", "\U0001f3ff", "\u2764\ufe0f"
FAMILY = JOINER.join((MAN, WOMAN, "\U0001f467"))
FLAG = "\U0001f1eb\U0001f1f7"
# What the rules look at, so that any of them meet; and any other character, lone surrogates included.
PIECES = st.sampled_from(
    [FAMILY, FLAG, HEART, DARK, JOINER, "\ud800", " ", "  ", "\n", "\n\n", "\r\n", "\r", "\t", "\0", "\u200b", "\u2029"]
    + ["a", "B", "5", ".", "...", "!", "?", ",", ";", ":", "'", "''", '"', "`", "``", "(", ")", "[", "]", "$", "US$"]
    + ["#", "%", "&", "@", "-", "--", "_", "/", "\\", "*", "n't", "'s", "cannot", "'80s", "Mr.", "Inc.", "U.S.", "J."]
    + ["No.", "The", "1,000", "http://", "www.", "x@y.org", "-LRB-", "\u2019", "\u201c", "\u201d", "\u2014", "\u2013"]
    + ["\u2026", "\xe9", "e\u0301", "\ufe0f", "\u20e3"]
)
TEXTS = st.lists(PIECES | st.characters(), max_size=40).map("".join)


def words(text):
    return [token.text for token in split_words(text)]


def parts(text):
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He reckons it will narrow.", "He reckons it will narrow ."),
        ("I don't, can't, won't and ain't.", "I do n't , ca n't , wo n't and ai n't ."),
        ("It's what they've said we'd do.", "It 's what they 've said we 'd do ."),
        ("I\u2019m sure you\u2019ll see they\u2019re not.", "I \u2019m sure you \u2019ll see they \u2019re not ."),
        ("I didn\u2019t.", "I did n\u2019t ."),
        ("She wouldn't've gone.", "She would n't 've gone ."),
        ("THEY DON'T KNOW WHAT IT'S", "THEY DO N'T KNOW WHAT IT 'S"),
        ("You cannot. Cannot!", "You can not . Can not !"),
        ("We're gonna leave, I gotta go, you wanna?", "We 're gon na leave , I got ta go , you wan na ?"),
        ("Gimme that, lemme see.", "Gim me that , lem me see ."),
        ("'Tis more'n 'twas", "'T is more 'n 't was"),
        ("the dog's and the dogs' tails", "the dog 's and the dogs ' tails"),
        ("Acme Inc.'s and the U.S.'s share", "Acme Inc. 's and the U.S. 's share"),
        ("It cost $5, not $1,250.50.", "It cost $ 5 , not $ 1,250.50 ."),
        ("US$5, C$6 and \u00a31.8 billion", "US$ 5 , C$ 6 and \u00a3 1.8 billion"),
        ("only # 1.8 billion", "only # 1.8 billion"),
        ("Up 50% in an 80%-owned firm.", "Up 50 % in an 80%-owned firm ."),
        ("down .50 cents to -5", "down .50 cents to -5"),
        ("1\u00bd or 3/4 at 10:30 on 10/12/1989", "1\u00bd or 3/4 at 10:30 on 10/12/1989"),
        ("1990\u20131995 or 1990-95", "1990\u20131995 or 1990-95"),
        ("a 25-year-old, first-rate man", "a 25-year-old , first-rate man"),
        ("property- and casualty-insurance", "property- and casualty-insurance"),
        ("rules--if any--apply\u2014or not", "rules -- if any -- apply \u2014 or not"),
        ("Well...no. Maybe\u2026", "Well ... no . Maybe \u2026"),
        ("I wonder....", "I wonder ... ."),
        ('"Yes," he said (twice).', '" Yes , " he said ( twice ) .'),
        ("\u201cNo\u201d and \u2018no\u2019", "\u201c No \u201d and \u2018 no \u2019"),
        ("'Go,' she said.", "' Go , ' she said ."),
        ('He "left."', 'He " left . "'),
        ("(He left.)", "( He left . )"),
        ("a [b] {c} <d>", "a [ b ] { c } < d >"),
        ("Mr. Smith of Acme Corp. met J. P. Jones, Ph.D.", "Mr. Smith of Acme Corp. met J. P. Jones , Ph.D ."),
        ("He met Dr. No, Capt. Li and Mr.", "He met Dr. No , Capt. Li and Mr."),
        ("He moved to the U.S.", "He moved to the U.S."),
        ("He works for Acme Inc.", "He works for Acme Inc ."),
        ("at 9 a.m. in Va., N.Y., and Ont., Canada", "at 9 a.m. in Va. , N.Y. , and Ont. , Canada"),
        ("No. 5 said no. Then he left.", "No. 5 said no . Then he left ."),
        ("the Calif.-based, non-U.S. unit", "the Calif.-based , non-U.S. unit"),
        ("AT&T, S&P and R & D", "AT&T , S&P and R & D"),
        ("the '80s, rock 'n' roll", "the '80s , rock 'n' roll"),
        ("O'Connor of D\u2019Arcy at five o'clock", "O'Connor of D\u2019Arcy at five o'clock"),
        ("and/or; first: second", "and/or ; first : second"),
        ("Who? What?! No!", "Who ? What ? ! No !"),
        ("See http://x.org/a?b=1,2#c.", "See http://x.org/a?b=1,2#c ."),
        ("(www.example.com), example.com", "( www.example.com ) , example.com"),
        ("Write to a.b+c@x-y.org.", "Write to a.b+c@x-y.org ."),
        ("@anna: #nlp is #1", "@anna : #nlp is # 1"),
        (f"hi{FAMILY}{HEART} {MAN}{DARK}!{FLAG}{FLAG}", f"hi {FAMILY} {HEART} {MAN}{DARK} ! {FLAG} {FLAG}"),
        ("5\ufe0f\u20e3 #\ufe0f\u20e3", "5\ufe0f\u20e3 #\ufe0f\u20e3"),
        ("Cafe\u0301s, na\xefve", "Cafe\u0301s , na\xefve"),
        ("(\u0939\u093f\u0928\u094d\u0926\u0940)", "( \u0939\u093f\u0928\u094d\u0926\u0940 )"),
        ("\u6211\u7231\u4f60\u3002\u597d", "\u6211\u7231\u4f60 \u3002 \u597d"),
        ("a\0b\u200bc\u00a0d\ufeff", "a b c d"),
        ("", ""),
        (" \n\0\u200b", ""),
    ],
)  # fmt: skip
def test_words(text, expected):
    assert words(text) == [word for word in expected.split(" ") if word]


@pytest.mark.parametrize(
    "text",
    [
        "He reckons the current account deficit will narrow to only # 1.8 billion in September .",
        "`` It is n't , '' he said , -LRB- he 's in the U.S. . -RRB- `` They 'RE ... . ''",
        "The dogs ' owners -LCB- all 50 % of them -RCB- paid US$ 5 -- or 3\\/4 of \\*\\* A&B\\/C , Inc .",
        "You can not , I 'm gon na , ` He 'd wimp out ! ' ''",
        "Mr. A. B. Smith , 25 , of Va.-based X Corp. 's No. 2 unit in N.Y . and of Y Bros . ' unit",
        "From the ' 80s : the '80s -- a company - and industry-specific risk ; @ = `` property- ''",
    ],
)
def test_words_of_text_that_is_cut_already(text):
    assert words(text) == text.split(" ")
    assert treebank_forms(text.split(" ")) == text.split(" ")


def test_offsets_count_code_points():
    assert split_words("\U0001f600 can't") == [
        Token("\U0001f600", 0, 1), Token("ca", 2, 4), Token("n't", 4, 7),
    ]  # fmt: skip


@given(TEXTS)
@example("\ud800'\udfff.")
def test_tokens_cover_all_but_white_space(text):
    tokens = split_words(text)
    assert all(token.text == text[token.start : token.end] and token.text for token in tokens)
    ends = [0, *(token.end for token in tokens)]
    starts = [*(token.start for token in tokens), len(text)]
    assert all(SPACE.fullmatch(text, end, start) for end, start in zip(ends, starts, strict=True))
    assert not any(char.isspace() or SPACE.fullmatch(char) for token in tokens for char in token.text)


@given(TEXTS)
def test_a_space_at_the_ends_changes_no_words(text):
    assert words(f" {text}\n") == words(text)


@given(TEXTS)
def test_forms_are_their_own_forms(text):
    forms = [treebank_form(word) for word in words(text)]
    assert all(forms) and [treebank_form(form) for form in forms] == forms
    assert len(treebank_forms(words(text))) == len(forms)


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("(", "-LRB-"), ("}", "-RCB-"), ("[", "-LSB-"), ("\u201c", "``"), ("\u201d", "''"), ("\u2019s", "'s"),
        ("\u2018", "`"), ("\u2026", "..."), ("\u2014", "--"), ("\u2013", "--"), ("1990\u201391", "1990-91"),
        ("\u00a3", "#"), ("3/4", "3\\/4"), ("3\\/4", "3\\/4"), ("**", "\\*\\*"), ('"', "''"), ("-", "-"), ("---", "--"),
        ("co\u00adop", "coop"), ("\u00ad", "\u00ad"), ("U.S.", "U.S."), ("", ""),
    ],
)  # fmt: skip
def test_form(word, form):
    assert treebank_form(word) == form


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ('" A , " said B , " C . "', "`` A , '' said B , `` C . ''"),
        ("\u201c A , \" said B", "`` A , '' said B"),
        ('gone . "', "gone . ''"),
        ('gone , " he said', "gone , '' he said"),
        ('He said , " Go', "He said , `` Go"),
    ],
)  # fmt: skip
def test_straight_quotes_open_and_close(text, forms):
    assert treebank_forms(text.split()) == forms.split()


@pytest.mark.parametrize(
    "expected",
    [
        ["He left.", "She stayed!", "Why?", "I do not know..."],
        ['"He left."', '"Why?"', "(She did not.)", "\u201cOh.\u201d", "Well"],
        ['"Why?" he asked.', "Nobody knew."],
        ["Mr. and Mrs. Smith met Dr. J. P. Jones vs. Gen. Lee.", "They talked."],
        ["J. P. Morgan and J. A. Smith of Acme Corp. and Inc. Magazine met.", "He paid."],
        ["He lives in the U.S. Treasury officials do not.", "We do."],
        ["He lives in the U.S.", "The others do not."],
        ["They came at 9 a.m. Eastern time on Jan. 5 to St. Louis, Mo., e.g. by train.", "It was late."],
        ["It makes $1.5 billion, or 3.5%.", "It sold No. 5 for $5.", "5 people came."],
        ["He said no.", "No.", "That was World War I.", "It ended."],
        ["He works at Acme Inc.", "But she does not."],
        ["She has a Ph.D. in law.", "He likes apples, pears, etc.", "She does not."],
        ["See p. 5 and Fig. 3 in vol. 2 ... or wait.", "Yes."],
        ["1. Make sure you have one.", "2. Write it down."],
        ["Visit www.example.com. now or x.org.", "@anna did.", "#nlp too.", "\U0001f600 Yes."],
        ["He left .", "`` She stayed . ''", "-LRB- They did . -RRB-", "It ended ."],
        ["\u6211\u7231\u4f60.", "\u597d."],
    ],
)
def test_sentences(expected):
    for gap in (" ", "\n", "\r\n", " \t ", "\n\n"):
        assert parts(gap.join(expected)) == expected


def test_an_empty_line_ends_a_sentence_and_another_end_of_line_does_not():
    for gap in ("\n\n", "\n \t\n", "\r\n\r\n", "\r\r", "\n\n\n \n", "\u2029", " \n\n "):
        assert parts(f"A title{gap}and text") == ["A title", "and text"]
    for gap in ("\n", "\r\n", "\r", "\t\n "):
        assert parts(f"A title{gap}and text") == [f"A title{gap}and text"]
    assert parts("") == parts(" \n\n\0") == []


def cut(text, ends):
    ends = sorted({0, len(text), *(end % (len(text) + 1) for end in ends)})
    return [text[start:end] for start, end in pairwise(ends)]


@given(TEXTS, st.lists(st.integers(0, 200)), st.sampled_from([4, 15, 100_000]))
@example("a.\r\nB.\r\n\r\nc", list(range(20)), 100_000)
def test_however_the_stream_is_cut(text, ends, longest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(penn_treebank, "MAX_SENTENCE", longest)
        found = list(sentences([text]))
        assert list(sentences(cut(text, ends))) == list(sentences(text)) == found
        spans = list(split_sentences(text))
    assert spans == [(start, start + len(part)) for part, start in found]
    assert all(text[start : start + len(part)] == part and 0 < len(part) <= longest for part, start in found)
    ends, starts = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    assert all(SPACE.fullmatch(text, end, start) for end, start in zip(ends, starts, strict=True))


def test_a_sentence_comes_as_soon_as_it_is_certain():
    def source():
        yield from ("One. Two", " three.\n", "\n")
        raise AssertionError("read too far")

    assert list(islice(sentences(source()), 2)) == [Sentence("One.", 0), Sentence("Two three.", 5)]


def test_long_text_is_cut_at_white_space_or_hard():
    lengths = [len(part) for part in parts("word " * 50_000)]
    assert sum(lengths) + len(lengths) == 250_000 and lengths[:2] == [99_999, 99_999]
    assert [len(part) for part in parts("a" * 250_000)] == [100_000, 100_000, 50_000]
    assert parts("a" + " " * 250_000 + "b") == ["a", "b"]


@pytest.mark.parametrize("piece", ["word ", "a", " ", " a.", "\t"])
def test_no_more_is_read_than_the_bound(piece):
    read = count()
    next(sentences(chain(["a"], (piece for _ in read))))
    assert next(read) * len(piece) <= penn_treebank.MAX_SENTENCE + 2 * len(piece)


@pytest.mark.parametrize(
    "expected",
    [
        ["The cat sat.[1]", "It purred."],
        ['He said "no."[12][a]', "Then he left."],
        ["See Ref. 7, chap. 14, ca. 10,000 pages in vols. 2 and 3.", "It ends."],
        ["A man of med. build was seen.", "He ran."],
    ],
)
def test_sentences_as_people_write_them_faults(expected):
    assert parts(" ".join(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat.[1] It purred.", "The cat sat . [ 1 ] It purred ."),
        ("See Ref. 7, chap. 14 or ca. 10,000; vols. 2", "See Ref. 7 , chap. 14 or ca. 10,000 ; vols. 2"),
        ("My ref. The last", "My ref . The last"),
        ("of med. build and approxim. half a mile.", "of med. build and approxim. half a mile ."),
        ("i like it. it is so good. they don't. ok", "i like it . it is so good . they do n't . ok"),
        ("in 1989. then He left. Then", "in 1989 . then He left . Then"),
        ("\u0e3f5, \u20ac5 or \uffe51\uff0c000", "\u0e3f 5 , \u20ac 5 or \uffe5 1\uff0c000"),
    ],
)
def test_words_as_people_write_them_faults(text, expected):
    assert words(text) == expected.split()


@pytest.mark.parametrize("sign", "\u20ac\xa5\xa2\xa4\u20a9\u20b9\u20bf\u0e3f\ufdfc\uff04\ufe69\uffe6")
def test_money_is_a_dollar_faults(sign):
    assert treebank_forms(words(f"It cost {sign}5.")) == ["It", "cost", "$", "5", "."]


@pytest.mark.parametrize(
    ("word", "form"),
    [("cafe\u0301", "caf\xe9"), ("\uff15\uff10", "50"), ("\uff08", "-LRB-"), ("\uff02", "''"), ("\ufb01ne", "fine")],
)
def test_forms_of_other_characters_faults(word, form):
    assert treebank_form(word) == form == treebank_forms(["a", word])[1]
