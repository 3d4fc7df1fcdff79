"""The model against NumPy, its masks and its tasks."""

import keras
import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.zoo.tcn.losses import AbsoluteError, ScaledLoss
from dilatednets.zoo.tcn.model import TCN


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def conv(x, layer, causal):
    """A dilated convolution, tap by tap."""
    kernel = numbers(layer.kernel)
    if layer.gain is not None:
        kernel = kernel * numbers(layer.gain) / np.sqrt(np.sum(kernel**2, axis=(0, 1)))
    y = np.tile(numbers(layer.bias), (len(x), 1))
    for t in range(len(x)):
        for tap in range(len(kernel)):
            place = t + (tap - (len(kernel) - 1 if causal else len(kernel) // 2)) * layer.dilation_rate
            if 0 <= place < len(x):
                y[t] += x[place] @ kernel[tap]
    return y


def body(model, x):
    """All blocks for one sequence (time, channels)."""
    outputs = []
    for block in model.blocks:
        h = x
        for layer in block.convs:
            h = np.maximum(conv(h, layer, model.causal), 0)
        shortcut = x
        if block.projection is not None:
            shortcut = x @ numbers(block.projection.kernel) + numbers(block.projection.bias)
        x = np.maximum(shortcut + h, 0)
        outputs.append(x)
    return sum(outputs) if model.skip_connections else x


@pytest.mark.parametrize("normalization", ["weight", "none"])
@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "last"},
        {"pooling": "mean", "causal": False},
        {"pooling": "none", "skip_connections": True, "stacks": 2},
        {"task": "regress", "target_mean": (5.0, -5.0), "target_scale": (2.0, 10.0), "outputs": 2},
    ],
    ids=["last", "mean", "none", "regress"],
)
def test_the_call_against_numpy(settings, normalization, rng):
    settings = {"mean": (1.0, 2.0), "scale": (3.0, 4.0), **settings}
    model = tiny_tcn(features=2, normalization=normalization, **settings)
    x, lengths = rng.normal(size=(2, 20, 2)).astype(np.float32), np.array([20, 13])
    expected = []
    for row, length in zip(x, lengths, strict=True):
        h = body(model, (row[:length] - [1, 2]) / [3, 4])
        h = {"last": h[-1], "mean": h.mean(axis=0), "none": h}[model.pooling]
        y = h @ numbers(model.head.kernel) + numbers(model.head.bias)
        expected.append(y * (2, 10) + (5, -5) if model.target_mean else y)
    found = numbers(model({"sequence": x, "lengths": lengths}))
    for one, y, length in zip(found, expected, lengths, strict=True):
        np.testing.assert_allclose(one[:length] if model.pooling == "none" else one, y, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pooling": "mean", "gated": True, "normalization": "layer"},
        {"pooling": "none", "causal": False},
        {"frame": 4, "pooling": "mean"},
        {"frame": 4, "filters": 3},
        {"vocabulary": 9},
    ],
)
def test_padding_changes_nothing_whatever_it_holds(settings, rng):
    model = tiny_tcn(features=1, **settings)
    x = rng.integers(0, 9, (2, 12)) if model.vocabulary else rng.normal(size=(2, 12, 1)).astype(np.float32)
    padding = np.full((2, 8), 3) if model.vocabulary else np.full((2, 8, 1), np.nan, np.float32)
    longer = np.concatenate([x, padding], axis=1)
    alone, batched = numbers(model(x)), numbers(model({"sequence": longer, "lengths": np.array([12, 12])}))
    mask = np.arange(20) < 12
    masked = numbers(model(longer, mask=keras.ops.convert_to_tensor(np.stack([mask, mask]))))
    steps = alone.shape[1]
    np.testing.assert_allclose(batched[:, :steps], alone, atol=1e-5)
    np.testing.assert_allclose(masked[:, :steps], alone, atol=1e-5)


@pytest.mark.parametrize(("filters", "field"), [(0, 26), (3, 28)])
def test_the_receptive_field_is_what_changes_the_answer(filters, field, rng):
    model = tiny_tcn(features=1, pooling="none", frame=2, filters=filters)
    x = rng.normal(size=(1, 60, 1)).astype(np.float32)
    before = numbers(model(x))[0, -1]
    seen = []
    for step in range(60):
        other = x.copy()
        other[0, step] += 1
        seen.append(bool(np.any(numbers(model(other))[0, -1] != before)))
    assert model.receptive_field == 60 - seen.index(True) == field


def test_a_causal_model_sees_no_future(rng):
    model, x = tiny_tcn(features=2, pooling="none"), rng.normal(size=(1, 30, 2)).astype(np.float32)
    other = x.copy()
    other[:, 20:] += 1
    np.testing.assert_array_equal(numbers(model(x))[:, :20], numbers(model(other))[:, :20])
    assert np.all(numbers(model(x))[:, 20] != numbers(model(other))[:, 20])


def test_known_columns_tell_the_forecast(rng):
    settings = {"columns": ["sold", "day"], "known": ["day"], "mean": (0, 3), "scale": (1, 2), "horizon": 4}
    model = tiny_tcn(outputs=1, task="forecast", quantiles=(0.1, 0.9), **settings)
    given = {"sequence": rng.normal(size=(2, 9, 2)).astype(np.float32), "known": rng.normal(size=(2, 4, 1))}
    y = numbers(model(given))
    assert y.shape == (2, 4, 1, 2) and np.all(y[..., 0] <= y[..., 1])
    given["known"] = given["known"] + np.array([0, 0, 1, 0])[:, None]
    changed = np.any(numbers(model(given)) != y, axis=(0, 2, 3))
    assert changed.tolist() == [False, False, True, False]


TASKS = {
    "classify": ({}, (8, 3), keras.losses.SparseCategoricalCrossentropy),
    "labels": ({"multi_label": True}, (8, 3), keras.losses.BinaryCrossentropy),
    "steps": ({"pooling": "none"}, (8, 10, 3), keras.losses.SparseCategoricalCrossentropy),
    "regress": ({"task": "regress"}, (8, 3), ScaledLoss),
    "forecast": ({"task": "forecast", "horizon": 2, "quantiles": (0.5,)}, (8, 2, 3, 1), ScaledLoss),
    "tokens": ({"task": "next"}, (8, 10, 3), keras.losses.SparseCategoricalCrossentropy),
    "chords": ({"task": "next", "multi_label": True}, (8, 10, 3), keras.losses.BinaryCrossentropy),
}


@pytest.mark.parametrize(
    "name",
    [name if name in ("forecast", "tokens") else pytest.param(name, marks=pytest.mark.slow) for name in TASKS],
)
def test_each_task_learns_by_its_own_loss(name, rng):
    settings, shape, loss = TASKS[name]
    model = tiny_tcn(**settings)
    model.compile(keras.optimizers.Adam(0.03), jit_compile=False)
    assert isinstance(model._compile_loss._user_loss if hasattr(model, "_compile_loss") else model.loss, loss)
    x = (
        rng.integers(0, 3, (8, 10))
        if model.vocabulary
        else rng.integers(0, 2, (8, 10, model.features)).astype("float32")
    )
    y_shape = shape if model.multi_label or model.task == "regress" else shape[:-1]
    y = rng.integers(0, 2 if model.multi_label else 3, y_shape[: 3 if model.task == "forecast" else None])
    history = model.fit(x, y, batch_size=8, epochs=12, verbose=0).history
    assert model.predict(x, verbose=0).shape == shape
    assert history["loss"][-1] < 0.9 * history["loss"][0] and len(history) == 2


def test_loss_and_metrics_leave_out_padded_steps(rng):
    model = tiny_tcn(pooling="none", features=2)
    model.compile(jit_compile=False)
    x, y = rng.normal(size=(2, 10, 2)).astype(np.float32), rng.integers(0, 3, (2, 10))
    alone = model.evaluate(x[:, :6], y[:, :6], verbose=0, return_dict=True)
    given = {"sequence": x, "lengths": np.array([6, 6])}
    for key, value in model.evaluate(given, y, verbose=0, return_dict=True).items():
        assert value == pytest.approx(alone[key], rel=1e-4), key


def test_a_loss_of_ones_own_is_used():
    model = tiny_tcn(task="regress")
    model.compile(loss="mean_absolute_error", metrics=[AbsoluteError()], jit_compile=False)
    figures = model.evaluate(np.zeros((2, 5, 1)), np.zeros((2, 3)), verbose=0, return_dict=True)
    assert figures["loss"] == pytest.approx(figures["absolute_error"])


def test_answers_are_probabilities_and_names(rng):
    x = rng.normal(size=(4, 9, 1))
    answer = tiny_tcn(labels=["a", "b", "c"]).answer(x)
    np.testing.assert_allclose(answer["probabilities"].sum(axis=-1), 1, rtol=1e-5)
    assert answer["label"].tolist() == [("a", "b", "c")[row] for row in answer["probabilities"].argmax(axis=-1)]
    assert set(tiny_tcn(multi_label=True).answer(x)) == {"probabilities"}
    assert tiny_tcn(task="forecast", horizon=2).answer(x)["values"].shape == (4, 2, 3)


def test_it_is_a_layer_of_other_models(rng):
    """Keras hands on the mask of the layer before."""
    model = tiny_tcn(features=2)
    inputs = keras.Input((None, 2))
    whole = keras.Model(inputs, model(keras.layers.Masking()(inputs)))
    x = rng.normal(size=(1, 9, 2)).astype(np.float32)
    padded = np.concatenate([x, np.zeros((1, 4, 2), np.float32)], axis=1)
    np.testing.assert_allclose(numbers(whole(padded)), numbers(model(x)), atol=1e-5)


def test_half_precision_keeps_what_it_says(rng):
    x = 1000 + rng.normal(size=(4, 9, 1)).astype(np.float32)
    model = tiny_tcn(mean=(1000,), scale=(1,))
    half = TCN.from_config({**model.get_config(), "dtype": "mixed_bfloat16"})
    half.set_weights(model.get_weights())
    np.testing.assert_allclose(numbers(half(x)), numbers(model(x)), atol=0.15)
