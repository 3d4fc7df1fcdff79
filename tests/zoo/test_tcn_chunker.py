"""The chunker's net: padding, receptive field, parts of speech, losses."""

import keras
import numpy as np
import pytest
from chunkers import WORDS, numbers, pos_of, scores, text_of
from conftest import tiny_chunker
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from dilatednets.data.tag_schemes import repairs
from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker import TCNChunker


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
    assert facts["known_words"] == 7 and facts["labels"] == 2
    assert facts["receptive_field"] == joint.receptive_field == 1 + 2 * 2 * (1 + 2)
    assert joint.dilations == (1, 1, 2, 2)
    characters, inputs, block = 5 * (3 * 4 * 6), 6 + 6 + 3, 2 * (3 * 8 * 8)
    assert facts["macs_per_word"] == characters + inputs * 8 + 2 * block + (8 * 3 + 3 * 8) + 8 * 9
    assert given_pos.describe()["macs_per_word"] == characters + (inputs + 3) * 8 + 2 * block + 8 * 9
    plain, twice = (tiny_chunker(pos="none", iterations=n, shared=n == 2).describe() for n in (1, 2))
    assert twice["parameters"] == plain["parameters"]
    assert twice["macs_per_word"] == plain["macs_per_word"] + 2 * block
    assert twice["receptive_field"] == 2 * plain["receptive_field"] - 1


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
        ({"pos": "none", "dilations": (1, 0)}, "dilations: must be at least 1, not 0"),
        ({"pos": "none", "kernel_size": 0}, "kernel_size: must be at least 1, not 0"),
        ({"pos": "none", "dropout": 1.5}, "dropout: must be at least 0 and below 1, not 1.5"),
        ({"pos": "none", "character_channels": -1}, "character_channels: must be at least 0, not -1"),
        ({}, "pos_tags: name the parts of speech, or set pos to 'none'"),
        ({"pos": "input"}, "pos_tags: name the parts of speech, or set pos to 'none' instead of 'input'"),
        ({"pos_tags": ["DT"], "pos_depth": 4}, "pos_depth: must be from 1 to 3 blocks, not 4"),
        ({"pos": "none", "words": ["a", "a"]}, "words: 2 entries, 1 different ones"),
    ],
)
def test_arguments_out_of_range(arguments, says):
    with pytest.raises(InputError, match=says):
        TCNChunker(labels=["NP"], **arguments)
