"""Sound to mel spectrograms: what a WaveNet needs of an acoustic model, or of another recording, to make it sound.

The frames are those of librosa, `log(max(librosa.feature.melspectrogram(...), floor))`, so that the mels of a text-to-speech
system which uses the same settings go in as they are.
"""

import functools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any

import numpy as np

from dilatednets.arrays import as_audio, numbers
from dilatednets.errors import InputError, Note
from dilatednets.rules import Rule, below_2_16, config_of, keep_arguments, not_negative, positive

_BLOCK = 1024  # frames that are transformed at once: an hour of sound must not lie in memory a thousand times
_TOLERANCE = 3.0  # by how much, in natural logarithms, what an acoustic model predicts may lie below the floor
_LOUDEST = 12.0  # full scale in one band, windows of 16,384 samples, squared magnitudes: more is no logarithm
_LEAST_SPREAD = 1.3  # of speech's frames, natural logarithms, it is 2 to 3; of those to base 10 of a studio's, up to 1
even = Rule(lambda x: x > 0 and x % 2 == 0, "even and above 0")
one_or_two = Rule(lambda x: x in (1, 2), "1 (magnitudes) or 2 (their squares)")


@dataclass(eq=False)
class MelFrontEnd:
    """Turns sound into frames of log energies in bands that are even on the mel scale (Slaney's, each of area 1).

    Frame i is centred on sample `i * hop`; beyond its ends, sound is silent. The defaults are what Tacotron 2 and the
    vocoders after it use at 22,050 Hz.

    Args:
        sample_rate: Samples a second.
        hop: Samples a frame.
        bands: Number of bands.
        window: Samples of the Hann window.
        fft_size: Samples that are transformed, the window in their middle and zeros around it.
        f_min: Where the lowest band begins, in Hz.
        f_max: Where the highest band ends, in Hz.
        power: Whether bands add magnitudes (1) or their squares (2).
        floor: What lies below counts as this before the logarithm is taken.
        prediction: Order of a linear prediction that is made of the mels: a net then makes what it leaves of the sound, and
            a filter the sound of that; about one sample for each 1,000 Hz of the rate. 0 for a net that makes sound.

    Raises:
        InputError: for an argument of another type or out of range, and for bands so narrow that no frequency of the
            transform lies in them.

    Reference:
        Shen et al. 2018, "Natural TTS Synthesis by Conditioning WaveNet on Mel Spectrogram Predictions" (arXiv
        1712.05884), section 2.1.

    Example:
    >>> front_end = MelFrontEnd(sample_rate=22050, hop=256)
    >>> front_end.frames(np.zeros(22050)).shape
    (87, 80)
    """

    sample_rate: Annotated[int, positive]
    hop: Annotated[int, positive]
    bands: Annotated[int, positive, below_2_16] = 80
    window: Annotated[int, positive] = 1024
    fft_size: Annotated[int, even, below_2_16] = 1024
    f_min: Annotated[float, not_negative] = 0.0
    f_max: Annotated[float, positive] = 8000.0
    power: Annotated[int, one_or_two] = 1
    floor: Annotated[float, positive, Rule(lambda x: x < 1, "below 1")] = 1e-5
    prediction: Annotated[int, not_negative, Rule(lambda x: x <= 64, "at most 64")] = 0

    def __post_init__(self) -> None:
        """Checks the arguments."""
        keep_arguments(self, {**vars(self), "__class__": type(self)})
        if self.window > self.fft_size:
            raise InputError(f"window: {self.window} samples are more than fft_size, {self.fft_size}; raise that")
        if self.f_max > self.sample_rate / 2:
            raise InputError(f"f_max: {self.f_max:g} Hz is above half of sample_rate, {self.sample_rate}; lower it")
        if self.f_min >= self.f_max:
            raise InputError(f"f_min: {self.f_min:g} Hz is not below f_max, {self.f_max:g}; lower it")
        if empty := int(np.sum(~self.filters.any(axis=1))):
            raise InputError(
                f"bands: no frequency of a transform of {self.fft_size} samples lies in {empty} of {self.bands}; "
                "raise fft_size, or take fewer bands"
            )

    @property
    def num_features(self) -> int:
        """Features of a frame: the bands."""
        return self.bands

    @functools.cached_property
    def filters(self) -> np.ndarray:
        """The weights of the transform's frequencies in each band, float64 (bands, fft_size // 2 + 1)."""
        frequencies = np.fft.rfftfreq(self.fft_size, 1 / self.sample_rate)
        edges = hertz(np.linspace(mel(self.f_min), mel(self.f_max), self.bands + 2))
        rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
        falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
        area: np.ndarray = (edges[2:, None] - edges[:-2, None]) / 2
        return np.maximum(np.minimum(rising, falling), 0) / area

    def frames(self, audio: Any) -> np.ndarray:
        """The frames of a recording.

        Args:
            audio: Samples in [-1, 1] at `sample_rate`, of shape (samples,).

        Returns:
            float32 (1 + samples // hop, bands), natural logarithms.

        Raises:
            InputError: for what is no audio.
        """
        energies = [self._energies(block) for block in self._spectra(audio)]
        return np.log(np.maximum(np.concatenate(energies), self.floor)).astype(np.float32)

    def with_magnitudes(self, audio: Any) -> tuple[np.ndarray, np.ndarray]:
        """The frames of a recording, and the magnitudes of the spectrum that they are made of.

        Args:
            audio: As for `frames`.

        Returns:
            float32 (1 + samples // hop, bands), and float32 (1 + samples // hop, fft_size // 2 + 1).
        """
        magnitudes = np.concatenate(list(self._spectra(audio)))
        mels = np.log(np.maximum(self._energies(magnitudes), self.floor))
        return mels.astype(np.float32), magnitudes.astype(np.float32)

    def _spectra(self, audio: Any) -> Iterator[np.ndarray]:
        """The magnitudes of all frames, block by block."""
        audio = as_audio(audio, ndim=1).astype(np.float64)
        cut = np.lib.stride_tricks.sliding_window_view(np.pad(audio, self.fft_size // 2), self.fft_size)[:: self.hop]
        left = (self.fft_size - self.window) // 2
        # Periodic, as a window of a transform is.
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        weights = np.pad(hann, (left, self.fft_size - self.window - left))
        for first in range(0, len(cut), _BLOCK):
            yield np.abs(np.fft.rfft(cut[first : first + _BLOCK] * weights, axis=1))

    def _energies(self, magnitudes: np.ndarray) -> np.ndarray:
        energies: np.ndarray = magnitudes**self.power @ self.filters.T
        return energies

    def silence(self, num_frames: int) -> np.ndarray:
        """Frames of silence: float32 (num_frames, bands)."""
        return np.full((num_frames, self.bands), np.log(self.floor), np.float32)

    def scaled(self, frames: Any) -> Any:
        """Frames as a net takes them: silence is -1, a magnitude of 1 is 1."""
        return 1 - frames * (2 / float(np.log(self.floor)))

    def check(self, frames: Any, where: str = "condition") -> np.ndarray:
        """Frames that may be of this kind, as float32 (..., bands).

        Args:
            frames: What was given, of shape (frames, bands) or (batch, frames, bands).
            where: What messages begin with, such as the file.

        Raises:
            InputError: for another number of bands, bands that come first, and what are no natural logarithms.
        """
        frames = numbers(frames, where, (None,) * max(np.ndim(frames), 2))
        if frames.shape[-1] != self.bands:
            first = frames.shape[-2] == self.bands
            cure = "transpose it" if first else "make mels by these settings, or take a model of others"
            what = "its bands come first" if first else f"mels of {frames.shape[-1]} bands"
            raise InputError(f"{where}: {what}, of shape {frames.shape}; this model wants {self}; {cure}")
        frames = frames.astype(np.float32)
        lows, highs = (np.atleast_1d(of(frames, axis=(-2, -1))) for of in (np.min, np.max))
        for low, high in zip(lows, highs, strict=True):
            if self.excludes(low, high):
                words = "decibels are others, and so are energies themselves"
                raise InputError(f"{where}: mels from {low:.3g} to {high:.3g}; this model wants {self}; {words}")
        return frames

    def note_if_flat(self, frames: np.ndarray) -> None:
        """Tells of rows of a second and more that vary less than speech, as logarithms to base 10 do.

        Args:
            frames: What `check` returned, (batch, frames, bands).
        """
        heard = frames[frames.mean(axis=(1, 2)) > np.log10(self.floor)]  # in silence natural logarithms are lower
        spread = float(np.min(np.std(heard, axis=(1, 2), dtype=np.float64), initial=np.inf))
        if frames.shape[1] * self.hop >= self.sample_rate and spread < _LEAST_SPREAD:
            words = f"mels have a standard deviation of {spread:.2g}, and those of speech one of 2 to 3"
            cure = "if they are logarithms to base 10, multiply them by 2.3026"
            warnings.warn(Note(f"condition: {words}; {cure}"), stacklevel=3)

    def excludes(self, low: Any, high: Any) -> Any:
        """Whether a row from so low to so high, numbers or tensors, is of another kind: sound is not loud everywhere."""
        return (low < float(np.log(self.floor)) - _TOLERANCE) | (high > _LOUDEST) | ((low >= 0) & (high > 0))

    def __str__(self) -> str:
        """What the frames are, in words.

        Example:
        >>> str(MelFrontEnd(22050, 256))[:55]
        '80 bands from 0 to 8000 Hz (Slaney), every 256 samples '
        """
        energy = "magnitudes" if self.power == 1 else "squared magnitudes"
        return (
            f"{self.bands} bands from {self.f_min:g} to {self.f_max:g} Hz (Slaney), every {self.hop} samples at "
            f"{self.sample_rate} Hz, windows of {self.window} in transforms of {self.fft_size}, natural logarithms of "
            f"{energy}, at least {np.log(self.floor):.2f}"
            f"{f', with linear prediction of order {self.prediction}' if self.prediction else ''}"
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for WaveNet's `mel`."""
        return config_of(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "MelFrontEnd":
        """The inverse of `get_config`.

        Raises:
            InputError: for something else.
        """
        if not isinstance(config, Mapping):
            raise InputError(f"mel: must be what MelFrontEnd.get_config returns, not {type(config).__name__}")
        names = [one.name for one in fields(cls)]
        missing = [name for name in ("sample_rate", "hop") if name not in config]
        unknown = [str(name) for name in config if name not in names]
        if missing or unknown:
            words = f"lacks {', '.join(missing)}" if missing else f"has no argument {', '.join(unknown)}"
            raise InputError(f"mel: {words}; give what MelFrontEnd.get_config returns")
        try:
            return cls(**config)
        except InputError as error:
            raise InputError(f"mel: {error}") from error


_LINEAR = 200 / 3  # Hz a mel below 1,000 Hz; from there on, 27 mels are a factor of 6.4
_BEND, _STEP = 1000 / _LINEAR, np.log(6.4) / 27


def mel(frequency: Any) -> Any:
    """Hz to mels of Slaney's scale.

    Example:
    >>> [round(float(mel(frequency)), 3) for frequency in (0, 500, 1000, 6400)]
    [0.0, 7.5, 15.0, 42.0]
    """
    frequency = np.asarray(frequency, np.float64)
    return np.where(frequency < 1000, frequency / _LINEAR, _BEND + np.log(np.maximum(frequency, 1000) / 1000) / _STEP)


def hertz(mels: Any) -> Any:
    """The inverse of `mel`.

    Example:
    >>> [round(float(hertz(mels)), 1) for mels in (0, 7.5, 15, 42)]
    [0.0, 500.0, 1000.0, 6400.0]
    """
    mels = np.asarray(mels, np.float64)
    return np.where(mels < _BEND, mels * _LINEAR, 1000 * np.exp(_STEP * (np.maximum(mels, _BEND) - _BEND)))
