"""Trained WaveNets: their cost follows from their arguments, and they speak."""

import numpy as np
import pytest

from dilatednets.presets import presets
from dilatednets.zoo.wavenet import WaveNet


@pytest.fixture(scope="module", params=WaveNet.presets)
def trained(request):
    """The card, the constructor's arguments and the model of a preset."""
    return presets.card(request.param), WaveNet.preset_config(request.param), WaveNet.from_preset(request.param)


def test_wavenet_s_figures_follow_from_its_arguments(trained):
    card, net, _ = trained
    layers, kernel, dilations = len(net["dilations"]), net["kernel_size"], net["dilations"]
    residual, gate, skip = net["residual_channels"], net["gate_channels"], net["skip_channels"]
    field = (kernel - 1) * sum(dilations) + net["input_kernel_size"]
    outputs = {"softmax": net["levels"], "logistics": 3 * net["components"], "gaussian": 2}[net["output"]]
    macs = net["input_kernel_size"] * residual + layers * (kernel * residual * gate + gate // 2 * (residual + skip))
    macs += skip * skip + skip * outputs - gate // 2 * residual  # the last block has no residual
    if net["condition_features"]:
        macs += layers * net["condition_channels"] * gate
    assert (card["layers"], card["receptive_field"], card["macs_per_sample"]) == (layers, field, macs)
    assert card["receptive_field_ms"] == pytest.approx(1000 * field / net["sample_rate"])


def test_it_generates(trained):
    _, _, model = trained
    text = model.text["vocabulary"][0] if model.text else None
    audio = model.generate(num_samples=200, text=text, speaker=0 if model.speakers else None, seed=0)
    assert audio.shape == (1, 200) and audio.dtype == np.float32
    assert np.all(np.isfinite(audio)) and np.abs(audio).max() <= 1
