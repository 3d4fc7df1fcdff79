"""Trained segmenters: their cost follows from their arguments, and they segment."""

import numpy as np
import pytest

from dilatednets.presets import presets
from dilatednets.zoo.context_segmenter import ContextSegmenter


@pytest.fixture(scope="module", params=ContextSegmenter.presets)
def trained(request):
    """The card, the constructor's arguments and the model of a preset."""
    return (
        presets.card(request.param),
        ContextSegmenter.preset_config(request.param),
        ContextSegmenter.from_preset(request.param),
    )


def test_segmenter_s_figures_follow_from_its_arguments(trained):
    card, net, _ = trained
    options, classes = net["front_end_options"], net["num_classes"]
    stem, fine, middle, coarse = options["widths"]
    blocks, joined = options["blocks"], options["output_channels"]
    norms, kernels = [], []  # channels of each normalisation; (weights of a kernel, stride)

    def conv(size, channels, filters, stride):
        kernels.append((size * size * channels * filters, stride))
        norms.append(filters)

    conv(4, 3, stem, 2)
    for before, width, count, stride in (
        (stem, fine, blocks[0], 4), (fine, middle, blocks[1], 8), (middle, coarse, len(options["dilations"]), 16),
    ):  # fmt: skip
        conv(2, before, width, stride)
        for _ in range(count):
            conv(1, width, width, stride)
            conv(3, width // 2, width // 2, stride)
            conv(3, width // 2, width // 2, stride)
            conv(1, width, width, stride)
    conv(1, coarse, middle, 16)
    conv(1, middle, middle, 8)
    conv(3, middle, joined, 8)
    for level, width in ((4, fine), (2, stem)):
        if options["stride"] <= level:
            conv(1, width, 16, level)
            conv(3, joined + 16, joined, level)
    parameters = sum(size for size, _ in kernels) + 4 * sum(norms) + (joined + 1) * classes
    macs = sum(size / stride**2 for size, stride in kernels) + joined * classes / options["stride"] ** 2
    context = 0
    if net["context"] == "basic":
        context = len(net["context_dilations"]) * (9 * classes**2 + classes) + classes**2 + classes
        macs += (context - (len(net["context_dilations"]) + 1) * classes) / options["stride"] ** 2
    assert (card["parameters"], card["context_parameters"]) == (parameters + context, context)
    assert card["macs_per_pixel"] == round(macs)


def test_it_segments(trained, rng):
    _, _, model = trained
    image = rng.integers(0, 256, (50, 70, 3), np.uint8)
    if model.head == "regression":
        assert model.regress(image).shape == (50, 70, model.num_classes)
    else:
        labels = model.segment(image)
        assert labels.shape == (50, 70) and labels.min() >= 0 and labels.max() < model.num_classes
