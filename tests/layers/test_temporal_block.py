"""Temporal blocks against plain NumPy, and with masks."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import conv1d_oracle, run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers import TemporalBlock, receptive_field


def normalized(conv):
    """The kernel of a weight-normalised convolution by its definition."""
    direction = ops.convert_to_numpy(conv.kernel)
    length = np.sqrt((direction**2).sum(axis=(0, 1)))
    return direction / length * ops.convert_to_numpy(conv.gain)


def block_oracle(block, x):
    """A block with weight normalisation, relu and a projection, for one sequence without padding."""
    reach = (block.kernel_size - 1) * block.dilation_rate
    before = reach if block.causal else reach - (block.kernel_size - 1) // 2 * block.dilation_rate
    h = x
    for conv in block.convs:
        bias = ops.convert_to_numpy(conv.bias)
        h = np.maximum(conv1d_oracle(h, normalized(conv), block.dilation_rate, before) + bias, 0)
    kernel, bias = (ops.convert_to_numpy(w) for w in block.projection.weights)
    return np.maximum(x @ kernel + bias + h, 0)


def make(**options):
    keras.utils.set_random_seed(1)
    block = TemporalBlock(5, **{"kernel_size": 3, "dilation_rate": 2, **options})
    block.build((None, None, 4))
    rng = np.random.default_rng(2)
    for weight in block.weights:  # gains and biases too must matter
        values = rng.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
    return block


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": "learned"},
        {"causal": False},
        {"normalization": "layer", "gated": True},
        {"causal": False, "normalization": "layer", "gated": True},
        {"normalization": "none", "residual_activation": False},
    ],
)
def test_passes_the_checks_of_all_layers(rng, options):
    x = rng.standard_normal((3, 15, 4))
    run_layer_checks(TemporalBlock(5, 3, 2, **options), x, causal=options.get("causal", True))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("kernel_size", [2, 3])
def test_equals_the_oracle(rng, causal, kernel_size):
    block = make(causal=causal, kernel_size=kernel_size)
    x = rng.standard_normal((2, 17, 4)).astype(np.float32)
    np.testing.assert_allclose(ops.convert_to_numpy(block(x)), block_oracle(block, x), atol=1e-4)


def test_centred_receptive_field_is_what_perturbation_shows(rng):
    block = make(causal=False)
    x = rng.standard_normal((1, 41, 4)).astype(np.float32)
    disturbed = np.repeat(x, 41, axis=0)
    disturbed[np.arange(41), np.arange(41)] += 3.0
    changes = np.abs(ops.convert_to_numpy(block(disturbed)) - ops.convert_to_numpy(block(x)))[:, 20].max(axis=1)
    assert receptive_field(block) == 9
    assert np.flatnonzero(changes > 1e-6)[[0, -1]].tolist() == [16, 24]


@pytest.mark.parametrize(
    "options",
    [{}, {"causal": False, "normalization": "layer", "gated": True}, {"kernel_size": 2, "normalization": "batch"}]
    + [{"causal": False, "padding": "learned"}],
)
def test_packed_steps_equal_the_call_on_each_sequence(rng, options):
    block = make(**options)
    sequences = [rng.standard_normal((length, 4)).astype(np.float32) for length in (7, 1, 12)]
    past = block.kernel_size - 1 - block.future // (2 * block.dilation_rate)
    ahead = (np.arange(block.kernel_size) - past) * block.dilation_rate
    seen, first = [], 1
    for x in sequences:
        at = np.arange(len(x))[:, None] + ahead
        seen.extend(np.where((at >= 0) & (at < len(x)), first + at, 0))
        first += len(x)
    found = ops.convert_to_numpy(block.packed(np.concatenate(sequences), np.array(seen, np.int32)))
    expected = np.concatenate([ops.convert_to_numpy(block(x[None]))[0] for x in sequences])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_steps_of_a_block_with_batch_normalization_equal_the_call(rng):
    block = make(normalization="batch")
    x, state = rng.standard_normal((2, 9, 4)).astype(np.float32), block.initial_state(2)
    steps = []
    for t in range(9):
        y, state = block.step(x[:, t], state)
        steps.append(ops.convert_to_numpy(y))
    np.testing.assert_allclose(np.stack(steps, axis=1), ops.convert_to_numpy(block(x)), atol=1e-5)


def test_keras_hands_on_the_mask_through_a_stack():
    words = np.array([[3, 1, 2, 0, 0]])
    stack = keras.Sequential([keras.layers.Embedding(5, 4, mask_zero=True), make(), TemporalBlock(5, causal=False)])
    padded, alone = (ops.convert_to_numpy(stack(x)) for x in (words, words[:, :3]))
    np.testing.assert_allclose(padded[:, :3], alone, atol=1e-5)
    assert not padded[:, 3:].any()


def test_drops_whole_channels_in_training_only(rng):
    block = make(dropout=0.5)
    x = rng.standard_normal((1, 30, 4)).astype(np.float32)
    quiet = ops.convert_to_numpy(block(x))
    np.testing.assert_array_equal(quiet, ops.convert_to_numpy(block(x, training=False)))
    assert np.abs(ops.convert_to_numpy(block(x, training=True)) - quiet).max() > 0
    dropped = ops.convert_to_numpy(block.drops[0](np.ones((1, 30, 64), np.float32), training=True))
    assert all(len(set(channel)) == 1 for channel in dropped[0].T) and len(np.unique(dropped)) == 2


@pytest.mark.parametrize(
    ("options", "words"), [({"normalization": "group"}, "normalization"), ({"dropout": 1.0}, "dropout")]
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        TemporalBlock(4, **options)


@pytest.mark.parametrize("noise", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize(
    "options", [{"kernel_size": 1}, {"causal": False}, {"normalization": "layer", "gated": True}, {"dropout": 0.0}]
)
def test_what_stands_at_masked_steps_reaches_neither_outputs_nor_gradients_faults(rng, noise, options):
    block = make(**options)
    alone = rng.standard_normal((2, 6, 4)).astype(np.float32)
    padded = np.concatenate([alone, np.full((2, 3, 4), noise, np.float32)], axis=1)
    mask = np.arange(9) < np.array([[6], [6]])
    y, expected = (ops.convert_to_numpy(block(x, mask=m)) for x, m in ((padded, mask), (alone, None)))
    np.testing.assert_allclose(y[:, :6], expected, atol=1e-5)
    assert not y[:, 6:].any()
    gradients = [weight_gradients(block, padded, mask), weight_gradients(block, alone, mask[:, :6])]
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def weight_gradients(block, x, mask):
    """How far each weight moves in one step of descent on the sum of the outputs."""

    class Summed(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.sum(y_pred)

    inputs = keras.Input(x.shape[1:]), keras.Input(mask.shape[1:], dtype="bool")
    model = Summed(list(inputs), block(inputs[0], mask=inputs[1]))
    model.compile(keras.optimizers.SGD(1.0))
    before = block.get_weights()
    model.train_on_batch([x, mask])
    moved = [old - new for old, new in zip(before, block.get_weights(), strict=True)]
    block.set_weights(before)
    return moved


@pytest.mark.parametrize("shape", [(2, 8), (1, 9), (2, 1), (2, 9, 1), (9,)])
def test_refuses_a_mask_of_another_shape_faults(rng, shape):
    with pytest.raises(InputError, match=r"^mask: must be of shape \(2, 9\), not [^\n]*$"):
        make()(rng.standard_normal((2, 9, 4)).astype(np.float32), mask=np.ones(shape, bool))
