"""Batches of images are the same for the same seed."""

import numpy as np
import pytest

from dilatednets.data.label_images import LabelledImages
from dilatednets.zoo.context_segmenter.augmentation import Augmentation
from dilatednets.zoo.context_segmenter.image_batches import ImageBatches


class Pairs(LabelledImages):
    """Pairs made in memory."""

    def __init__(self, count):
        super().__init__([None] * count, [None] * count, ("a", "b", "c", "d", "e"))

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        return rng.integers(0, 256, (30, 40, 3), np.uint8), rng.integers(0, 5, (30, 40), np.int16)


def test_batches_are_the_same_for_the_same_seed_wherever_a_run_goes_on():
    first = list(ImageBatches(Pairs(7), Augmentation((16, 16)), 2, seed=3).epochs(0, 3))
    later = list(ImageBatches(Pairs(7), Augmentation((16, 16)), 2, seed=3).epochs(2, 1))
    assert len(first) == 9 and len(later) == 3
    for (a, b), (c, d) in zip(first[6:], later, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
    other = next(ImageBatches(Pairs(7), Augmentation((16, 16)), 2, seed=4).epochs())
    assert not np.array_equal(other[0], first[0][0])


def test_few_images_make_one_batch():
    batches = ImageBatches(Pairs(3), Augmentation((16, 16)), 8)
    assert batches.batch_size == 3 and batches.steps_per_epoch == 1


@pytest.mark.tensorflow
def test_the_pipeline_gives_the_batches():
    batches = ImageBatches(Pairs(5), Augmentation((16, 20)), 2, target=lambda labels: labels[..., None] * 2.0)
    for (a, b), (c, d) in zip(batches.dataset(0, 2), batches.epochs(0, 2), strict=True):
        np.testing.assert_array_equal(a.numpy(), c)
        np.testing.assert_array_equal(b.numpy(), d)
        assert b.shape == (2, 16, 20, 1)
