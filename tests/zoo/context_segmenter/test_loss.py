"""Losses of segmentation and their class weights, against NumPy."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from dilatednets.backend import compiled
from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter.loss import RegressionLoss, SegmentationLoss, class_weights


@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 0.1]))
def test_cross_entropy_is_what_numpy_says(seed, weighted, smoothing):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    labels = rng.integers(-1, 5, (2, 3, 4))
    weights = rng.uniform(0.5, 3, 5) if weighted else np.ones(5)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    total = norm = 0.0
    for place in np.ndindex(labels.shape):
        if labels[place] >= 0:
            target = np.eye(5)[labels[place]] * (1 - smoothing) + smoothing / 5
            total -= weights[labels[place]] * (target * logs[place]).sum()
            norm += weights[labels[place]]
    loss = SegmentationLoss("cross_entropy", weights if weighted else None, smoothing)
    assert float(loss(labels, logits)) == pytest.approx(total / max(norm, 1e-6), rel=1e-4, abs=1e-6)


@given(st.integers(0, 10**6))
def test_dice_is_what_numpy_says_and_sums_add_up(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2, 3, 4, 3)).astype("float32")
    labels = rng.integers(-1, 2, (2, 3, 4))  # class 2 does not occur
    guess = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    valid = labels >= 0
    dice = [
        1 - 2 * guess[labels == c, c].sum() / ((labels == c).sum() + guess[valid, c].sum())
        for c in (0, 1)
        if (labels == c).any()
    ]
    got = {
        kind: float(SegmentationLoss(kind)(labels, logits))
        for kind in ("cross_entropy", "dice", "cross_entropy_and_dice")
    }
    assert got["dice"] == pytest.approx(np.mean(dice) if dice else 0, rel=1e-4, abs=1e-5)
    assert got["cross_entropy_and_dice"] == pytest.approx(got["cross_entropy"] + got["dice"], rel=1e-5)


@pytest.mark.parametrize("loss", [SegmentationLoss("cross_entropy_and_dice", [1, 2, 3]), RegressionLoss()])
def test_losses_are_finite_without_a_pixel_that_counts_and_survive_their_configuration(loss, rng):
    values = rng.normal(size=(1, 4, 4, 3)).astype("float32")
    void = np.full(values.shape if isinstance(loss, RegressionLoss) else (1, 4, 4), -1)
    assert float(loss(void, values)) == 0
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    truth = np.abs(values) if isinstance(loss, RegressionLoss) else values.argmax(-1)
    assert float(copy(truth, values)) == float(loss(truth, values)) > 0


def test_class_weights_are_the_papers():
    images = [np.array([[0, 0, 0, 1]]), np.array([[0, 2, 2, -1]])]
    # Shares of 7 labelled pixels: 4, 1, 2. Frequencies where a class occurs: 4/7, 1/4, 2/3.
    assert class_weights("enet", images, 3) == pytest.approx([1 / np.log(1.02 + n / 7) for n in (4, 1, 2)])
    frequencies = np.array([4 / 7, 1 / 4, 2 / 3])
    assert class_weights("median_frequency", images, 3) == pytest.approx(np.median(frequencies) / frequencies)
    assert class_weights("none", images, 3) is None
    assert np.isfinite(class_weights("median_frequency", images, 5)).all()


@pytest.mark.parametrize("kind", ["cross_entropy", "dice"])
def test_labels_of_no_class_do_not_count(kind, rng):
    """255 marks void pixels in many data sets."""
    labels = rng.integers(0, 3, (2, 4, 5))
    labels[:, 0] = -1
    logits = rng.standard_normal((2, 4, 5, 3)).astype(np.float32)
    loss = SegmentationLoss(kind, [1.0, 2.0, 3.0], ignore=255)
    void = np.where(labels < 0, 255, labels)
    assert float(loss(void, logits)) == pytest.approx(float(loss(labels, logits)))
    assert float(loss(void[..., None], logits)) == pytest.approx(float(loss(labels, logits)))
    assert class_weights("enet", [void], 3, 255) == class_weights("enet", [labels], 3)
    with pytest.raises(ValueError, match=r"labels must be \(batch, height, width\), not \(2, 4, 5, 3\)"):
        loss.call(logits, logits)


def test_unknown_kinds_are_refused():
    with pytest.raises(InputError, match="kind: must be 'cross_entropy' or 'dice'"):
        SegmentationLoss("hinge")
    with pytest.raises(InputError, match="label_smoothing: must be at least 0 and below 1"):
        SegmentationLoss(label_smoothing=1.5)


@pytest.mark.parametrize("kind", ["cross_entropy", "dice"])
@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ([0, 255], "y_true: hold 255, but classes are 0 to 2; give ignore=255 if it marks void, else 0 to 2"),
        ([1, 2, 3], "y_true: hold 3, but classes are 0 to 2; subtract 1 if they count from 1"),
        ([255], "hold 255"),
        ([0, 0.5], "hold 0.5"),
        ([0, -2], "hold -2"),
    ],
)
def test_labels_of_no_class_are_refused_faults(kind, numbers, says, rng):
    """In a compiled program, which cannot refuse them, the loss is NaN."""
    labels, logits = np.resize(numbers, (1, 4, 6)), rng.standard_normal((1, 4, 6, 3)).astype(np.float32)
    loss = SegmentationLoss(kind)
    with pytest.raises(InputError, match=says):
        loss(labels, logits)
    compiled_loss = compiled(lambda labels, logits: loss(labels, logits), [], xla=False)
    assert np.isnan(
        float(compiled_loss(ops.convert_to_tensor(labels.astype("float32")), ops.convert_to_tensor(logits)))
    )
    void = np.full(labels.shape, -1, "float32")
    assert float(compiled_loss(ops.convert_to_tensor(void), ops.convert_to_tensor(logits))) == 0
    if numbers != [0, 0.5]:
        with pytest.raises(InputError, match=says.removeprefix("y_true: ").partition(" if")[0]):
            class_weights("enet", [labels], 3)


@pytest.mark.parametrize("weights", [[1.0, 3.0], np.arange(24).reshape(2, 3, 4) / 10], ids=["images", "pixels"])
def test_sample_weights_are_of_images_or_pixels_faults(weights, rng):
    labels, logits = rng.integers(-1, 3, (2, 3, 4)), rng.standard_normal((2, 3, 4, 3)).astype(np.float32)
    weights = np.array(weights, np.float32)
    spread = weights.reshape(-1, 1, 1) if weights.ndim == 1 else weights
    losses = np.log(np.exp(logits).sum(-1)) - np.take_along_axis(logits, np.maximum(labels, 0)[..., None], -1)[..., 0]
    expected = (losses * spread * (labels >= 0)).sum() / (labels >= 0).sum()
    assert float(SegmentationLoss()(labels, logits, sample_weight=weights)) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(InputError, match="sample_weight: Dice is a ratio of sums"):
        SegmentationLoss("dice")(labels, logits, sample_weight=weights)
    truth, values = labels[..., None].astype(np.float32), logits[..., :1]
    expected = (np.abs(truth - values)[..., 0] * spread * (labels >= 0)).sum() / (labels >= 0).sum()
    assert float(RegressionLoss()(truth, values, sample_weight=weights)) == pytest.approx(expected, rel=1e-4)


def test_nothing_is_broadcast_faults(rng):
    values = rng.uniform(size=(2, 3, 4, 1)).astype(np.float32)
    truth = rng.uniform(size=(2, 3, 4)).astype(np.float32)
    assert float(RegressionLoss()(truth, values)) == pytest.approx(np.abs(truth - values[..., 0]).mean(), rel=1e-5)
    for shape in [(1, 3, 4), (2, 3, 4, 2), (2, 4, 3, 1)]:
        with pytest.raises(ValueError, match="RegressionLoss: values must be of the shape of what is predicted"):
            RegressionLoss()(np.ones(shape), values)
    with pytest.raises(ValueError, match=r"labels must be \(batch, height, width\), not \(1, 3, 4\)"):
        SegmentationLoss()(np.zeros((1, 3, 4)), np.zeros((2, 3, 4, 3), np.float32))
    with pytest.raises(
        InputError, match=r"sample_weight: must be \(batch,\) or \(batch, height, width\), not \(2, 3\)"
    ):
        RegressionLoss()(truth, values, sample_weight=np.ones((2, 3)))
    with pytest.raises(InputError, match="class_weights: 2 weights for 3 classes"):
        SegmentationLoss(class_weights=[1, 2])(np.zeros((2, 3, 4)), np.zeros((2, 3, 4, 3), np.float32))


def test_nan_among_the_truth_is_void_faults():
    truth = np.array([[[[3.0], [np.nan], [-1.0]]]], np.float32)
    assert float(RegressionLoss()(truth, np.ones_like(truth))) == 2


def test_a_loss_that_was_saved_before_it_knew_what_to_ignore_loads():
    config = SegmentationLoss(class_weights=[1, 2]).get_config()
    del config["ignore"]
    assert SegmentationLoss.from_config(config).ignore == -1
