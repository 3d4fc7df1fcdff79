"""Weights of sequences and of their steps, against NumPy."""

import keras
import numpy as np
import pytest
from helpers import tiny_tcn, tiny_vocoder
from wavenets import make as tiny_wavenet

from dilatednets.errors import InputError
from dilatednets.zoo.mel_vocoder.losses import SpectrumLoss
from dilatednets.zoo.tcn.losses import ScaledLoss
from dilatednets.zoo.wavenet import NegativeLogLikelihood

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 5, 1)).astype("float32")
ROWS = RNG.uniform(0, 2, 5).astype("float32")
STEPS = RNG.uniform(0, 2, (5, 5)).astype("float32")
CLASSES = RNG.integers(0, 3, (5, 5))
VALUES = RNG.standard_normal((5, 5, 3)).astype("float32")
LABELS = RNG.integers(0, 2, (5, 5, 3))


def squared(y, p):
    return np.mean((y - p) ** 2, axis=-1)


def cross_entropy(y, p):
    return -np.log(np.take_along_axis(np.exp(p), y[..., None], -1)[..., 0] / np.exp(p).sum(-1))


def binary(y, p):
    return np.mean(np.logaddexp(0, p) - y * p, axis=-1)


CASES = {
    "forecast": ({"task": "forecast", "horizon": 5}, VALUES, squared),
    "regress": ({"task": "regress", "pooling": "none"}, VALUES, squared),
    "classify": ({"pooling": "none"}, CLASSES, cross_entropy),
    "labels": ({"pooling": "none", "multi_label": True}, LABELS, binary),
}


@pytest.mark.parametrize("weights", [ROWS, ROWS[:, None], STEPS], ids=["rows", "column", "steps"])
@pytest.mark.parametrize("case", CASES)
def test_weights_of_sequences_count_at_all_their_steps_faults(case, weights):
    settings, y, losses = CASES[case]
    model = tiny_tcn(3, **settings)
    model.compile("sgd", jit_compile=False)
    of_steps = weights if weights.ndim == 2 else weights[:, None]
    expected = np.mean(losses(y, keras.ops.convert_to_numpy(model(X))) * of_steps)
    assert model.evaluate(X, y, sample_weight=weights, verbose=0)[0] == pytest.approx(expected, rel=1e-4)
    assert model.test_on_batch(X, y, weights)[0] == pytest.approx(expected, rel=1e-4)


def test_weights_of_data_sets_and_of_several_batches_faults():
    """The last batch is shorter: it must not be refused, nor must its weights be those of steps."""

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, place):
            part = slice(3 * place, 3 * place + 3)
            return X[part], CLASSES[part], ROWS[part]

    model = tiny_tcn(3, pooling="none")
    model.compile("sgd", jit_compile=False)
    losses = cross_entropy(CLASSES, keras.ops.convert_to_numpy(model(X))) * ROWS[:, None]
    assert model.evaluate(Batches(), verbose=0)[0] == pytest.approx(np.mean(losses), rel=1e-4)
    history = model.fit(Batches(), epochs=1, verbose=0, validation_data=(X, CLASSES, ROWS))
    after = cross_entropy(CLASSES, keras.ops.convert_to_numpy(model(X))) * ROWS[:, None]
    assert history.history["val_loss"][0] == pytest.approx(np.mean(after), rel=1e-4)


def test_losses_called_directly_faults():
    p = RNG.standard_normal((5, 5, 3)).astype("float32")
    assert float(ScaledLoss()(VALUES, p, sample_weight=ROWS)) == pytest.approx(
        np.mean(squared(VALUES, p) * ROWS[:, None]), rel=1e-5
    )
    quantiles = ScaledLoss(quantiles=[0.2, 0.5])
    spread = np.broadcast_to(ROWS[:, None], (5, 5))
    both = [float(quantiles(VALUES, np.stack([p, p], -1), sample_weight=one)) for one in (ROWS, spread)]
    assert both[0] == pytest.approx(both[1], rel=1e-6)
    with pytest.raises(
        InputError, match=r"sample_weight: must be of shape \(5,\), or \(5, 5\) for each step, not \(4,\)"
    ):
        ScaledLoss()(VALUES, p, sample_weight=np.ones(4))


def test_weights_of_spectra_and_of_sound_faults():
    magnitudes, logs = RNG.uniform(0.1, 1, (2, 5, 5, 4)).astype("float32")
    loss = SpectrumLoss()
    each = [float(loss(magnitudes[row : row + 1], logs[row : row + 1])) for row in range(5)]
    assert float(loss(magnitudes, logs, sample_weight=ROWS)) == pytest.approx(np.mean(each * ROWS), rel=1e-4)
    model = tiny_wavenet("gaussian", conditioned=False)
    loss = NegativeLogLikelihood(model.distribution)
    audio = RNG.uniform(-0.5, 0.5, (5, 5)).astype("float32")
    each = [float(loss(audio[row : row + 1], model(audio)[row : row + 1])) for row in range(5)]
    expected = np.sum(each * ROWS) / np.sum(ROWS)
    assert float(loss(audio, model(audio), sample_weight=ROWS)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(4), r"sample_weight: must be of shape \(5,\), or \(5, 5\) for each step, not \(4,\)"),
        (np.ones((5, 4)), r"sample_weight: must be of shape .*, not \(5, 4\)"),
        (np.ones((1, 5)), r"sample_weight: must be of shape .*, not \(1, 5\)"),
        (1.0, r"sample_weight: must be of shape .*, not \(\)"),
        (np.full(5, np.nan), "sample_weight: holds NaN or infinity"),
        ("abc", "sample_weight: must be an array of numbers, not str"),
    ],
)
def test_other_weights_are_one_line_faults(weights, words):
    model = tiny_tcn(3, pooling="none")
    model.compile("sgd", jit_compile=False)
    doors = [
        lambda: model.fit(X, CLASSES, sample_weight=weights, verbose=0),
        lambda: model.fit(X, CLASSES, validation_data=(X, CLASSES, weights), verbose=0),
        lambda: model.evaluate(X, CLASSES, None, 0, weights),
        lambda: model.train_on_batch(X, CLASSES, weights),
        lambda: model.test_on_batch(X, CLASSES, sample_weight=weights),
    ]
    for door in doors:
        with pytest.raises(InputError, match=words) as refused:
            door()
        assert "\n" not in str(refused.value)


def test_weights_of_classes_at_each_step_are_refused_faults():
    """Keras would take the step of the largest number for the class of the sequence."""
    model = tiny_tcn(3, pooling="none")
    model.compile("sgd", jit_compile=False)
    with pytest.raises(InputError, match=r"class_weight: .*; give sample_weight of shape \(5, 5\)"):
        model.fit(X, CLASSES, class_weight={0: 1.0, 1: 2.0, 2: 3.0}, verbose=0)
    vocoder = tiny_vocoder()
    vocoder.compile("sgd", SpectrumLoss(), jit_compile=False)
    with pytest.raises(InputError, match=r"sample_weight: must be of shape \(2,\), or \(2, 4\)"):
        vocoder.train_on_batch(np.zeros((2, 4, 20), "float32"), np.ones((2, 4, 129), "float32"), np.ones(4))


def test_weights_to_a_loss_of_ones_own_are_its_own_affair():
    """One number a sequence, which weights (batch,) fit."""
    model = tiny_tcn(3, task="forecast", horizon=5)

    def worst(y_true, y_pred):
        return keras.ops.max(keras.ops.abs(y_true - y_pred), axis=(1, 2))

    model.compile("sgd", worst, jit_compile=False)
    expected = np.mean(np.abs(VALUES - keras.ops.convert_to_numpy(model(X))).max(axis=(1, 2)) * ROWS)
    assert model.evaluate(X, VALUES, sample_weight=ROWS, verbose=0) == pytest.approx(expected, rel=1e-4)
