"""What tag and chunk take and give: any number of sentences, of any length, from any source."""

import itertools

import numpy as np
import pytest
from chunkers import numbers, pos_of, scores, text_of
from conftest import tiny_chunker
from hypothesis import given, settings
from hypothesis import strategies as st

from dilatednets.data.tag_schemes import repairs, spans
from dilatednets.errors import InputError
from dilatednets.zoo import packed_sentences, tagger, tcn_chunker


@pytest.fixture(scope="module", params=["treebank", "plain"])
def splitter(request):
    return tiny_chunker(pos="none", tokenizer=request.param)


@settings(max_examples=8)
@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    window=st.sampled_from([5, 4096]),
    kernel_size=st.integers(1, 4),
    causal=st.booleans(),
)
def test_sentences_end_to_end_score_as_padded_ones_do(lengths, window, kernel_size, causal):
    model = tiny_chunker(pos="input", kernel_size=kernel_size, causal=causal, dilations=(2, 1))
    sentences = [text_of(length, seed) for seed, length in enumerate(lengths)]
    parts = [pos_of(length, seed) for seed, length in enumerate(lengths)]
    padded = numbers(model(model.encode(sentences, parts))["tags"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tcn_chunker, "compiled", lambda function, *arguments, **options: function)
        patch.setattr(packed_sentences, "WINDOW", window)
        found, nothing = model.score_words(sentences, parts)
    assert [len(one) for one in found] == lengths and not any(map(len, nothing))
    for row, one in enumerate(found):
        np.testing.assert_allclose(one, padded[row, : len(one)], atol=1e-5)


def test_decoding_is_bounded_in_words(joint, monkeypatch):
    sentences = [text_of(length) for length in (3, 9, 1, 30, 7, 7, 2, 0)]
    whole = joint.tag(sentences)
    monkeypatch.setattr(tagger, "WORDS_AT_ONCE", 20)
    sizes, decode = [], joint.crf.decode
    monkeypatch.setattr(joint.crf, "decode", lambda some, lengths: sizes.append(some.shape) or decode(some, lengths))
    assert joint.tag(sentences) == whole
    assert [(rows, time) for rows, time, _ in sizes] == [(3, 3), (2, 7), (1, 9), (1, 30)]


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("causal", "kernel_size", "pos"),
    [(False, 3, "joint"), (True, 3, "input"), (False, 2, "joint"), (False, 4, "input")],
)
def test_a_very_long_sentence_gets_the_same_as_in_one_piece(causal, kernel_size, pos, monkeypatch):
    model = tiny_chunker(causal=causal, kernel_size=kernel_size, pos=pos)
    sentences = [text_of(150), text_of(20), text_of(101)]
    parts = [pos_of(len(sentence)) for sentence in sentences] if pos == "input" else None
    whole = {name: numbers(value) for name, value in model(model.encode(sentences, parts)).items()}
    widths, scored = [], model._scored

    def spied(x, mask):
        widths.append(x.shape[1])
        return scored(x, mask)

    monkeypatch.setattr(model, "_scored", spied)
    monkeypatch.setattr(packed_sentences, "WINDOW", 16)
    found, numbers_of_pos = model.score_words(sentences, parts)
    assert len(widths) >= 271 / 16
    assert max(widths) < 2 * (16 + 2 * (model.receptive_field - 1)) <= 120  # twice: JAX gets powers of two
    for row, sentence in enumerate(sentences):
        np.testing.assert_allclose(found[row], whole["tags"][row, : len(sentence)], atol=1e-5)
        if pos == "joint":
            np.testing.assert_array_equal(numbers_of_pos[row], whole["pos"][row, : len(sentence)].argmax(-1))


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


@pytest.mark.parametrize("window", [20, 4096])
def test_padding_to_few_shapes_changes_no_score(window, monkeypatch):
    model = tiny_chunker()
    sentences = [["it", "works", "The", "dog"][:length] for length in (4, 1, 0, 3, 4)] * 8
    want, _ = model.score_words(sentences)
    monkeypatch.setattr(packed_sentences, "WINDOW", window)
    shapes = set()

    def embedded(table):
        shapes.update(size for array in table.values() for size in array.shape[1:])
        return numbers(model._embedded(table))

    known = packed_sentences.KnownWords(model.encode, embedded, few_shapes=True)
    packed = packed_sentences.PackedSentences(known.rows(sentences), 2)
    found = []
    for places, kept in packed.windows(model.receptive_field - 1, few_shapes=True):
        outputs = model._scored(known.vectors[places][None], (places > 0)[None])
        found.append(numbers(outputs["tags"])[0, kept])
        shapes.add(len(places))
    for expected, where in zip(want, packed.slices, strict=True):
        np.testing.assert_allclose(np.concatenate(found)[where], expected, atol=1e-5)
    assert shapes <= {16, 32, 64, 128, 256}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("pos", ["joint", "input"])
def test_words_are_embedded_once_in_a_stream(pos, monkeypatch):
    model = tiny_chunker(pos=pos)
    sentences = [text_of(length, length) for length in (7, 3, 9, 7, 5)]
    parts = [pos_of(len(sentence)) for sentence in sentences] if pos == "input" else None
    want = model.score_words(sentences, parts)[0]
    parts_of = (lambda i: None) if parts is None else (lambda i: parts[i : i + 1])
    embedded, encode = [], model.encode

    def spied(some, tags=None):
        embedded.extend(zip(*some, *(tags or []), strict=True))
        return encode(some, tags)

    monkeypatch.setattr(model, "encode", spied)
    scorer = model.scorer()
    for i, sentence in enumerate(sentences):
        np.testing.assert_allclose(scorer([sentence], parts_of(i))[0][0], want[i], atol=1e-5)
    assert len(embedded) == len(set(embedded)) <= sum(map(len, sentences)) and embedded
    monkeypatch.setattr(packed_sentences, "FORGET_BEYOND", 3)  # forgotten, and learnt again
    for i, sentence in enumerate(sentences):
        np.testing.assert_allclose(scorer([sentence], parts_of(i))[0][0], want[i], atol=1e-5)
    assert len(embedded) > len(set(embedded))


@pytest.mark.usefixtures("eager")
def test_words_are_not_known_before_they_are_embedded(monkeypatch):
    model = tiny_chunker()
    sentences = [["it", "works"]]
    want = model.score_words(sentences)[0][0]
    scorer, encode = model.scorer(), model.encode

    def interrupted(some, tags=None):
        raise MemoryError("no more")

    scorer.known.encode = interrupted
    with pytest.raises(MemoryError):
        scorer(sentences, None)
    scorer.known.encode = encode
    np.testing.assert_allclose(scorer(sentences, None)[0][0], want, atol=1e-5)


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
    monkeypatch.setattr(joint.crf, "decode", lambda some, lengths: rows.append(len(some)) or decode(some, lengths))
    assert joint.tag(sentences) == whole and rows == [2, 2, 1]


def test_sentences_may_be_arrays_of_words(joint):
    assert joint.tag([np.array(["it", "works"])]) == joint.tag([["it", "works"]])
    with pytest.raises(InputError, match="at_once: must be at least 1, not 0"):
        list(joint.annotate([["it"]], at_once=0))


def test_own_parts_of_speech_are_given_back(joint):
    """Not those that another model would need."""
    [alone], [beside] = joint.annotate([["it", "works"]]), joint.annotate([["it", "works"]], [["X", "Y"]])
    assert alone.pos == beside.pos and set(alone.pos) <= set(joint.pos_tags)
