"""Statistics of batch normalisation for averaged weights."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np


def measure_batch_statistics(model: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Measures the moving means and variances of all batch normalisations anew, as averages over some batches.

    The statistics that training leaves belong to the weights of its last steps. With averaged weights they are off, and
    by much while the learning rate is high.

    Args:
        model: The model whose `keras.layers.BatchNormalization` layers get the statistics of its weights as they are now.
        batches: Batches of inputs.

    Reference:
        Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization" (arXiv 1803.05407),
        section 3.2.

    Example:
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization()])
    >>> measure_batch_statistics(model, [np.full((4, 2), 6.0), np.full((4, 2), 8.0)])
    >>> np.asarray(model.layers[0].moving_mean).tolist()
    [7.0, 7.0]
    """
    layers: Iterable[Any] = model._flatten_layers()
    norms = [x for x in layers if isinstance(x, keras.layers.BatchNormalization) and x.trainable]
    if not norms:  # frozen ones keep their statistics
        return
    momenta = [norm.momentum for norm in norms]
    try:
        for count, batch in enumerate(batches):
            for norm in norms:
                norm.momentum = count / (count + 1)  # the mean of this batch and all before it
            model(batch, training=True)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
