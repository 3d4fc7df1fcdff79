"""What Keras's doors of a TCN take, and that each wrong array is one line before anything is computed."""

import keras
import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.errors import InputError
from dilatednets.zoo.tcn.checked_answers import checked_answers

X = np.zeros((8, 10, 1), np.float32)
CLASSES = np.arange(8) % 3
FORECAST = {"task": "forecast", "horizon": 3, "quantiles": (0.1, 0.5, 0.9), "outputs": 1}


@pytest.fixture(scope="module")
def models():
    made = {
        "classes": tiny_tcn(),
        "labels": tiny_tcn(multi_label=True),
        "steps": tiny_tcn(pooling="none", frame=4),
        "regress": tiny_tcn(task="regress"),
        "forecast": tiny_tcn(**FORECAST),
        "tokens": tiny_tcn(27, task="next"),
    }
    for model in made.values():
        model.compile(jit_compile=False)
    return made


@pytest.mark.parametrize(
    ("name", "x", "y", "words"),
    [
        ("classes", X, CLASSES + 3, "y: must hold numbers from 0 to 2, not 3"),
        ("classes", X, CLASSES - 1, "y: must hold numbers from 0 to 2, not -1"),
        ("classes", X, CLASSES + 0.5, "y: must hold numbers from 0 to 2, not 0.5"),
        ("classes", X, CLASSES * np.nan, "y: holds NaN or infinity"),
        ("classes", X, np.eye(3)[CLASSES], r"y: must be of shape \(8,\), not \(8, 3\); of one-hot rows give numpy.argmax"),
        ("classes", X, CLASSES[:, None], r"y: must be of shape \(8,\), not \(8, 1\); leave out the last dimension"),
        ("classes", X, CLASSES[:7], r"y: must be of shape \(8,\), not \(7,\)"),
        ("classes", X, np.array(list("abcabcab")), "y: holds texts; number them"),
        ("classes", X, "abc", "y: must be an array of numbers, not str"),
        ("classes", X * np.nan, CLASSES, "sequence: holds NaN or infinity"),
        ("classes", "a file", CLASSES, "sequence: must be an array of numbers, not str"),
        *(
            ("classes", {"sequence": X, "lengths": np.full(8, one)}, CLASSES, "lengths: must be integers from 1 to")
            for one in (0, -1, 11, 2.5)
        ),
        ("classes", {"sequence": X, "lengths": 8}, CLASSES, r"lengths: must be an array of shape \(8,\), not \(\)"),
        ("classes", {"sequence": X, "lengths": "x"}, CLASSES, "lengths: must be an array of numbers, not str"),
        ("classes", {"sequence": X, "length": [8] * 8}, CLASSES, "this model takes sequence, and perhaps lengths"),
        ("labels", X, np.full((8, 3), 2), "y: must hold labels, 0 or 1, not 2"),
        ("labels", X, CLASSES, r"y: must be of shape \(8, 3\), not \(8,\)"),
        ("steps", X, np.zeros((8, 10)), r"y: must be of shape \(8, 3\), not \(8, 10\)"),
        ("regress", X, np.zeros(8), r"y: must be of shape \(8, 3\), not \(8,\)"),
        ("regress", X, np.full((8, 3), np.inf), "y: holds NaN or infinity"),
        *(("forecast", X, np.zeros(shape), r"y: must be of shape \(8, 3, 1\)") for shape in ((8, 1, 3), (8, 3, 3), (8, 1))),
        ("tokens", np.full((8, 10), 27), np.zeros((8, 10)), "sequence: must be token numbers, integers from 0 to 26"),
        ("tokens", np.full((8, 10), 1.7), np.zeros((8, 10)), "sequence: must be token numbers"),
        ("tokens", np.full((8, 10), 1), np.full((8, 10), 27), "y: must hold numbers from 0 to 26, not 27"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("door", ["fit", "evaluate"])
def test_faults_of_arrays_are_one_line(models, door, name, x, y, words):
    with pytest.raises(InputError, match=words) as refused:
        getattr(models[name], door)(x, y, verbose=0)
    assert "\n" not in str(refused.value)


def test_faults_of_other_doors(models):
    with pytest.raises(InputError, match="sequence: holds NaN"):
        models["classes"].predict(X * np.nan, verbose=0)
    with pytest.raises(InputError, match="sequence: holds NaN"):
        models["classes"].predict_on_batch(X * np.nan)
    for door in ("train_on_batch", "test_on_batch"):
        with pytest.raises(InputError, match="y: must hold numbers from 0 to 2"):
            getattr(models["classes"], door)(X, CLASSES + 1)
    with pytest.raises(InputError, match="y: must hold numbers from 0 to 2"):
        models["classes"].fit(X, CLASSES, validation_data=(X, CLASSES + 1), verbose=0)


def test_answers_as_the_losses_take_them(models):
    assert checked_answers(models["classes"], CLASSES.astype(float), X).dtype == np.int32
    assert checked_answers(models["forecast"], np.zeros((8, 3)), X).shape == (8, 3, 1)
    y = np.full((8, 3), -1)
    y[:, 0] = 2
    found = checked_answers(models["steps"], y, X, np.full(8, 4))
    assert found.tolist() == [[2, 0, 0]] * 8  # what stands at padded steps is nothing


def test_answers_to_a_loss_of_ones_own_are_its_own_affair():
    model = tiny_tcn()
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=False)
    figures = model.evaluate(X, np.eye(3)[CLASSES], verbose=0, return_dict=True)
    assert figures["loss"] == pytest.approx(np.log(3), rel=0.5)


@pytest.mark.parametrize("ignored", [-1, 255])
def test_steps_that_the_loss_ignores_pass_faults(ignored):
    model, y = tiny_tcn(pooling="none"), np.arange(80).reshape(8, 10) % 3
    known = y != 2
    y = np.where(known, y, ignored)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignored))
    x = np.random.default_rng(0).standard_normal(X.shape).astype("float32")
    p = np.exp(keras.ops.convert_to_numpy(model(x)))
    chosen = np.take_along_axis(p, np.where(known, y, 0)[..., None], -1)[..., 0] / p.sum(-1)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(-np.log(chosen[known]).mean(), rel=1e-4)
    with pytest.raises(InputError, match=f"y: must hold numbers from 0 to 2, or {ignored}, which is ignored, not 7"):
        model.evaluate(x, np.full_like(y, 7), verbose=0)


def test_lengths_may_be_a_list_and_data_sets_pass(models):
    assert np.isfinite(models["classes"].evaluate({"sequence": X, "lengths": [5] * 8}, CLASSES, verbose=0)).all()

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, place):
            return X, CLASSES

    assert np.isfinite(models["classes"].evaluate(Batches(), verbose=0)).all()
