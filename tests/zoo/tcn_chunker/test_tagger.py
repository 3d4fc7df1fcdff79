"""What tag and chunk take and give: any number of sentences, of any length, from any source."""

import itertools

import numpy as np
import pytest
from chunkers import numbers, pos_of, scores, text_of
from helpers import tiny_chunker
from hypothesis import given, settings
from hypothesis import strategies as st

from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker import tagger
from dilatednets.zoo.tcn_chunker.tag_schemes import repairs, spans


@pytest.fixture(scope="module", params=["treebank", "plain"])
def splitter(request):
    return tiny_chunker(pos="none", tokenizer=request.param)


@settings(max_examples=10)
@given(lengths=st.lists(st.integers(0, 12), max_size=5), pos=st.sampled_from(["joint", "given"]))
def test_tags_and_their_order_do_not_depend_on_the_other_sentences(joint, given_pos, lengths, pos):
    model = joint if pos == "joint" else given_pos
    sentences = [text_of(length, seed) for seed, length in enumerate(lengths)]
    parts = None if pos == "joint" else [pos_of(length, seed) for seed, length in enumerate(lengths)]
    together = list(model.annotate(sentences, parts))
    assert [list(one.words) for one in together] == sentences
    for i, one in enumerate(together):
        [alone] = model.annotate(sentences[i : i + 1], None if parts is None else parts[i : i + 1])
        assert alone == one and len(one.tags) == len(one.pos) == len(sentences[i])
        assert repairs(one.tags) == 0


def test_decoding_is_bounded_in_words(joint, monkeypatch):
    sentences = [text_of(length) for length in (3, 9, 1, 30, 7, 7, 2, 0)]
    whole = joint.tag(sentences)
    monkeypatch.setattr(tagger, "WORDS_AT_ONCE", 20)
    sizes, decode = [], joint.crf.decode
    monkeypatch.setattr(joint.crf, "decode", lambda some, *more: sizes.append(some.shape) or decode(some, *more))
    assert joint.tag(sentences) == whole
    assert [(rows, time) for rows, time, _ in sizes] == [(3, 3), (2, 7), (1, 9), (1, 30)]


def test_nothing_and_unknown_words_are_tagged(joint):
    assert joint.tag([]) == [] and joint.tag(iter([])) == []
    assert joint.tag([[], [], []]) == [[], [], []] == tiny_chunker(kernel_size=1).tag([[], [], []])
    odd = ["\U0001f600\U0001f3fd", "", "\u6f22\u5b57", "x" * 500, "\ud800", "e\u0301", "'", "\u200b"]
    [tags] = joint.tag([odd])
    assert len(tags) == len(odd) and repairs(tags) == 0
    assert joint.tag([tuple(odd)]) == [tags]
    # Unknown words of unknown characters in an unknown shape are all the same.
    [first], [second] = joint.tag([["\u6f22"]]), joint.tag([["\u5b57"]])
    assert first == second


@pytest.mark.parametrize("sentences", ["It works.", ["It works."], [["It"], "works"]])
def test_a_string_is_not_a_list_of_words(joint, sentences):
    with pytest.raises(InputError, match="is a string; give a list of words, or call chunk"):
        joint.tag(sentences)


def test_tags_come_from_a_source_without_end(joint):
    read = itertools.count()
    source = (text_of(number % 7) for number in read)
    found = list(itertools.islice(joint.annotate(source, at_once=4), 10))
    assert [len(one.words) for one in found] == [number % 7 for number in range(10)]
    assert next(read) <= 12  # a multiple of 4
    first = next(iter(joint.annotate((text_of(3) for _ in read), at_once=1)))
    assert first.words == tuple(text_of(3)) and next(read) <= 14


def test_parts_of_speech_come_from_a_source_without_end(given_pos):
    read = itertools.count()
    source = given_pos.annotate(
        (text_of(number % 7) for number in read), (pos_of(number % 7) for number in itertools.count()), 4
    )
    assert [len(one.pos) for one in itertools.islice(source, 9)] == [number % 7 for number in range(9)]
    assert next(read) <= 12


def failing(count):
    yield from (text_of(3, number) for number in range(count))
    raise OSError("the disk is gone")


@pytest.mark.parametrize("count", [0, 3, 5, 6])
def test_what_was_read_before_an_error_comes_first(joint, count):
    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        for one in joint.annotate(failing(count), at_once=3):
            found.append(list(one.words))
    assert found == [text_of(3, number) for number in range(count)]
    with pytest.raises(OSError, match="the disk is gone"):
        joint.tag(failing(count))


def test_parts_of_speech_that_are_needed(given_pos):
    sentences = [text_of(3), [], text_of(2)]
    parts = [pos_of(3), [], pos_of(2)]
    assert [len(tags) for tags in given_pos.tag(iter(sentences), iter(parts))] == [3, 0, 2]
    assert given_pos.encode([["it"] * 5], [["DT", "NN", "VB", "XX", "DT"]])["pos"].tolist() == [[2, 3, 4, 1, 2]]
    for pos, says in [
        (None, "pos: this model needs the part of speech of each word"),
        ([["DT"], [], pos_of(2)], "pos: 1 for a sentence of 3 words; give one a word"),
        (parts[:2], "pos: not as many sentences as there are of words"),
        ([*parts, []], "pos: not as many sentences as there are of words"),
    ]:
        with pytest.raises(InputError, match=says):
            given_pos.tag(sentences, pos)
    with pytest.raises(InputError, match="needs the part of speech of each word; give words and theirs to tag"):
        given_pos.chunk("It works.")


def test_parts_of_speech_are_the_most_probable(joint):
    sentences = [text_of(4), text_of(7)]
    best = scores(joint, sentences)["pos"].argmax(-1)
    for row, one in enumerate(joint.annotate(sentences)):
        assert list(one.pos) == [joint.pos_tags[number] for number in best[row, : len(sentences[row])]]


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("scheme", ["iobes", "iob2"])
@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_tags_are_the_decoder_s_in_iob2(scheme, decoder):
    model = tiny_chunker(pos="none", scheme=scheme, decoder=decoder)
    words = text_of(40)
    values = scores(model, [words])["tags"]
    path = numbers(model.crf(values))[0] if decoder == "crf" else values[0].argmax(-1)
    [tags] = model.tag([words])
    assert spans(tags) == spans([model.tags[number] for number in path])
    assert repairs(tags) == 0 and {tag[0] for tag in tags} <= set("BIO")


PIECES = st.sampled_from(
    [
        " ",
        "\n",
        "\n\n",
        "\r\n",
        ".",
        "?",
        "It",
        "works",
        "the",
        "Mr.",
        "U.S.",
        "n't",
        "'",
        '"',
        "(",
        "\ufeff",
        "\0",
        "\t",
    ]
    + ["\U0001f600", "\U0001f468\u200d\U0001f469", "\u6f22", "e\u0301", "\xa0", "\u2028", "\xe9", "-", "1,000", "don't"]
)


TEXTS = st.lists(PIECES | st.characters(), max_size=30).map("".join)


@settings(max_examples=20)
@given(TEXTS, st.integers(1, 9))
def test_chunks_are_pieces_of_the_text(splitter, text, size):
    chunks = splitter.chunk(text)
    assert all(text[one.start : one.end] == one.text and one.label in ("NP", "VP") for one in chunks)
    assert all(one.text.strip() for one in chunks)
    assert all(a.end <= b.start for a, b in itertools.pairwise(chunks))
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    sentences = list(splitter.chunk_stream(pieces, at_once=3))
    assert [one for sentence in sentences for one in sentence.chunks] == chunks
    for sentence in sentences:
        assert text[sentence.start :].startswith(sentence.text)
        assert repairs(sentence.tags) == 0 and len(sentence.tags) == len(sentence.tokens) > 0
        assert all(text[token.start : token.end] == token.text for token in sentence.tokens)
        found = [(span.label, sentence.tokens[span.start].start, sentence.tokens[span.end - 1].end)
                 for span in spans(sentence.tags)]  # fmt: skip
        assert found == [one[:3] for one in sentence.chunks]


def test_no_text_has_no_chunks(splitter):
    for text in ("", " ", "\n\n \t\r\n"):
        assert splitter.chunk(text) == [] and list(splitter.chunk_stream([text, text])) == []
    assert list(splitter.chunk_stream([])) == []


def test_chunks_have_the_tags_of_what_the_data_set_would_write(splitter):
    sentences = list(splitter.chunk_stream(['He said: "it (the dog) works."\n\n', "A", " dog!"]))
    treebank = splitter.get_config()["tokenizer"] == "treebank"
    words = ["``", "it", "-LRB-", "the", "dog", "-RRB-"] if treebank else ['"', "it", "(", "the", "dog", ")"]
    words = [["He", "said", ":", *words, "works", ".", "''" if treebank else '"'], ["A", "dog", "!"]]
    assert [sentence.tags for sentence in sentences] == splitter.tag(words)


def test_text_without_end_is_chunked(joint):
    read = itertools.count()
    stream = joint.chunk_stream(("It works. " for _ in read), at_once=2)
    found = list(itertools.islice(stream, 6))
    assert [one.start for one in found] == [0, 10, 20, 30, 40, 50] and len(found[0].pos) == 3
    assert next(read) <= 9


def test_reading_ahead_is_bounded_in_words(monkeypatch):
    monkeypatch.setattr(tagger, "WORDS_READ_AHEAD", 10)
    source = [["it"] * length for length in (4, 5, 3, 20, 1, 1, 1)]
    lists = list(tagger._read_ahead(source, 3, len))
    assert [[len(words) for words in some] for some in lists] == [[4, 5, 3], [20], [1, 1, 1]]


def test_decoding_is_bounded_in_transitions(joint, monkeypatch):
    sentences = [text_of(3, seed) for seed in range(5)]
    whole = joint.tag(sentences)
    monkeypatch.setattr(tagger, "TRANSITIONS_AT_ONCE", 2 * len(joint.tags) ** 2)
    rows, decode = [], joint.crf.decode
    monkeypatch.setattr(joint.crf, "decode", lambda some, *more: rows.append(len(some)) or decode(some, *more))
    assert joint.tag(sentences) == whole and rows == [2, 2, 1]


def test_sentences_may_be_arrays_of_words(joint):
    assert joint.tag([np.array(["it", "works"])]) == joint.tag([["it", "works"]])
    with pytest.raises(InputError, match="at_once: must be at least 1, not 0"):
        list(joint.annotate([["it"]], at_once=0))


def test_own_parts_of_speech_are_given_back(joint):
    """Not those that another model would need."""
    [alone], [beside] = joint.annotate([["it", "works"]]), joint.annotate([["it", "works"]], [["X", "Y"]])
    assert alone.pos == beside.pos and set(alone.pos) <= set(joint.pos_tags)


WRONG = [None, 3, "a string", b"a", {}, {"it"}, ["a string"], [["it"], "works"], [[1, 2]], [[b"it"]], [["it", None]], [None],
         np.array("it"), [{"it": 1}]]  # fmt: skip


@pytest.mark.parametrize("sentences", WRONG, ids=repr)
def test_sentences_are_lists_of_words_faults(joint, given_pos, sentences):
    for door in (joint.tag, joint.encode, lambda some: list(joint.annotate(some))):
        with pytest.raises(InputError, match=r"^sentences: "):
            door(sentences)
    if sentences is not None:
        with pytest.raises(InputError, match=r"^pos: "):
            given_pos.tag([["it", "works"]], sentences)


@pytest.mark.parametrize("text", [None, b"a", ["a"], 3, {"a": 1}, ("It works.",)])
def test_text_is_a_string_faults(splitter, text):
    with pytest.raises(InputError, match=r"^text: must be a string, not"):
        splitter.chunk(text)
    with pytest.raises(InputError, match=r"^source: must be a string, not"):
        list(splitter.chunk_stream(["It", text]))


@pytest.mark.parametrize("at_once", [0, -1, "3", 1.5, None])
def test_sentences_at_once_faults(splitter, at_once):
    for door in (splitter.annotate, splitter.chunk_stream):
        with pytest.raises(InputError, match=r"^at_once: must be "):
            list(door([], at_once=at_once))


def test_sound_input_is_taken_faults(joint):
    want = joint.tag([["it", "works"]])
    for sentences in (np.array([["it", "works"]]), [(word for word in ("it", "works"))], ((np.str_("it"), "works"),)):
        assert joint.tag(sentences) == want
    assert joint.chunk(np.str_("It works.")) == joint.chunk("It works.")
    assert joint.tag([]) == [] and joint.tag([[]]) == [[]] and joint.chunk("") == []
    assert joint.encode([])["words"].shape == (0, 1)


@pytest.mark.parametrize("pos", [["NOUN"] * 12, [""] * 10, ["dt"] * 30])
def test_parts_of_speech_of_another_set_faults(given_pos, pos):
    with pytest.raises(InputError, match=f"^pos: none is known to this model, such as '{pos[0]}'; its are DT, NN, VB"):
        given_pos.tag([["it"] * len(pos)], [pos])
    assert len(given_pos.tag([["it"] * len(pos)], [[*pos[1:], "DT"]])[0]) == len(pos)
