"""Pictures of audio, drawn with Pillow."""

import itertools
import os
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dilatednets.errors import InputError
from dilatednets.files import atomic_path

WIDTH, WAVE_HEIGHT, SPECTRUM_HEIGHT = 900, 150, 260
LEFT, TOP, GAP, BOTTOM, RIGHT = 64, 34, 14, 40, 16
INK, GREY, WAVE = (30, 30, 40), (150, 150, 160), (38, 84, 144)
# Dark blue over magenta and orange to pale yellow: even steps of lightness, readable in grey and by the colour-blind.
COLOURS = np.array(
    [
        (4, 4, 26),
        (40, 11, 84),
        (101, 21, 110),
        (159, 42, 99),
        (212, 72, 66),
        (245, 125, 21),
        (250, 193, 39),
        (252, 255, 164),
    ],
    np.float64,
)


def waveform_and_spectrogram(audio: np.ndarray, sample_rate: int, title: str | None = None) -> Image.Image:
    """Draws the waveform, and below it the spectrogram in dB, over one time axis.

    Args:
        audio: (samples,) in [-1, 1].
        sample_rate: Samples a second.
        title: Drawn above.

    Raises:
        InputError: for audio of another shape, or empty.

    Example:
    >>> waveform_and_spectrogram(np.zeros(8000, np.float32), 8000).size
    (900, 498)
    """
    audio = np.asarray(audio, np.float64)
    if audio.ndim != 1 or audio.size == 0:
        raise InputError(f"audio: need samples of shape (samples,), not {audio.shape}")
    plot_width = WIDTH - LEFT - RIGHT
    spectrum_top = TOP + WAVE_HEIGHT + GAP
    bottom = spectrum_top + SPECTRUM_HEIGHT
    image = Image.new("RGB", (WIDTH, bottom + BOTTOM), "white")
    draw = ImageDraw.Draw(image)
    draw.text((LEFT, 10), title or "", INK, _font(14))

    _draw_wave(draw, audio, plot_width)
    picture = Image.fromarray(_colour(spectrogram_db(audio, sample_rate)))
    image.paste(picture.resize((plot_width, SPECTRUM_HEIGHT), Image.Resampling.BICUBIC), (LEFT, spectrum_top))
    for top, height in ((TOP, WAVE_HEIGHT), (spectrum_top, SPECTRUM_HEIGHT)):
        draw.rectangle((LEFT - 1, top - 1, LEFT + plot_width, top + height), outline=GREY)

    seconds = audio.size / sample_rate
    for tick in _ticks(seconds, 8):
        x = LEFT + tick / seconds * plot_width
        draw.line((x, bottom, x, bottom + 5), INK)
        draw.text((x, bottom + 7), f"{tick:g} s", INK, _font(12), anchor="ma")
    for tick in _ticks(sample_rate / 2000, 5):
        _label(draw, spectrum_top + SPECTRUM_HEIGHT * (1 - tick / (sample_rate / 2000)), f"{tick:g} kHz")
    peak = _peak(audio)
    for value in (-peak, 0.0, peak):
        _label(draw, TOP + WAVE_HEIGHT * (0.5 - value / peak / 2.1), f"{value:.2g}")
    return image


def spectrogram_db(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Log power, dB below the loudest point: (frequencies, frames), low frequencies first, floor -70.

    Windows of 25 ms (Hann) every 5 ms.
    """
    window = max(sample_rate // 40, 8)
    hop = max(sample_rate // 200, 1)
    padded = np.pad(audio, (window // 2, window))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[: audio.size + 1 : hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), n=4 * window, axis=1)) ** 2
    decibel = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(decibel - decibel.max(), -70.0).T


def save_png(image: Image.Image, path: str | os.PathLike[str]) -> None:
    """Writes a picture, whole or not at all."""
    with atomic_path(path) as temporary:
        image.save(temporary, format="PNG")


def _draw_wave(draw: ImageDraw.ImageDraw, audio: np.ndarray, width: int) -> None:
    edges = np.linspace(0, audio.size, width + 1).astype(int)
    peak = _peak(audio)
    middle = TOP + WAVE_HEIGHT / 2
    for x, (start, end) in enumerate(itertools.pairwise(edges)):
        part = audio[start : max(end, start + 1)]
        high, low = (middle - value / peak / 2.1 * WAVE_HEIGHT for value in (part.max(), part.min()))
        draw.line((LEFT + x, high, LEFT + x, max(low, high + 1)), WAVE)


def _peak(audio: np.ndarray) -> float:
    return max(float(np.abs(audio).max()), 1e-3)


def _colour(decibel: np.ndarray) -> np.ndarray:
    """DB in [-70, 0] -> RGB uint8, high frequencies on top."""
    place = (decibel[::-1] / 70.0 + 1.0) * (len(COLOURS) - 1)
    steps = np.arange(len(COLOURS))
    return np.stack([np.interp(place, steps, COLOURS[:, c]) for c in range(3)], axis=-1).astype(np.uint8)


def _ticks(limit: float, most: int) -> Sequence[float]:
    """Round numbers from 0 to `limit`, at most `most` steps."""
    raw = limit / most
    magnitude = 10 ** np.floor(np.log10(raw))
    step = next(float(m * magnitude) for m in (1, 2, 5, 10) if m * magnitude >= raw)
    return [round(step * i, 6) for i in range(int(limit / step + 1e-9) + 1)]


def _label(draw: ImageDraw.ImageDraw, y: float, text: str) -> None:
    draw.line((LEFT - 5, y, LEFT, y), INK)
    draw.text((LEFT - 8, y), text, INK, _font(12), anchor="rm")


_font: Callable[[float], ImageFont.ImageFont | ImageFont.FreeTypeFont] = ImageFont.load_default
