import numpy as np
import pytest
from keras import ops
from layer_checks import randomise, run_layer_checks

from dilatednets.layers import DilatedResidualBlock


def test_passes_the_checks_of_all_layers(rng):
    run_layer_checks(DilatedResidualBlock(8, (1, 3)), rng.standard_normal((2, 8, 10, 8)))


def test_adds_its_branches(rng):
    block = DilatedResidualBlock(4, (1, 3))
    block.build((None, None, None, 4))
    x = np.abs(rng.standard_normal((1, 9, 9, 4))).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(block(x)), x)  # a branch of scale 0 to begin with
    randomise(block)
    entered = block.enter(x)
    parts = [block.branches[0](entered[..., :2]), block.branches[1](entered[..., 2:])]
    expected = ops.relu(x + block.leave(ops.concatenate(parts, -1)))
    np.testing.assert_allclose(ops.convert_to_numpy(block(x)), ops.convert_to_numpy(expected), atol=1e-5)
    assert block.receptive_field == 7


def test_refuses_branches_that_cannot_share_the_channels():
    with pytest.raises(ValueError, match="cannot share 4 channels"):
        DilatedResidualBlock(4, (1, 2, 3))
