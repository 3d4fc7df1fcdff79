"""Batches of augmented images, the same for the same seed."""

from collections.abc import Callable, Iterator

import numpy as np

from dilatednets.data.label_images import LabelledImages
from dilatednets.training.batches import Batches
from dilatednets.zoo.context_segmenter.augmentation import Augmentation, augment


class ImageBatches(Batches):
    """Random views of all images, in another order each epoch.

    Epoch n has the same views whether or not the epochs before it were drawn, so an interrupted run can go on exactly.

    Args:
        pairs: Images and labels.
        augmentation: What is varied.
        batch_size: Views in a batch. The last, smaller batch of an epoch is left out, and other images are in it the next
            time; if there are fewer images than `batch_size`, all are in one batch.
        seed: The seed of order and views.
        target: A function that makes of the labels of a view what the net learns.

    Example:
    >>> pairs = [(np.zeros((40, 40, 3), "uint8"), np.zeros((40, 40), "int16"))] * 5
    >>> images, labels = next(ImageBatches(pairs, Augmentation((32, 24)), 2).epochs())
    >>> images.shape, labels.shape
    ((2, 32, 24, 3), (2, 32, 24))
    """

    def __init__(
        self,
        pairs: LabelledImages,
        augmentation: Augmentation,
        batch_size: int,
        seed: int = 0,
        target: Callable[[np.ndarray], np.ndarray] = np.asarray,
    ) -> None:
        self.pairs, self.augmentation, self.seed, self.target = pairs, augmentation, seed, target
        self.batch_size = min(batch_size, len(pairs))
        self.steps_per_epoch = len(pairs) // self.batch_size

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Images (batch, height, width, 3) and targets of one epoch."""
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.pairs))
        for step in range(self.steps_per_epoch):
            indices = order[step * self.batch_size : (step + 1) * self.batch_size]
            views = [augment(*self.pairs[index], self.augmentation, rng) for index in indices]
            yield np.stack([image for image, _ in views]), np.stack([self.target(labels) for _, labels in views])
