import numpy as np
import pytest
from keras import ops
from layer_checks import run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers import ResidualGatedBlock

KINDS = [(None, None), (5, None), (None, 6), (5, 6)]


def make(global_channels=None, local_channels=None, **kwargs):
    block = ResidualGatedBlock(8, 12, kwargs.pop("kernel_size", 2), 3, 10, **kwargs)
    block.build(
        (None, None, 8),
        None if global_channels is None else (None, global_channels),
        None if local_channels is None else (None, None, local_channels),
    )
    for weight in block.weights:
        if len(weight.shape) == 1:
            weight.assign(np.linspace(-0.5, 0.5, weight.shape[0]))
    return block


def conditions(rng, batch, time, global_channels, local_channels):
    return (
        None if global_channels is None else rng.standard_normal((batch, global_channels)).astype(np.float32),
        None if local_channels is None else rng.standard_normal((batch, time, local_channels)).astype(np.float32),
    )


def oracle(block, x, speaker, local):
    """Equations 2 and 3 in NumPy, with the filter and the gate as separate maps."""
    w = {weight.path.split("/", 1)[-1]: ops.convert_to_numpy(weight) for weight in block.weights}
    taps, half = block.kernel_size, 5
    past = np.pad(x, ((0, 0), ((taps - 1) * 3, 0), (0, 0)))

    def pre_activation(columns):
        y = w["conv/bias"][columns]
        for i in range(taps):
            y = y + past[:, i * 3 : i * 3 + x.shape[1]] @ w["conv/kernel"][i][:, columns]
        if speaker is not None:
            y = y + (speaker @ w["global_projection/kernel"][:, columns])[:, None]
        if local is not None:
            y = y + local @ w["local_projection/kernel"][:, columns]
        return y

    z = np.tanh(pre_activation(slice(0, half))) / (1 + np.exp(-pre_activation(slice(half, None))))
    out = z @ w["output_projection/kernel"] + w["output_projection/bias"]
    return (x + out[..., :8], out[..., 8:]) if block.residual else (x, out)


@pytest.mark.parametrize("residual", [True, False])
def test_passes_the_checks_of_all_layers(rng, residual):
    inputs = [rng.standard_normal(shape) for shape in ((2, 8, 8), (2, 5), (2, 8, 6))]
    block = ResidualGatedBlock(8, 12, dilation_rate=3, gate_filters=10, residual=residual)
    run_layer_checks(block, inputs if residual else inputs[0], causal=True)


@pytest.mark.parametrize(("global_channels", "local_channels"), KINDS)
@pytest.mark.parametrize("kernel_size", [2, 3])
@pytest.mark.parametrize("residual", [True, False])
def test_equals_the_oracle_and_its_own_steps(rng, global_channels, local_channels, kernel_size, residual):
    block = make(global_channels, local_channels, kernel_size=kernel_size, residual=residual)
    x = rng.standard_normal((2, 20, 8)).astype(np.float32)
    speaker, local = conditions(rng, 2, 20, global_channels, local_channels)
    outputs = [ops.convert_to_numpy(y) for y in block(x, speaker, local)]
    for got, expected in zip(outputs, oracle(block, x, speaker, local), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-5)

    projected = block.project_condition(speaker, local)
    state = block.initial_state(2)
    for t in range(20):
        at = None if projected is None else projected[:, t if local is not None else 0]
        same = block.step(x[:, t], state, speaker, None if local is None else local[:, t])[0]
        (residual_t, skip_t), state = block.step(x[:, t], state, projected=at)
        np.testing.assert_allclose(ops.convert_to_numpy(same[1]), ops.convert_to_numpy(skip_t), atol=1e-5)
        np.testing.assert_allclose(ops.convert_to_numpy(residual_t), outputs[0][:, t], atol=1e-5)
        np.testing.assert_allclose(ops.convert_to_numpy(skip_t), outputs[1][:, t], atol=1e-5)


def test_says_which_condition_is_missing_or_too_many(rng):
    x = rng.standard_normal((1, 4, 8)).astype(np.float32)
    with pytest.raises(ValueError, match="built with local_condition"):
        make(local_channels=6)(x)
    with pytest.raises(ValueError, match="built without global_condition"):
        make()(x, np.zeros((1, 5), np.float32))


def test_refuses_an_odd_gate_and_other_channels():
    with pytest.raises(ValueError, match=r"must be even, .* not 7"):
        ResidualGatedBlock(8, 12, gate_filters=7)
    with pytest.raises(ValueError, match="has 3 channels"):
        ResidualGatedBlock(8, 12).build((None, None, 3))


@pytest.mark.parametrize(
    "name, shape",
    [("global_condition", shape) for shape in [(1, 5), (3, 5), (2, 4), (2, 1, 5), (5,)]]
    + [("local_condition", shape) for shape in [(2, 19, 6), (2, 1, 6), (1, 20, 6), (2, 20, 5), (2, 6)]],
)
def test_a_call_refuses_conditions_of_another_shape_faults(name, shape):
    right = {"global_condition": np.zeros((2, 5), "float32"), "local_condition": np.zeros((2, 20, 6), "float32")}
    with pytest.raises(InputError, match=rf"^{name}: must be of shape \(2, [^\n]*$"):
        make(5, 6)(np.zeros((2, 20, 8), "float32"), **{**right, name: np.zeros(shape, "float32")})


@pytest.mark.parametrize(
    "name, wrong",
    [("global_condition", wrong) for wrong in [np.zeros((1, 5)), np.zeros((2, 4)), np.zeros(5), "abc", [["a"] * 5] * 2]]
    + [("local_condition", wrong) for wrong in [np.zeros((1, 6)), np.zeros((2, 5)), np.zeros((2, 20, 6)), "abc", b"a"]]
    + [("projected", wrong) for wrong in [np.zeros((1, 10)), np.zeros((2, 9)), np.zeros((2, 1, 10)), "abc", {}]],
)
def test_a_step_refuses_conditions_of_another_shape_faults(name, wrong):
    block = make(5, 6)
    right = {"global_condition": np.zeros((2, 5), "float32"), "local_condition": np.zeros((2, 6), "float32")}
    with pytest.raises(InputError, match=rf"^{name}: must [^\n]*$"):
        block.step(np.zeros((2, 8), "float32"), block.initial_state(2), **{**right, name: wrong})
