"""Batches of training data, epoch by epoch."""

import itertools
from collections.abc import Iterator
from typing import Any

import keras

from dilatednets.training.data_parallel import share


class Batches:
    """Batches of epochs; a subclass makes those of one.

    Epoch n is the same whether or not the epochs before it were drawn, so that an interrupted run can go on exactly.
    """

    steps_per_epoch: int
    sizes_vary = False
    """Whether batches differ in shape, as those of sentences do."""

    def epoch(self, number: int) -> Iterator[Any]:
        """Exactly `steps_per_epoch` batches, as Keras takes them."""
        raise NotImplementedError

    def epochs(self, first: int = 0, count: int | None = None) -> Iterator[Any]:
        """Batches of `count` epochs from `first` on; for ever with None."""
        for number in itertools.count(first) if count is None else range(first, first + count):
            yield from self.epoch(number)

    def dataset(self, first: int = 0, count: int | None = None) -> Any:
        """The same as a tf.data.Dataset, which prepares batches while the model trains. Needs TensorFlow."""
        import tensorflow as tf

        def spec(array: Any) -> tf.TensorSpec:
            return tf.TensorSpec([None] * array.ndim if self.sizes_vary else array.shape, array.dtype)

        signature = keras.tree.map_structure(spec, next(self.epoch(first)))
        return tf.data.Dataset.from_generator(lambda: self.epochs(first, count), output_signature=signature).prefetch(4)


def data_of(batches: Batches, first_epoch: int = 0, epochs: int | None = None) -> Any:
    """Batches as `fit` takes them: a tf.data pipeline where TensorFlow runs the model, else this process's share of each."""
    if keras.backend.backend() == "tensorflow":
        return batches.dataset(first_epoch, epochs)
    return share(batches.epochs(first_epoch, epochs))
