"""The initialiser: Yu & Koltun's equations 4 and 5."""

import numpy as np
import pytest
from keras import ops

from dilatednets.layers import DilatedIdentity


@pytest.mark.parametrize(("groups", "channels", "filters"), [(3, 3, 3), (2, 4, 6), (3, 6, 3), (1, 4, 2)])
def test_is_equation_5(groups, channels, filters):
    noise = 1e-3
    kernel = ops.convert_to_numpy(DilatedIdentity(groups, noise, seed=0)((3, 3, channels, filters)))
    for a in range(channels):
        for b in range(filters):
            if a * groups // channels == b * groups // filters:
                assert kernel[1, 1, a, b] == pytest.approx(groups / filters)
                kernel[1, 1, a, b] = 0.0
    rest = kernel[kernel != 0]
    assert np.abs(kernel).max() < 6 * noise and rest.std() == pytest.approx(noise, rel=0.3)


@pytest.mark.parametrize(
    ("shape", "says"), [((3, 3, 4, 6), "3 groups do not divide 4"), ((3, 2, 3, 3), "has no centre")]
)
def test_refuses_what_has_no_identity(shape, says):
    with pytest.raises(ValueError, match=says):
        DilatedIdentity(3)(shape)
    for settings in ({"groups": 0}, {"groups": 1, "noise": -1.0}):
        with pytest.raises(ValueError, match=f"{list(settings)[-1]}: must be"):
            DilatedIdentity(**settings)
