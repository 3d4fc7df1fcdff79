"""Music as a piano roll: time to the right, keys upwards."""

from typing import TYPE_CHECKING

import numpy as np

from dilatednets.plots.figure import figure, frame
from dilatednets.plots.palette import BLUE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN = 3
"""Keys shown above and below those that sound."""


def piano_roll(roll: np.ndarray, title: str, lowest: int = 21) -> "Figure":
    """A picture of what sounds, each key in its row; octaves are marked by their C.

    Args:
        roll: 0 and 1 (time, keys).
        title: The words above.
        lowest: MIDI's number of the first key.

    Example:
    >>> piano_roll(np.eye(88), "a scale").axes[0].get_xlabel()
    'step'
    """
    picture, (ax,) = figure([360])
    changes = np.diff(np.pad(np.asarray(roll, np.int8), ((1, 1), (0, 0))), axis=0)
    for key in np.flatnonzero(changes.any(axis=0)):
        begin, end = (np.flatnonzero(changes[:, key] == sign) for sign in (1, -1))
        ax.broken_barh(list(zip(begin, end - begin, strict=True)), (lowest + key - 0.4, 0.8), color=BLUE)
    used = lowest + np.flatnonzero(np.any(roll, axis=0))
    bottom, top = (used.min() - MARGIN, used.max() + MARGIN) if used.size else (lowest, lowest + np.shape(roll)[1])
    ax.set_ylim(bottom, top)
    ax.set_xlim(0, len(roll))
    octaves = [note for note in range(0, 128, 12) if bottom <= note <= top]
    ax.set_yticks(octaves, [f"C{note // 12 - 1}" for note in octaves])
    frame(ax, title, "step", "key")
    return picture
