"""Losses and metrics against NumPy."""

import keras
import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.zoo.tcn.losses import AbsoluteError, ScaledLoss


def test_squared_error_in_scales(rng):
    y, p = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3))
    expected = np.mean(((y - p) / [1, 2, 10]) ** 2)
    assert float(ScaledLoss([1, 2, 10])(y, p)) == pytest.approx(expected, rel=1e-5)


def test_pinball_loss(rng):
    y, p, levels = rng.normal(size=(5, 2)), rng.normal(size=(5, 2, 3)), (0.1, 0.5, 0.8)
    expected = np.mean(
        [
            (q if truth > said else q - 1) * (truth - said) / scale
            for row, says in zip(y, p, strict=True)
            for truth, quantiles, scale in zip(row, says, (1, 4), strict=True)
            for q, said in zip(levels, quantiles, strict=True)
        ]
    )
    assert float(ScaledLoss((1, 4), levels)(y, p)) == pytest.approx(expected, rel=1e-5)
    metric = AbsoluteError(levels)
    metric.update_state(y, p)
    assert float(metric.result()) == pytest.approx(np.abs(y - p[..., 1]).mean(), rel=1e-5)


def test_the_pinball_loss_is_least_at_the_quantile():
    y = np.arange(101.0)[:, None]
    losses = [float(ScaledLoss(quantiles=[0.8])(y, np.full((101, 1, 1), guess))) for guess in range(101)]
    assert np.argmin(losses) == 80


@pytest.mark.parametrize(("y", "p"), [((4, 3), (4, 1)), ((4, 1), (4, 3)), ((4, 2, 3), (4, 3)), ((3,), (3, 3))])
@pytest.mark.parametrize("what", [ScaledLoss(), AbsoluteError()], ids=["loss", "metric"])
def test_faults_shapes_that_would_broadcast(what, y, p):
    with pytest.raises(InputError, match="y: must have the shape of the answers"):
        what(np.zeros(y), np.zeros(p))


@pytest.mark.tensorflow
def test_faults_shapes_that_a_graph_does_not_know():
    import tensorflow as tf

    given = [tf.TensorSpec([None, None, None]), tf.TensorSpec([None, 3, 1, 2])]
    loss = tf.function(ScaledLoss(quantiles=[0.1, 0.9]), input_signature=given)
    assert np.isfinite(loss(tf.zeros((8, 3, 1)), tf.zeros((8, 3, 1, 2))))
    for shape in ((8, 1, 3), (8, 3, 3)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            loss(tf.zeros(shape), tf.zeros((8, 3, 1, 2)))


def test_a_single_value_needs_no_dimension():
    assert float(ScaledLoss()(np.array([1.0, 2.0]), np.array([[1.0], [4.0]]))) == 2.0


@pytest.mark.parametrize("what", [ScaledLoss([2.0], [0.5]), AbsoluteError([0.1, 0.5])], ids=["loss", "metric"])
def test_they_are_made_again_from_their_configuration(what):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(what))
    assert again.get_config() == what.get_config()
