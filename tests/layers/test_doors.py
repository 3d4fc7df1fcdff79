"""All public names of `dilatednets.layers` against bad values: one line refuses each, and nothing wrong is taken."""

import inspect
import math
import warnings

import keras
import numpy as np
import pytest
from layer_checks import arrays

from dilatednets import layers
from dilatednets.errors import InputError
from dilatednets.rules import arguments_of

ROWS = {
    "CausalDilatedConv": ({"filters": 4, "dilation_rate": 2}, (2, 9, 3)),
    "CentredDilatedConv": ({"filters": 4}, (2, 9, 3)),
    "CharacterEncoder": ({"num_characters": 9}, (2, 5, 4)),
    "ConditionUpsampler": ({"filters": 3, "hop": 4}, (2, 5, 7)),
    "ContextModule": ({}, (1, 8, 9, 3)),
    "ConvNorm": ({"filters": 4}, (1, 8, 9, 3)),
    "DilatedIdentity": ({"groups": 2}, None),
    "DilatedResidualBlock": ({"filters": 4}, (1, 8, 9, 4)),
    "FusedBatchNormalization": ({}, (1, 8, 9, 3)),
    "LastStep": ({}, (2, 9, 3)),
    "LightFrontEnd": ({"widths": [2] * 4, "blocks": [1, 1], "dilations": [1], "output_channels": 2}, (1, 16, 16, 3)),
    "LinearChainCRF": ({"num_tags": 3}, (2, 5, 3)),
    "MuLaw": ({}, (2, 9)),
    "ResidualGatedBlock": ({"filters": 4, "skip_filters": 6, "dilation_rate": 2}, (2, 9, 4)),
    "TemporalBlock": ({"filters": 4, "dilation_rate": 2}, (2, 9, 3)),
    "VGG16FrontEnd": ({"widths": [1] * 5, "head_channels": 2}, (1, 380, 380, 3)),
}
"""Arguments that are right, and the shape of an input; an initialiser has none."""
FUNCTIONS = {"output_distribution", "receptive_field"}
"""They are tried in the tests of their modules."""
BAD = [None, "", "abc", b"a", -1, 0, 1.5, math.nan, math.inf, 2**40, [], ["a"], [0], True, {}]
KERAS_S = ("activation", "kernel_initializer", "kernel_regularizer")
"""Arguments that Keras checks, and in its words."""
RIGHT = {
    **dict.fromkeys((*KERAS_S, "gate_filters", "multipliers", "follows", "begins", "ends"), (None,)),
    **dict.fromkeys(("use_bias", "weight_normalization", "causal", "gated", "residual_activation"), (True,)),
    **dict.fromkeys(("residual", "identity", "zero_scale", "ConvNorm.activation"), (True,)),
    "seed": (None, 0, 2**40),
    "ContextModule.noise": (None, 0, 1.5, 2**40),
    "DilatedIdentity.noise": (0, 1.5, 2**40),
    "dropout": (0,),
    "axis": (-1,),
}
"""Those of the bad values that an argument may have."""
STEPPING = ["CausalDilatedConv", "ResidualGatedBlock", "TemporalBlock"]
SHAPED = [name for name, (_, shape) in ROWS.items() if shape]


def make(name, **changes):
    return getattr(layers, name)(**{**ROWS[name][0], **changes})


def refusal(call, *arguments, **options):
    """The line with which a call refuses: an InputError's only line, or the first of one of Keras's own."""
    with pytest.raises(ValueError) as caught:
        call(*arguments, **options)
    lines = str(caught.value).splitlines()
    assert lines[0] and "Exception encountered" not in lines[0], lines
    assert len(lines) == 1 or not isinstance(caught.value, InputError), lines
    return lines[0]


def test_each_public_name_has_a_row_faults():
    public = {name for name, value in vars(layers).items() if callable(value) and not name.startswith("_")}
    assert public == ROWS.keys() | FUNCTIONS


@pytest.mark.parametrize(
    "name, argument", [(name, argument) for name in ROWS for argument in arguments_of(getattr(layers, name))]
)
def test_constructors_refuse_bad_values_faults(name, argument):
    right = RIGHT.get(f"{name}.{argument}", RIGHT.get(argument, ()))
    for value in BAD:
        if not any((type(value), value) == (type(one), one) for one in right):
            line = refusal(make, name, **{argument: value})
            assert line.startswith(f"{argument}: ") or argument in KERAS_S


@pytest.fixture(scope="module")
def built():
    """A layer of each name, and an input for which it was built."""
    pairs = {}
    for name in SHAPED:
        pairs[name] = make(name), np.zeros(ROWS[name][1], "int32" if name == "CharacterEncoder" else "float32")
        pairs[name][0](pairs[name][1])
    return pairs


@pytest.mark.parametrize("name", SHAPED)
def test_calls_refuse_bad_inputs_faults(built, name):
    layer, x = built[name]
    wrong = [None, "abc", b"a", {}, []]
    if name == "LastStep":  # what the steps are does not matter
        assert "found ndim=1" in refusal(make(name), keras.Input(()))
    elif name != "MuLaw":  # any shape will do
        assert f"found ndim={x.ndim - 1}" in refusal(make(name), keras.Input(x.shape[1:-1]))
        wrong += [x[0], x[None]]
    if name not in ("MuLaw", "CharacterEncoder", "LastStep"):
        line = refusal(layer, np.concatenate([x, x], axis=-1))
        assert layer.name in line and str(x.shape[-1]) in line and str(2 * x.shape[-1]) in line
    if name not in ("CharacterEncoder", "LinearChainCRF"):
        wrong.append(x.astype("complex64"))
        # JAX raises a TypeError, or makes NaN of None, before a layer sees it.
        if keras.backend.backend() == "tensorflow":
            wrong += [np.full(x.shape, "a"), np.full(x.shape, None)]
    for value in wrong:
        refusal(layer, value)


SIZES = {"no sequence": np.s_[:0], "no step": np.s_[:, :0], "one step": np.s_[:, :1], "all": np.s_[:]}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", SHAPED)
def test_other_sizes_and_types_have_an_answer_or_a_line_faults(built, name, training):
    layer, x = built[name]
    options = {"training": training} if "training" in inspect.signature(layer.call).parameters else {}
    for size, dtype in [*((size, x.dtype) for size in SIZES), ("all", "float64"), ("all", "int64")]:
        value = x[SIZES[size]].astype(dtype)
        try:
            outputs = arrays(layer(value, **options))
        except ValueError:
            assert size != "all" or name == "MuLaw"
            refusal(layer, value, **options)
            continue
        announced = layer.compute_output_shape(value.shape)
        assert [y.shape for y in outputs] == (list(announced) if len(outputs) > 1 else [announced])


@pytest.mark.parametrize("name", STEPPING)
def test_steps_refuse_bad_inputs_and_states_faults(built, name):
    layer, x = built[name]
    refusal(make(name).initial_state, 2)
    refusal(make(name).step, x[:, 0], layer.initial_state(2))
    for batch_size in (None, "2", -1, 1.5, math.nan, True, [2], 2**40):
        assert refusal(layer.initial_state, batch_size).startswith("batch_size: ")
    state, wide = layer.initial_state(2), make(name, dilation_rate=7)
    wide.build(x.shape)
    others = [layer.initial_state(1), layer.initial_state(3), wide.initial_state(2)]
    for x_t in (None, "abc", x, x[0, 0], x[:, 0, :2], np.full((2, x.shape[-1]), "a"), x[:, 0].astype("complex64")):
        assert refusal(layer.step, x_t, state).startswith("x_t: ")
    for wrong in (None, [], "abc", state[0], *others):
        assert refusal(layer.step, x[:, 0], wrong).startswith("state: ")
    assert refusal(layer.step, x[:1, 0], state).startswith("state: ")  # one row would go into the state of two
    y, after = layer.step(x[:0, 0], layer.initial_state(0))
    assert all(each.shape[0] == 0 for each in arrays(y)) and len(after) == 2


@pytest.mark.parametrize("name", STEPPING)
def test_blocks_refuse_bad_inputs_and_states_faults(built, name):
    layer, x = built[name]
    refusal(make(name).process, x, layer.initial_state(2))
    state, wide = layer.initial_state(2), make(name, dilation_rate=7)
    wide.build(x.shape)
    others = [layer.initial_state(1), layer.initial_state(3), wide.initial_state(2)]
    for block in (None, "abc", x[:, 0], x[None], x[..., :2], np.full(x.shape, "a"), x.astype("complex64")):
        assert refusal(layer.process, block, state).startswith("x: ")
    for wrong in (None, [], "abc", state[0], *others):
        assert refusal(layer.process, x, wrong).startswith("state: ")
    assert refusal(layer.process, x[:1], state).startswith("state: ")  # one row would go into the state of two
    y, after = layer.process(x[:0], layer.initial_state(0))
    assert all(each.shape[0] == 0 for each in arrays(y)) and len(after) == 2


def test_a_block_s_conditions_fit_it_faults():
    layer, x = make("ResidualGatedBlock"), np.zeros((2, 9, 4), "float32")
    layer(x, local_condition=np.zeros((2, 9, 3)))
    for wrong in (None, "abc", np.zeros((2, 9, 4)), np.zeros((2, 8, 3)), np.zeros((1, 9, 3)), np.zeros((2, 3))):
        line = refusal(layer.process, x, layer.initial_state(2), local_condition=wrong)
        assert line.startswith("local_condition: ")


@pytest.mark.parametrize("name", STEPPING)
def test_state_after_refuses_bad_inputs_faults(built, name):
    layer, x = built[name]
    for value in (None, "abc", x[0], x[..., :2], np.full(x.shape, "a")):
        assert refusal(layer.state_after, value).startswith("x: ")


@pytest.mark.parametrize("image_data_format", ["channels_first", "channels_last"])
@pytest.mark.parametrize("name", SHAPED)
def test_keras_s_image_data_format_changes_nothing_faults(built, name, image_data_format):
    layer, x = built[name]
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(image_data_format)
    try:
        other = make(name)
        other.build(x.shape)
        other.set_weights(layer.get_weights())
        for y, expected in zip(arrays(other(x + 1)), arrays(layer(x + 1)), strict=True):
            np.testing.assert_array_equal(y, expected)
    finally:
        keras.config.set_image_data_format(before)


@pytest.mark.parametrize("name", ["ResidualGatedBlock", "TemporalBlock", "CharacterEncoder"])
def test_a_quantised_layer_computes_but_is_not_saved_faults(name, tmp_path):
    """Keras would write a file that it cannot read."""
    layer = make(name)
    x = keras.Input(ROWS[name][1][1:], dtype="int32" if name == "CharacterEncoder" else "float32")
    model = keras.Model(x, layer(x))
    expected = arrays(model(np.ones(ROWS[name][1])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of layers that stay as they are
        model.quantize("int8")
    for y, close in zip(arrays(model(np.ones(ROWS[name][1]))), expected, strict=True):
        np.testing.assert_allclose(y, close, atol=0.1)
    assert "quantised" in refusal(model.save, tmp_path / "a.keras")
