"""What a TCN refuses, names or starts fresh."""

import keras
import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.errors import InputError
from dilatednets.zoo.tcn.model import TCN


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"outputs": 0}, "outputs: must be above 0"),
        ({"outputs": 1}, "outputs: at least 2 classes"),
        ({"task": "predict"}, "task: must be 'classify' or 'regress'"),
        ({"task": "forecast", "horizon": 0}, "horizon: must be above 0"),
        ({"horizon": 3}, "horizon: is for the task forecast"),
        ({"quantiles": (0.5,)}, "quantiles: are for the task forecast"),
        (
            {"task": "forecast", "quantiles": (0.9, 0.1)},
            "quantiles: must be numbers between 0 and 1, the smaller first",
        ),
        ({"task": "forecast", "quantiles": (0.5, 1.0)}, "quantiles: must be numbers between 0 and 1"),
        ({"task": "forecast", "columns": ["a"], "known": ["b"]}, "known: 'b' is none of the columns"),
        ({"task": "forecast", "columns": "ab"}, "columns: must be a list"),
        ({"task": "regress", "multi_label": True}, "multi_label: is for the tasks classify and next"),
        ({"task": "next", "causal": False}, "causal: a model that sees what comes next"),
        ({"task": "next", "pooling": "mean"}, "pooling: a model of what comes next answers at each step"),
        ({"task": "next", "vocabulary": 5}, "vocabulary: tokens are the outputs, 3"),
        ({"task": "next", "multi_label": True, "features": 5}, "features: what comes in is what comes next"),
        ({"columns": ["a", "b"], "features": 3}, "columns: 2 for 3 features"),
        ({"labels": ["a", "b"]}, "labels: 2 for 3 outputs"),
        ({"labels": ["a", "a", "b"]}, "labels: must be a list of different names"),
        ({"mean": (1.0, 2.0)}, "mean: 2 for 1 features"),
        ({"scale": (0.0,)}, "scale: must be numbers above 0"),
        ({"mean": (float("nan"),)}, "mean: must be finite numbers"),
        ({"target_scale": (1.0, 1.0, 1.0)}, "target_scale: is for values"),
        ({"vocabulary": 5, "frame": 2}, "frame: is for features"),
        ({"filters": 8}, "filters: are for frames of sound; set frame"),
        ({"dilations": ()}, "dilations: must be a list of positive integers"),
    ],
)
def test_faults_of_arguments(settings, words):
    with pytest.raises(InputError, match=words):
        TCN(**{"outputs": 3, **settings})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((2, 9, 2)), r"sequence: must be of shape \(any, any, 3\), not \(2, 9, 2\)"),
        (np.zeros((9, 3)), r"sequence: must be of shape"),
        ({"x": np.zeros((2, 9, 3))}, "this model takes sequence, and perhaps lengths, not x"),
        ({"sequence": np.zeros((2, 9, 3)), "known": np.zeros((2, 1, 1))}, "not sequence, known"),
        ({"sequence": np.zeros((2, 9, 3)), "lengths": np.zeros((2, 1))}, r"lengths: must be of shape \(any\)"),
    ],
)
def test_faults_of_inputs_in_a_call(given, words):
    with pytest.raises(InputError, match=words):
        tiny_tcn(features=3)(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "sequence: must be an array"),
        ("a file", "sequence: must be an array of numbers, not str"),
        ([[1.0], [1.0, 2.0]], "rows of equal length"),
        (np.zeros((2, 0, 1)), "sequence: is empty"),
        (np.array([[1.0, np.nan]]), "sequence: holds NaN or infinity"),
        ({"lengths": [1]}, "this model takes sequence, and perhaps lengths, not lengths"),
        (
            {"sequence": np.zeros((2, 5)), "lengths": [0, 5]},
            "lengths: must be integers from 1 to the sequences' 5 steps",
        ),
        ({"sequence": np.zeros((2, 5)), "lengths": [5, 6]}, "lengths: must be integers from 1"),
        ({"sequence": np.zeros((2, 5)), "lengths": [5]}, r"lengths: must be an array of shape \(2,\)"),
    ],
)
def test_faults_of_inputs_in_arrays(given, words):
    with pytest.raises(InputError, match=words):
        tiny_tcn().answer(given)


def test_faults_numbers_beyond_float32_make_no_warning_beside(recwarn):
    with pytest.raises(InputError, match="sequence: holds numbers beyond those of float32"):
        tiny_tcn().answer(np.full((1, 5, 1), 1e300))
    assert not recwarn.list


@pytest.mark.parametrize("settings", [{}, {"mean": (1.7e9,), "scale": (20.0,)}, {"columns": ["seconds"]}])
def test_faults_numbers_of_which_float32_keeps_too_little(settings):
    near = 1.7e9 + np.array([[3.0, -20.0, 20.0, 7.0]])
    model, words = (
        tiny_tcn(**settings),
        f"column {'seconds' if 'columns' in settings else 0}: differs by 1. around 1.7e.09",
    )
    model.compile(jit_compile=False)
    padded = np.concatenate([near, np.zeros((1, 3))], axis=1)
    for ask in (
        lambda: model.answer(near),
        lambda: model.answer({"sequence": padded, "lengths": [4]}),
        lambda: model.fit(near.astype(int), np.array([1])),
        lambda: model.process(near, model.initial_state(1)),
    ):
        with pytest.raises(InputError, match=words):
            ask()
    model.answer(near.astype(np.float32))
    model.answer(near[:, :1])
    model.answer(near - 1.7e9)


def test_faults_values_to_learn_of_which_float32_keeps_too_little(rng):
    model, x, y = tiny_tcn(outputs=1, task="regress"), rng.normal(size=(4, 5, 1)), 1.7e9 + np.arange(4.0)
    model.compile(jit_compile=False)
    with pytest.raises(InputError, match=r"y: column 0: differs by 1.1 around 1.7e\+09, .* take 1.7e\+09 off it"):
        model.fit(x, y)
    assert np.isfinite(model.evaluate(x, y - 1.7e9, verbose=0)).all()


@pytest.mark.parametrize("scale", [(), (5.0,)])
def test_what_is_small_beside_what_was_learnt_may_be_lost(scale):
    """A quiet stretch of a column, whose last digits are beyond those of float32."""
    quiet = 20.1 + 1e-9 * np.arange(6.0).reshape(1, 6)
    found = tiny_tcn(scale=scale).answer(quiet)["probabilities"]
    np.testing.assert_allclose(found, tiny_tcn(scale=scale).answer(0 * quiet + 20.1)["probabilities"], atol=1e-5)


def test_faults_an_array_of_objects_is_named_with_the_cure():
    with pytest.raises(InputError, match=r"of Python objects; make it numbers by astype\(float\)"):
        tiny_tcn().answer(np.array([[1, 2.5]], object))


def test_faults_an_answer_that_is_not_finite_is_none():
    model = tiny_tcn()
    model.head.kernel.assign(np.full(model.head.kernel.shape, np.nan))
    with pytest.raises(InputError, match="probabilities: the answer of the model is not finite"):
        model.answer(np.ones((1, 5, 1)))


@pytest.mark.parametrize("settings", [{}, {"pooling": "none", "labels": ("a", "b", "c")}, {"vocabulary": 4}])
def test_no_sequences_have_no_answers(settings):
    model = tiny_tcn(**settings)
    x = np.zeros((0, 10), np.int32) if model.vocabulary else np.zeros((0, 10, 1))
    for given in (x, {"sequence": x, "lengths": np.zeros(0, int)}):
        answer = model.answer(given)
        shape = (0, 10) if model.pooling == "none" else (0,)
        assert answer["label"].shape == shape and answer["probabilities"].shape == (*shape, 3)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, marks=pytest.mark.slow),
        {"task": "regress", "target_scale": (2, 3, 4)},
        pytest.param({"multi_label": True}, marks=pytest.mark.slow),
    ],
)
def test_faults_a_saved_model_goes_on_training(settings, tmp_path, rng):
    model, x = tiny_tcn(**settings), rng.normal(size=(4, 5, 1)).astype(np.float32)
    y = rng.integers(0, 2, (4, 3)) if settings else np.array([0, 1, 2, 1])
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "a.keras")
    again = keras.models.load_model(tmp_path / "a.keras")  # warnings are errors in tests
    assert int(again.optimizer.iterations) == 1
    losses = [one.fit(x, y, verbose=0, shuffle=False).history["loss"] for one in (model, again)]
    assert losses[0] == pytest.approx(losses[1])


@pytest.mark.parametrize("size", [0, -1, 2.5, "2"])
def test_faults_of_batch_size(size):
    model, x, y = tiny_tcn(), np.zeros((4, 5, 1)), np.zeros(4)
    model.compile()
    for call in (
        lambda: model.fit(x, y, size),
        lambda: model.evaluate(x, y, batch_size=size),
        lambda: model.predict(x, size),
    ):
        with pytest.raises(InputError, match="batch_size: must be"):
            call()


def test_faults_masked_values_are_no_numbers():
    x = np.ma.masked_greater(np.arange(10.0).reshape(1, 10, 1), 5)
    with pytest.raises(InputError, match="sequence: holds masked values; fill them"):
        tiny_tcn().answer(x)
    assert tiny_tcn().answer(x[:, :3])["label"].shape == (1,)


def test_faults_steps_that_would_spoil_a_stream():
    model, x = tiny_tcn(), np.zeros((1, 2, 1), np.float32)
    with pytest.raises(InputError, match="x: holds NaN or infinity"):
        model.process(x * np.nan, model.initial_state(1))
    tokens = tiny_tcn(vocabulary=5)
    with pytest.raises(InputError, match="x: must be token numbers, integers from 0 to 4"):
        tokens.process([[5]], tokens.initial_state(1))
    assert model.process(x[:, :0], model.initial_state(1))[0].shape == (1, 0, 3)


@pytest.mark.parametrize("tokens", [[[0, 5]], [[-1, 0]], [[0.5, 1.0]]])
def test_faults_of_tokens(tokens):
    with pytest.raises(InputError, match="sequence: must be token numbers, integers from 0 to 4"):
        tiny_tcn(vocabulary=5).answer(tokens)


@pytest.mark.parametrize(
    "settings",
    [
        {"labels": ["x", "y", "z"]},
        {"columns": ["p"]},
        {"dilations": (2, 1)},
        {"causal": False},
        {"skip_connections": True},
    ],
)
def test_faults_weights_of_another_meaning_start_fresh(settings, tmp_path):
    model = tiny_tcn(labels=["a", "b", "c"], columns=["q"])
    model.save_to_preset(tmp_path / "preset")
    same = TCN.from_preset(tmp_path / "preset")
    other = TCN.from_preset(tmp_path / "preset", **settings)
    for weight, own in zip(same.weights, model.weights, strict=True):
        np.testing.assert_array_equal(numbers(weight), numbers(own))
    fresh = {
        "labels": "head",
        "columns": "block_0",
        "dilations": "block",
        "causal": "block",
        "skip_connections": "head",
    }
    fresh = fresh[next(iter(settings))]
    for weight, own in zip(other.weights, model.weights, strict=True):
        assert np.array_equal(numbers(weight), numbers(own)) != weight.path.startswith(fresh), weight.path
