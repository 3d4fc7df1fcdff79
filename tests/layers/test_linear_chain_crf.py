"""The conditional random field against the enumeration of all sequences."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from dilatednets.data.tag_schemes import valid_transitions
from dilatednets.layers import LinearChainCRF

TAGS = ["O", "B-NP", "I-NP", "B-VP", "I-VP"]


def make(seed=0, tags=TAGS, **rules):
    """A field with random scores."""
    crf = LinearChainCRF(len(tags), **rules)
    crf.build()
    rng = np.random.default_rng(seed)
    for weight in crf.weights:
        weight.assign(rng.normal(0, 2, weight.shape))
    return crf


def constrained(seed=0):
    follows, begins, ends = valid_transitions(TAGS)
    return make(seed, follows=follows, begins=begins, ends=ends)


def allowed(crf, path):
    pairs = itertools.pairwise(path)
    return crf.begins[path[0]] and crf.ends[path[-1]] and all(crf.follows[i, j] for i, j in pairs)


def enumerate_paths(crf, scores):
    """{path: score} of all allowed paths of one sequence, in float64."""
    transitions, begin, end = (ops.convert_to_numpy(w).astype(float) for w in crf.weights)
    paths = {}
    for path in itertools.product(range(crf.num_tags), repeat=len(scores)):
        if allowed(crf, path):
            total = begin[path[0]] + end[path[-1]] + sum(scores[t, tag] for t, tag in enumerate(path))
            paths[path] = total + sum(transitions[i, j] for i, j in itertools.pairwise(path))
    return paths


def padded(lengths, seed):
    """Scores with noise in the padding, and the mask."""
    rng = np.random.default_rng(seed)
    time = max(lengths)
    scores = rng.normal(0, 3, (len(lengths), time, len(TAGS))).astype(np.float32)
    return scores, np.arange(time) < np.array(lengths)[:, None]


@settings(deadline=None, max_examples=12)
@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=3), seed=st.integers(0, 999), free=st.booleans())
def test_equals_enumeration(lengths, seed, free):
    crf = make(seed) if free else constrained(seed)
    scores, mask = padded(lengths, seed)
    tags = ops.convert_to_numpy(crf(scores, mask=mask))
    partition = ops.convert_to_numpy(crf.log_partition(scores, mask))
    marginals = ops.convert_to_numpy(crf.marginals(scores, mask))
    assert not tags[~mask].any() and not marginals[~mask].any()
    for row, length in enumerate(lengths):
        paths = enumerate_paths(crf, scores[row, :length])
        values = np.array(list(paths.values()))
        total = values.max() + np.log(np.exp(values - values.max()).sum())
        assert partition[row] == pytest.approx(total, abs=2e-3)
        best = tuple(tags[row, :length])
        assert paths[best] == pytest.approx(values.max(), abs=1e-4)
        share = np.zeros((length, crf.num_tags))
        for path, value in paths.items():
            share[np.arange(length), path] += np.exp(value - total)
        np.testing.assert_allclose(marginals[row, :length], share, atol=2e-3)
        given_tags = np.zeros(mask.shape[1], int)
        given_tags[:length] = list(paths)[seed % len(paths)]
        likelihood = crf.log_likelihood(scores[row : row + 1], given_tags[None], mask[row : row + 1])
        assert float(likelihood[0]) == pytest.approx(paths[tuple(given_tags[:length])] - total, abs=4e-3)


def test_probabilities_of_all_sequences_sum_to_one():
    crf = make(3)
    scores, _ = padded([3], 5)
    paths = np.array(list(itertools.product(range(len(TAGS)), repeat=3)))
    likelihoods = crf.log_likelihood(np.repeat(scores, len(paths), axis=0), paths)
    assert np.exp(ops.convert_to_numpy(likelihoods)).sum() == pytest.approx(1, abs=1e-4)


@settings(deadline=None, max_examples=20)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 999), free=st.booleans())
def test_decode_equals_the_call(lengths, seed, free):
    crf = make(seed) if free else constrained(seed)
    scores, mask = padded(lengths, seed)
    tags = crf.decode(scores, np.array(lengths))
    assert tags.shape == mask.shape and tags.dtype == np.int32
    np.testing.assert_array_equal(np.where(mask, tags, 0), ops.convert_to_numpy(crf(scores, mask=mask)))
    # What stands in the padding does not matter.
    others = np.where(mask[..., None], scores, 100 * scores[..., ::-1])
    np.testing.assert_array_equal(crf.decode(others, np.array(lengths))[mask], tags[mask])


@settings(deadline=None, max_examples=12)
@given(length=st.integers(1, 12), seed=st.integers(0, 999))
def test_what_is_decoded_obeys_the_rules(length, seed):
    crf = constrained(seed)
    scores, _ = padded([length], seed)
    assert allowed(crf, tuple(ops.convert_to_numpy(crf(10 * scores))[0]))


@settings(deadline=None, max_examples=8)
@given(length=st.integers(1, 6), seed=st.integers(0, 999))
def test_padding_changes_nothing(length, seed):
    crf = constrained(seed)
    scores, mask = padded([length, 9], seed)
    alone, _ = scores[:1, :length], None
    tags = ops.convert_to_numpy(crf(scores, mask=mask))[0, :length]
    assert tags.tolist() == ops.convert_to_numpy(crf(alone))[0].tolist()
    want = ops.convert_to_numpy(crf.log_likelihood(alone, tags[None]))
    have = crf.log_likelihood(scores[:1], np.pad(tags, (0, 9 - length))[None], mask[:1])
    np.testing.assert_allclose(ops.convert_to_numpy(have), want, rtol=1e-4, atol=1e-4)


def test_an_empty_sequence_has_probability_one():
    crf = constrained()
    scores, mask = padded([4, 3], 0)
    mask[1] = False
    likelihood = ops.convert_to_numpy(crf.log_likelihood(scores, np.zeros((2, 4), int), mask))
    assert likelihood[0] < 0
    assert likelihood[1] == 0
    assert not ops.convert_to_numpy(crf(scores, mask=mask))[1].any()


def test_long_sequences_stay_finite():
    crf = constrained()
    scores = np.random.default_rng(0).normal(0, 50, (1, 400, len(TAGS))).astype(np.float32)
    tags = ops.convert_to_numpy(crf(scores))
    likelihood = float(crf.log_likelihood(scores, tags)[0])
    assert np.isfinite(likelihood)
    assert likelihood > float(crf.log_likelihood(scores, np.zeros((1, 400), int))[0])


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
    np.testing.assert_array_equal(ops.convert_to_numpy(crf(short))[0], viterbi(crf, short[0]))


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
    np.testing.assert_allclose(ops.convert_to_numpy(crf.marginals(scores))[0], share, atol=1e-5)


def test_learns_what_follows_what():
    """Steps say nothing; only transitions can tell that tags alternate."""
    keras.utils.set_random_seed(0)
    crf = LinearChainCRF(2)
    inputs = keras.Input((None, 2))

    class Model(keras.Model):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return -ops.mean(crf.log_likelihood(x, y))

    model = Model(inputs, crf(inputs))
    tags = np.arange(20).reshape(2, 10) % 2
    scores = np.zeros((2, 10, 2), np.float32)
    model.compile(keras.optimizers.Adam(0.5))
    model.fit(scores, tags, epochs=25, verbose=0)
    assert ops.convert_to_numpy(crf(scores))[0].tolist() == tags[0].tolist()


def test_forbidden_transitions_are_not_learnt():
    crf = constrained()
    learnt, _, _ = crf.rules()
    assert (ops.convert_to_numpy(learnt)[~crf.follows] == -1e4).all()


def test_config_keeps_the_rules():
    crf = constrained()
    copy = LinearChainCRF.from_config(crf.get_config())
    copy.build()
    copy.set_weights(crf.get_weights())
    scores, mask = padded([5, 2], 1)
    assert np.array_equal(ops.convert_to_numpy(copy(scores, mask=mask)), ops.convert_to_numpy(crf(scores, mask=mask)))
    assert (copy.follows == crf.follows).all()


def test_half_precision_scores_are_computed_in_float32():
    crf = LinearChainCRF(3, dtype="mixed_bfloat16")
    scores = ops.cast(np.random.default_rng(0).normal(size=(1, 7, 3)), "bfloat16")
    assert keras.backend.standardize_dtype(crf.log_partition(scores).dtype) == "float32"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"follows": np.ones((2, 3))}, "follows must have the shape"),
        ({"begins": [True]}, "begins must have the shape"),
        ({"ends": [False] * 3}, "ends allows nothing"),
    ],
)
def test_bad_rules(rules, words):
    with pytest.raises(ValueError, match=words):
        LinearChainCRF(3, **rules)
