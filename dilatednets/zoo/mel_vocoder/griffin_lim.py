"""Griffin-Lim: sound whose short-time spectra have given magnitudes."""

from typing import Any

import numpy as np
from keras import ops

MOMENTUM = 0.99
"""By how much an iteration goes beyond its result, away from the one before."""
PERIOD = 251
"""Frames after which the first phases repeat: a prime, and some seconds."""
_SMALLEST = 1e-16


def phase_table(seed: int, bins: int) -> np.ndarray:
    """Phases to begin with, drawn by a seed: float32 (251, bins), which repeat after so many frames."""
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (PERIOD, bins)).astype(np.float32)


def first_phases(table: Any, frames: Any) -> Any:
    """Those of a number of frames, (frames, bins)."""
    return ops.take(table, ops.arange(frames) % PERIOD, axis=0)


def griffin_lim(magnitudes: Any, phases: Any, iterations: Any, window: int, hop: int, fft_size: int) -> Any:
    """Turns magnitudes and sound into each other until the sound's magnitudes are nearly these.

    Args:
        magnitudes: Of windows of Hann centred on every `hop`-th sample, (batch, frames, fft_size // 2 + 1).
        phases: To begin with, in radians, of the same shape or without the batch.
        iterations: How often, a number or a tensor.
        window: Samples of the window.
        hop: Samples a frame.
        fft_size: Samples of the transform.

    Returns:
        float32 (batch, (frames - 1) * hop).

    Reference:
        Griffin & Lim 1984, "Signal estimation from modified short-time Fourier transform"; its fast variant by Perraudin,
        Balazs & Søndergaard 2013, "A fast Griffin-Lim algorithm".

    Example:
    >>> spectrum = np.zeros((1, 9, 65), "float32")
    >>> spectrum[:, :, 8] = 16  # one frequency, of which a period has 16 samples
    >>> sound = griffin_lim(spectrum, first_phases(phase_table(0, 65), 9), 30, 128, 32, 128)
    >>> sound.shape
    TensorShape([1, 256])
    """
    magnitudes = ops.cast(magnitudes, "float32")

    def sound(real: Any, imaginary: Any) -> Any:
        return ops.istft((magnitudes * real, magnitudes * imaginary), window, hop, fft_size, window="hann")

    def body(done: Any, real: Any, imaginary: Any, last_real: Any, last_imaginary: Any) -> Any:
        now_real, now_imaginary = ops.stft(sound(real, imaginary), window, hop, fft_size, window="hann")
        share = MOMENTUM / (1 + MOMENTUM)
        real, imaginary = now_real - share * last_real, now_imaginary - share * last_imaginary
        length = ops.sqrt(ops.square(real) + ops.square(imaginary)) + _SMALLEST
        return done + 1, real / length, imaginary / length, now_real, now_imaginary

    nothing = ops.zeros_like(magnitudes)
    begin = (0, nothing + ops.cos(phases), nothing + ops.sin(phases), nothing, nothing)
    _, real, imaginary, *_ = ops.while_loop(lambda done, *_: done < iterations, body, begin)
    return sound(real, imaginary)
