"""What an audio effect costs, in figures, in words and in a picture."""

import math
from typing import Any

import numpy as np


def describe(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a sample, receptive field. Knobs, which are set once a stream, cost none.

    Example:
    >>> from dilatednets.zoo.audio_effect.model import AudioEffect
    >>> describe(AudioEffect())["macs_per_sample"]
    13320
    """
    kernels = [weight for weight in model.weights if len(weight.shape) > 1]
    macs = sum(math.prod(kernel.shape) for kernel in kernels)
    macs -= len(model.knobs) * sum(weight.shape[1] for weight in kernels if "mixer" in weight.path)
    return {
        "parameters": model.count_params(),
        "macs_per_sample": macs,
        "layers": sum(map(len, model.arrays)),
        "receptive_field": model.receptive_field,
        "receptive_field_ms": 1000 * model.receptive_field / model.sample_rate,
        "sample_rate": model.sample_rate,
    }


def lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """The cost in words."""
    rate, said = facts["sample_rate"], model.metadata or {}
    words = [
        *(
            f"{channels} channels: {' '.join(map(str, own))}"
            for channels, own in zip(model.channels, model.arrays, strict=True)
        ),
        f"{facts['parameters']:,} parameters",
        f"{facts['macs_per_sample']:,} multiply-accumulates a sample, "
        f"{facts['macs_per_sample'] * rate / 1e9:.2f} billion a second of audio at {rate} Hz",
        f"receptive field {facts['receptive_field']} samples, {facts['receptive_field_ms']:.3g} ms; no latency",
        f"knobs: {', '.join(model.knobs) or 'none'}",
    ]
    told = {
        name: said[name] for name in ("name", "modeled_by", "gear_make", "gear_model", "tone_type") if said.get(name)
    }
    return words + ([f"of its file: {', '.join(f'{name} {value}' for name, value in told.items())}"] if told else [])


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """Two sines with noise, one quiet and one loud, and knobs at different places."""
    t = np.arange(1024) / model.sample_rate
    tones = np.stack([level * np.sin(2 * np.pi * f * t) for level, f in ((0.05, 110.0), (0.7, 330.0))])
    rng = np.random.default_rng(0)
    inputs = {"audio": (tones + 0.01 * rng.standard_normal(tones.shape)).astype(np.float32)}
    if model.knobs:
        inputs["knobs"] = rng.random((2, len(model.knobs)), np.float32)
    return inputs


def draw(model: Any, title: str) -> Any:
    """What one sample sees, layer by layer, and what seeing far costs; a figure."""
    from dilatednets.plots.dilation import dilation_figure

    dilations = [dilation for array in model.arrays for dilation in array]
    return dilation_figure(dilations, model.kernel_sizes[0], model.channels[0], title, unit=model.unit)
