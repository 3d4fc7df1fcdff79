"""Parts of a model learn at rates of their own."""

import keras
import numpy as np
import pytest

from dilatednets.errors import Note
from dilatednets.training.optimizers import LayerwiseAdamW


def changes(optimizer, frozen=False):
    """How far one step moves the weights of each layer."""
    keras.utils.set_random_seed(0)
    layers = {name: keras.layers.Dense(4, name=name) for name in ("stem", "body", "scores")}
    model = keras.Sequential(list(layers.values()), name="net")
    model.build((None, 4))
    layers["body"].trainable = not frozen
    model.compile(optimizer, "mse")
    before = {name: layer.get_weights() for name, layer in layers.items()}
    model.train_on_batch(*np.random.default_rng(0).normal(size=(2, 8, 4)).astype(np.float32))
    return {
        name: [np.abs(new - old) for new, old in zip(layer.get_weights(), before[name], strict=True)]
        for name, layer in layers.items()
    }


def test_first_steps_are_as_long_as_the_rates_say():
    """Adam's first step is the learning rate, whatever the gradient."""
    moved = changes(
        LayerwiseAdamW(1e-2, rates={"net/stem/k": 0.01, "net/stem": 0.1, "net/body": 0.5}, weight_decay=0.0)
    )
    expected = {"stem": (1e-4, 1e-3), "body": (5e-3, 5e-3), "scores": (1e-2, 1e-2)}
    for name, steps in expected.items():
        for weight, step in zip(moved[name], steps, strict=True):
            np.testing.assert_allclose(weight, step, rtol=0.02)


def test_a_frozen_part_stays():
    moved = changes(LayerwiseAdamW(1e-2, rates={"net/scores": 0.5}, weight_decay=0.0), frozen=True)
    assert not any(weight.any() for weight in moved["body"])
    np.testing.assert_allclose(moved["scores"][0], 5e-3, rtol=0.02)


def test_config():
    optimizer = LayerwiseAdamW(1e-3, rates={"block": 0.3}, weight_decay=0.1)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(again, LayerwiseAdamW) and again.rates == {"block": 0.3} and again.weight_decay == 0.1


@pytest.mark.parametrize("rate", [0, -1.0, float("nan")])
def test_a_rate_is_above_zero(rate):
    with pytest.raises(ValueError, match="freeze the layer"):
        LayerwiseAdamW(rates={"block": rate})


@pytest.mark.parametrize(
    ("name", "says"),
    [("net/stm", "did you mean net/stem?"), ("scores", "'scores' begins"), ("net/bdy", "net/body?")],
)
def test_a_rate_that_names_nothing_is_told_faults(name, says):
    with pytest.warns(Note, match=r"rates: .*begins the path of no variable that is trained") as told:
        changes(LayerwiseAdamW(1e-2, rates={name: 0.1, "net/stem": 0.5}))
    assert len(told) == 1 and says in str(told[0].message)
