"""What a ContextSegmenter costs, in figures, in words and in a picture."""

import math
from typing import Any

import numpy as np


def describe(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a pixel of a large image, receptive field; the context module's share apart.

    Args:
        model: A ContextSegmenter.

    Example:
    >>> from dilatednets.zoo.context_segmenter.model import ContextSegmenter
    >>> describe(ContextSegmenter(num_classes=11))["context_parameters"]
    7832
    """
    front, stride = model.front_end, model.front_end.stride
    shapes = [weight.shape for weight in (model.context.weights if model.context else ())]
    scores_macs = front.output_channels * model.num_classes / stride**2
    context_macs = sum(math.prod(shape) for shape in shapes if len(shape) > 1) / stride**2
    return {
        "parameters": model.count_params(),
        "context_parameters": sum(map(math.prod, shapes)),
        "macs_per_pixel": round(front.macs_per_pixel + scores_macs + context_macs),
        "context_macs_per_pixel": round(context_macs),
        "receptive_field": model.receptive_field,
        "stride": stride,
        "num_classes": model.num_classes,
    }


def lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """The cost in words."""
    return [
        f"{facts['parameters']:,} parameters, {facts['context_parameters']:,} of them in the context module",
        f"{facts['macs_per_pixel']:,} multiply-accumulates a pixel, {facts['context_macs_per_pixel']:,} of them in the "
        f"context module; {facts['macs_per_pixel'] * 360 * 480 / 1e9:.2f} billion for 360x480 pixels",
        f"receptive field {facts['receptive_field']} pixels a side; scores at stride {facts['stride']}",
        f"dilations of the context module: {' '.join(map(str, model.dilations)) or 'none'}",
        f"{model.head}: {', '.join(model.class_names) or model.num_classes}",
    ]


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """Smooth coloured patches with noise, of a size that needs padding."""
    rng = np.random.default_rng(0)
    patches = np.kron(rng.integers(0, 256, (2, 5, 6, 3)), np.ones((1, 10, 10, 1)))
    noise = rng.integers(-20, 21, patches.shape)
    return {"image": np.clip(patches + noise, 0, 255).astype(np.uint8)}


def draw(model: Any, title: str) -> Any:
    """What one output of the context module sees, layer by layer, and what seeing far costs; a figure."""
    from dilatednets.plots.dilation import draw_field
    from dilatednets.plots.figure import figure
    from dilatednets.plots.growth import draw_growth, growth

    picture, (field, *rest) = figure([500, 420] if model.dilations else [500])
    draw_field(field, model.dilations, title)
    for ax in rest:
        draw_growth(ax, growth(model.dilations, 3, model.num_classes, dimensions=2), f"{model.unit} a side")
    return picture
