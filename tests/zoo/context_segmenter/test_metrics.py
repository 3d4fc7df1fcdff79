"""Metrics of segmentation, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter.metrics import ConfusionMatrix, RegressionErrors


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_iou_is_over_the_whole_data_set(seed, images):
    rng = np.random.default_rng(seed)
    labels, guess = rng.integers(-1, 4, (images, 5, 6)), rng.integers(0, 4, (images, 5, 6))
    matrix = ConfusionMatrix(4)
    for one, other in zip(labels, guess, strict=True):
        matrix.update(one, other)
    valid = labels >= 0
    iou = {}
    for c in range(4):
        union = (((labels == c) | (guess == c)) & valid).sum()
        if union:
            iou["abcd"[c]] = ((labels == c) & (guess == c)).sum() / union
    result = matrix.result("abcd")
    assert result["class_iou"] == pytest.approx(iou)
    assert result["mean_iou"] == pytest.approx(np.mean(list(iou.values())))
    assert result["pixel_accuracy"] == pytest.approx((labels == guess)[valid].mean())


def test_a_class_that_occurs_nowhere_does_not_count():
    matrix = ConfusionMatrix(3)
    matrix.update(np.array([0, 1]), np.array([0, 1]))
    assert matrix.result("abc") == {"mean_iou": 1.0, "pixel_accuracy": 1.0, "class_iou": {"a": 1.0, "b": 1.0}}
    assert ConfusionMatrix(2).result("ab")["mean_iou"] == 0.0


def test_regression_errors():
    errors = RegressionErrors()
    errors.update(np.array([[0.0, 10.0]]), np.array([[1.0, 8.0]]))
    errors.update(np.array([[-1.0, 20.0]]), np.array([[99.0, 20.0]]))
    assert errors.result() == {"mae": 1.0, "psnr": pytest.approx(10 * np.log10(400 / (5 / 3)))}
    nothing = RegressionErrors()
    nothing.update(np.zeros(2), np.ones(2))
    assert nothing.result() == {"mae": 1.0, "psnr": None}


def test_labels_that_are_not_classes_do_not_count(rng):
    """255 marks void pixels in many data sets."""
    labels, predicted = rng.integers(-1, 3, (2, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    one, other = ConfusionMatrix(3), ConfusionMatrix(3, ignore=255)
    one.update(labels, predicted)
    other.update(np.where(labels < 0, 255, labels), predicted)
    np.testing.assert_array_equal(one.counts, other.counts)
    assert one.counts.sum() == (labels >= 0).sum()


@pytest.mark.parametrize(
    ("labels", "predicted", "says"),
    [
        ([0, 255], [0, 1], "labels: hold 255, but classes are 0 to 1; give ignore=255 if it marks void"),
        ([1, 2], [0, 1], "labels: hold 2, but classes are 0 to 1; subtract 1 if they count from 1"),
        ([0, 1], [0, 2], "predicted: hold 2"),
        ([[0], [1]], [0, 1], r"predicted: is of shape \(2,\), but the truth of \(2, 1\)"),
    ],
)
def test_what_cannot_be_counted_is_refused_faults(labels, predicted, says):
    with pytest.raises(InputError, match=says):
        ConfusionMatrix(2).update(np.array(labels), np.array(predicted))


def test_values_of_another_shape_are_refused_and_nan_is_void_faults():
    errors = RegressionErrors()
    with pytest.raises(InputError, match=r"predicted: is of shape \(3, 1\), but the truth of \(3,\)"):
        errors.update(np.zeros(3), np.zeros((3, 1)))
    errors.update(np.array([np.nan, 2.0]), np.array([5.0, 1.0]))
    assert errors.result()["mae"] == 1.0
