"""Keras's doors of a segmenter refuse in arrays what `segment` refuses, and see what `segment` sees."""

import keras
import numpy as np
import pytest
from helpers import tiny_segmenter

from dilatednets.errors import InputError, Note
from dilatednets.zoo.context_segmenter.inputs import checked_pictures
from dilatednets.zoo.context_segmenter.loss import RegressionLoss, SegmentationLoss
from dilatednets.zoo.context_segmenter.model import FRONT_ENDS


@pytest.fixture(scope="module")
def model():
    return compiled(SegmentationLoss(ignore=255))


def compiled(loss, *arguments, **settings):
    one = tiny_segmenter(*arguments, **settings)
    one.compile("adam", loss, run_eagerly=True)
    return one


@pytest.fixture
def pictures():
    return np.random.default_rng(3).integers(0, 256, (2, 8, 12, 3), np.uint8)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: np.where(x == x[0, 0, 0, 0], np.nan, x), "image: holds NaN or infinity"),
        (lambda x: x.astype(int) - 300, "image: holds values from -300 to -45; pixels are 0 to 255, or to 65535"),
        (lambda x: x[..., :2], r"image: must be an array of shape \(any, any, any, 3\), not \(2, 8, 12, 2\)"),
        (lambda x: x.astype(str), "image: must hold real numbers"),
    ],
    ids=["nan", "negative", "bands", "texts"],
)
def test_faults_every_door_refuses_what_are_no_pixels(model, pictures, change, says):
    pictures[0, 0, 0] = 0, 255, 9
    x, y = change(pictures), np.zeros((2, 8, 12), np.int32)
    for call in (
        lambda: model.predict(x),
        lambda: model.predict_on_batch(x),
        lambda: model.evaluate(x, y),
        lambda: model.fit(x, y),
        lambda: model.fit(pictures, y, validation_data=(x, y)),
        lambda: model.train_on_batch(x, y),
    ):
        with pytest.raises(InputError, match=says):
            call()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x / 255, r"image: holds floats from 0.* to 1, but .* read 0 to 255; scale it to 0\.\.255"),
        (lambda x: (x / 127.5 - 1).astype(np.float32), "image: holds floats from -1 to 1, but"),
        (lambda x: (x - np.mean(x)) / np.std(x), "holds floats from -1.* but"),
        (lambda x: x * np.float32(257), "holds floats from .* to 6.55e[+]04, .*; give uint16 if it has 16 bits"),
    ],
    ids=["0..1", "-1..1", "standardised", "16 bits"],
)
def test_faults_every_door_notes_another_range(pictures, change, says):
    """It may be that of a net that is trained on it from the beginning."""
    model = compiled(SegmentationLoss(ignore=255))
    pictures[0, 0, 0] = 0, 255, 9
    x, y = change(pictures), np.zeros((2, 8, 12), np.int32)
    for call in (lambda: model.predict(x), lambda: model.evaluate(x, y), lambda: model.fit(x, y)):
        with pytest.warns(Note, match=says):
            call()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.float32),
        lambda x: x.astype(np.int64),
        lambda x: x.tolist(),
        lambda x: x.astype(np.int64) * 257,
    ],
    ids=["float32", "int64", "lists", "16 bits in int64"],
)
def test_faults_keras_and_segment_see_the_same_in_any_type(model, pictures, change):
    found = model.predict_on_batch(change(pictures)).argmax(-1)
    np.testing.assert_array_equal(found[0], np.asarray(model(pictures[:1]))[0].argmax(-1))
    assert len(np.unique(found)) > 1


def test_what_may_be_pixels_is_taken(model, pictures):
    for x in (
        pictures / 200,
        np.minimum(pictures, 1).astype(np.float64),
        np.zeros((1, 4, 4, 3)),
        pictures * 1.5 - 20.0,
    ):
        assert checked_pictures(model, x) is not None
    with pytest.warns(Note, match="image: uses values 0 to 3 of 0 to 255 only"):
        assert checked_pictures(model, pictures % 4).dtype == np.uint8
    scaled = pictures / 255
    assert checked_pictures(tiny_segmenter(normalization="percentiles"), scaled) is scaled
    other = tiny_segmenter()
    other.front_end.mean, other.front_end.std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)  # as one of a user's own may read
    assert checked_pictures(other, scaled) is scaled
    assert all(max(*one.mean, *one.std) > 1 for one in FRONT_ENDS.values())


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.full((2, 8, 12), 3), "y: hold 3, but classes are 0 to 2; subtract 1 if they count from 1"),
        (np.full((2, 8, 12), 0.5), "y: hold 0.5, but classes are 0 to 2"),
        (np.full((2, 8, 12), np.nan), "y: hold nan"),
        (np.zeros((2, 12, 8)), r"y: must be an array of shape \(2, 8, 12\), not \(2, 12, 8\)"),
        (np.zeros((2, 8, 12, 3)), r"y: must be an array of shape \(2, 8, 12, 1\), not \(2, 8, 12, 3\)"),
        (np.zeros((1, 8, 12)), r"y: must be an array of shape \(2, 8, 12\)"),
        (None, "y: missing"),
    ],
)
def test_faults_of_labels_are_told_before_training(model, pictures, labels, says):
    for door in (model.fit, model.evaluate, model.test_on_batch):
        with pytest.raises(InputError, match=says):
            door(pictures, labels)


def test_void_is_what_the_loss_ignores(model, pictures):
    labels = np.arange(192).reshape(2, 8, 12) % 3
    labels[:, :4] = 255
    other = np.where(labels == 255, -1, labels)[..., None]
    found, same = (model.test_on_batch(pictures, y) for y in (labels, other))
    assert found == pytest.approx(same) and found > 0
    shapes = [model._checked(pictures, y)[1].shape for y in (labels, other)]
    assert shapes == [(2, 8, 12)] * 2  # of two by turns, Keras would trace a loss of no rank


def test_faults_of_values_and_losses_of_one_s_own(pictures):
    values = tiny_segmenter(num_classes=1, head="regression")
    assert values._checked(pictures)[0] is pictures  # also before it is compiled
    values.compile(loss=RegressionLoss(), run_eagerly=True)
    truth = np.where(pictures[..., 0] > 99, pictures[..., 0], np.nan)
    expected = np.nanmean(np.abs(np.asarray(values(pictures))[..., 0] - truth))
    assert values.test_on_batch(pictures, truth) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(InputError, match="y: holds infinity; pixels without a value are NaN or below 0"):
        values.evaluate(pictures, truth + np.inf)
    with pytest.raises(InputError, match=r"y: must be an array of shape \(2, 8, 12, 1\), not \(2, 8, 12, 2\)"):
        values.evaluate(pictures, np.zeros((2, 8, 12, 2)))
    one_hot = np.eye(3, dtype=np.float32)[pictures[..., 0] % 3]
    own = compiled(keras.losses.CategoricalCrossentropy(from_logits=True))
    assert own._checked(pictures, one_hot)[1] is one_hot


def test_faults_weights_of_classes_are_the_loss_s(model, pictures):
    labels = np.zeros((2, 8, 12), np.int32)
    for door in (model.fit, model.train_on_batch):
        with pytest.raises(InputError, match=r"class_weight: .* give SegmentationLoss\(class_weights="):
            door(pictures, labels, class_weight={0: 1.0, 1: 2.0, 2: 1.0})
