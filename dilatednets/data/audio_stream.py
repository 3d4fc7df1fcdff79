"""Sound in blocks, of files of any length and of pipes: read, resampled and written in bounded memory."""

import io
import math
import mmap
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from dilatednets.data.sound_formats import HEADERS, WRITTEN, check_rate, check_suffix, refusal_of, truncated, with_sizes
from dilatednets.errors import InputError, unreadable
from dilatednets.files import as_path, atomic_path

PIPE = "-"
BLOCK = 1 << 15
"""Samples that are read at once; of a pipe at most."""
SUBTYPES = {".wav": "PCM_24", ".flac": "PCM_24"}
"""What formats are written with that have more than 16 bits."""
WAV_BYTES = 2**32 - 2**16
"""Of samples in a WAV, whose header has 32 bits for their number."""


@dataclass
class Sound:
    """Sound that is read block by block.

    Args:
        where: Its name, for messages.
        sample_rate: Samples a second.
        channels: Channels.
        blocks: float32 (channels, samples), of any length.
        frames: Samples in all; None if it is not known.
    """

    where: str
    sample_rate: int
    channels: int
    blocks: Iterator[np.ndarray]
    frames: int | None = None


@contextmanager
def sound_reader(path: str, pipe_rate: int) -> Iterator[Sound]:
    """Opens a recording, or with "-" standard input.

    Args:
        path: A file of any format that `dilatednets.data.audio.read_audio` reads; or "-" for samples without a header,
            float32 of one channel in this machine's order of bytes.
        pipe_rate: Samples a second of standard input.

    Raises:
        InputError: If the file is missing, empty, truncated or damaged, or of a codec that cannot be read.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> with sound_reader(str(sample("spoken_digits") / "recordings" / "4_theo_5.wav"), 8000) as sound:
    ...     sound.sample_rate, sound.channels, sum(block.shape[1] for block in sound.blocks) == sound.frames
    (8000, 1, True)
    """
    if path == PIPE:
        yield Sound("standard input, read as float32", pipe_rate, 1, _of_pipe(sys.stdin.buffer))
        return
    import soundfile

    file_path = as_path(path)
    try:
        handle = open(file_path, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise unreadable(path, error, "a recording") from error
    with handle:
        in_memory = not os.fstat(handle.fileno()).st_size  # a named pipe, or an empty file
        data: Any = handle.read() if in_memory else mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        if not data:
            raise InputError(f"{path}: the file is empty (0 bytes)")
        whole = with_sizes(data, path)
        # Of a file that was written to a pipe, libsndfile needs the size that it lacks.
        source = path if whole is data and not in_memory else io.BytesIO(whole)
        try:
            file = soundfile.SoundFile(source)
        except (soundfile.LibsndfileError, ValueError, TypeError) as error:
            raise refusal_of(error, data[:8192], path) from error
        with file:
            check_rate(file.samplerate, path)
            yield Sound(path, file.samplerate, file.channels, _of_file(file, data, path), file.frames)


def _of_file(file: Any, data: Any, path: str) -> Iterator[np.ndarray]:
    import soundfile

    count = 0
    try:
        while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
            count += len(block)
            yield np.ascontiguousarray(block.T)
    except soundfile.LibsndfileError as error:
        raise refusal_of(error, data[:8192], path) from error
    if not count:
        raise InputError(f"{path}: holds no samples")
    if count < file.frames < 2**40 and file.format != "MP3":
        raise truncated(path, file.frames, count, "samples")


def _of_pipe(stream: BinaryIO) -> Iterator[np.ndarray]:
    """What has come, as soon as it has."""
    left, empty = b"", True
    while piece := stream.read1(4 * BLOCK):  # type: ignore[attr-defined]
        if empty and piece.startswith(HEADERS):
            words = "begins with the header of a file; pipe samples alone, float32, or give the file's name"
            raise InputError(f"standard input: {words}")
        left, empty = left + piece, False
        whole = len(left) // 4 * 4
        if whole:
            yield np.frombuffer(left[:whole], np.float32)[None]
        left = left[whole:]
    if left:
        raise InputError(f"standard input: ends within a sample; give float32, 4 bytes a sample, not {len(left)} more")
    if empty:
        raise InputError("standard input: holds no samples; see what should write them")


def resampled(blocks: Iterable[np.ndarray], from_rate: int, to_rate: int) -> Iterator[np.ndarray]:
    """Changes the sample rate of blocks, as `dilatednets.data.audio.resample` does of a whole.

    Args:
        blocks: float32 (channels, samples), of any length.
        from_rate: Their samples a second.
        to_rate: Samples a second of the result.

    Yields:
        float32 (channels, samples), in all ceil(samples * to_rate / from_rate); not cut to [-1, 1].

    Example:
    >>> ones = (np.ones((1, 1000), np.float32) for _ in range(5))
    >>> sum(block.shape[1] for block in resampled(ones, 48000, 44100))
    4594
    """
    divisor = math.gcd(from_rate, to_rate)
    up, down = to_rate // divisor, from_rate // divisor
    if up == down:
        yield from blocks
        return
    from scipy.signal import resample_poly

    # SciPy's filter reaches 10 * max(up, down) steps of the common rate to both sides.
    margin = down * -(-(10 * max(up, down) // up + 1) // down)
    size = max(down * -(-BLOCK // max(up, down)), margin)
    held: Any = None
    before = 0  # samples of `held` that were dealt with, and are context
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=1)
        while held.shape[1] >= before + size + margin:
            made = resample_poly(held[:, : before + size + margin], up, down, axis=1)
            first = before * up // down
            yield made[:, first : first + size * up // down].astype(np.float32)
            start = before + size - margin
            held, before = held[:, start:], margin
    if held is not None:
        yield resample_poly(held, up, down, axis=1)[:, before * up // down :].astype(np.float32)


def check_length(path: str | os.PathLike[str], seconds: float) -> None:
    """Refuses a recording that is too long, before it is read.

    Args:
        path: The file.
        seconds: The most there may be.

    Raises:
        InputError: If it is longer, as far as it says so, or cannot be read.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> check_length(sample("guitar") / "dry.wav", 60)
    """
    with sound_reader(str(path), 1) as sound:
        if sound.frames is not None and seconds * sound.sample_rate < sound.frames < 2**40:
            length = sound.frames / sound.sample_rate
            raise InputError(f"{path}: is {length:.0f} s long, and {seconds:g} s are the most here; cut it")


@contextmanager
def sound_writer(path: str, sample_rate: int, channels: int, frames: int | None = None) -> Iterator[Any]:
    """Gives a function that writes the next block, float32 (channels, samples).

    A WAV of more than 4 GiB is written as RF64, which ffmpeg, SoX and audio workstations read, if it is known to become one.

    Args:
        path: A file, whole or not at all: .wav or .flac of 24 bits, .ogg or .mp3; or "-" for standard output, samples
            without a header, float32.
        sample_rate: Samples a second.
        channels: Channels; of standard output one.
        frames: Samples in all; None if it is not known.

    Raises:
        InputError: for more channels than can be written, a suffix that names no format, a file that cannot be written, or
            one that is full, which holds what came before.
    """
    if path == PIPE:
        if channels != 1:
            raise InputError("output: - takes mono sound; write .wav for more channels")

        def write_through(block: np.ndarray) -> None:
            sys.stdout.buffer.write(block.tobytes())
            sys.stdout.buffer.flush()

        yield write_through
        return
    import soundfile

    suffix = check_suffix(path)
    kind, subtype = WRITTEN[suffix]
    room = WAV_BYTES // (3 * channels) if kind == "WAV" else None
    if room is not None and frames is not None and room < frames < 2**40:  # more is what a damaged header says
        kind, room = "RF64", None
    given = 0
    with atomic_path(path) as temporary, _Target(temporary, "w+") as target:
        try:
            file = soundfile.SoundFile(target, "w", sample_rate, channels, SUBTYPES.get(suffix, subtype), format=kind)
        except soundfile.LibsndfileError as error:
            target.check()
            words = f"{kind} cannot be written at {sample_rate} Hz with {channels} channels; write .wav instead"
            raise InputError(f"output: {words}") from error

        def write(block: np.ndarray) -> None:
            nonlocal given
            kept = block if room is None else block[:, : max(room - given, 0)]
            given += block.shape[1]
            file.write(np.clip(kept, -1.0, 1.0).T)
            target.check()

        with file:
            yield write
        target.check()
    if room is not None and given > room:
        raise InputError(
            f"{path}: holds the first {room:,} of {given:,} samples, as many as a WAV can; write .flac instead"
        )


class _Target(io.FileIO):
    """A file that keeps the system's error: libsndfile ends a file on a full disk without a word, or in words of its own."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Writes all of it, or keeps why not."""
        left = memoryview(data)
        try:
            while left and self.error is None:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
        return len(data)

    def check(self) -> None:
        """Raises what was kept."""
        if self.error is not None:
            raise self.error
