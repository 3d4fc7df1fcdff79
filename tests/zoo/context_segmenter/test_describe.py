"""What a segmenter costs, counted in another way, and drawn."""

import numpy as np
from helpers import tiny_segmenter

from dilatednets.zoo.context_segmenter.describe import draw, golden_inputs, lines


def test_described_figures():
    model = tiny_segmenter()
    facts = model.describe()
    assert facts["parameters"] == sum(w.size for w in model.get_weights())
    assert facts["context_parameters"] == 7 * (9 * 9 + 3) + (9 + 3)
    scores, context = 6 * 3 / 16, (7 * 81 + 9) / 16
    assert facts["macs_per_pixel"] == round(model.front_end.macs_per_pixel + scores + context)
    assert facts["receptive_field"] == model.receptive_field


def test_a_net_without_context_is_described_and_drawn():
    model = tiny_segmenter(context="none")
    facts = model.describe()
    assert facts["context_parameters"] == facts["context_macs_per_pixel"] == 0
    assert "dilations of the context module: none" in lines(model, facts)
    assert len(draw(model, "alone").get_axes()) == 1 and len(draw(tiny_segmenter(), "basic").get_axes()) == 2


def test_golden_inputs_need_padding():
    image = golden_inputs(tiny_segmenter())["image"]
    assert image.dtype == np.uint8 and image.shape[1] % 16 and image.shape[2] % 16
    np.testing.assert_array_equal(image, golden_inputs(tiny_segmenter())["image"])
