"""Pictures of dilation: which inputs one output sees, layer by layer."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from dilatednets.plots.figure import figure, frame
from dilatednets.plots.growth import draw_growth, growth
from dilatednets.plots.palette import BLUE, GRID, INK, ORANGE, PAPER, SHADE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LAYERS, MOST_INPUTS = 5, 64


def dilation_figure(
    dilations: Sequence[int], kernel_size: int, channels: int, title: str, causal: bool = True, unit: str = "samples"
) -> "Figure":
    """A stack as `draw_dilation` shows it and, below, what seeing so far costs at its width.

    Args:
        dilations: One number a layer of the whole stack.
        kernel_size: Taps of each layer.
        channels: Channels of each layer.
        title: The words above.
        causal: Whether all taps lie in the past, or else on both sides.
        unit: What the inputs are.

    Example:
    >>> len(dilation_figure([1, 2, 4, 8], 2, 32, "four layers").get_axes())
    2
    """
    picture, (above, below) = figure([460, 420])
    draw_dilation(above, dilations, kernel_size, title, causal, unit)
    draw_growth(below, growth(dilations, kernel_size, channels), unit)
    return picture


def draw_dilation(
    ax: "Axes", dilations: Sequence[int], kernel_size: int, title: str, causal: bool = True, unit: str = "samples"
) -> None:
    """Draws the first layers of a stack as rows of samples, with the connections of one output.

    Args:
        ax: The axes to draw on.
        dilations: One number a layer of the whole stack. The first five layers are drawn, or fewer if they see more
            than 64 inputs, which is what a page can show.
        kernel_size: Taps of each layer.
        title: The words above.
        causal: Whether all taps lie in the past, or else on both sides.
        unit: What the inputs are, for the words below.

    Example:
    >>> from dilatednets.plots.figure import figure
    >>> _, (ax,) = figure([460])
    >>> draw_dilation(ax, [1, 2, 4, 8], 2, "four layers")
    >>> ax.get_xlabel()
    '4 layers see 16 samples. Without dilation that would take 15 layers.'
    """
    from matplotlib.collections import EllipseCollection, LineCollection

    from dilatednets.layers.receptive_field import causal_field

    shown = list(dilations[:MOST_LAYERS])
    while causal_field(kernel_size, shown) > MOST_INPUTS and len(shown) > 1:
        shown.pop()
    field, whole = causal_field(kernel_size, shown), causal_field(kernel_size, dilations)
    taps = [tap - (kernel_size - 1 if causal else kernel_size // 2) for tap in range(kernel_size)]
    seen = [{-taps[-1] * sum(shown)}]  # the output at the right end of what it sees, or in its middle; from there down
    for dilation in reversed(shown):
        seen.append({time + tap * dilation for time in seen[-1] for tap in taps})
    seen.reverse()
    lines = [
        [(time, layer), (time + tap * dilation, layer - 1)]
        for layer, dilation in enumerate(shown, start=1)
        for time in seen[layer]
        for tap in taps
    ]
    ax.add_collection(LineCollection(sorted(lines), colors=ORANGE, linewidths=1.5, zorder=1))
    nodes = [(time, layer) for layer in range(len(shown) + 1) for time in range(-field - 1, 1)]
    size = min(0.75, (field + 2) / 55)  # of circles: a distance between samples is 1, a few samples do not swell
    colours = [BLUE if time in seen[layer] else GRID for time, layer in nodes]
    ax.add_collection(
        EllipseCollection(
            size, size, 0, units="x", offsets=nodes, offset_transform=ax.transData, facecolors=colours, zorder=2
        )
    )
    ax.set(xlim=(-field - 1.5, 0.5), ylim=(-0.3, len(shown) + 0.3), xticks=[])
    ax.set_yticks(range(len(shown) + 1), ["input", *(f"dilation {dilation}" for dilation in shown)])
    words = f"{len(shown)} {'layers see' if len(shown) > 1 else 'layer sees'} {field} {unit}"
    words += f"; the whole stack of {len(dilations)} sees {whole}." if len(dilations) > len(shown) else "."
    if kernel_size > 1:
        words += f" Without dilation that would take {-(-(whole - 1) // (kernel_size - 1))} layers."
    frame(ax, f"{title}: what one output sees")
    ax.set_xlabel(words, loc="left")
    ax.grid(False)


def draw_field(ax: "Axes", dilations: Sequence[int], title: str) -> None:
    """Draws the field of each 3x3 layer of a two-dimensional stack as nested squares, with the taps of the widest.

    Args:
        ax: The axes to draw on.
        dilations: One number a layer, or none.
        title: The words above.

    Example:
    >>> from dilatednets.plots.figure import figure
    >>> _, (ax,) = figure([520])
    >>> draw_field(ax, [1, 1, 2, 4, 8, 16, 1], "context module")
    >>> ax.get_legend().get_texts()[6].get_text()
    'layer 7: 3x3, dilation 1, sees 67 x 67 pixels'
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    ax.set(xticks=[], yticks=[])
    if not dilations:
        frame(ax, f"{title}: no context module", grid=False)
        return
    fields = [1 + 2 * total for total in accumulate(dilations)]
    shade = LinearSegmentedColormap.from_list("shade", [PAPER, SHADE])
    for layer, (dilation, field) in enumerate(zip(dilations, fields, strict=True), start=1):
        words = f"layer {layer}: 3x3, dilation {dilation}, sees {field} x {field} pixels"
        colour = shade(layer / len(fields))
        ax.add_patch(
            Rectangle((-field / 2, -field / 2), field, field, fc=colour, ec=BLUE, label=words, zorder=2 - layer / 1000)
        )
    widest = max(dilations)
    taps = [(x * widest, y * widest) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    ax.scatter(*zip(*taps, strict=True), color=ORANGE, zorder=3, label=f"the nine taps of dilation {widest}")
    half = 0.51 * fields[-1]
    ax.set(xlim=(-half, 3 * half), ylim=(-half, half), aspect="equal", anchor="W")
    plain = 1 + 2 * len(fields)
    words = f"The field grows exponentially, parameters grow linearly. Without dilation {len(fields)} layers see "
    frame(ax, f"{title}: what one output of the context module sees")
    ax.set_xlabel(f"{words}{plain} x {plain} pixels.", loc="left")
    ax.legend(loc="center left", bbox_to_anchor=(0.54, 0.5), frameon=False, labelcolor=INK, labelspacing=0.9)
