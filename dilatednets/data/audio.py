"""Audio files to mono float32 at one sample rate, and back.

WAV goes through SciPy, which reads every bit depth on any machine; FLAC, MP3 and Ogg through tensorflow-io's native
readers (extra `io`). The format is told by the file's first bytes, not by its name.
"""

import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.errors import InputError, one_line
from dilatednets.files import atomic_path


def read_audio(path: str | os.PathLike[str], sample_rate: int | None = None) -> np.ndarray:
    """Reads a recording.

    Args:
        path: A WAV (8 to 32-bit integer, 32 or 64-bit float), FLAC, MP3 or Ogg Vorbis file, of any channel count.
        sample_rate: Samples a second of the result. None keeps those of the file.

    Returns:
        float32 (samples,) in [-1, 1], the mean over channels.

    Raises:
        InputError: If the file is missing, empty, truncated, of another format, or needs the extra `io`.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_wav(f"{folder}/a.wav", np.zeros(800, np.float32), 8000)
    ...     read_audio(f"{folder}/a.wav", sample_rate=16000).shape
    (1600,)
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise InputError(f"{path}: the file is empty (0 bytes)")
    rate, audio = _read_wav(path) if head[:4] in (b"RIFF", b"RIFX") else _read_compressed(path, head)
    if audio.ndim == 2:  # (samples, channels)
        audio = audio.mean(axis=1, dtype=np.float32)
    if audio.size == 0:
        raise InputError(f"{path}: holds no samples")
    if not np.all(np.isfinite(audio)):
        raise InputError(f"{path}: holds samples that are no numbers; export it again")
    audio = np.clip(audio, -1.0, 1.0)
    return audio if sample_rate is None else resample(audio, rate, sample_rate)


def _read_wav(path: Path) -> tuple[int, np.ndarray]:
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            # Unknown chunks (tags, cue points) are harmless; a file that ends too early is not.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            warnings.filterwarnings("error", message="Reached EOF", category=wavfile.WavFileWarning)
            rate, audio = wavfile.read(path)
    except Exception as error:  # damaged headers make SciPy raise struct, index, type, memory and many more errors
        raise InputError(f"{path}: truncated or damaged WAV file ({one_line(error)}); export it again") from error
    if rate < 1:
        raise InputError(f"{path}: damaged WAV file, a sample rate of {rate}")
    return int(rate), _to_float(audio)


def _to_float(audio: np.ndarray) -> np.ndarray:
    if audio.dtype.kind == "f":
        return audio.astype(np.float32)
    if audio.dtype == np.uint8:  # 8-bit WAV is unsigned, silence is 128
        return (audio.astype(np.float32) - 128.0) / 128.0
    return (audio / -float(np.iinfo(audio.dtype).min)).astype(np.float32)  # SciPy left-aligns 24 bits in 32


def _read_compressed(path: Path, head: bytes) -> tuple[int, np.ndarray]:
    if not re.match(rb"fLaC|OggS|ID3|\xff[\xe0-\xff]", head):  # the last two begin MP3
        raise InputError(f"{path}: not an audio file of a known format; give WAV, FLAC, MP3 or Ogg Vorbis")
    try:
        import tensorflow_io as tfio

        tensor = tfio.audio.AudioIOTensor(str(path))
        return int(tensor.rate), _to_float(tensor.to_tensor().numpy())
    except (ImportError, NotImplementedError) as error:
        raise InputError(
            f"{path}: reading FLAC, MP3 and Ogg needs tensorflow-io: pip install 'dilatednets[io]', or convert to WAV"
        ) from error
    except Exception as error:  # TensorFlow's many error classes, all of which mean: the file cannot be decoded
        raise InputError(f"{path}: truncated or damaged file ({one_line(error)}); export it again") from error


def resample(audio: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Changes the sample rate by polyphase filtering.

    Args:
        audio: The samples in [-1, 1], of shape (samples,).
        from_rate: Samples a second of `audio`.
        to_rate: Samples a second of the result.

    Returns:
        float32 (ceil(samples * to_rate / from_rate),).

    Example:
    >>> resample(np.ones(441, np.float32), 44100, 8000).shape
    (80,)
    """
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
        float32 (samples,). Digital silence stays as it is.

    Example:
    >>> quiet = 0.01 * np.sin(np.arange(8000))
    >>> round(float(np.sqrt(np.mean(normalize_level(quiet) ** 2))), 3)
    0.1
    """
    peak = float(np.max(np.abs(audio), initial=0.0))
    if peak == 0.0:
        return audio
    scale = 10 ** (level_db / 20) / float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
    return (audio * min(scale, 1.0 / peak)).astype(np.float32)


def write_wav(path: str | os.PathLike[str], audio: Any, sample_rate: int) -> None:
    """Writes 16-bit mono WAV, whole or not at all.

    Args:
        path: The file to write; its folder is created when missing.
        audio: The samples in [-1, 1], of shape (samples,).
        sample_rate: Samples a second.

    Raises:
        InputError: If the audio has another shape or values that are not finite, or if the file cannot be written.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_wav(f"{folder}/a.wav", [0.0, 0.5, -0.5], 8000)
    ...     read_audio(f"{folder}/a.wav").round(2).tolist()
    [0.0, 0.5, -0.5]
    """
    from scipy.io import wavfile

    audio = np.asarray(audio)
    if audio.ndim != 1 or not np.all(np.isfinite(audio)):
        raise InputError(f"{path}: need finite audio of shape (samples,), not {audio.shape}")
    with atomic_path(path) as temporary:
        wavfile.write(temporary, sample_rate, np.round(np.clip(audio, -1.0, 1.0) * 32767).astype(np.int16))
