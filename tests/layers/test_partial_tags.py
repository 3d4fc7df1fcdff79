"""Random fields of which some tags are unknown or none, and masks, lengths and arrays of any kind."""

import numpy as np
import pytest
from keras import ops
from random_fields import answers_of, constrained, draw, enumerate_paths, padded, program

from dilatednets.errors import InputError


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """TensorFlow complains of programs that are still there when Python ends."""
    yield
    answers_of.cache_clear()


def log_share(crf, scores, tags):
    """Logarithm of the share of the paths that agree with the tags that are known, by enumeration."""
    paths = enumerate_paths(crf, scores)
    agree = [
        value for path, value in paths.items() if all(tag in (y, -1, -100) for y, tag in zip(path, tags, strict=True))
    ]
    return np.logaddexp.reduce(agree) - np.logaddexp.reduce(list(paths.values()))


UNKNOWN = np.array([[0, 1, -100, 2], [-1, 3, 4, -1], [-1, -1, -1, -1], [3, -1, -1, 4]])


SOMEWHERE = np.array([[1, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 0], [1, 0, 0, 1]], bool)


def test_faults_unknown_tags_are_summed_over_within_the_sequence():
    crf, answers = answers_of(False)
    draw(crf, 5)
    scores, everywhere = padded([4] * 4, 4, 3)
    found = answers(scores, everywhere, UNKNOWN.astype(np.int32))[3]
    np.testing.assert_allclose(found, [log_share(crf, *row) for row in zip(scores, UNKNOWN, strict=True)], atol=1e-3)
    assert (found <= 1e-3).all() and found[2] == pytest.approx(0, abs=1e-3)


def test_faults_the_steps_of_a_mask_stand_anywhere():
    """Holes, such as the other pieces of words, and padding on the left: as the steps alone."""
    crf, answers = answers_of(True)
    draw(crf, 6)
    scores, _ = padded([4] * 4, 4, 4)
    scores[~SOMEWHERE] = np.nan
    tags, partition, marginals, likelihood = answers(scores, SOMEWHERE, UNKNOWN.astype(np.int32))
    for row, inside in enumerate(SOMEWHERE):
        paths = enumerate_paths(crf, scores[row, inside])
        total = np.logaddexp.reduce(list(paths.values()))
        assert partition[row] == pytest.approx(total, abs=1e-3)
        assert likelihood[row] == pytest.approx(log_share(crf, scores[row, inside], UNKNOWN[row, inside]), abs=1e-3)
        assert tuple(tags[row, inside]) == max(paths, key=paths.get) and not tags[row, ~inside].any()
        share = sum(np.exp(value - total) * np.eye(5)[list(path)] for path, value in paths.items())
        np.testing.assert_allclose(marginals[row, inside], share, atol=1e-3)
        assert not marginals[row, ~inside].any()


def test_faults_unknown_tags_in_a_call_train_on_what_is_known():
    """Without a mask a sequence ends at its last known tag; with one, it has unknown ones to its end."""
    crf = constrained(7)
    scores, mask = padded([3, 2], 4, 5)
    tags = np.array([[0, -1, 1, -1], [1, -1, -1, -1]])
    for given_mask, lengths in ((None, (3, 1)), (mask, (3, 2))):
        crf(scores, tags=tags, mask=given_mask)
        parts = [log_share(crf, scores[row, :n], tags[row, :n]) for row, n in enumerate(lengths)]
        assert float(crf.losses[-1]) == pytest.approx(-sum(parts) / 3, abs=1e-3)


@pytest.mark.parametrize(
    "tag", [5, 1.7, np.nan, pytest.param(2**32 + 1, marks=pytest.mark.tensorflow)]
)  # JAX has no such
def test_faults_tags_that_are_none(tag):
    crf = constrained()
    scores, mask = padded([2, 1], 2, 0)
    tags = np.array([[0, 1], [0, tag]])
    assert np.isfinite(ops.convert_to_numpy(crf.log_likelihood(scores, tags, mask))).all()  # it is padding
    for door in (lambda: crf.log_likelihood(scores, tags), lambda: crf(scores, tags=tags)):
        with pytest.raises(
            InputError, match=r"^tags: must be whole numbers below 5, or negative where unknown, not \S+$"
        ):
            door()
    (compiled_likelihood,) = program(crf, crf.log_likelihood)(scores, tags)
    np.testing.assert_array_equal(np.isnan(compiled_likelihood), [False, True])


def test_faults_arrays_of_other_shapes_and_kinds():
    crf = constrained()
    scores, tags = np.zeros((3, 4, 5), np.float32), np.zeros((3, 4), int)
    expected = ops.convert_to_numpy(crf.log_likelihood(scores, tags))
    np.testing.assert_array_equal(ops.convert_to_numpy(crf.log_likelihood(scores.tolist(), tags.tolist())), expected)
    for wrong in (np.ones((3, 5), bool), np.ones((1, 4), bool), np.ones(4, bool)):
        for door in (crf.marginals, crf.log_partition, crf, lambda x, mask: crf.log_likelihood(x, tags, mask)):
            with pytest.raises(InputError, match=r"^mask: must be of shape \(3, 4\), not [^\n]*$"):
                door(scores, mask=wrong)
    for wrong in (tags[:1], tags[:, :3], tags[0]):
        with pytest.raises(InputError, match=r"^tags: must be of shape \(3, 4\), not [^\n]*$"):
            crf.log_likelihood(scores, wrong)


@pytest.mark.parametrize("kind", [np.uint8, np.uint64, np.int8, list])
def test_faults_decode_takes_lengths_of_any_integers(kind):
    crf = constrained()
    scores, mask = padded([0, 5, 3], 300, 0)
    expected = crf.decode(scores, np.array([0, 5, 3]))
    np.testing.assert_array_equal(
        crf.decode(scores, [0, 5, 3] if kind is list else np.array([0, 5, 3], kind)), expected
    )
    assert not expected[~mask].any() and expected[mask].any()
    whole = np.round(scores)
    np.testing.assert_array_equal(crf.decode(whole.astype(int).tolist(), [0, 5, 3]), crf.decode(whole, [0, 5, 3]))


@pytest.mark.parametrize(
    ("scores", "lengths", "words"),
    [
        (np.zeros((2, 4, 5)), [4, 5], "lengths: must be from 0 to 4, not 4 to 5"),
        (np.zeros((2, 4, 5)), [-1, 4], "lengths: must be from 0 to 4, not -1 to 4"),
        (np.zeros((2, 4, 5)), [1.5, 4], "lengths: must be integers, not float64"),
        (np.zeros((2, 4, 5)), [4], r"lengths: must be of shape \(2,\), not \(1,\)"),
        (np.zeros((2, 4, 3)), [4, 4], r"scores: must be of shape \(any, any, 5\), not \(2, 4, 3\)"),
        (np.zeros((2, 4, 5), complex), [4, 4], "scores: must hold real numbers, not complex"),
    ],
)
def test_faults_decode_refuses(scores, lengths, words):
    with pytest.raises(InputError, match=f"^{words}$"):
        constrained().decode(scores, lengths)
