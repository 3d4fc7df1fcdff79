import math

import keras
import numpy as np
import pytest
from keras import layers

from dilatednets.errors import InputError
from dilatednets.layers import (
    CausalDilatedConv,
    CentredDilatedConv,
    ContextModule,
    ConvNorm,
    LastStep,
    LightFrontEnd,
    TemporalBlock,
    VGG16FrontEnd,
    receptive_field,
)


def test_receptive_field_of_stacks():
    stack = [CausalDilatedConv(4, 2, 2**i) for i in range(10)]
    assert receptive_field(stack) == 1024
    assert receptive_field([stack, stack, stack]) == 3070
    assert receptive_field([CausalDilatedConv(4, 3, d) for d in (1, 2, 4)]) == 15
    with pytest.raises(ValueError, match="LSTM: does not know"):
        receptive_field([layers.LSTM(3)])


def branches(*paths):
    """A functional model whose branches meet in a sum."""
    x = keras.Input((60, 2))
    ends = []
    for path in paths:
        h = x
        for layer in path:
            h = layer(h)
        ends.append(h)
    return keras.Model(x, layers.Add()(ends))


def conv(size=3, dilation=1, padding="same", **options):
    return layers.Conv1D(2, size, dilation_rate=dilation, padding=padding, **options)


MODELS = {
    "dropout and dense": lambda: keras.Sequential(
        [conv(3, 2, "causal"), layers.Dropout(0.5), layers.Dense(2, "relu"), layers.LayerNormalization(), conv(4)]
    ),
    "strides": lambda: keras.Sequential([conv(4, strides=2), conv(3), layers.MaxPooling1D(2), conv(2, 3)]),
    "padded by hand": lambda: keras.Sequential([layers.ZeroPadding1D((4, 0)), conv(5, padding="valid")]),
    "this package's": lambda: keras.Sequential([TemporalBlock(2, 3, 2), layers.Dense(2), CentredDilatedConv(2, 4, 3)]),
    "a residual": lambda: branches([conv(3, 4), conv(5)], []),
    "past and future": lambda: branches([conv(3, 4, "causal")], [conv(3, 5)], [conv(2)]),
    "causal and centred": lambda: branches([CausalDilatedConv(2, 4, 3)], [TemporalBlock(2, 3, 2, causal=False)]),
    "branches out of step": lambda: branches([layers.ZeroPadding1D((4, 0)), conv(5, padding="valid")], [conv(5)]),
    "a model in a model": lambda: branches([keras.Sequential([conv(3), conv(3)]), branches([conv(2)], [])], []),
}


@pytest.mark.parametrize("name", MODELS)
def test_faults_equals_what_perturbation_of_the_inputs_shows(name):
    keras.utils.set_random_seed(3)
    model = MODELS[name]()
    field = receptive_field(model)
    model.build((None, 60, 2))
    for weight in model.weights:  # positive weights and inputs: nothing is lost in a relu, nor in a maximum of one
        weight.assign(np.random.default_rng(1).uniform(0.1, 1, weight.shape))
    x = np.random.default_rng(2).uniform(1, 2, (1, 60, 2)).astype(np.float32)
    disturbed = np.repeat(x, 60, axis=0)
    disturbed[np.arange(60), np.arange(60), 0] += 5.0
    # One by one, so that each is rounded alike: some effects are as small as the rounding.
    outputs = model.predict(np.concatenate([x, disturbed]), batch_size=1, verbose=0)
    middle = outputs.shape[1] // 2
    seen = np.flatnonzero((outputs[1:, middle] != outputs[0, middle]).any(axis=-1))
    assert field == seen[-1] - seen[0] + 1


def test_one_layer_and_what_follows_the_steps():
    assert receptive_field(layers.Conv1D(4, 3, dilation_rate=5)) == 11
    assert (
        receptive_field([layers.Embedding(9, 4, mask_zero=True), TemporalBlock(4, 3), LastStep(), layers.Dense(2)]) == 5
    )


@pytest.mark.parametrize(
    "unknown",
    [
        layers.LSTM(3),
        layers.GlobalAveragePooling1D(),
        layers.LayerNormalization(axis=1),
        layers.Concatenate(axis=1),
        keras.Sequential([layers.Conv1D(2, 3), layers.Flatten()]),
    ],
)
def test_faults_refuses_what_sees_more_than_it_can_tell(unknown):
    with pytest.raises(InputError, match="does not know its receptive field; give"):
        receptive_field(unknown)


def test_faults_refuses_a_class_of_the_users_that_has_a_name_of_keras():
    class Dense(layers.Layer):
        def call(self, x):
            return keras.ops.cumsum(x, axis=1)

    with pytest.raises(InputError, match="Dense: does not know"):
        receptive_field([Dense()])


def test_faults_refuses_branches_of_different_strides():
    x = keras.Input((60, 2))
    model = keras.Model(x, layers.Add()([layers.Conv1D(2, 3, strides=2, padding="same")(x), layers.Cropping1D(15)(x)]))
    with pytest.raises(InputError, match="different strides"):
        receptive_field(model)


@pytest.mark.parametrize(
    "bad", ["abc", "", b"ab", None, 3, math.nan, CausalDilatedConv, ["abc"], [None], {"a": 1}, np.arange(3)]
)
def test_refuses_what_has_none_faults(bad):
    with pytest.raises(InputError, match=r"^\w+: does not know its receptive field; give [^\n]*$"):
        receptive_field(bad)


def test_of_no_layers_a_sample_sees_itself_faults():
    assert receptive_field([]) == receptive_field(iter(())) == 1
    assert receptive_field([[], CausalDilatedConv(4, np.int64(3), 2 ** np.arange(4)[2])]) == 9


def light():
    options = {"widths": (2, 2, 2, 2), "blocks": (1, 1), "dilations": (1, 2), "output_channels": 2}
    return LightFrontEnd(**options, name="light")


STACKS_IN_TWO_DIMENSIONS = {
    "strided, then not": lambda: [ConvNorm(2, 4, stride=2), ConvNorm(2, 3)],
    "strided twice": lambda: [ConvNorm(2, 3), ConvNorm(2, 2, stride=2), ConvNorm(2, 5, stride=3), ConvNorm(2, 3)],
    "after a front end": lambda: [light(), ConvNorm(2, 3), ContextModule(dilations=(1,), identity=False)],
}


@pytest.mark.parametrize(
    "name",
    [
        "strided, then not",
        "strided twice",
        pytest.param("after a front end", marks=pytest.mark.tensorflow),  # JAX compiles its many operations one by one
    ],
)
def test_faults_the_strides_of_the_package_s_layers_count(name):
    """Against what perturbation of columns shows, of all outputs far from the edges."""
    stack = STACKS_IN_TWO_DIMENSIONS[name]()
    field = receptive_field(stack)
    height, size = (16, 16 * (4 + field // 16)) if name == "after a front end" else (12, 48)
    x = np.zeros((size, height, size, 1), np.float32)
    x[np.arange(size), :, np.arange(size)] = 1.0
    for layer in stack:
        layer.build(x.shape)
        for weight in layer.weights:  # positive ones and no shift: what is seen is above 0
            weight.assign(np.zeros(weight.shape) if "bias" in weight.path or "beta" in weight.path
                          or "mean" in weight.path else np.ones(weight.shape))  # fmt: skip
        x = keras.ops.convert_to_numpy(layer(x))
        x = np.minimum(x, 1).astype(np.float32)
    seen = x[:, 0, :, 0] > 0
    widths = [np.ptp(np.flatnonzero(column)) + 1 for column in seen.T if column.any() and not column[[0, -1]].any()]
    assert field == max(widths)


def test_faults_the_field_of_a_segmenter_s_parts():
    assert receptive_field([VGG16FrontEnd(), ContextModule()]) == 380 + 66 * 8
    front, context = light(), ContextModule(dilations=(1, 3))
    phases = [front.span(p - 4, p + 4) for p in range(4)]
    assert receptive_field([front, context]) == max(last - first + 1 for first, last in phases)
    assert receptive_field(front) == front.receptive_field
    assert receptive_field([[ConvNorm(2, 3), front], context]) == receptive_field([front, context]) + 2
