"""What a TCN costs, in figures, in words and in a picture."""

import math
from typing import Any

import numpy as np

from dilatednets.zoo.tcn.inputs import hears


def describe(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a step, receptive field.

    Looking up vectors costs none, and an answer is counted where there is one a step.

    Example:
    >>> from dilatednets.zoo.tcn.model import TCN
    >>> describe(TCN(outputs=10, dilations=(1, 2, 4)))["receptive_field"]
    29
    """
    layers = [*([] if model.projection is None else [model.projection]), *model.blocks]
    layers += [model.head] if model.pooling == "none" else []
    kernels = [weight for layer in layers for weight in layer.weights if len(weight.shape) > 1]
    return {
        "task": model.task,
        "parameters": model.count_params(),
        "macs_per_step": sum(math.prod(kernel.shape) for kernel in kernels) // model.frame,
        "layers": len(model.convolution_dilations),
        "receptive_field": model.receptive_field,
    }


def lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """The cost in words."""
    takes = (
        f"tokens, {model.vocabulary} of them"
        if model.vocabulary
        else ", ".join(model.columns) or f"{model.features} features"
    )
    what = f"{model.task}: {', '.join(model.labels) or f'{model.outputs} outputs'}"
    if model.task == "forecast":
        quantiles = f", quantiles {' '.join(map(str, model.quantiles))}" if model.quantiles else ""
        what += f"; {model.horizon} steps{quantiles}"
    return [
        f"{facts['parameters']:,} parameters, {facts['macs_per_step']:,} multiply-accumulates a step",
        f"receptive field {facts['receptive_field']} steps; dilations {' '.join(map(str, model.convolution_dilations))}",
        f"takes: {takes}{f'; frames of {model.frame} steps' if model.frame > 1 else ''}",
        f"{what}; {'causal' if model.causal else 'centred'}{', streams' if model.streams else ''}",
    ]


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """Noise of the scale of the data, and tokens, in sequences of different lengths."""
    rng = np.random.default_rng(0)
    time = 24 * model.frame
    inputs = {"lengths": np.array([time, time - 5], np.int32)}
    if model.vocabulary:
        return {"sequence": rng.integers(0, model.vocabulary, (2, time)).astype(np.int32), **inputs}
    noise = rng.standard_normal((2, time, model.features)) * (model.scale or 1.0) + (model.mean or 0.0)
    inputs["sequence"] = (noise.clip(-1, 1) if hears(model) else noise).astype(np.float32)
    if model.known:
        places = [model.columns.index(name) for name in model.known]
        inputs["known"] = np.resize(inputs["sequence"][..., places], (2, model.horizon, len(places)))
    return inputs


def draw(model: Any, title: str) -> Any:
    """What one answer sees, layer by layer, and what seeing far costs; a figure."""
    from dilatednets.plots.dilation import dilation_figure

    unit = model.unit if model.frame == 1 else f"frames of {model.frame} steps"
    return dilation_figure(model.convolution_dilations, model.kernel_size, model.channels, title, model.causal, unit)
