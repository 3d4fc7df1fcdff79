"""What is measured and compared."""

import keras
import numpy as np
import pytest

from dilatednets.zoo.context_segmenter.model import ContextSegmenter


@pytest.fixture
def small(request):
    """A small net in which every weight and statistic matters, none at its starting value."""
    context, stride, dropout = getattr(request, "param", ("basic", 4, 0.0))
    keras.utils.set_random_seed(0)
    options = {"widths": (4, 6, 8, 12), "blocks": (1, 0), "dilations": (3,), "output_channels": 6, "stride": stride}
    model = ContextSegmenter(3, context=context, front_end_options=options, dropout=dropout)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.path.endswith("moving_variance"):
            weight.assign(rng.uniform(0.5, 2, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(weight + rng.uniform(-0.3, 0.3, weight.shape))
    return model


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (2, 45, 60, 3), np.uint8)
