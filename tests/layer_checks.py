"""What every layer of the package must pass, on every backend, and NumPy's convolutions, the oracles of several layers."""

import inspect
import itertools
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import ops, tree

from dilatednets.backend import compiled


def run_layer_checks(layer, inputs, *, causal=False, loss=None):
    """Shapes, round trips, bfloat16, masks, training and, of a causal layer, steps and causality.

    Args:
        layer: A layer, whose weights are drawn anew.
        inputs: The argument of its call, or a list of them, as arrays with the batch first.
        causal: Whether the layer has steps, and no output may see the future.
        loss: A function of the layer and its inputs to be lowered; the squared distance of the outputs to noise if left out.
    """
    inputs = [x.astype("float32" if x.dtype.kind == "f" else "int32") for x in tree.flatten(inputs)]
    layer(*inputs)
    randomise(layer)
    check_shapes(layer, inputs)
    check_round_trips(layer, inputs)
    check_bfloat16(layer, inputs)
    if "mask" in inspect.signature(layer.call).parameters:
        check_mask(layer, inputs[0])
    if causal:
        check_steps(layer, inputs)
        check_blocks(layer, inputs)
        check_causality(layer, inputs)
    if layer.trainable_weights:
        # TensorFlow 2.16's XLA does not compile every such step, and JAX compiles one step sooner than its many operations.
        eager = keras.backend.backend() == "tensorflow"
        check_training(copy_of(layer, inputs, dtype="mixed_bfloat16"), inputs, loss, run_eagerly=eager)
        check_training(layer, inputs, loss)


def randomise(layer, seed=0):
    """Draws all weights, so that each of them matters, whatever it begins with."""
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        fan_in = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 4
        value = rng.standard_normal(weight.shape) / fan_in**0.5
        weight.assign(np.abs(value) + 0.5 if "variance" in weight.path else value)


def arrays(outputs):
    """One or several tensors of any type as a list of float32 arrays."""
    return [ops.convert_to_numpy(ops.cast(y, "float32")) for y in tree.flatten(outputs)]


def assert_close(outputs, expected, atol):
    for y, y_expected in zip(arrays(outputs), arrays(expected), strict=True):
        np.testing.assert_allclose(y, y_expected, atol=atol * max(1, np.abs(y_expected).max()))


def fast(layer, method):
    """The method of the layer as one program on JAX, which compiles each operation of each shape by itself otherwise."""
    return compiled(method, layer.variables) if keras.backend.backend() == "jax" else method


def as_model(layer, inputs):
    """A model of the layer alone, for any number of sequences, steps and pixels."""
    symbols = [keras.Input([*[None] * (x.ndim - 2), x.shape[-1]], dtype=x.dtype.name) for x in inputs]
    return keras.Model(symbols, layer(*symbols))


def copy_of(layer, inputs, **changes):
    copy = type(layer).from_config({**layer.get_config(), **changes})
    as_model(copy, inputs)  # makes its weights, and computes nothing
    copy.set_weights(layer.get_weights())
    return copy


def check_shapes(layer, inputs):
    """What is announced, what a symbolic call gives and what arrays give agree in shape and type."""
    outputs = tree.flatten(fast(layer, layer)(*inputs))
    symbols = tree.flatten(layer(*[keras.Input(batch_shape=x.shape, dtype=x.dtype.name) for x in inputs]))
    announced = layer.compute_output_shape(inputs[0].shape)
    for y, symbol, shape in zip(outputs, symbols, announced if len(outputs) > 1 else [announced], strict=True):
        assert tuple(y.shape) == symbol.shape == shape
        assert keras.backend.standardize_dtype(y.dtype) == symbol.dtype
    return outputs


def check_round_trips(layer, inputs):
    """Configuration, serialised object and saved model each make the same layer again."""
    outputs = arrays(layer(*inputs))
    serialised = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert serialised.get_config() == layer.get_config()
    with tempfile.TemporaryDirectory() as folder:
        as_model(layer, inputs).save(Path(folder, "model.keras"))
        model = keras.models.load_model(Path(folder, "model.keras"))
    for copied in (copy_of(layer, inputs)(*inputs), model(inputs)):
        assert_close(copied, outputs, atol=0)


def check_bfloat16(layer, inputs):
    """Outputs in bfloat16, near those in float32, from weights that stay float32; whole numbers are the same."""
    half = copy_of(layer, inputs, dtype="mixed_bfloat16")
    outputs = check_shapes(half, inputs)
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in half.weights} <= {"float32"}
    for y, expected in zip(outputs, tree.flatten(layer(*inputs)), strict=True):
        whole = "int" in keras.backend.standardize_dtype(expected.dtype)
        assert whole or keras.backend.standardize_dtype(y.dtype) == "bfloat16"
        assert_close(y, expected, atol=0 if whole else 0.05)


def check_mask(layer, x):
    """A sequence gives the same by itself and in a batch, where others are longer and its padding is noise."""
    lengths = np.linspace(1, x.shape[1], len(x)).astype(int)
    mask = np.broadcast_to(np.arange(x.shape[1]) < lengths[:, None], (x.shape[0], x.shape[1]))
    mask = np.broadcast_to(mask.reshape(*mask.shape, *[1] * (x.ndim - 3)), x.shape[:-1])
    call = fast(layer, lambda x, mask=None: layer(x, mask=mask))
    (together,) = arrays(call(x, mask))
    for row, length in enumerate(lengths):
        assert_close(together[row : row + 1, :length], call(x[row : row + 1, :length]), atol=1e-5)


def run_steps(layer, inputs, state=None):
    """The outputs of one step after the other, (batch, time, ...) each, and the last state.

    An input (batch, time, channels) is cut into steps, one (batch, channels) is the same for all of them.
    """
    state = layer.initial_state(len(inputs[0])) if state is None else state
    step, outputs = fast(layer, layer.step), []
    for t in range(inputs[0].shape[1]):
        x_t, *conditions = (x[:, t] if x.ndim == 3 else x for x in inputs)
        y_t, state = step(x_t, state, *conditions)
        outputs.append(arrays(y_t))
    return [np.stack(y, axis=1) for y in zip(*outputs, strict=True)], state


def check_steps(layer, inputs):
    """Steps with explicit state equal the parallel call, in bfloat16 too."""
    assert_close(run_steps(layer, inputs)[0], layer(*inputs), atol=1e-5)
    half = copy_of(layer, inputs, dtype="mixed_bfloat16")
    assert_close(run_steps(half, inputs)[0], fast(half, half)(*inputs), atol=0.05)


def check_blocks(layer, inputs):
    """Blocks of any length, an empty one too, equal the parallel call, and so does a step after them or `state_after`."""
    x, *conditions = inputs
    whole, time = arrays(layer(*inputs)), x.shape[1]

    def cut(begin, end):
        return [x[:, begin:end], *(c[:, begin:end] if c.ndim == 3 else c for c in conditions)]

    state = layer.initial_state(len(x))
    for begin, end in itertools.pairwise((0, 1, 1, time // 2, time - 1)):
        first, *rest = cut(begin, end)
        y, state = layer.process(first, state, *rest)
        for found, expected in zip(arrays(y), whole, strict=True):
            np.testing.assert_allclose(found, expected[:, begin:end], atol=1e-5 * max(1, np.abs(expected).max()))
    for end_state in (state, layer.state_after(x[:, :-1])):
        (y, _), last = run_steps(layer, cut(time - 1, time), end_state), [expected[:, -1:] for expected in whole]
        assert_close(y, last, atol=1e-5)


def check_causality(layer, inputs):
    """A disturbed step changes the outputs from its own time on, for as long as the receptive field says."""
    x, *conditions = inputs
    disturbed = x.copy()
    disturbed[:, (time := x.shape[1] // 3)] += 1
    changes = zip(arrays(layer(disturbed, *conditions)), arrays(layer(*inputs)), strict=True)
    changed = np.any([np.abs(after - before).max(axis=(0, 2)) > 1e-6 for after, before in changes], axis=0)
    assert changed[time : time + layer.receptive_field].size == layer.receptive_field, "give a longer sequence"
    assert np.flatnonzero(changed)[[0, -1]].tolist() == [time, time + layer.receptive_field - 1]


def check_training(layer, inputs, loss, **options):
    """Gradient descent lowers the loss of a batch and moves every weight, which says that a gradient reaches it."""
    rng = np.random.default_rng(1)
    targets = [rng.standard_normal(y.shape).astype(np.float32) for y in arrays(fast(layer, layer)(*inputs))]

    class Trained(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            if loss is not None:
                return loss(layer, *x)
            outputs = [ops.cast(y, "float32") for y in tree.flatten(y_pred)]
            return sum(ops.mean(ops.square(y - target)) for y, target in zip(outputs, targets, strict=True))

    alone = as_model(layer, inputs)
    model = Trained(alone.inputs, alone.outputs)
    model.compile(keras.optimizers.SGD(0.02), **options)
    before = [ops.convert_to_numpy(weight) for weight in layer.trainable_weights]
    losses = [float(model.train_on_batch(inputs)) for _ in range(4)]
    assert losses[-1] < losses[0], f"no lower: {losses}"
    unmoved = [w.path for w, old in zip(layer.trainable_weights, before, strict=True) if np.array_equal(w, old)]
    assert not unmoved, f"without a gradient: {unmoved}"


def conv1d_oracle(x, kernel, dilation, before):
    """A convolution of (batch, time, channels), one output and one tap at a time, with zeros outside the sequence.

    The first tap lies `before` steps before the output.
    """
    y = np.zeros((*x.shape[:2], kernel.shape[2]))
    for t in range(x.shape[1]):
        for i, tap in enumerate(kernel):
            seen = t - before + i * dilation
            if 0 <= seen < x.shape[1]:
                y[:, t] += x[:, seen] @ tap
    return y


def conv2d_oracle(x, kernel, dilation=1, margin=0, stride=1):
    """A convolution of (batch, height, width, channels) with `margin` zeros on all sides, one tap at a time."""
    x = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    height, width = ((size - (len(kernel) - 1) * dilation - 1) // stride + 1 for size in x.shape[1:3])
    y = np.zeros((len(x), height, width, kernel.shape[3]))
    for i, j in np.ndindex(kernel.shape[:2]):
        rows, columns = (slice(k * dilation, None, stride) for k in (i, j))
        y += x[:, rows, columns][:, :height, :width] @ kernel[i, j]
    return y
