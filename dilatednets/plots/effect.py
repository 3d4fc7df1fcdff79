"""Pictures of what an audio effect does to sound."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dilatednets.plots.audio import draw_spectrogram, draw_waveform
from dilatednets.plots.figure import figure, frame
from dilatednets.plots.palette import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SWEEP_SECONDS = 2.0


def dry_and_wet(dry: np.ndarray, wet: np.ndarray, sample_rate: int, title: str) -> "Figure":
    """Draws the waveforms and the spectrograms of a dry signal and of what became of it.

    Args:
        dry: The samples in [-1, 1], of shape (samples,).
        wet: As many.
        sample_rate: Samples a second.
        title: The words above the picture.

    Raises:
        InputError: for what is no audio, or no sample rate.

    Example:
    >>> tone = np.sin(np.arange(8000) / 10) / 2
    >>> len(dry_and_wet(tone, np.tanh(4 * tone), 8000, "a pedal").axes)  # two are scales of colours
    6
    """
    picture, axes = figure([180, 240, 180, 240], share_x=True)
    for place, (name, audio) in enumerate((("dry", dry), (title, wet))):
        draw_waveform(axes[2 * place], audio, sample_rate, name)
        draw_spectrogram(axes[2 * place + 1], audio, sample_rate)
    for ax in axes[:-1]:
        ax.set_xlabel("")
    return picture


def learnt(
    dry: np.ndarray, wet: np.ndarray, made: np.ndarray, effect: Callable[[np.ndarray], np.ndarray], sample_rate: int
) -> "Figure":
    """Draws what a model makes of a recording over what it should be, its transfer curve, and its answer to a sweep.

    Args:
        dry: What went into the effect, (samples,) in [-1, 1].
        wet: What came out.
        made: What the model makes of `dry`.
        effect: The model, from dry to wet audio.
        sample_rate: Samples a second.

    Example:
    >>> tone = np.sin(np.arange(8000) / 10) / 2
    >>> picture = learnt(tone, np.tanh(2 * tone), 1.9 * tone, lambda dry: 1.9 * dry, 8000)
    >>> [ax.get_title(loc="left") for ax in picture.axes[:2]]
    ['the loudest 20 ms', 'transfer curve, a sine of 110 Hz']
    """
    picture, (above, middle, below) = figure([260, 300, 300])
    size = min(sample_rate // 50, len(wet))
    first = min(max(int(np.argmax(np.abs(wet))) - size // 2, 0), len(wet) - size)
    milliseconds = 1000 * np.arange(size) / sample_rate
    above.plot(milliseconds, wet[first : first + size], color=BLUE, label="wet")
    above.plot(milliseconds, made[first : first + size], color=ORANGE, label="model", linestyle="--")
    frame(above, "the loudest 20 ms", "milliseconds", "amplitude")
    above.legend(frameon=False, loc="upper right")
    loudest = min(float(np.abs(dry).max()), 1.0)
    sine = loudest * np.sin(2 * np.pi * 110.0 * np.arange(sample_rate // 2) / sample_rate)
    settled = slice(-sample_rate // 10, None)
    middle.plot(sine[settled], effect(sine)[settled], color=BLUE)
    frame(middle, "transfer curve, a sine of 110 Hz", "dry", "wet")
    draw_spectrogram(
        below, effect(loudest * sweep(sample_rate)).clip(-1, 1), sample_rate, "a sine that rises: aliases fall"
    )
    return picture


def sweep(sample_rate: int) -> np.ndarray:
    """A sine that rises evenly from 0 to half the sample rate, of `SWEEP_SECONDS`."""
    t = np.arange(round(SWEEP_SECONDS * sample_rate)) / sample_rate
    return np.sin(np.pi * sample_rate / 2 * t**2 / SWEEP_SECONDS)
