import keras
import numpy as np
import pytest
from keras import ops

from dilatednets.layers.native_conv2d import native_conv2d


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("options", [{"dilation_rate": 3, "padding": "same"}, {"strides": 2, "activation": "relu"}])
def test_equals_the_layer_s_own_convolution(rng, options, dtype):
    conv = keras.layers.Conv2D(4, 3, bias_initializer="normal", dtype=dtype, **options)
    x = rng.standard_normal((2, 9, 12, 5)).astype("float32")
    expected, y = conv(x), native_conv2d(conv, x)
    assert y.dtype == expected.dtype
    y, expected = (ops.convert_to_numpy(ops.cast(value, "float32")) for value in (y, expected))
    np.testing.assert_allclose(y, expected, atol=1e-5 if dtype == "float32" else 0.05)
