"""What a WaveNet costs, in figures, in words and in a picture."""

import math
from typing import Any

import numpy as np


def describe(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a generated sample, receptive field.

    Multiply-accumulates are those of one step: every kernel of the stack is used once a sample; the input convolution
    of a softmax model reads one row a tap of its one-hot code; conditions are projected once a sample and block.

    Example:
    >>> from dilatednets.zoo.wavenet.model import WaveNet
    >>> describe(WaveNet(sample_rate=8000))["receptive_field_ms"]
    383.875
    """
    taps, channels, filters = model.input_conv.kernel.shape
    macs = taps * filters * (1 if model.output == "softmax" else channels)
    layers = [*model.blocks, model.hidden, model.head]
    kernels = [weight for layer in layers for weight in layer.weights if len(weight.shape) > 1]
    # The speaker is projected once an utterance.
    macs += sum(math.prod(kernel.shape) for kernel in kernels if "global_projection" not in kernel.path)
    mels = {} if model.mel_front_end is None else {"mels": str(model.mel_front_end)}
    return {
        **mels,
        "parameters": model.count_params(),
        "macs_per_sample": macs,
        "layers": len(model.blocks),
        "receptive_field": model.receptive_field,
        "receptive_field_ms": 1000 * model.receptive_field / model.sample_rate,
        "sample_rate": model.sample_rate,
    }


def lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """The cost in words."""
    rate = facts["sample_rate"]
    return [
        f"{facts['layers']} dilated layers: {' '.join(map(str, model.dilations))}",
        f"{facts['parameters']:,} parameters",
        f"{facts['macs_per_sample']:,} multiply-accumulates a sample, "
        f"{facts['macs_per_sample'] * rate / 1e9:.2f} billion a second of audio at {rate} Hz",
        f"receptive field {facts['receptive_field']} samples, {facts['receptive_field_ms']:.0f} ms",
        f"speakers: {', '.join(model.speakers) or 'none'}",
        *([f"mels: {facts['mels']}"] if "mels" in facts else []),
    ]


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """A mixture of sines with noise, each speaker in turn, and a moving condition."""
    rng = np.random.default_rng(0)
    batch, hop = 2, model.condition_hop
    time = 4 * hop
    t = np.arange(time) / model.sample_rate
    tones = np.stack([np.sin(2 * np.pi * f * t) for f in (150.0, 310.0)])
    inputs = {"audio": (0.3 * tones + 0.02 * rng.standard_normal((batch, time))).astype(np.float32)}
    if model.speakers:
        inputs["speaker"] = (np.arange(batch) % len(model.speakers)).astype(np.int32)
    if model.condition_features:
        inputs["condition"] = rng.random((batch, 4, model.condition_features), np.float32)
    return inputs


def draw(model: Any, title: str) -> Any:
    """What one sample sees, layer by layer, and what seeing far costs; a figure."""
    from dilatednets.plots.dilation import dilation_figure

    return dilation_figure(model.dilations, model.kernel_size, model.residual_channels, title, unit=model.unit)
