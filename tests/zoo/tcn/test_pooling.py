"""The mean, against a loop."""

import numpy as np
import pytest

from dilatednets.zoo.tcn.pooling import mean_of_steps


@pytest.mark.parametrize(
    "mask", [None, [[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]], ids=["none", "ends and beginnings"]
)
def test_padded_steps_do_not_count(mask, rng):
    x = rng.normal(size=(3, 4, 2)).astype(np.float32)
    real = np.ones((3, 4), bool) if mask is None else np.array(mask, bool)
    given = None if mask is None else real
    means = [row[steps].mean(axis=0) for row, steps in zip(x, real, strict=True)]
    np.testing.assert_allclose(np.asarray(mean_of_steps(x, given)), means, rtol=1e-5)


def test_a_sequence_without_a_step_gives_zeros():
    x, mask = np.ones((1, 3, 2), np.float32), np.zeros((1, 3), bool)
    assert not np.asarray(mean_of_steps(x, mask)).any()
