"""Arguments that name parts of Keras."""

import keras
import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.layers.causal_dilated_conv import CausalDilatedConv
from dilatednets.layers.keras_parts import keras_part
from dilatednets.layers.temporal_block import TemporalBlock


@pytest.mark.parametrize("layer", [TemporalBlock, CausalDilatedConv])
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("kernel_initializer", one) for one in (None, np.float32(4), 4, "nothing", "l2", np.zeros(3), {"a": 1})),
        *(("kernel_regularizer", one) for one in (np.float32(4), 0.1, "nothing", keras.initializers.Zeros(), [1])),
        *(("activation", one) for one in (np.float32(4), 4, "nothing", [1])),
    ],
)
def test_faults_name_the_argument(layer, argument, value):
    with pytest.raises(InputError, match=rf"{argument}: must be an? {argument.rpartition('_')[2]} of Keras, such as"):
        layer(4, **{argument: value})


def test_whatever_names_a_part_is_taken():
    assert keras_part(None, "activation") is keras.activations.linear
    assert keras_part(None, "kernel_regularizer") is None
    zeros = keras_part(keras.initializers.serialize(keras.initializers.Zeros()), "kernel_initializer")
    assert isinstance(zeros, keras.initializers.Zeros)


@pytest.mark.parametrize("layer", [TemporalBlock, CausalDilatedConv])
def test_an_initialiser_may_be_a_function(layer):
    made = layer(2, kernel_initializer=lambda shape, dtype=None: keras.ops.ones(shape, dtype))
    made.build((None, None, 2))
    assert all(np.all(weight == 1) for weight in made.get_weights() if weight.ndim == 3)
