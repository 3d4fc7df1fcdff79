"""What a mel vocoder costs, in figures, in words and in a picture."""

import math
from typing import Any

import numpy as np


def describe(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a frame without Griffin-Lim, receptive field.

    Example:
    >>> from dilatednets.zoo.mel_vocoder.model import MelVocoder
    >>> describe(MelVocoder())["receptive_field"]
    73
    """
    kernels = [weight for weight in model.weights if len(weight.shape) > 1]
    front_end = model.mel_front_end
    return {
        "parameters": model.count_params(),
        "macs_per_frame": sum(math.prod(kernel.shape) for kernel in kernels),
        "layers": 2 * len(model.blocks),
        "receptive_field": model.receptive_field,
        "receptive_field_ms": 1000 * model.receptive_field * front_end.hop / front_end.sample_rate,
        "iterations": model.iterations,
        "sample_rate": front_end.sample_rate,
        "mels": str(front_end),
    }


def lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """The cost in words."""
    a_second = facts["macs_per_frame"] * facts["sample_rate"] / model.mel_front_end.hop
    return [
        f"{len(model.blocks)} blocks of two dilated convolutions: {' '.join(map(str, model.dilations))}",
        f"{facts['parameters']:,} parameters",
        f"{facts['macs_per_frame']:,} multiply-accumulates a frame, {a_second / 1e9:.2f} billion a second of audio; then "
        f"{facts['iterations']} iterations of Griffin-Lim",
        f"receptive field {facts['receptive_field']} frames, {facts['receptive_field_ms']:.0f} ms, half of it in the future",
        f"mels: {facts['mels']}",
    ]


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """Mels of two voices: harmonics of a rising pitch, with noise."""
    front_end, rng = model.mel_front_end, np.random.default_rng(0)
    t = np.arange(24 * front_end.hop) / front_end.sample_rate
    made = []
    for pitch in (110.0, 220.0):
        phase = 2 * np.pi * pitch * (t + 0.2 * t**2)
        voice = sum(np.sin(k * phase) / k for k in range(1, 20))
        made.append(front_end.frames(0.2 * voice + 0.005 * rng.standard_normal(len(t))))
    return {"inputs": np.stack(made)}


def draw(model: Any, title: str) -> Any:
    """What the spectrum of one frame sees, layer by layer, and what seeing far costs; a figure."""
    from dilatednets.plots.dilation import dilation_figure

    dilations = [dilation for dilation in model.dilations for _ in range(2)]
    return dilation_figure(dilations, model.kernel_size, model.channels, title, unit=model.unit)
