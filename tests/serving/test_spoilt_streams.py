"""States that a client sends back spoilt, and answers that are none: refused by a server as by Python."""

import keras
import numpy as np
import pytest
from helpers import tiny_effect, tiny_tcn

from dilatednets.errors import InputError

SPOILT = {
    "past": (lambda past: np.full_like(past, np.nan), "NaN or infinity"),
    "sum": (lambda sums: np.full_like(sums, -np.inf), "NaN or infinity"),
    "seen": (lambda seen: np.full_like(seen, -5), "0"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_faults_states_are_refused_by_python(name, rng):
    model, x = tiny_tcn(pooling="mean"), rng.normal(size=(2, 8, 1)).astype(np.float32)
    state = {key: keras.ops.convert_to_numpy(part) for key, part in model.process(x, model.initial_state(2))[1].items()}
    change, words = SPOILT[name]
    with pytest.raises(InputError, match=f"state: {name} holds .*{words}; begin by initial_state again"):
        model.process(x, {**state, name: change(state[name])})
    answers, _ = model.process(x, state)
    whole = keras.ops.convert_to_numpy(model(np.concatenate([x, x], axis=1)))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(answers)[:, -1], whole, atol=1e-4)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("family", "name"), [("tcn", "past"), ("tcn", "sum"), ("tcn", "seen"), ("audio_effect", "past")]
)
def test_faults_states_are_refused_by_a_server(family, name, rng):
    import tensorflow as tf

    if family == "tcn":
        model, block = tiny_tcn(pooling="mean"), {"sequence": tf.zeros((2, 8, 1))}
    else:
        model, block = tiny_effect(), {"dry": tf.zeros((2, 8))}
    graphs = model.signatures().signatures()
    state = graphs["stream_start"](batch_size=tf.constant(2))
    change, words = SPOILT[name]
    spoilt = {**state, name: tf.constant(change(state[name].numpy()))}
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{name}: .*{words}"):
        graphs["stream_next"](**block, **spoilt)
    assert set(state) < set(graphs["stream_next"](**block, **state))


@pytest.mark.tensorflow
@pytest.mark.parametrize("settings", [{}, {"task": "regress"}, {"pooling": "none", "labels": ("a", "b", "c")}])
def test_faults_an_answer_that_is_not_finite_is_refused_by_a_server_as_in_python(settings):
    import tensorflow as tf

    model, x = tiny_tcn(scale=(0.01,), **settings), np.full((2, 8, 1), 1e38, np.float32)
    words = "the answer of the model is not finite"
    with pytest.raises(InputError, match=words):
        model.answer(x)
    graphs = model.signatures().signatures()
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        graphs["serving_default"](sequence=tf.constant(x), lengths=tf.constant([8, 8]))
    state = graphs["stream_start"](batch_size=tf.constant(2))
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        graphs["stream_next"](sequence=tf.constant(x), **state)


@pytest.mark.tensorflow
@pytest.mark.parametrize("pooling", ["last", "mean", "none"])
def test_padding_may_hold_anything(pooling, rng):
    import tensorflow as tf

    model, x = tiny_tcn(pooling=pooling), rng.normal(size=(2, 8, 1)).astype(np.float32)
    ask, lengths = model.signatures().signatures()["serving_default"], np.array([5, 8], np.int32)
    x[0, 5:] = np.nan
    wanted = model.answer({"sequence": x, "lengths": lengths})["probabilities"]
    found = ask(sequence=tf.constant(x), lengths=tf.constant(lengths))["probabilities"].numpy()
    real = np.arange(8) < lengths[:, None] if pooling == "none" else slice(None)
    np.testing.assert_allclose(found[real], wanted[real], atol=1e-5)


@pytest.mark.tensorflow
def test_faults_an_effect_with_damaged_weights_gives_no_nan():
    import tensorflow as tf

    model = tiny_effect()
    model.weights[-1].assign(np.full(model.weights[-1].shape, np.nan))
    with pytest.raises(tf.errors.InvalidArgumentError, match="wet: the answer of the model is not finite"):
        model.signatures().signatures()["serving_default"](dry=tf.zeros((1, 8)))
