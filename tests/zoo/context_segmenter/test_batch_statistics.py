"""Measured statistics of batch normalisation."""

import keras
import numpy as np
from keras import ops

from dilatednets.zoo.context_segmenter.batch_statistics import measure_batch_statistics


def test_measured_statistics_are_those_of_the_weights(rng):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization(momentum=0.9)])
    batches = [rng.normal(size=(8, 3)).astype("float32") for _ in range(5)]
    measure_batch_statistics(model, iter(batches))
    outputs = [ops.convert_to_numpy(model.layers[0](batch)) for batch in batches]
    norm = model.layers[1]
    assert norm.momentum == 0.9
    np.testing.assert_allclose(
        ops.convert_to_numpy(norm.moving_mean), np.mean([o.mean(0) for o in outputs], 0), atol=1e-5
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(norm.moving_variance), np.mean([o.var(0) for o in outputs], 0), rtol=1e-4
    )


def test_frozen_statistics_stay(rng):
    model = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(trainable=False)])
    measure_batch_statistics(model, [rng.normal(5, 1, (8, 3))])
    assert not np.any(ops.convert_to_numpy(model.layers[0].moving_mean))
