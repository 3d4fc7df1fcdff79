import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from dilatednets.layers.upsample import upsample


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 4))
def test_upsampling_is_interpolation_between_pixel_centres(height, width, factor):
    x = np.random.default_rng(0).standard_normal((1, height, width, 2)).astype("float32")
    rows, columns = (
        np.clip((np.arange(length * factor) + 0.5) / factor - 0.5, 0, length - 1) for length in (height, width)
    )
    tall = np.stack(
        [np.apply_along_axis(lambda v: np.interp(rows, range(height), v), 0, x[0, ..., c]) for c in (0, 1)], -1
    )
    expected = np.stack(
        [np.apply_along_axis(lambda v: np.interp(columns, range(width), v), 1, tall[..., c]) for c in (0, 1)], -1
    )
    np.testing.assert_allclose(ops.convert_to_numpy(upsample(x, factor))[0], expected, atol=1e-5)
