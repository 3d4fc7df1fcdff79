"""The chunker: padding, windows and receptive field; what tag and chunk take and give; losses; presets."""

import itertools
import json

import keras
import numpy as np
import pytest
from conftest import tiny_chunker
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from dilatednets.data.tag_schemes import repairs, spans
from dilatednets.errors import InputError
from dilatednets.zoo import catalogue, model_card, packed_sentences, presets, tagger
from dilatednets.zoo.tcn_chunker import TCNChunker

WORDS = ["it", "It", "works", "the", "a", "dog", "in", "1989", "unseen", "\U0001f600", "."]
POS = ["DT", "NN", "VB", "unseen"]


def text_of(length, seed=0):
    return np.random.default_rng([seed, length]).choice(WORDS, length).tolist()


def pos_of(length, seed=0):
    return np.random.default_rng([seed, length]).choice(POS, length).tolist()


def numbers(x):
    return ops.convert_to_numpy(x)


def scores(model, sentences):
    pos = [pos_of(len(sentence)) for sentence in sentences]
    return {name: numbers(value) for name, value in model(model.encode(sentences, pos)).items()}


@pytest.fixture(scope="module")
def joint():
    return tiny_chunker()


@pytest.fixture(scope="module")
def given_pos():
    """It needs parts of speech; greedy."""
    return tiny_chunker(pos="input", decoder="softmax")


@pytest.fixture(scope="module", params=["treebank", "plain"])
def splitter(request):
    return tiny_chunker(pos="none", tokenizer=request.param)


def uncompiled(function, *arguments, **options):
    return function


@pytest.fixture
def eager(monkeypatch):
    """Nothing is compiled, which would take longer than it saves where a model sees a few batches only."""
    monkeypatch.setattr(tagger, "compiled", uncompiled)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("causal", "normalization", "shared"),
    [(False, "weight", False), (False, "layer", True), (True, "weight", True), (True, "layer", False)],
)
def test_a_sentence_gets_the_same_alone_and_padded_in_a_batch(causal, normalization, shared):
    model = tiny_chunker(
        causal=causal, normalization=normalization, shared=shared, iterations=2, pos_depth=3, decoder="softmax"
    )
    sentences = [text_of(length) for length in (5, 1, 14, 9)]
    together = scores(model, sentences)
    assert set(together) == {"tags", "pos"}
    for row, sentence in enumerate(sentences):
        for name, alone in scores(model, [sentence]).items():
            np.testing.assert_allclose(together[name][row, : len(sentence)], alone[0], atol=1e-5)
    for row, found in enumerate(model.score_words(sentences)[0]):
        np.testing.assert_allclose(found, together["tags"][row, : len(found)], atol=1e-5)
        np.testing.assert_allclose(model.score_words([sentences[row]])[0][0], found, atol=1e-5)
    assert model.tag(sentences) == [model.tag([sentence])[0] for sentence in sentences]


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
        patch.setattr(tagger, "compiled", uncompiled)
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


def offsets_seen(model, time=40):
    """How far from a word are those whose change changes its scores; by the name of the output."""
    words = text_of(time)
    others = [[*words[:t], "VIII" if words[t] == "." else ".", *words[t + 1 :]] for t in range(time)]
    inputs = model.encode([words, *others], [pos_of(time)] * (time + 1))
    if "pos" in inputs:  # the part of speech of the word changes, too
        at = np.arange(time)
        inputs["pos"][1 + at, at] = 5 - inputs["pos"][1 + at, at]
    found = {}
    for name, value in model(inputs).items():
        changed = np.abs(numbers(value)[1:] - numbers(value)[:1]).max(-1) > 1e-5  # more than another order of sums does
        found[name] = [t - at for t, at in zip(*np.nonzero(changed), strict=True)]
    return found


@pytest.mark.parametrize(
    ("pos", "arguments"),
    [
        ("none", {}),
        ("joint", {}),
        ("input", {}),
        ("joint", {"causal": True}),
        ("joint", {"iterations": 2, "shared": True, "pos_depth": 3}),
        ("joint", {"kernel_size": 2}),
    ],
)
def test_the_field_is_what_a_change_of_one_word_shows(pos, arguments):
    model = tiny_chunker(pos=pos, **arguments)
    seen = offsets_seen(model)["tags"]
    assert max(seen) - min(seen) + 1 == model.receptive_field
    if "causal" in arguments:
        assert max(seen) == 0
    elif "kernel_size" not in arguments:
        assert max(seen) == -min(seen)


@pytest.mark.usefixtures("eager")
def test_scores_of_a_causal_model_depend_on_no_word_after():
    model = tiny_chunker(causal=True, iterations=2, decoder="softmax")
    words = text_of(30)
    whole = scores(model, [words])
    for name, found in offsets_seen(model).items():
        assert max(found) == 0, name
    for length in (1, 7, 22):
        for name, begin in scores(model, [words[:length]]).items():
            np.testing.assert_allclose(begin[0], whole[name][0, :length], atol=1e-5)
    assert model.tag([words[:22]])[0] == model.tag([words])[0][:22]


def test_the_parts_follow_one_another(given_pos):
    """Vectors, projection, blocks, norm, scores: written out with NumPy around the layers that have tests of their own."""
    inputs = given_pos.encode([text_of(6)], [pos_of(6)])
    tables = {w.path.split("/")[0]: numbers(w) for w in given_pos.weights if w.path.endswith("embeddings")}
    parts = [
        tables["word_embedding"][inputs["words"]],
        numbers(given_pos.character_encoder(inputs["characters"])),
        tables["shape_embedding"][inputs["shapes"]],
        tables["pos_embedding"][inputs["pos"]],
    ]
    kernel, bias = map(numbers, given_pos.projection.weights)
    x = np.concatenate(parts, -1) @ kernel + bias
    for block in given_pos.blocks:
        x = numbers(block(x))
    gamma, beta = map(numbers, given_pos.norm.weights)
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + given_pos.norm.epsilon) * gamma + beta
    kernel, bias = map(numbers, given_pos.scores.weights)
    np.testing.assert_allclose(numbers(given_pos(inputs)["tags"]), x @ kernel + bias, atol=1e-4)


def test_blocks_above_see_the_parts_of_speech_that_were_predicted(joint):
    inputs = joint.encode([text_of(9)])
    parts = [joint.word_embedding(inputs["words"]), joint.character_encoder(inputs["characters"])]
    x = joint.blocks[0](joint.projection(ops.concatenate([*parts, joint.shape_embedding(inputs["shapes"])], -1)))
    pos = numbers(joint.pos_scores(x))
    np.testing.assert_allclose(numbers(joint(inputs)["pos"]), pos, atol=1e-4)
    share = np.exp(pos) / np.exp(pos).sum(-1, keepdims=True)
    x = numbers(x) + share @ numbers(joint.pos_projection.kernel)
    expected = joint.scores(joint.norm(joint.blocks[1](x)))
    np.testing.assert_allclose(numbers(joint(inputs)["tags"]), numbers(expected), atol=1e-4)


@pytest.mark.usefixtures("eager")
def test_what_can_be_left_out():
    model = tiny_chunker(pos="none", character_channels=0, shape_channels=0, words=[])
    assert {weight.path.split("/")[0] for weight in model.weights}.isdisjoint({"character_encoder", "shape_embedding"})
    assert [len(tags) for tags in model.tag([["It", "works"]])] == [2]
    only_o = TCNChunker(labels=[], pos="none", width=8)
    assert only_o.tag([["It", "works"]]) == [["O", "O"]]


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


def loss(model, inputs, targets):
    return float(model.compute_loss(x=inputs, y=targets, y_pred=model(inputs)))


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


@pytest.fixture
def batch():
    """Three sentences, of which the second has no tags; some parts of speech are unknown."""
    rng = np.random.default_rng(5)
    lengths = np.array([6, 9, 2])
    mask = np.arange(9) < lengths[:, None]
    tags = np.where(mask, rng.integers(0, 9, (3, 9)), -1)
    tags[1] = -1
    pos = np.where(mask & (rng.random((3, 9)) < 0.7), rng.integers(0, 3, (3, 9)), -1)
    return [text_of(length) for length in lengths], {"tags": tags.astype(np.int32), "pos": pos.astype(np.int32)}


def test_loss_of_a_softmax_equals_the_oracle(batch):
    sentences, targets = batch
    model = tiny_chunker(decoder="softmax", pos_weight=0.3)
    inputs = model.encode(sentences)
    total = {}
    for name, values in model(inputs).items():
        likelihoods = [
            log_softmax(numbers(values)[row, t])[targets[name][row, t]]
            for row, sentence in enumerate(sentences)
            for t in range(len(sentence))
            if targets[name][row, t] >= 0
        ]
        total[name] = -np.mean(likelihoods)
    assert loss(model, inputs, targets) == pytest.approx(total["tags"] + 0.3 * total["pos"], rel=1e-4)
    for name, weight in (("tags", 1), ("pos", 0.3)):
        assert loss(model, inputs, {name: targets[name]}) == pytest.approx(weight * total[name], rel=1e-4)


def test_loss_of_a_random_field_is_minus_the_log_likelihood_a_word(batch):
    sentences, targets = batch
    model = tiny_chunker(pos="none")
    follows = np.array([[0, 1, 3, 0, 8, 5], [4, 0, -1, -1, -1, -1]])  # O B-NP E-NP O S-VP B-VP, S-NP O
    targets["tags"][0, :6], targets["tags"][2, :6] = follows
    inputs = model.encode(sentences)
    values = numbers(model(inputs)["tags"])
    alone = [float(model.crf.log_likelihood(values[row : row + 1, :n], targets["tags"][row : row + 1, :n])[0])
             for row, n in ((0, 6), (2, 2))]  # fmt: skip
    assert loss(model, inputs, targets) == pytest.approx(-sum(alone) / 8, rel=1e-4)


def test_unknown_targets_do_not_matter(batch):
    sentences, targets = batch
    for decoder in ("crf", "softmax"):
        model = tiny_chunker(decoder=decoder)
        before = loss(model, model.encode(sentences), targets)
        changed = [*sentences[:1], text_of(9, seed=3), *sentences[2:]]  # the tags of the second are unknown
        tags = {"tags": targets["tags"]}
        assert loss(model, model.encode(changed), tags) == pytest.approx(loss(model, model.encode(sentences), tags))
        nothing = {name: np.full_like(value, -1) for name, value in targets.items()}
        assert loss(model, model.encode(sentences), nothing) == 0
        assert loss(model, model.encode(sentences), {"tags": nothing["tags"], "pos": targets["pos"]}) < before
        assert loss(model, model.encode(sentences), {}) == 0


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_every_weight_learns_with_plain_keras(decoder, batch):
    sentences, targets = batch
    sentences = [sorted(WORDS)[: len(sentence)] for sentence in sentences]
    model = tiny_chunker(decoder=decoder, iterations=2, shared=True, normalization="weight", dropout=0, input_dropout=0)
    inputs = model.encode(sentences)
    targets["tags"] = np.where(targets["tags"] >= 0, 4 * (targets["tags"] % 3), -1)  # O, S-NP, S-VP
    model.compile(keras.optimizers.Adam(3e-3), run_eagerly=keras.backend.backend() == "tensorflow")
    before = [numbers(weight).copy() for weight in model.weights]
    losses = model.fit(inputs, targets, batch_size=3, epochs=2, verbose=0).history["loss"]
    assert losses[-1] < losses[0] and np.isfinite(losses).all()
    still = [w.path for w, old in zip(model.weights, before, strict=True) if np.array_equal(numbers(w), old)]
    assert not still
    # What was compiled for tags before sees new weights, too.
    tags = model.tag(sentences)
    for weight in model.weights:
        weight.assign(numbers(weight) * np.random.default_rng(1).normal(0, 2, weight.shape))
    fresh = TCNChunker.from_config(model.get_config())
    fresh.set_weights(model.get_weights())
    assert model.tag(sentences) == fresh.tag(sentences) != tags


def test_mixed_precision_agrees(joint):
    half = TCNChunker.from_config({**joint.get_config(), "dtype": "mixed_bfloat16"})
    half.set_weights(joint.get_weights())
    inputs = joint.encode([text_of(12), text_of(5)])
    mask = inputs["words"] > 0
    for name, values in half(inputs).items():
        assert keras.backend.standardize_dtype(values.dtype) == "float32"
        assert np.abs(numbers(values) - numbers(joint(inputs)[name]))[mask].mean() < 0.1


def test_described_figures(joint, given_pos):
    facts = joint.describe()
    assert facts["parameters"] == sum(weight.size for weight in joint.get_weights())
    assert facts["known_words"] == 7 and facts["tags"] == 2
    assert facts["receptive_field"] == joint.receptive_field == 1 + 2 * 2 * (1 + 2)
    assert joint.dilations == (1, 1, 2, 2)
    characters, inputs, block = 5 * (3 * 4 * 6), 6 + 6 + 3, 2 * (3 * 8 * 8)
    assert facts["macs_per_word"] == characters + inputs * 8 + 2 * block + (8 * 3 + 3 * 8) + 8 * 9
    assert given_pos.describe()["macs_per_word"] == characters + (inputs + 3) * 8 + 2 * block + 8 * 9
    plain, twice = (tiny_chunker(pos="none", iterations=n, shared=n == 2).describe() for n in (1, 2))
    assert twice["parameters"] == plain["parameters"]
    assert twice["macs_per_word"] == plain["macs_per_word"] + 2 * block
    assert twice["receptive_field"] == 2 * plain["receptive_field"] - 1


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "arguments", [{}, {"pos": "input", "decoder": "softmax", "causal": True, "tokenizer": "plain"}]
)
def test_a_preset_comes_back(arguments, tmp_path):
    model = tiny_chunker(**arguments)
    folder = tmp_path / "mine"
    model.save_to_preset(folder, {"description": "Finds phrases."}, 'name = "mine"\n')
    same = catalogue.from_preset(folder)
    assert type(same) is TCNChunker
    assert {**same.get_config(), "name": None} == {**model.get_config(), "name": None}
    for a, b in zip(same.weights, model.weights, strict=True):
        assert a.path == b.path
        np.testing.assert_array_equal(numbers(a), numbers(b))
    sentences = [text_of(8), text_of(3)]
    assert same.tag(sentences, [pos_of(8), pos_of(3)]) == model.tag(sentences, [pos_of(8), pos_of(3)])
    assert model_card.golden_error(same, folder) < 1e-6
    next(w for w in same.weights if w.path == "scores/bias").assign(np.ones(len(same.tags)))
    assert model_card.golden_error(same, folder) > 0.01
    with np.load(folder / "golden.npz", allow_pickle=False) as golden:
        outputs = {"tags", "pos"} if same.pos_scores is not None else {"tags"}
        assert set(golden.files) == outputs | {f"input_{name}" for name in same.encode(sentences, sentences)}
        assert {name: golden[name].dtype.kind for name in golden.files if name in outputs} == dict.fromkeys(
            outputs, "f"
        )
    card = presets.card(folder)
    assert card["class"] == "TCNChunker" and card["macs_per_word"] == model.describe()["macs_per_word"]
    assert "Receptive field, words" in (folder / "README.md").read_text()


def test_a_preset_holds_no_code(joint, tmp_path):
    joint.save_to_preset(tmp_path / "mine")
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert names == {"config.json", "model.weights.h5", "golden.npz", "card.json", "README.md"}
    content = json.loads((tmp_path / "mine" / "config.json").read_text())
    assert content["class"] == "TCNChunker" and set(content) == {"class", "config"}
    assert not {"module", "registered_name", "class_name"} & set(content["config"])
    import h5py

    with h5py.File(tmp_path / "mine" / "model.weights.h5") as file:
        kinds = []
        file.visititems(lambda name, item: kinds.append(getattr(item, "dtype", np.dtype("f4")).kind))
        assert set(kinds) == {"f"}


@pytest.fixture(scope="module")
def saved(joint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "joint"
    joint.save_to_preset(folder)
    return folder


def kept(model, trained):
    """Names of layers of which all weights, and of which none, are as in the trained model."""
    old = {weight.path: numbers(weight) for weight in trained.weights}
    same = {}
    for weight in model.weights:
        equal = weight.path in old and np.array_equal(numbers(weight), old[weight.path])
        same.setdefault(weight.path.split("/")[0], []).append(equal)
    return {name for name, equal in same.items() if all(equal)}, {n for n, equal in same.items() if not any(equal)}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("labels", [["NP", "PP", "VP"], ["VP", "NP"], ["X"]])
def test_other_labels_get_fresh_scores_on_the_trained_body(saved, joint, labels):
    model = TCNChunker.from_preset(saved, labels=labels)
    same, fresh = kept(model, joint)
    assert fresh == {"scores", "crf"} and len(same) + 2 == len({w.path.split("/")[0] for w in joint.weights})
    assert model.labels == tuple(labels) and len(model.tags) == 1 + 4 * len(labels)
    assert not any(np.any(numbers(weight)) for weight in model.crf.weights)
    np.testing.assert_array_equal(numbers(model.crf.transitions), 0)
    np.testing.assert_array_equal(
        numbers(model(model.encode([text_of(5)]))["pos"]), numbers(joint(joint.encode([text_of(5)]))["pos"])
    )
    assert [len(tags) for tags in model.tag([text_of(5)])] == [5]


def test_the_same_labels_keep_everything(saved, joint):
    model = TCNChunker.from_preset(saved, labels=list(joint.labels), words=list(joint.features.words), dropout=0.5)
    assert kept(model, joint)[1] == set() and model.get_config()["dropout"] == 0.5


@pytest.mark.usefixtures("eager")
def test_another_decoder_or_scheme(saved, joint):
    assert kept(TCNChunker.from_preset(saved, scheme="iob2"), joint)[1] == {"scores", "crf"}
    model = TCNChunker.from_preset(saved, decoder="softmax")
    assert model.crf is None and kept(model, joint)[1] == set()
    model = TCNChunker.from_preset(saved, pos="none")
    assert model.pos_scores is None and kept(model, joint)[1] == set()
    model = TCNChunker.from_preset(saved, pos="input")
    same, fresh = kept(model, joint)
    assert fresh == {"pos_embedding"} and "projection" not in same  # its inputs are wider
    assert [len(tags) for tags in model.tag([["it"]], [["DT"]])] == [1]


@pytest.mark.parametrize(
    ("argument", "entries", "layer"),
    [
        ("words", ["dog", "cat", "it"], "word_embedding"),
        ("words", ["dog", "works", "the", "a", "it", "in", "cat"], "word_embedding"),  # as many
        ("shapes", ["Xx", "new", "xx"], "shape_embedding"),
        ("characters", "owx", "character_encoder"),
    ],
)
def test_what_is_known_keeps_its_vectors_among_others(saved, joint, argument, entries, layer):
    model = TCNChunker.from_preset(saved, **{argument: entries})
    old_entries = joint.get_config()[argument]
    old, new = (next(numbers(w) for w in m.weights if w.path.startswith(layer)) for m in (joint, model))
    assert new.shape == (2 + len(entries), old.shape[1])
    np.testing.assert_array_equal(new[:2], old[:2])
    for row, entry in enumerate(entries, start=2):
        if entry in old_entries:
            np.testing.assert_array_equal(new[row], old[2 + list(old_entries).index(entry)])
        else:
            assert not (new[row] == old).all(axis=1).any()
    same, _ = kept(model, joint)
    assert same | {layer} == {weight.path.split("/")[0] for weight in joint.weights}
    if layer == "character_encoder":
        np.testing.assert_array_equal(numbers(model.character_encoder.conv.kernel), joint.character_encoder.conv.kernel)
    # A sentence of what both know gets the same scores.
    words = [["it", "dog", "it"]]
    if argument == "words":
        before, after = (numbers(m(m.encode(words))["tags"]) for m in (joint, model))
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_other_parts_of_speech(saved, joint, given_pos, tmp_path):
    assert kept(TCNChunker.from_preset(saved, pos_tags=["DT", "X", "Y"]), joint)[1] == {"pos_scores", "pos_projection"}
    given_pos.save_to_preset(tmp_path / "input")
    model = TCNChunker.from_preset(tmp_path / "input", pos_tags=["VB", "X", "DT"])
    old, new = (numbers(m.pos_embedding.embeddings) for m in (given_pos, model))
    np.testing.assert_array_equal(new[[0, 1, 2, 4]], old[[0, 1, 4, 2]])


def test_word_vectors_are_set_by_normal_form(joint):
    model = TCNChunker.from_config(joint.get_config())
    before = numbers(model.word_embedding.embeddings).copy()
    vectors = {"Dog": np.full(6, 1.0), "dog": np.full(6, 2.0), "1984": np.full(6, 3.0), "cat": np.full(6, 4.0)}
    assert model.set_word_vectors(vectors) == 2
    after = numbers(model.word_embedding.embeddings)
    changed = {"dog": 1.0, "0000": 3.0}
    for row, word in enumerate(model.features.words, start=2):
        np.testing.assert_array_equal(after[row], np.full(6, changed[word]) if word in changed else before[row])
    np.testing.assert_array_equal(after[:2], before[:2])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"pos": "given"}, "pos: must be one of joint, input, none, not 'given'"),
        ({"pos": "none", "scheme": "iob1"}, "scheme: must be one of iobes, iob2"),
        ({"pos": "none", "decoder": "viterbi"}, "decoder: must be one of crf, softmax"),
        ({"pos": "none", "normalization": "batch"}, "normalization: must be one of weight, layer, none"),
        ({"pos": "none", "tokenizer": "spacy"}, "tokenizer: must be one of treebank, plain"),
        ({"pos": "none", "width": 0}, "width: must be at least 1, not 0"),
        ({"pos": "none", "iterations": 0}, "iterations: must be at least 1"),
        ({"pos": "none", "dilations": ()}, "dilations: at least one"),
        ({}, "pos_tags: name the parts of speech, or set pos to 'none'"),
        ({"pos": "input"}, "pos_tags: name the parts of speech, or set pos to 'none' instead of 'input'"),
        ({"pos_tags": ["DT"], "pos_depth": 4}, "pos_depth: must be from 1 to 3 blocks, not 4"),
        ({"pos": "none", "words": ["a", "a"]}, "words: 2 entries, 1 different ones"),
    ],
)
def test_arguments_out_of_range(arguments, says):
    with pytest.raises(InputError, match=says):
        TCNChunker(labels=["NP"], **arguments)


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
    for scores, where in zip(want, packed.slices, strict=True):
        np.testing.assert_allclose(np.concatenate(found)[where], scores, atol=1e-5)
    assert shapes <= {16, 32, 64, 128, 256}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("pos", ["joint", "input"])
def test_words_are_embedded_once_in_a_stream(pos, monkeypatch):
    model = tiny_chunker(pos=pos)
    sentences = [text_of(length, length) for length in (7, 0, 3, 9, 7, 5)]
    parts = [pos_of(len(sentence)) for sentence in sentences] if pos == "input" else None
    want = model.score_words(sentences, parts)[0]
    embedded, encode = [], model.encode

    def spied(some, tags=None):
        embedded.extend(zip(*some, *(tags or []), strict=True))
        return encode(some, tags)

    monkeypatch.setattr(model, "encode", spied)
    known, part = model.known_words(), None
    for i, sentence in enumerate(sentences):
        part = None if parts is None else parts[i : i + 1]
        np.testing.assert_allclose(model.score_words([sentence], part, known)[0][0], want[i], atol=1e-5)
    assert len(embedded) == len(set(embedded)) <= sum(map(len, sentences)) and embedded
    monkeypatch.setattr(packed_sentences, "MOST_KNOWN", 3)  # forgotten, and learnt again
    for i, sentence in enumerate(sentences):
        part = None if parts is None else parts[i : i + 1]
        np.testing.assert_allclose(model.score_words([sentence], part, known)[0][0], want[i], atol=1e-5)
    assert len(embedded) > len(set(embedded))
