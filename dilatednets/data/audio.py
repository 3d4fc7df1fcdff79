"""Audio files to mono float32 at one sample rate, and back.

All formats go through soundfile's libsndfile, the same on every lane. The format is told by a file's first bytes, not by its
name; a new file has the format that its suffix names.
"""

import os
import warnings
from typing import Annotated, Any, BinaryIO

import numpy as np

from dilatednets.arrays import SILENCE, as_audio
from dilatednets.data.sound_formats import HIGHEST_RATE, check_suffix, decode, encode
from dilatednets.errors import InputError, Note, unreadable
from dilatednets.files import as_path, atomic_path, check_writable
from dilatednets.rules import Rule, checked, positive

SampleRate = Annotated[int, positive, Rule(lambda x: x <= HIGHEST_RATE, f"at most {HIGHEST_RATE:,}")]


def read_audio(path: str | os.PathLike[str] | BinaryIO, sample_rate: int | None = None) -> np.ndarray:
    """Reads a recording.

    Args:
        path: A file, by its path or opened in binary mode: WAV of any kind, FLAC, MP3, Ogg Vorbis or Opus, AIFF, and what
            else libsndfile reads, of any channel count; also one from a pipe, whose header does not know its length.
        sample_rate: Samples a second of the result. None keeps those of the file.

    Returns:
        float32 (samples,) in [-1, 1], the mean over channels.

    Raises:
        InputError: If the file is missing, empty, truncated or damaged, or of a codec that cannot be read.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_audio(f"{folder}/a.wav", np.zeros(800, np.float32), 8000)
    ...     read_audio(f"{folder}/a.wav", sample_rate=16000).shape
    (1600,)
    """
    rate, audio = read_with_rate(path)
    return audio if sample_rate is None else resample(audio, rate, sample_rate)


def read_with_rate(path: str | os.PathLike[str] | BinaryIO) -> tuple[int, np.ndarray]:
    """As `read_audio`, at the file's own sample rate, which comes first.

    Args:
        path: A file, by its path or opened in binary mode.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> rate, audio = read_with_rate(sample("spoken_digits") / "recordings" / "0_theo_5.wav")
    >>> rate, audio.ndim
    (8000, 1)
    """
    where, data = _content(path)
    rate, audio = decode(data, where)
    if audio.size == 0:
        raise InputError(f"{where}: holds no samples")
    return rate, as_audio(audio, where).mean(axis=1, dtype=np.float32)


def _content(path: Any) -> tuple[str, bytes]:
    """The name of a file, for messages, and what it holds."""
    if hasattr(path, "read"):
        data = path.read()
        where = str(getattr(path, "name", "audio"))
        if not isinstance(data, bytes):
            raise InputError(f"{where}: gives {type(data).__name__}, not bytes; open the file in binary mode")
        return where, data
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path: must be a path or a file opened in binary mode, not {type(path).__name__}")
    file = as_path(path)
    try:
        return str(path), file.read_bytes()
    except (OSError, ValueError) as error:  # the latter for a path with a zero byte
        raise unreadable(path, error, "a recording") from error


def resample(audio: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Changes the sample rate by polyphase filtering.

    Args:
        audio: The samples in [-1, 1], of shape (samples,).
        from_rate: Samples a second of `audio`.
        to_rate: Samples a second of the result.

    Returns:
        float32 (ceil(samples * to_rate / from_rate),).

    Raises:
        InputError: for what is no audio, or no sample rate.

    Example:
    >>> resample(np.ones(441, np.float32), 44100, 8000).shape
    (80,)
    """
    audio = as_audio(audio, ndim=1)
    from_rate = checked(from_rate, SampleRate, "from_rate")
    to_rate = checked(to_rate, SampleRate, "sample_rate")
    if from_rate == to_rate:
        return audio
    from scipy.signal import resample_poly

    return np.clip(resample_poly(audio, to_rate, from_rate), -1.0, 1.0).astype(np.float32)


def trim_silence(audio: np.ndarray, sample_rate: int, threshold_db: float = -45.0, margin: float = 0.02) -> np.ndarray:
    """Cuts leading and trailing silence.

    Args:
        audio: The samples, of shape (samples,).
        sample_rate: Samples a second.
        threshold_db: A frame of 10 ms counts as silence when its level lies this far below the loudest frame's. The
            default keeps breath and the ends of quiet consonants.
        margin: Seconds kept on both sides.

    Returns:
        The part from the first to the last frame that is not silence; all of it if all is silence.

    Example:
    >>> tone = np.sin(np.arange(8000)).astype(np.float32)
    >>> trim_silence(np.concatenate([np.zeros(8000, np.float32), tone]), 8000).size
    8160
    """
    frame = max(sample_rate // 100, 1)
    count = -(-len(audio) // frame)
    level = np.sqrt(np.mean(np.pad(audio, (0, count * frame - len(audio))).reshape(count, frame) ** 2, axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (threshold_db / 20))
    if loud.size == 0:
        return audio
    keep = round(margin * sample_rate)
    return audio[max(loud[0] * frame - keep, 0) : (loud[-1] + 1) * frame + keep]


def normalize_level(audio: np.ndarray, level_db: float = -20.0) -> np.ndarray:
    """Scales a recording to a level, so that loud and quiet recordings use the same part of the scale.

    Args:
        audio: The samples in [-1, 1], of shape (samples,).
        level_db: Root mean square of the result, in dB of full scale; lower where the peak would exceed full scale.

    Returns:
        float32 (samples,). Silence stays as it is, its dither included: what lies below -70 dB is no recording.

    Example:
    >>> quiet = 0.01 * np.sin(np.arange(8000))
    >>> round(float(np.sqrt(np.mean(normalize_level(quiet) ** 2))), 3)
    0.1
    """
    if is_silent(audio):
        return audio
    scale = 10 ** (level_db / 20) / _level(audio)
    return (audio * min(scale, 1.0 / float(np.max(np.abs(audio))))).astype(np.float32)


def is_silent(audio: np.ndarray) -> bool:
    """Whether a recording is digital silence, with dither or without.

    Args:
        audio: The samples in [-1, 1], of shape (samples,).

    Example:
    >>> is_silent(np.full(8000, 2.5e-5))
    True
    """
    return audio.size == 0 or _level(audio) < SILENCE


def _level(audio: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def write_audio(path: str | os.PathLike[str], audio: Any, sample_rate: int) -> None:
    """Writes a mono file in the format that its suffix names, whole or not at all.

    Args:
        path: The file to write: .wav or .flac of 16 bits, .ogg (Vorbis) or .mp3. Its folder is created when missing.
        audio: The samples of shape (samples,), as `dilatednets.arrays.as_audio` takes them; a `dilatednets.errors.Note`
            says where they are cut at full scale.
        sample_rate: Samples a second.

    Raises:
        InputError: If that is no audio, if the suffix names no format that is written, or if the file cannot be written.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_audio(f"{folder}/a.flac", [0.0, 0.5, -0.5], 8000)
    ...     read_audio(f"{folder}/a.flac").tolist()
    [0.0, 0.5, -0.5]
    """
    check_writable(path)
    suffix = check_suffix(path)
    sample_rate = checked(sample_rate, SampleRate, "sample_rate")
    samples = as_audio(audio, str(path), ndim=1)
    if (given := np.asarray(audio)).dtype.kind == "f" and (peak := float(np.max(np.abs(given)))) > 1:
        warnings.warn(Note(f"{path}: reaches {peak:.2f} and is cut at 1; make it softer"), stacklevel=2)
    data = encode(samples, sample_rate, suffix)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


write_wav = write_audio
"""The same, by the name that it had when it wrote WAV alone."""
