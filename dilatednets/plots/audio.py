"""Pictures of audio."""

from typing import TYPE_CHECKING, Annotated

import numpy as np

from dilatednets.arrays import as_audio
from dilatednets.plots.figure import figure, frame
from dilatednets.plots.palette import BLUE, SPECTROGRAM
from dilatednets.rules import checked, positive

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR_DB = -70.0
_MOST_COLUMNS = 3600  # of a spectrogram: several for each dot of a picture
_BLOCK = 2**10  # frames that are transformed at once: an hour's spectra must not lie in memory together
_RATE = Annotated[int, positive]


def waveform_and_spectrogram(audio: np.ndarray, sample_rate: int, title: str | None = None) -> "Figure":
    """Draws the waveform, and below it the spectrogram in dB, over one time axis.

    Args:
        audio: The samples in [-1, 1], of shape (samples,).
        sample_rate: Samples a second.
        title: The words above the picture.

    Raises:
        InputError: for what is no audio, or no sample rate.

    Example:
    >>> picture = waveform_and_spectrogram(np.zeros(8000, np.float32), 8000, "silence")
    >>> [ax.get_ylabel() for ax in picture.axes]  # the last is the scale of colours
    ['amplitude', 'kHz', 'dB']
    """
    picture, (above, below) = figure([210, 310], share_x=True)
    draw_waveform(above, audio, sample_rate, title)
    draw_spectrogram(below, audio, sample_rate)
    above.set_xlabel("")
    return picture


def draw_waveform(ax: "Axes", audio: np.ndarray, sample_rate: int, title: str | None = None) -> None:
    """Draws the waveform: the lowest and the highest sample of each of at most 1,800 stretches of time.

    Args:
        ax: The axes to draw on.
        audio: The samples in [-1, 1], of shape (samples,).
        sample_rate: Samples a second.
        title: The words above.

    Raises:
        InputError: for what is no audio, or no sample rate.

    Example:
    >>> _, (ax,) = figure([200])
    >>> draw_waveform(ax, np.sin(np.arange(8000) / 10), 8000)
    >>> ax.get_xlim()[1]  # seconds
    1.0
    """
    audio, sample_rate = as_audio(audio, ndim=1), checked(sample_rate, _RATE, "sample_rate")
    starts = np.linspace(0, audio.size, min(audio.size, 1800), endpoint=False).astype(int)
    low, high = np.minimum.reduceat(audio, starts), np.maximum.reduceat(audio, starts)
    ax.fill_between(starts / sample_rate, low, high, color=BLUE, linewidth=0.8)
    peak = 1.05 * max(float(np.abs(audio).max()), 1e-3)
    ax.set(xlim=(0, audio.size / sample_rate), ylim=(-peak, peak))
    frame(ax, title or "", "seconds", "amplitude", grid=False)


def draw_spectrogram(ax: "Axes", audio: np.ndarray, sample_rate: int, title: str | None = None) -> None:
    """Draws the spectrogram as `spectrogram_db` measures it, with the scale of its colours.

    Args:
        ax: The axes to draw on.
        audio: The samples in [-1, 1], of shape (samples,).
        sample_rate: Samples a second.
        title: The words above.

    Raises:
        InputError: for what is no audio, or no sample rate.

    Example:
    >>> _, (ax,) = figure([200])
    >>> draw_spectrogram(ax, np.sin(np.arange(8000) / 10), 8000)
    >>> ax.get_ylim()[1]  # kHz
    4.0
    """
    decibel = spectrogram_db(audio, sample_rate)
    image = ax.imshow(
        decibel, SPECTROGRAM, aspect="auto", origin="lower", vmin=FLOOR_DB, vmax=0,
        extent=(0, len(audio) / sample_rate, 0, sample_rate / 2000), interpolation="bilinear",
    )  # fmt: skip
    frame(ax, title or "", "seconds", "kHz", grid=False)
    scale = ax.figure.colorbar(image, ax=ax, pad=0.01, aspect=25)
    frame(scale.ax, "", "", "dB", grid=False)
    scale.outline.set_visible(False)


def spectrogram_db(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Log power in dB below the loudest point: (frequencies, frames), low frequencies first, floor -70.

    Windows of 25 ms (Hann) every 5 ms; of more than 18 seconds, means over as many neighbours as leave at most 3,600 frames.

    Args:
        audio: The samples, of shape (samples,).
        sample_rate: Samples a second.

    Raises:
        InputError: for what is no audio, or no sample rate.

    Example:
    >>> spectrogram_db(np.sin(np.arange(8000) / 10), 8000).shape
    (401, 201)
    """
    audio, sample_rate = as_audio(audio, ndim=1).astype(np.float64), checked(sample_rate, _RATE, "sample_rate")
    window = max(sample_rate // 40, 8)
    hop = max(sample_rate // 200, 1)
    padded = np.pad(audio, (window // 2, window))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[: audio.size + 1 : hop]
    merged = -(-len(frames) // _MOST_COLUMNS)
    block = -(-_BLOCK // merged) * merged
    means = []
    for first in range(0, len(frames), block):
        spectra = np.fft.rfft(frames[first : first + block] * np.hanning(window), n=4 * window, axis=1)
        starts = np.arange(0, len(spectra), merged)
        counts = np.diff(starts, append=len(spectra))
        means.append(np.add.reduceat(np.abs(spectra) ** 2, starts) / counts[:, None])
    power = np.concatenate(means)
    decibel = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(decibel - decibel.max(), FLOOR_DB).T
