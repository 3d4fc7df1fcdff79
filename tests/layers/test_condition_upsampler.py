import numpy as np
import pytest
from keras import ops
from layer_checks import run_layer_checks

from dilatednets.layers import ConditionUpsampler


@pytest.mark.parametrize("mode", ["transposed", "repeat"])
def test_passes_the_checks_of_all_layers(rng, mode):
    run_layer_checks(ConditionUpsampler(3, 8, mode, hidden=16), rng.standard_normal((2, 5, 7)))


def test_begins_as_linear_interpolation(rng):
    upsampler = ConditionUpsampler(3, hop=8)
    frames = rng.standard_normal((2, 5, 7)).astype(np.float32)
    upsampled = ops.convert_to_numpy(upsampler(frames))
    encoded = frames
    for layer in upsampler.encoder:
        encoded = layer(encoded)
    encoded = ops.convert_to_numpy(encoded)
    samples, centres = np.arange(40) + 0.5, (np.arange(5) + 0.5) * 8
    for b in range(2):
        for c in range(3):
            np.testing.assert_allclose(upsampled[b, :, c], np.interp(samples, centres, encoded[b, :, c]), atol=1e-5)


def test_refuses_another_mode():
    with pytest.raises(ValueError, match="mode"):
        ConditionUpsampler(3, 8, "nearest")
