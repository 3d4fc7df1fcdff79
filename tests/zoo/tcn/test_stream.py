"""Blocks of a stream against the whole sequence."""

import keras
import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.errors import InputError
from dilatednets.zoo.tcn.stream import Steps

CUTS = {"at once": [24], "step by step": [1] * 24, "in blocks": [4, 12, 4, 4]}


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "last"},
        {"pooling": "none", "skip_connections": True, "gated": True, "normalization": "layer"},
        {"pooling": "mean", "stacks": 2, "normalization": "batch"},
        {
            "task": "forecast",
            "horizon": 3,
            "quantiles": (0.2, 0.8),
            "mean": (1.0, 2.0),
            "target_scale": (1.0, 2.0, 3.0),
        },
        {"vocabulary": 7},
        {"kernel_size": 1},
    ],
    ids=["last", "none", "mean", "forecast", "tokens", "single taps"],
)
def test_the_answer_at_each_step_is_that_of_the_sequence_so_far(settings, cuts, rng):
    model = tiny_tcn(features=2, **settings)
    x = rng.integers(0, 7, (3, 24)) if model.vocabulary else rng.normal(size=(3, 24, 2)).astype(np.float32)
    state, answers = model.initial_state(3), []
    for block in np.split(x, np.cumsum(cuts)[:-1], axis=1):
        y, state = model.process(block, state)
        answers.append(keras.ops.convert_to_numpy(y))
    answers = np.concatenate(answers, axis=1)
    if model.pooling == "none":
        np.testing.assert_allclose(answers, keras.ops.convert_to_numpy(model(x)), atol=1e-4)
        return
    for steps in (1, 5, 24):
        np.testing.assert_allclose(answers[:, steps - 1], keras.ops.convert_to_numpy(model(x[:, :steps])), atol=1e-4)


@pytest.mark.parametrize("filters", [0, 3])
def test_frames_stream_whole(filters, rng):
    model, x = tiny_tcn(frame=4, filters=filters, pooling="none"), rng.normal(size=(2, 24, 1)).astype(np.float32)
    first, state = model.process(x[:, :8], model.initial_state(2))
    second, state = model.process(x[:, 8:], state)
    joined = np.concatenate([first, second], axis=1)
    np.testing.assert_allclose(joined, keras.ops.convert_to_numpy(model(x)), atol=1e-4)
    with pytest.raises(InputError, match="x: 6 steps are no whole frames of 4"):
        model.process(x[:, :6], state)


@pytest.mark.parametrize("reader", ["audio_folder", "spoken_digits"])
def test_sound_of_integers_is_answered_as_the_same_of_floats(reader, rng):
    model = tiny_tcn(frame=4, pooling="none", data={"reader": reader, "sample_rate": 8000})
    whole = rng.integers(-32768, 32768, (2, 24, 1)).astype(np.int16)
    doors = (model, lambda x: model.answer(x)["probabilities"], lambda x: model.process(x, model.initial_state(2))[0])
    for change in doors:
        wanted = keras.ops.convert_to_numpy(change(whole / np.float32(32768)))
        np.testing.assert_allclose(keras.ops.convert_to_numpy(change(whole)), wanted, atol=1e-6)
        for loud in (whole.astype(np.float32), whole.astype(int)):
            with pytest.raises(InputError, match=r"must be in \[-1, 1\]; divide by"):
                change(loud)


def test_faults_states_of_others():
    model, other = tiny_tcn(), tiny_tcn(dilations=(1, 4))
    with pytest.raises(InputError, match=r"state: must be what initial_state .* past of shape \(batch, 81\), seen"):
        model.process(np.zeros((1, 3, 1), np.float32), other.initial_state(1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"causal": False}, "causal: a centred model waits for the future"),
        ({"task": "forecast", "columns": ["a"], "known": ["a"]}, "known: a model with known columns"),
    ],
)
def test_faults_models_that_cannot_stream(settings, words):
    with pytest.raises(InputError, match=words):
        tiny_tcn(**settings).initial_state(1)


@pytest.mark.parametrize("frozen", [False, True])
def test_compiled_steps(frozen, rng):
    """They answer as `process` does; frozen ones as it did at their first call, whatever the weights became since."""
    model, x = tiny_tcn(pooling="mean"), rng.normal(size=(2, 8, 1)).astype(np.float32)
    step, start = Steps(model, frozen), model.initial_state(2)
    before = model.process(x, start)
    step(x, start)
    for weight in model.weights:
        weight.assign(keras.ops.convert_to_numpy(weight) * 1.5)
    after = model.process(x, start)
    assert not np.allclose(before[0], after[0], atol=1e-3)
    (answer, state), (expected, expected_state) = step(x, start), before if frozen else after
    np.testing.assert_allclose(answer, expected, atol=1e-5)
    assert state.keys() == expected_state.keys()
    for name, part in state.items():
        np.testing.assert_allclose(part, expected_state[name], atol=1e-5, err_msg=name)
