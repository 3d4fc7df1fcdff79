"""The conditional random field against the enumeration of all sequences."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from layer_checks import run_layer_checks
from random_fields import TAGS, allowed, answers_of, constrained, draw, enumerate_paths, make, padded, program, tags_of

from dilatednets.errors import InputError
from dilatednets.layers import LinearChainCRF
from dilatednets.zoo.tcn_chunker.tag_schemes import valid_transitions


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """TensorFlow complains of programs that are still there when Python ends."""
    yield
    tags_of.cache_clear()
    answers_of.cache_clear()


def test_passes_the_checks_of_all_layers(rng):
    follows, begins, ends = valid_transitions(TAGS)
    tags = np.zeros((3, 6), np.int32) + [1, 2, 0, 3, 4, 4]
    run_layer_checks(
        LinearChainCRF(len(TAGS), follows, begins, ends),
        rng.standard_normal((3, 6, len(TAGS))),
        loss=lambda crf, scores: -ops.mean(crf.log_likelihood(scores, tags)),
    )


@settings(max_examples=12)
@given(lengths=st.tuples(*[st.integers(1, 5)] * 3), seed=st.integers(0, 999), free=st.booleans())
def test_equals_enumeration(lengths, seed, free):
    crf, answers = answers_of(free)
    draw(crf, seed)
    scores, mask = padded(lengths, 5, seed)
    all_paths = [enumerate_paths(crf, row[:length]) for row, length in zip(scores, lengths, strict=True)]
    given_tags = np.zeros(mask.shape, np.int32)
    for row, paths in enumerate(all_paths):
        given_tags[row, : lengths[row]] = list(paths)[seed % len(paths)]
    tags, partition, marginals, likelihood = answers(scores, mask, given_tags)
    assert not tags[~mask].any() and not marginals[~mask].any()
    for row, (length, paths) in enumerate(zip(lengths, all_paths, strict=True)):
        values = np.array(list(paths.values()))
        total = values.max() + np.log(np.exp(values - values.max()).sum())
        assert partition[row] == pytest.approx(total, abs=2e-3)
        assert paths[tuple(tags[row, :length])] == pytest.approx(values.max(), abs=1e-4)
        share = np.zeros((length, crf.num_tags))
        for path, value in paths.items():
            share[np.arange(length), path] += np.exp(value - total)
        np.testing.assert_allclose(marginals[row, :length], share, atol=2e-3)
        assert likelihood[row] == pytest.approx(paths[tuple(given_tags[row, :length])] - total, abs=4e-3)


def test_probabilities_of_all_sequences_sum_to_one():
    crf = make(3)
    scores, _ = padded([3], 3, 5)
    paths = np.array(list(itertools.product(range(len(TAGS)), repeat=3)))
    (likelihoods,) = program(crf, crf.log_likelihood)(np.repeat(scores, len(paths), axis=0), paths)
    assert np.exp(likelihoods).sum() == pytest.approx(1, abs=1e-4)


@settings(max_examples=20)
@given(lengths=st.tuples(*[st.integers(1, 12)] * 4), seed=st.integers(0, 999), free=st.booleans())
def test_decode_equals_the_call_and_both_obey_the_rules(lengths, seed, free):
    crf, call = tags_of(free)
    draw(crf, seed)
    scores, mask = padded(lengths, 12, seed)
    tags = crf.decode(scores, np.array(lengths))
    np.testing.assert_array_equal(crf.decode(scores, np.array(lengths), crf.numpy_rules()), tags)
    assert tags.shape == mask.shape and tags.dtype == np.int32
    np.testing.assert_array_equal(np.where(mask, tags, 0), call(scores, mask)[0])
    assert all(allowed(crf, tuple(row[:length])) for row, length in zip(tags, lengths, strict=True))
    # What stands in the padding does not matter.
    others = np.where(mask[..., None], scores, 100 * scores[..., ::-1])
    np.testing.assert_array_equal(crf.decode(others, np.array(lengths))[mask], tags[mask])


def test_an_empty_sequence_has_probability_one():
    scores, mask = padded([4, 0, 5], 5, 0)
    tags, _, _, likelihood = answers_of(False)[1](scores, mask, np.zeros((3, 5), np.int32))
    assert likelihood[0] < 0 and likelihood[2] < 0
    assert likelihood[1] == 0
    assert not tags[1].any()


def test_long_sequences_stay_finite():
    crf = constrained()
    scores = np.random.default_rng(0).normal(0, 50, (1, 400, len(TAGS))).astype(np.float32)
    (tags,) = program(crf, crf)(scores)
    best, other = (program(crf, crf.log_likelihood)(scores, y)[0][0] for y in (tags, np.zeros_like(tags)))
    assert np.isfinite(best) and best > other


def viterbi(crf, scores):
    """The best path of one sequence, in float64."""
    transitions, begin, end = (ops.convert_to_numpy(rule).astype(np.float64) for rule in crf.rules())
    totals, pointers = begin + scores[0], []
    for step in scores[1:]:
        candidates = totals[:, None] + transitions
        pointers.append(candidates.argmax(axis=0))
        totals = candidates.max(axis=0) + step
    path = [int((totals + end).argmax())]
    for pointer in reversed(pointers):
        path.append(int(pointer[path[-1]]))
    return np.array(path[::-1])


def test_long_sequences_keep_their_precision():
    """Totals of thousands of steps grow too large for float32 to tell what a transition adds."""
    rng, crf = np.random.default_rng(0), make()
    scores = (rng.normal(0, 1, (1, 3000, 5)) + 100).astype(np.float32)
    np.testing.assert_array_equal(crf.decode(scores, np.array([3000]))[0], viterbi(crf, scores[0]))
    short = scores[:, :200] + np.float32(2000)
    np.testing.assert_array_equal(program(crf, crf)(short)[0][0], viterbi(crf, short[0]))


def test_marginals_of_long_sequences_keep_their_precision():
    """Forward and backward in float64."""
    rng, crf = np.random.default_rng(0), constrained()
    scores = (rng.normal(0, 1, (1, 2000, 5)) + 30).astype(np.float32)
    transitions, begin, end = (ops.convert_to_numpy(rule).astype(np.float64) for rule in crf.rules())
    alphas, betas = [begin + scores[0, 0]], [end]
    for step in scores[0, 1:]:
        alphas.append(np.logaddexp.reduce(alphas[-1][:, None] + transitions, axis=0) + step)
    for step in scores[0, :0:-1]:
        betas.append(np.logaddexp.reduce(transitions + step + betas[-1], axis=1))
    joint = np.array(alphas) + np.array(betas[::-1])
    share = np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True))
    np.testing.assert_allclose(program(crf, crf.marginals)(scores)[0][0], share, atol=1e-5)


@pytest.mark.slow
def test_learns_what_follows_what():
    """Steps say nothing; only transitions can tell that tags alternate."""
    keras.utils.set_random_seed(0)
    crf = LinearChainCRF(2)
    inputs = keras.Input((None, 2))

    class Model(keras.Model):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return -ops.mean(crf.log_likelihood(x, y))

    model = Model(inputs, crf(inputs))
    tags, scores = np.arange(20).reshape(2, 10) % 2, np.zeros((2, 10, 2), np.float32)
    # XLA would take longer to compile than the epochs take.
    model.compile(keras.optimizers.Adam(0.5), jit_compile=keras.backend.backend() != "tensorflow")
    model.fit(scores, tags, epochs=25, verbose=0)
    assert ops.convert_to_numpy(crf(scores))[0].tolist() == tags[0].tolist()


def test_forbidden_transitions_are_not_learnt():
    crf = constrained()
    learnt, _, _ = crf.rules()
    assert (ops.convert_to_numpy(learnt)[~crf.follows] == -1e4).all()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"follows": np.ones((2, 3))}, "follows: must have the shape"),
        ({"begins": [True]}, "begins: must have the shape"),
        ({"ends": [False] * 3}, "ends: allows nothing"),
    ],
)
def test_bad_rules(rules, words):
    with pytest.raises(ValueError, match=words):
        LinearChainCRF(3, **rules)


def chainer(padding):
    """Models that share a net of one word at a time, whose transitions alone can tell the tags: to train, and to use."""
    words, tags = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    crf = LinearChainCRF(3, name="crf")
    scores = keras.layers.Dense(3)(keras.layers.Embedding(3, 4, mask_zero=padding == "mask")(words))
    return crf, keras.Model([words, tags], crf(scores, tags=tags)), keras.Model(words, crf(scores))


def cycles(padding, count=32, time=8):
    """All words alike but the first one; tags go round from a tag that it gives. Half of a batch is shorter."""
    rng = np.random.default_rng(0)
    begin = rng.integers(0, 2, count)
    words = np.ones((count, time), np.int32)
    words[:, 0] += begin.astype(np.int32)
    tags = ((begin[:, None] + np.arange(time)) % 3).astype(np.int32)
    words[::2, 5:], tags[::2, 5:] = 0, 0 if padding == "mask" else -1
    return words, tags


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["mask", "negative tags"])
def test_faults_transitions_are_trained_in_a_model_of_the_users(padding, tmp_path):
    keras.utils.set_random_seed(0)
    crf, training, model = chainer(padding)
    x, tags = cycles(padding)
    training.compile(keras.optimizers.Adam(0.1), jit_compile=False)
    losses = training.fit([x, tags], batch_size=32, epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.05 < 0.5 < losses[0]
    assert all(np.abs(ops.convert_to_numpy(weight)).max() > 0.1 for weight in (crf.transitions, crf.begin))
    real = x > 0
    np.testing.assert_array_equal(model.predict(x, verbose=0)[real], tags[real])
    training.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.evaluate([x, tags], verbose=0), training.evaluate([x, tags], verbose=0), rtol=1e-5)


@pytest.mark.parametrize("padding", ["mask", "negative tags"])
def test_faults_the_loss_of_tags_is_their_likelihood_a_real_step(padding):
    crf, training, _ = chainer(padding)
    draw(crf, 1)
    x, tags = cycles(padding, count=4)
    training.compile()
    loss = training.evaluate([x, tags], batch_size=4, verbose=0)
    alone = [
        training.evaluate([x[i : i + 1, :n], tags[i : i + 1, :n]], verbose=0) * n for i, n in enumerate((5, 8, 5, 8))
    ]
    assert loss == pytest.approx(sum(alone) / 26, rel=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_padding_does_not_reach_real_steps_faults(value):
    crf, answers = answers_of(False)
    scores, mask = padded([3, 5, 0], 5, 1)
    tags = np.zeros(mask.shape, np.int32)
    before = answers(scores, mask, tags)
    scores[~mask], tags[~mask] = value, -1
    for one, other in zip(before, answers(scores, mask, tags), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(crf.decode(scores, mask.sum(1))[mask], before[0][mask])


@pytest.mark.tensorflow
@pytest.mark.parametrize(("batch", "time"), [(2, 1), (2, 0), (0, 3), (0, 0), (1, 1)])
def test_a_graph_of_any_size_answers_small_ones_faults(batch, time):
    import tensorflow as tf

    crf = constrained()
    scores, mask = np.ones((batch, time, len(TAGS)), np.float32), np.ones((batch, time), bool)

    @tf.function(input_signature=[tf.TensorSpec([None, None, len(TAGS)]), tf.TensorSpec([None, None], tf.bool)])
    def answers(scores, mask):
        tags = crf(scores, mask=mask)
        return (
            tags,
            crf.marginals(scores, mask),
            crf.log_partition(scores, mask),
            crf.log_likelihood(scores, tags, mask),
        )

    found = answers(scores, mask)
    shapes = [(batch, time), (batch, time, len(TAGS)), (batch,), (batch,)]
    assert [tuple(one.shape) for one in found] == shapes
    np.testing.assert_array_equal(found[0], crf.decode(scores, mask.sum(1)))
    np.testing.assert_array_equal(found[0], crf(scores, mask=mask))
    if time == 1:
        (likelihoods,) = program(crf, crf.log_likelihood)(np.repeat(scores[:1], 5, axis=0), np.arange(5)[:, None])
        assert np.exp(likelihoods).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 4, 5), (5,)])
def test_scores_of_another_shape_faults(shape):
    crf = constrained()
    for door in (
        crf,
        crf.log_partition,
        crf.marginals,
        lambda scores: crf.log_likelihood(scores, np.zeros((2, 3), int)),
    ):
        with pytest.raises(ValueError):
            door(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(2, 4), (1, 5), (2, 5, 1), (5,)])
def test_tags_of_another_shape_to_train_with_faults(shape):
    with pytest.raises(InputError, match=r"^tags: must be of shape \(2, 5\), not "):
        LinearChainCRF(3)(np.zeros((2, 5, 3), np.float32), tags=np.zeros(shape, np.int32))
