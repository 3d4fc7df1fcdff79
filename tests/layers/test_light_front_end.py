import numpy as np
import pytest
from keras import ops
from layer_checks import fast, run_layer_checks

from dilatednets.layers import LightFrontEnd

SMALL = {"widths": (4, 4, 8, 8), "blocks": (1, 1), "dilations": (1, 2), "output_channels": 6}


def test_passes_the_checks_of_all_layers(rng):
    # Few layers, since each compiles for long.
    front_end = LightFrontEnd(**{**SMALL, "blocks": (1, 0), "dilations": (2,)}, stride=2)
    run_layer_checks(front_end, rng.standard_normal((2, 32, 48, 3)))


@pytest.mark.parametrize("stride", [2, 4, 8])
def test_field_is_what_it_says(stride, rng):
    """By perturbation: no pixel beyond the field changes an output, and the field has no holes."""
    layer = LightFrontEnd(**{**SMALL, "dilations": (1, 2, 4)}, stride=stride)
    layer.build((None, None, None, 3))
    for weight in layer.weights:  # everything passes every ReLU, so that every path counts
        positive = np.abs(rng.standard_normal(weight.shape)) / 2 + (0.5 if "variance" in weight.path else 1e-3)
        weight.assign(np.zeros(weight.shape) if "moving_mean" in weight.path else positive)
    side = 480
    x = np.ones((1, 16, side, 3), "float32")
    batch = np.repeat(x, side, axis=0)
    batch[np.arange(side), :, np.arange(side)] += 1e4  # image n: column n is brighter, by far
    row, middle, fields = 8 // stride, side // stride // 2, []
    before, after = (ops.convert_to_numpy(fast(layer, layer)(images))[:, row] for images in (x, batch))
    for column in range(middle, middle + 16 // stride):
        seen = np.flatnonzero((after[:, column] / before[0, column]).max(axis=1) > 1 + 1e-6)
        assert np.all(np.diff(seen) == 1), "a grid of holes"
        assert (seen[0], seen[-1]) == layer.span(column, column)
        fields.append(len(seen))
    assert max(fields) == layer.receptive_field


@pytest.mark.parametrize("stride", [2, 4, 8])
def test_counts_itself(stride):
    layer = LightFrontEnd(**SMALL, stride=stride)
    layer.build((None, None, None, 3))
    assert layer.compute_output_shape((2, 48, 64, 3)) == (2, 48 // stride, 64 // stride, 6)
    # By hand: stem 4x4x3x4 at stride 2; 2x2 downs; blocks 1x1, two halves of 3x3, 1x1; joins.
    macs = 192 / 4 + (64 + 4 * 4 * 2 + 2 * 9 * 4) / 16 + (128 + 2 * 64 + 2 * 9 * 16) / 64
    macs += (256 + 2 * (2 * 64 + 2 * 9 * 16) + 64) / 256 + (64 + 9 * 8 * 6) / 64
    macs += (4 * 16 + 9 * 22 * 6) / 16 if stride <= 4 else 0
    macs += (4 * 16 + 9 * 22 * 6) / 4 if stride == 2 else 0
    assert layer.macs_per_pixel == pytest.approx(macs)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"stride": 16}, "stride: must be 2, 4 or 8"),
        ({"widths": (8, 9, 8, 8)}, "widths: must be four positive even integers"),
        ({"blocks": (1,)}, "blocks: must be two integers"),
    ],
)
def test_refuses_what_makes_no_net(bad, says):
    with pytest.raises(ValueError, match=says):
        LightFrontEnd(**bad)
