"""Linear prediction of speech from its mels: a net makes only what this leaves of the sound.

Mels say how strong each frequency is; a recursive filter a frame can make it so. What is left of speech is a train of pulses
or noise, of even strength and spectrum, and whatever noise a net adds to it lies under the speech when that is filtered.
"""

from typing import Any

import numpy as np

from dilatednets.zoo.mel_front_end import MelFrontEnd

PEAK = 2.0
"""What is left is divided by it: a standard deviation of about 0.07, so that pulses stay within [-1, 1]."""
_FLOOR = 1e-5  # of the energy: noise at -50 dB keeps a filter's poles away from the unit circle
_BLUR = 30.0  # Hz by which peaks of the spectrum are widened, for the same
_SILENCE = 1e-12
_NEAR = 4  # frequencies of the transform


def predictors(power: Any, rate: int, order: int, xp: Any = np) -> Any:
    """The filter of each frame, `x[t] = g e[t] + sum_k a[k] x[t - k]`, by the autocorrelation method.

    Args:
        power: Squared magnitudes at even steps from 0 to half of `rate`, (..., bins).
        rate: Samples a second.
        order: Samples that are looked back on.
        xp: What computes: numpy, or keras.ops in a graph.

    Returns:
        float64 (..., 1 + order): g, and a[1] to a[order].

    Reference:
        Makhoul 1975, "Linear prediction: A tutorial review", Proc. IEEE 63, sections II and III; Levinson's recursion.

    Example:
    >>> np.abs(predictors(np.ones((1, 129)), 8000, 2)).round(3).tolist()  # of white noise, nothing can be predicted
    [[1.0, 0.0, 0.0]]
    """
    correlation = xp.matmul(xp.maximum(exact(power, xp), _SILENCE), _correlating(power.shape[-1], rate, order))
    error: Any = correlation[..., :1]
    a: list[Any] = []
    for n in range(order):
        left = correlation[..., n + 1 : n + 2] - sum(a[k] * correlation[..., n - k : n - k + 1] for k in range(n))
        reflected = left / error
        a = [a[k] - reflected * a[n - 1 - k] for k in range(n)] + [reflected]
        error = error * (1 - reflected**2)
    return xp.concatenate([xp.sqrt(error), *a], axis=-1)


def filters_of(front_end: MelFrontEnd, frames: Any, xp: Any = np) -> Any:
    """The filters of frames, of as many samples as the front end's `prediction` says.

    Of a spectrum, frames have the bands alone: it is taken to be the smallest that has them, and above `f_max` what it is
    just below.

    Args:
        front_end: What made the frames.
        frames: As `MelFrontEnd.frames` makes them, (..., frames, bands).
        xp: As for `predictors`.

    Returns:
        (..., frames, 1 + prediction).
    """
    last = int(front_end.f_max * front_end.fft_size / front_end.sample_rate)
    inverse = np.linalg.pinv(front_end.filters.T)
    inverse[:, last:] = inverse[:, max(last - _NEAR, 0) : last].mean(axis=1, keepdims=True)
    magnitudes = xp.maximum(xp.matmul(xp.exp(exact(frames, xp)), inverse), 0)
    return predictors(magnitudes ** (2 / front_end.power), front_end.sample_rate, front_end.prediction, xp)


def exact(x: Any, xp: Any = np) -> Any:
    """The same as float64: filters follow from small differences of large numbers."""
    return np.asarray(x, np.float64) if xp is np else xp.cast(x, "float64")


def _correlating(bins: int, rate: int, order: int) -> np.ndarray:
    """The matrix (bins, 1 + order) that makes a spectrum the autocorrelation that filters are made of."""
    lags = np.arange(order + 1)
    cosines = np.cos(np.pi * np.outer(np.arange(bins), lags) / (bins - 1))
    cosines[1:-1] *= 2
    window = np.exp(-0.5 * (2 * np.pi * _BLUR / rate * lags) ** 2) + _FLOOR * (lags == 0)
    matrix: np.ndarray = cosines / (2 * (bins - 1)) * window
    return matrix


def excitation(audio: Any, filters: Any, hop: int, xp: Any = np) -> Any:
    """What the filters leave of recordings, `e[t]`, divided by `PEAK`.

    Args:
        audio: (batch, samples), before which there is silence.
        filters: Those of its frames, (batch, frames, 1 + order), `frames * hop >= samples`.
        hop: Samples a frame.
        xp: As for `predictors`.

    Returns:
        float64 (batch, samples), cut to [-1, 1].
    """
    samples, order = audio.shape[1] if xp is np else xp.shape(audio)[1], filters.shape[2] - 1
    audio = exact(audio, xp)
    past = xp.pad(audio, ((0, 0), (order, 0)))
    each = xp.repeat(filters, hop, axis=1)[:, :samples]
    predicted = sum(each[..., k] * past[:, order - k : order - k + samples] for k in range(1, order + 1))
    return xp.clip((audio - predicted) / (each[..., 0] * PEAK), -1.0, 1.0)


class SpeechFilter:
    """Filters what a net makes to speech, stretch by stretch.

    Args:
        filters: Those of the frames of each voice, (batch, frames, 1 + order).
        hop: Samples a frame.
        past: The samples before, (batch, samples), any number; None for silence.
        position: Where, in samples, the first stretch begins.
    """

    def __init__(self, filters: np.ndarray, hop: int, past: np.ndarray | None = None, position: int = 0) -> None:
        self.filters, self.hop, self.position = filters.astype(np.float64), hop, position
        batch, order = len(filters), filters.shape[2] - 1
        before = np.zeros((batch, order))
        self.past = before if past is None else np.concatenate([before, past], axis=1)[:, -order:]

    def __call__(self, left: Any) -> np.ndarray:
        """Speech of the next stretch of what was left, (batch, samples), float32, cut to [-1, 1]."""
        from scipy.signal import lfilter, lfiltic

        left = np.asarray(left, np.float64)
        order, count = self.past.shape[1], left.shape[1]
        speech = np.concatenate([self.past, np.zeros(left.shape)], axis=1)
        first = 0
        while first < count:
            frame = (self.position + first) // self.hop
            last = min((frame + 1) * self.hop - self.position, count)
            for row, filters in enumerate(self.filters):
                gain, *a = filters[min(frame, len(filters) - 1)]
                backward = np.concatenate([[1.0], np.negative(a)])
                begin = lfiltic([gain * PEAK], backward, speech[row, first : first + order][::-1])
                made, _ = lfilter([gain * PEAK], backward, left[row, first:last], zi=begin)
                speech[row, order + first : order + last] = made
            first = last
        self.past, self.position = speech[:, count:], self.position + count
        return speech[:, order:].clip(-1, 1).astype(np.float32)
