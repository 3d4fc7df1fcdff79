"""Batches of augmented images, the same for the same seed."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dilatednets.data.augmentation import Augmentation, augment
from dilatednets.data.label_images import LabelledImages


class ImageBatches:
    """Random views of all images, in another order each epoch.

    Epoch n has the same views whether or not the epochs before it were drawn, so an interrupted run can go on exactly.

    Args:
        pairs: Images and labels.
        augmentation: What to vary.
        batch_size: Views a batch. The last, smaller batch of an epoch is left out, and other images are in it the next
            time; of fewer images than `batch_size`, all are in one batch.
        seed: Of order and views.
        target: Makes of the labels of a view what the net learns; None: the labels themselves.
    """

    def __init__(
        self,
        pairs: LabelledImages,
        augmentation: Augmentation,
        batch_size: int,
        seed: int = 0,
        target: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self.pairs, self.augmentation, self.seed, self.target = pairs, augmentation, seed, target or _itself
        self.batch_size = min(batch_size, len(pairs))
        self.steps_per_epoch = len(pairs) // self.batch_size

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(images uint8 (batch, height, width, 3), labels (batch, height, width)) of one epoch."""
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.pairs))
        for step in range(self.steps_per_epoch):
            picks = order[step * self.batch_size : (step + 1) * self.batch_size]
            views = [augment(*self.pairs[index], self.augmentation, rng) for index in picks]
            yield np.stack([image for image, _ in views]), np.stack([self.target(labels) for _, labels in views])

    def epochs(self, first: int = 0, count: int | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches of `count` epochs from `first` on; for ever with None."""
        number = first
        while count is None or number < first + count:
            yield from self.epoch(number)
            number += 1

    def dataset(self, first: int = 0, count: int | None = None) -> Any:
        """The same as a tf.data.Dataset, prepared while the step before is computed."""
        import tensorflow as tf

        signature = tuple(tf.TensorSpec(array.shape, array.dtype) for array in next(self.epoch(first)))
        data = tf.data.Dataset.from_generator(lambda: self.epochs(first, count), output_signature=signature)
        return data.prefetch(4)


def _itself(labels: np.ndarray) -> np.ndarray:
    return labels
