"""A picture of a series and what is forecast after it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dilatednets.plots.figure import frame
from dilatednets.plots.palette import BLUE, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_SHOWN = 6
"""Series that one picture holds."""
PAST = 5
"""Steps of the past that are shown, as a multiple of those forecast; at least 40."""


def draw_forecast(
    ax: "Axes",
    past: tuple[np.ndarray, np.ndarray],
    times: np.ndarray | Sequence[str],
    values: np.ndarray,
    quantiles: Sequence[float] = (),
    title: str = "",
) -> None:
    """Draws the end of a series, and the forecast in another colour; quantiles as a band around their middle.

    Args:
        ax: The axes to draw on.
        past: Times, datetime64 or float (steps,), and values (steps,).
        times: The times of the forecast, as those of the past or as texts.
        values: (steps,), or (steps, quantiles).
        quantiles: The quantiles, in order.
        title: The words above.

    Example:
    >>> from dilatednets.plots.figure import figure
    >>> _, (ax,) = figure([300])
    >>> draw_forecast(ax, (np.arange(9.0), np.arange(9.0)), ["9", "10"], np.array([9.0, 10.0]), title="sold")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['known', 'forecast']
    """
    shown = max(40, PAST * len(times))
    before, known = past[0][-shown:], past[1][-shown:]
    after = np.array(times, before.dtype)
    ax.plot(before, known, color=BLUE, linewidth=1.8, label="known")
    middle = int(np.argmin(np.abs(np.asarray(quantiles) - 0.5))) if quantiles else 0
    line = values[:, middle] if quantiles else values
    ax.plot([before[-1], *after], [known[-1], *line], color=ORANGE, linewidth=2.2, label="forecast")
    if len(quantiles) > 1:
        words = f"quantiles {quantiles[0]:g} to {quantiles[-1]:g}"
        ax.fill_between(after, values[:, 0], values[:, -1], color=ORANGE, alpha=0.25, linewidth=0, label=words)
    frame(ax, title)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.2 * (top - bottom))  # the legend lies above all lines
    ax.legend(frameon=False, labelcolor=INK, loc="upper left", ncols=3)
