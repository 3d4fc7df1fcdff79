"""The chunker's net: its parts one after another, losses, and every weight that learns."""

import keras
import numpy as np
import pytest
from chunkers import WORDS, numbers, pos_of, text_of
from helpers import tiny_chunker
from keras import ops

from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.model import TCNChunker


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
        ({}, "pos_tags: name the parts of speech, or set pos to 'none'"),
        ({"pos": "input"}, "pos_tags: name the parts of speech, or set pos to 'none' instead of 'input'"),
        ({"pos_tags": ["DT"], "pos_depth": 4}, "pos_depth: must be from 1 to 3 blocks, not 4"),
        ({"pos": "none", "labels": ["NP", "NP"]}, "labels: must be a list of different names"),
        ({"pos": "none", "words": ["a", "a"]}, "words: 2 entries, 1 different ones"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, says):
    with pytest.raises(InputError, match=says):
        TCNChunker(**{"labels": ["NP"], **arguments})


@pytest.mark.parametrize("loss", ["mse", {"tags": "sparse_categorical_crossentropy"}, keras.losses.MeanSquaredError()])
def test_another_loss_is_refused_faults(joint, loss):
    with pytest.raises(InputError, match="loss: the model has its own"):
        TCNChunker.from_config(joint.get_config()).compile("adam", loss=loss)


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_weights_of_sentences_count_faults(decoder, batch):
    sentences, targets = batch
    targets["tags"] = np.where(targets["tags"] >= 0, 0, -1)
    model = tiny_chunker(decoder=decoder)
    inputs = model.encode(sentences)

    def weighted(weights):
        return float(model.compute_loss(x=inputs, y=targets, y_pred=model(inputs), sample_weight=weights))

    def only(row):
        return weighted(np.eye(3)[row])

    whole = weighted(None)
    assert whole == pytest.approx(weighted(np.ones(3))) == pytest.approx(weighted(np.ones((3, 1))))
    assert sum(map(only, range(3))) == pytest.approx(whole, rel=1e-4) and only(0) != pytest.approx(whole)
    assert weighted(2 * np.ones(3)) == pytest.approx(2 * whole, rel=1e-4) and weighted(np.zeros(3)) == 0
    single = {"tags": np.array([1, 0, 1]), "pos": np.zeros((3, 9))}
    assert weighted(single) == pytest.approx(loss(model, inputs, {"tags": targets["tags"]}), rel=1e-4)
    if decoder == "crf":
        with pytest.raises(InputError, match=r"sample_weight: of shape .*; give one a sentence, "):
            weighted({"tags": np.ones((3, 9))})
    else:
        assert weighted(np.ones((3, 9))) == pytest.approx(whole)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=keras.backend.backend() == "tensorflow")
    keras_loss = model.evaluate(inputs, targets, sample_weight=np.array([0.0, 0.0, 1.0]), verbose=0, batch_size=3)
    assert keras_loss == pytest.approx(only(2), rel=1e-3)


@pytest.mark.parametrize("targets", [None, np.zeros((1, 1)), {"tag": np.zeros((1, 1))}])
def test_other_targets_are_refused_faults(joint, targets):
    with pytest.raises(InputError, match=r"^y: must be"):
        joint.compute_loss(x=joint.encode([["it"]]), y=targets, y_pred={})


def test_a_sentence_with_an_unknown_tag_is_not_learnt_faults(batch):
    sentences, _ = batch
    model = tiny_chunker(pos="none")
    inputs = model.encode(sentences)
    tags = np.zeros((3, 9), np.int32)
    tags[1, 4] = -1
    alone = loss(model, {name: x[[0, 2]] for name, x in inputs.items()}, {"tags": tags[[0, 2]]})
    assert loss(model, inputs, {"tags": tags}) == pytest.approx(alone, rel=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_padding_does_not_reach_words_faults(value):
    model = tiny_chunker(dropout=0, input_dropout=0)
    inputs = model.encode([text_of(5), text_of(2)])
    x, mask = numbers(model.embed(inputs)).copy(), inputs["words"] > 0
    before = model.body(x, mask)
    x[~mask] = value
    for name, found in model.body(x, mask).items():
        np.testing.assert_array_equal(numbers(found)[mask], numbers(before[name])[mask])


@pytest.mark.parametrize("vector", [[1.0], [1.0] * 7, 1.0, ["a"] * 6, [np.nan] * 6])
def test_word_vectors_of_another_length_faults(joint, vector):
    model = TCNChunker.from_config(joint.get_config())
    with pytest.raises(InputError, match=r"^vectors: that of 'dog': "):
        model.set_word_vectors({"dog": vector})
