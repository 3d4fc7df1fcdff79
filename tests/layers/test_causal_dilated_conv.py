import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from layer_checks import conv1d_oracle, run_layer_checks, run_steps

from dilatednets.errors import InputError
from dilatednets.layers import CausalDilatedConv, CentredDilatedConv, TemporalBlock


def make(kernel_size=2, dilation_rate=3, channels=3, filters=4, **kwargs):
    conv = CausalDilatedConv(filters, kernel_size, dilation_rate, **kwargs)
    conv.build((None, None, channels))
    if conv.bias is not None:
        conv.bias.assign(np.linspace(-1, 1, filters))
    return conv


@pytest.mark.parametrize(
    "options",
    [{}, {"kernel_size": 3, "activation": "tanh", "kernel_regularizer": "l2"}, {"use_bias": False}]
    + [{"kernel_size": 3, "weight_normalization": True}, {"kernel_size": 1}, {"padding": "learned"}],
)
def test_passes_the_checks_of_all_layers(rng, options):
    run_layer_checks(CausalDilatedConv(4, dilation_rate=2, **options), rng.standard_normal((2, 9, 3)), causal=True)


@settings(deadline=None, max_examples=12)
@given(
    kernel_size=st.integers(1, 4),
    dilation=st.integers(1, 9),
    time=st.integers(1, 30),
    batch=st.integers(1, 3),
    seed=st.integers(0, 99),
    learned=st.booleans(),
)
def test_equals_the_oracle_and_its_own_steps(kernel_size, dilation, time, batch, seed, learned):
    x = np.random.default_rng(seed).standard_normal((batch, time, 3)).astype(np.float32)
    conv = make(kernel_size, dilation, padding="learned" if learned else "zeros")
    before = (kernel_size - 1) * dilation
    outside = np.arange(3, dtype=np.float32) if learned else np.zeros(3, np.float32)
    if learned:
        conv.outside.assign(outside)
    whole = np.concatenate([np.broadcast_to(outside, (batch, before, 3)), x], axis=1)
    kernel, bias = ops.convert_to_numpy(conv.kernel), ops.convert_to_numpy(conv.bias)
    expected = conv1d_oracle(whole, kernel, dilation, before)[:, before:] + bias
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), expected, atol=1e-4)
    np.testing.assert_allclose(run_steps(conv, [x])[0][0], expected, atol=1e-4)


@pytest.mark.parametrize("kernel_size", [1, 2, 3])
def test_state_after_continues_the_sequence(rng, kernel_size):
    x = rng.standard_normal((2, 40, 3)).astype(np.float32)
    conv = make(kernel_size, dilation_rate=5)
    whole = ops.convert_to_numpy(conv(x))
    for cut in (1, 3, 10, 25):
        (rest,), _ = run_steps(conv, [x[:, cut:]], conv.state_after(x[:, :cut]))
        np.testing.assert_allclose(rest, whole[:, cut:], atol=1e-5)


def test_weights_exchange_with_keras_conv1d(rng):
    x = rng.standard_normal((2, 20, 3)).astype(np.float32)
    conv = make(3, 2)
    other = keras.layers.Conv1D(4, 3, dilation_rate=2, padding="causal")
    other.build(x.shape)
    other.set_weights(conv.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), ops.convert_to_numpy(other(x)), atol=1e-5)


def test_weight_normalisation_starts_at_the_kernel_that_was_drawn(rng):
    x = rng.standard_normal((1, 9, 3)).astype(np.float32)
    conv, plain = CausalDilatedConv(4, 3, weight_normalization=True), CausalDilatedConv(4, 3)
    conv.build(x.shape), plain.build(x.shape)
    plain.kernel.assign(conv.kernel)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), ops.convert_to_numpy(plain(x)), atol=1e-5)
    conv.gain.assign(2 * conv.gain)
    np.testing.assert_allclose(ops.convert_to_numpy(conv(x)), 2 * ops.convert_to_numpy(plain(x)), atol=1e-5)


def test_steps_in_bfloat16_use_the_kernel_of_the_parallel_call(rng):
    conv = CausalDilatedConv(32, 3, 2, weight_normalization=True, dtype="mixed_bfloat16")
    conv.build((1, 20, 64))
    conv.kernel.assign(rng.standard_normal(conv.kernel.shape))
    # Of a single number a convolution makes its kernel, without sums, which each processor rounds in its own way.
    x = np.zeros((1, 20, 64), np.float32)
    x[0, 0, 5] = 1
    whole = ops.convert_to_numpy(ops.cast(conv(x), "float32"))
    assert (np.flatnonzero(whole.any(axis=(0, 2))) == [0, 2, 4]).all()
    np.testing.assert_array_equal(run_steps(conv, [x])[0][0], whole)


@pytest.mark.tensorflow
def test_xla_compiles_a_step_once_for_all_slots():
    import tensorflow as tf

    state = tf.TensorSpec((2, 7, 3)), tf.TensorSpec((), tf.int32)
    graph = tf.function(make(3).step).get_concrete_function(tf.TensorSpec((2, 3)), state).graph
    # XLA wants to know where a Slice begins before it compiles; it reads at a place that comes with the call by a GatherV2.
    kinds = [operation.type for operation in graph.get_operations()]
    assert "Slice" not in kinds and kinds.count("GatherV2") == 2


def test_has_no_state_before_it_is_built():
    with pytest.raises(ValueError, match="build it, or call it once"):
        CausalDilatedConv(4).initial_state(1)


@pytest.mark.parametrize("bad", [{"filters": 0}, {"kernel_size": 0}, {"dilation_rate": -1}, {"dilation_rate": 1.5}])
def test_refuses_sizes_that_are_no_positive_integers(bad):
    with pytest.raises(InputError, match=f"{next(iter(bad))}: must be"):
        CausalDilatedConv(**{"filters": 2, **bad})


@pytest.mark.parametrize("kernel_size", [1, 2, 7])
@pytest.mark.parametrize("options", [{}, {"weight_normalization": True}])
def test_both_methods_give_the_same_outputs_and_gradients(rng, kernel_size, options):
    x = rng.standard_normal((2, 11, 3)).astype(np.float32)
    convs = [
        make(kernel_size, 4, activation="tanh", method=method, **options) for method in ("convolution", "products")
    ]
    convs[1].set_weights(convs[0].get_weights())
    target = rng.standard_normal((2, 11, 4))
    for conv in convs:
        model = keras.Sequential([conv])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, target)
    for first, second in zip(*(conv.get_weights() for conv in convs), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


@pytest.mark.parametrize("method", ["convolution", "products"])
@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 5, 3), (0, 0, 3)])
@pytest.mark.parametrize("dilation_rate", [1, 2])
def test_faults_no_steps_and_no_sequences_give_empty_outputs(shape, method, dilation_rate):
    conv = make(3, dilation_rate, method=method)
    x = np.zeros(shape, np.float32)
    assert conv(x).shape == (*shape[:2], 4)
    assert keras.Sequential([keras.Input((None, 3)), conv])(x).shape == (*shape[:2], 4)


@pytest.mark.tensorflow
def test_faults_an_empty_sequence_in_a_graph_of_unknown_length():
    import tensorflow as tf

    program = tf.function(make(3, 2), input_signature=[tf.TensorSpec((None, None, 3))])
    assert program(np.zeros((2, 0, 3), np.float32)).shape == (2, 0, 4)
    assert program(np.zeros((0, 6, 3), np.float32)).shape == (0, 6, 4)


def test_refuses_to_reflect_the_future():
    with pytest.raises(
        InputError, match="padding: a causal convolution cannot reflect the future; take learned or zeros"
    ):
        make(padding="reflect")


def test_refuses_an_unknown_method():
    with pytest.raises(InputError, match="method: must be 'convolution' or 'products'"):
        CausalDilatedConv(4, method="matmul")


def normalised(layer):
    """The kernel that a weight-normalised convolution computes with, by NumPy."""
    direction, gain = ops.convert_to_numpy(layer.kernel), ops.convert_to_numpy(layer.gain)
    return direction * gain / np.sqrt((direction**2).sum(axis=(0, 1)))


@pytest.mark.parametrize("make_layer", [CausalDilatedConv, CentredDilatedConv, TemporalBlock])
def test_faults_a_regulariser_sees_the_kernel_that_weight_normalisation_makes(make_layer, rng):
    options = {} if make_layer is TemporalBlock else {"weight_normalization": True}
    layer = make_layer(4, 3, kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2), **options)
    layer.build((None, 9, 3))
    for conv in (convs := getattr(layer, "convs", [layer])):
        conv.gain.assign(rng.uniform(1, 2, 4))
    expected = [0.1 * np.abs(kernel).sum() + 0.2 * (kernel**2).sum() for kernel in map(normalised, convs)]
    for _ in range(2):  # the length of the directions changes neither the outputs nor the penalty
        assert [float(loss) for loss in layer.losses] == pytest.approx(expected, rel=1e-4)
        for conv in convs:
            conv.kernel.assign(conv.kernel / 5)
    again = type(layer).from_config(layer.get_config())
    again.build((None, 9, 3))
    again.set_weights(layer.get_weights())
    assert [float(loss) for loss in again.losses] == pytest.approx(expected, rel=1e-4)


def test_faults_the_penalty_of_a_weight_normalised_kernel_trains_its_gain():
    """Of targets that the penalty alone can reach, the kernel that the net computes with becomes small."""
    conv = CausalDilatedConv(4, 3, kernel_regularizer=keras.regularizers.L2(1.0), weight_normalization=True)
    model = keras.Sequential([keras.Input((None, 3)), conv])
    before = normalised(conv)
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    model.train_on_batch(np.zeros((1, 5, 3)), np.zeros((1, 5, 4)))
    # The gradient of |gain|^2 is along the gain: no direction turns.
    np.testing.assert_allclose(normalised(conv), 0.8 * before, rtol=1e-4)
