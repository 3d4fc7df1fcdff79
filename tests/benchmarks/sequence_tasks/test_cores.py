"""What every core is held to: it sees no future, streams as it computes, and costs what it says."""

import keras
import numpy as np
import pytest
from keras import ops

from dilatednets.benchmarks.sequence_tasks.cores import CORES, make, width_unit
from dilatednets.benchmarks.sequence_tasks.min_gru import BLOCK, linear_recurrence
from dilatednets.benchmarks.sequence_tasks.net import SequenceNet, matched_width
from dilatednets.benchmarks.sequence_tasks.recurrent import gate_bias

STEPS = 24
CONVOLUTIONS, GATES, PLAIN = (
    {"levels": 3, "kernel_size": 3},
    {"layers": 2, "bias": "chrono", "memory": 30},
    {"layers": 2},
)
OPTIONS = {"tcn": CONVOLUTIONS, "tcn_no_dilation": CONVOLUTIONS, "lstm": GATES, "gru": GATES, "min_gru": GATES}
OPTIONS |= {"rnn": PLAIN, "attention": PLAIN}
numpy = ops.convert_to_numpy


def net_of(core):
    keras.utils.set_random_seed(1)
    net = SequenceNet(make(core, 8, **OPTIONS[core]), outputs=2, every_step=True)
    net.build_for(3)
    return net


@pytest.mark.parametrize("core", CORES)
def test_it_sees_no_future_and_streams_as_it_computes(core, rng):
    net = net_of(core)
    x = rng.standard_normal((2, STEPS, 3)).astype("float32")
    y = numpy(net(x))
    changed = x.copy()
    changed[:, 12:] += 1
    after = numpy(net(changed))
    np.testing.assert_allclose(after[:, :12], y[:, :12], atol=1e-5)
    assert np.abs(after[:, 12] - y[:, 12]).max() > 1e-4
    state, steps = net.core.initial_state(2, STEPS), []
    for time in range(STEPS):
        y_t, state = net.step(x[:, time], state)
        steps.append(numpy(y_t))
    np.testing.assert_allclose(np.stack(steps, axis=1), y, atol=2e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize("core", CORES)
def test_multiply_accumulates_are_those_of_the_graph(core):
    """TensorFlow's own graph of a step is counted, product by product."""
    import tensorflow as tf

    net = net_of(core)
    state = net.core.initial_state(1, STEPS)
    graph = tf.function(net.step, autograph=False).get_concrete_function(tf.zeros((1, 3)), state).graph
    counted = 0
    for operation in graph.get_operations():
        if operation.type in ("MatMul", "BatchMatMulV2"):
            counted += operation.outputs[0].shape.num_elements() * operation.inputs[0].shape[-1]
    # The graph of attention meets the places of the future, too: as if each step were the last.
    extra = net.core.attended(2 * STEPS - 1) - net.core.attended(STEPS)
    assert counted == net.macs(STEPS) + extra


def test_chrono_biases_are_logarithms_of_times():
    bias = numpy(gate_bias("lstm", "chrono", 100)((400,)))
    assert (bias[:100] == -bias[100:200]).all() and (bias[200:] == 0).all()
    times = np.exp(bias[100:200])
    assert 1 <= times.min() < 10 and 90 < times.max() <= 99
    gru = numpy(gate_bias("gru", "chrono", 100)((2, 300)))
    assert (gru[1] == 0).all() and (gru[0, 100:] == 0).all() and (gru[0, :100] > 0).all()
    # A GRU of Keras keeps the share z of its state: with z near 1 it remembers.
    core = make("gru", 16, layers=1, bias="chrono", memory=10_000)
    core.build((None, None, 1))
    state = [[np.ones((1, 16), "float32")]]
    kept = numpy(core.step(np.zeros((1, 1), "float32"), state)[0])
    assert kept.mean() > 0.99


@pytest.mark.parametrize("time", [1, BLOCK, BLOCK + 1, BLOCK * BLOCK + 3])
def test_the_scan_is_the_recurrence(time, rng):
    keep, new = rng.random((2, time, 3)).astype("float32"), rng.standard_normal((2, time, 3)).astype("float32")
    h, expected = np.zeros((2, 3)), []
    for step in range(time):
        h = keep[:, step] * h + new[:, step]
        expected.append(h)
    np.testing.assert_allclose(numpy(linear_recurrence(keep, new)), np.stack(expected, axis=1), atol=1e-5)


@pytest.mark.parametrize("wanted", [1, 5, 16, 900, 100_000])
@pytest.mark.parametrize("unit", [1, 4])
def test_no_other_width_comes_closer(wanted, unit):
    def parameters(width):
        return 3 * width**2 + 5 * width + 7

    found = matched_width(parameters, wanted, unit)
    best = min(range(unit, 1000 * unit, unit), key=lambda width: abs(parameters(width) - wanted))
    assert found == best


def test_attention_has_even_halves():
    assert width_unit("attention") == 4 and width_unit("gru") == 1


def test_faults_an_unknown_core_is_named():
    with pytest.raises(ValueError, match=r"core: 'lsmt': there are .*; did you mean lstm\?"):
        make("lsmt", 8)


@pytest.mark.slow
@pytest.mark.parametrize("core", ["attention", "min_gru"])
def test_batches_of_several_lengths_train_and_are_answered(core, rng):
    net = net_of(core)
    net.compile("adam", "mse", jit_compile=False)
    for time in (STEPS, STEPS + 3, STEPS):
        x = rng.standard_normal((2, time, 3)).astype("float32")
        assert np.isfinite(net.train_on_batch(x, np.zeros((2, time, 2), "float32")))
        np.testing.assert_allclose(net.predict_on_batch(x), numpy(net(x)), atol=1e-5)
