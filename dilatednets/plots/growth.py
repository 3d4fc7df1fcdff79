"""A picture of what seeing far costs: a dilated stack beside a plain one and a recurrent step."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from dilatednets.errors import InputError
from dilatednets.plots.figure import frame
from dilatednets.plots.palette import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Growth(NamedTuple):
    """Inputs seen on a side and weights: after each layer of a stack, and of stacks without dilation of growing depth.

    `recurrent` is the weights of a recurrent step, the same however far it looks back; None if there is none.
    """

    dilated: list[tuple[int, int]]
    plain: list[tuple[int, int]]
    recurrent: int | None


def growth(dilations: Sequence[int], kernel_size: int, channels: int, dimensions: int = 1) -> Growth:
    """Counts weights of convolutions of equal width, biases left out.

    Args:
        dilations: One number a layer.
        kernel_size: Taps on a side, at least two.
        channels: The channels that go in and come out.
        dimensions: 1 for sequences, or 2 for images, which have no recurrent step.

    Raises:
        InputError: If there is no layer, or if it has one tap, since what it sees never grows.

    Example:
    >>> growth([1, 2, 4], 2, 8)
    Growth(dilated=[(2, 128), (4, 256), (8, 384)], plain=[(2, 128), (3, 256), (5, 512), (8, 896)], recurrent=512)
    """
    if not dilations or kernel_size < 2:
        raise InputError("dilations, kernel_size: need a layer, and at least two taps; else what is seen does not grow")
    weights = kernel_size**dimensions * channels**2
    fields = [1 + (kernel_size - 1) * total for total in accumulate(dilations)]
    dilated = [(field, weights * layer) for layer, field in enumerate(fields, start=1)]
    deep = -(-(fields[-1] - 1) // (kernel_size - 1))
    depths = [*(2**power for power in range((deep - 1).bit_length())), deep]
    plain = [(1 + layer * (kernel_size - 1), weights * layer) for layer in depths]
    return Growth(dilated, plain, 8 * channels**2 if dimensions == 1 else None)


def draw_growth(ax: "Axes", grown: Growth, unit: str) -> None:
    """Draws weights against inputs seen, both on logarithmic axes.

    Args:
        ax: The axes to draw on.
        grown: The numbers that `growth` counts.
        unit: What is seen, for the label of the x axis.

    Example:
    >>> from dilatednets.plots.figure import figure
    >>> _, (ax,) = figure([420])
    >>> draw_growth(ax, growth([1, 2, 4, 8], 2, 32), "samples")
    >>> len(ax.lines)
    3
    """
    widest = grown.plain[-1][0]
    lines = [("plain convolutions", grown.plain, GREY, ""), ("dilated convolutions", grown.dilated, ORANGE, "o")]
    if grown.recurrent:
        lines.append(("an LSTM step, state apart", [(1, grown.recurrent), (widest, grown.recurrent)], BLUE, ""))
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    for name, points, colour, marker in lines:
        label = f"{name}: {points[-1][1]:,} weights"
        ax.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=5, linewidth=2.2, label=label)
    levels = [math.log10(weights) for _, points, _, _ in lines for _, weights in points]
    ax.set(xlim=(1, 1.05 * widest), ylim=(10 ** math.floor(min(levels)), 10 ** math.ceil(max(levels))))
    # Plain numbers, not powers, for a reader; they also keep Matplotlib's parser of mathematics out of it.
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:,.0f}")
        axis.set_minor_formatter("")
    frame(
        ax, "What seeing far costs: each weight is multiplied once an output", f"{unit} that one output sees", "weights"
    )
    ax.legend(edgecolor="none", framealpha=1, labelcolor=INK)
