"""A picture of curves: how a net learns, epoch by epoch."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from dilatednets.plots.figure import frame
from dilatednets.plots.palette import CURVES, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_curves(
    ax: "Axes", curves: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str, title: str = ""
) -> None:
    """Draws named curves, from 0 up unless they go below it.

    Args:
        ax: The axes to draw on.
        curves: The (x, y) of each curve, by its name.
        x: The label of the x axis.
        y: The label of the y axis.
        title: The words above.

    Example:
    >>> from dilatednets.plots.figure import figure
    >>> _, (ax,) = figure([400])
    >>> draw_curves(ax, {"fine-tuned": [(0, 0.2), (1, 0.8)], "from scratch": [(0, 0.1), (1, 0.3)]}, "epochs", "F1")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['fine-tuned', 'from scratch']
    """
    for (name, points), colour in zip(curves.items(), cycle(CURVES), strict=False):
        ax.plot(*zip(*points, strict=True), color=colour, linewidth=2.2, marker="o", markersize=4, label=name)
    values = [point for points in curves.values() for point in points]
    if all(value >= 0 for _, value in values):
        ax.set_ylim(bottom=0)
    if all(float(place).is_integer() for place, _ in values):
        ax.locator_params("x", integer=True)
    frame(ax, title, x, y)
    ax.legend(edgecolor="none", framealpha=1, labelcolor=INK)
