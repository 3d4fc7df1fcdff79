"""Bytes of sound files to samples and back, by libsndfile; what a container promises is held against what there is."""

import io
import os
import re
import shlex
import struct
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.errors import InputError, one_line
from dilatednets.files import as_path

WRITTEN = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Formats that are written, by suffix."""
_OTHERS = "wave", "oga", "opus", "aif", "aiff", "aifc", "au", "snd", "caf", "rf64", "w64", "m4a", "aac", "wma", "amr"
SUFFIXES = frozenset((*WRITTEN, *(f".{name}" for name in _OTHERS)))
"""Suffixes of files that are meant to be sound."""
_KNOWN = {
    b"RIFF": "WAV",
    b"RIFX": "WAV",
    b"RF64": "WAV",
    b"FORM": "AIFF",
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"ID3": "MP3",
}
_KNOWN |= {b"caff": "CAF", b".snd": "AU", b"riff": "W64", b"\xff": "MP3"}
HEADERS = tuple(head for head in _KNOWN if len(head) > 2)
"""What files of sound begin with, and samples without a header hardly ever."""
_FOREIGN = {
    rb"....ftyp": "AAC or ALAC in MP4",
    rb"\xff[\xf0\xf1\xf8\xf9]|ADIF": "AAC",
    rb"\x30\x26\xb2\x75": "Windows Media",
    rb"#!AMR": "AMR",
    rb"\x1aE\xdf\xa3": "Matroska or WebM",
    rb"OggS.{24}Speex": "Speex",
    rb"OggS.{24}\x7fFLAC": "FLAC in Ogg",
    rb"OggS.{24}(\x80theora|\x01video)": "video in Ogg",
    rb"wvpk": "WavPack",
    rb"MAC ": "Monkey's Audio",
    rb"DSD |FRM8": "DSD",
    rb"\x0bw": "AC-3",
    rb"\.RMF": "RealMedia",
}
"""Beginnings of files whose codecs libsndfile does not know."""
# Where chunks begin: of an identifier and a size, the first chunk, the one with the samples, what chunks are padded to, and
# how much of a size is the chunk's own head.
_CHUNKS = {
    b"RIFF": ("<4sI", 12, b"data", 2, 0),
    b"RIFX": (">4sI", 12, b"data", 2, 0),
    b"RF64": ("<4sI", 12, b"data", 2, 0),
    b"FORM": (">4sI", 12, b"SSND", 2, 0),
    b"caff": (">4sQ", 8, b"data", 1, 0),
    b"riff": ("<16sQ", 40, b"data", 8, 24),
}
_BLOCK = 1 << 20  # values that are read or written at once
LOWEST_RATE, HIGHEST_RATE = 10, 1_000_000
"""Damaged headers say others, and what is resampled from these would not fit into memory."""


def decode(data: bytes, where: str) -> tuple[int, np.ndarray]:
    """The sample rate, and the samples (frames, channels) as float32; integers are scaled to [-1, 1].

    Args:
        data: A whole file.
        where: Its name, for messages.

    Raises:
        InputError: If the file is truncated or damaged, of a codec that cannot be read, or no sound.
    """
    import soundfile

    if not data:
        raise InputError(f"{where}: the file is empty (0 bytes)")
    if any(re.match(head, data, re.DOTALL) for head in _FOREIGN):
        raise refusal_of(None, data, where)
    data = with_sizes(data, where)
    blocks, count = [], 0
    try:
        with soundfile.SoundFile(_Bytes(data)) as file:
            file.seekable = lambda: False  # a seek after each block fails where the length is not known beforehand
            rate, kind, promised = file.samplerate, file.format, file.frames
            while len(block := file.read(max(_BLOCK // file.channels, 1), dtype="float32", always_2d=True)):
                blocks.append(block)
                count += len(block)
    except (soundfile.LibsndfileError, ValueError, TypeError) as error:  # the last two of the library's own checks
        raise refusal_of(error, data, where) from error
    check_rate(rate, where)
    if count < promised < 2**40 and (kind != "MP3" or _counts_frames(data)):
        raise truncated(where, promised, count, "samples")
    return rate, np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)


def check_rate(rate: int, where: str) -> None:
    """Refuses a sample rate that no recording has.

    Raises:
        InputError: If it is one.

    Example:
    >>> check_rate(2**31 - 1, "a.wav")
    Traceback (most recent call last):
    dilatednets.errors.InputError: a.wav: damaged file, a sample rate of 2147483647; export it again
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise InputError(f"{where}: damaged file, a sample rate of {rate}; export it again")


def refusal_of(error: Exception | None, data: bytes, where: str) -> InputError:
    """What to say of a file that libsndfile does not read.

    Args:
        error: What it says.
        data: The file, or its beginning.
        where: Its name.
    """
    output = Path(where).with_suffix(".wav").name
    output = f"pcm-{output}" if output == Path(where).name else output
    convert = f"convert it: ffmpeg -i {shlex.quote(where)} {shlex.quote(output)}"
    for head, codec in _FOREIGN.items():
        if re.match(head, data, re.DOTALL):
            return InputError(f"{where}: sound of a codec that cannot be read, {codec}; {convert}")
    reason = getattr(error, "error_string", one_line(error)).rstrip(".")
    name = next((name for head, name in _KNOWN.items() if data.startswith(head)), None)
    if name is None:
        return InputError(f"{where}: not an audio file of a known format; if it is sound, {convert}")
    form = re.match(rb"RI.{10,4000}?fmt .{4}(..)", data, re.DOTALL)
    if form and (tag := int.from_bytes(form[1], "little")) not in (1, 3, 0xFFFE):
        return InputError(f"{where}: WAV of codec {tag:#06x}, which cannot be read; {convert}")
    return InputError(f"{where}: truncated or damaged {name} file ({one_line(reason)}); export it again")


def encode(audio: np.ndarray, sample_rate: int, suffix: str) -> bytes:
    """A whole file of mono sound.

    Args:
        audio: float32 (samples,) in [-1, 1].
        sample_rate: Samples a second.
        suffix: One of `WRITTEN`.

    Raises:
        InputError: If the format has no such sample rate.
    """
    import soundfile

    kind, subtype = WRITTEN[suffix]
    samples = np.clip(np.round(audio * 32768.0), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(buffer, "w", sample_rate, 1, subtype, format=kind) as file:
            for start in range(
                0, len(samples), _BLOCK
            ):  # libsndfile puts what it gets on the stack when it makes Vorbis
                file.write(samples[start : start + _BLOCK])
    except soundfile.LibsndfileError as error:
        raise InputError(f"sample_rate: {kind} cannot be written at {sample_rate} Hz; write .wav instead") from error
    return buffer.getvalue()


def check_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a path, in small letters, if sound is written in the format that it names.

    Raises:
        InputError: If it is not.

    Example:
    >>> check_suffix("say.m4a")
    Traceback (most recent call last):
    dilatednets.errors.InputError: say.m4a: sound is written to names ending in .wav, .flac, .ogg, .mp3
    """
    suffix = as_path(path).suffix.lower()
    if suffix not in WRITTEN:
        raise InputError(f"{path}: sound is written to names ending in {', '.join(WRITTEN)}")
    return suffix


class _Bytes(io.BytesIO):
    """A file in memory: libsndfile may ask a damaged one for places before its beginning."""

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def with_sizes(data: Any, where: str) -> Any:
    """The file with the size that a pipe could not know; refused if it ends before it should, or long after.

    Args:
        data: A whole file, in bytes or mapped into memory.
        where: Its name, for messages.
    """
    if data[:4] == b"OggS":
        page = data.rfind(b"OggS")
        table = data[page + 27 : page + 27 + (data[page + 26] if len(data) > page + 26 else 0)]
        if page + 27 + len(table) + sum(table) > len(data):
            raise truncated(where, page + 27 + len(table) + sum(table), len(data))
    if data[:4] == b".snd" and len(data) >= 12:
        start, size = struct.unpack(">II", data[4:12])
        if size != 0xFFFFFFFF and start + size > len(data):
            raise truncated(where, start + size, len(data))
    if data[:4] not in _CHUNKS:
        return data
    form, place, samples, padding, own = _CHUNKS[data[:4]]
    head, long_size = struct.calcsize(form), None
    order = form[0]
    while place + head <= len(data):
        name, size = struct.unpack_from(form, data, place)
        size -= own
        end = place + head + size
        if name == b"ds64" and place + 24 <= len(data):
            [long_size] = struct.unpack_from("<Q", data, place + 16)
        if name.startswith(samples):
            if size == 0xFFFFFFFF and long_size is not None:
                end = place + head + long_size
            elif _not_known(size) or (size <= 0 and _not_known(struct.unpack_from(f"{order}I", data, 4)[0])):
                if size > 0 or head != 8:  # libsndfile reads these to the end
                    return data
                rest = struct.pack(f"{order}I", len(data) - place - head)
                return data[: place + 4] + rest + data[place + 8 :]
            if end > len(data):
                raise truncated(where, end, len(data))
            if head == 8 and len(data) - end >= 2**32:
                words = "longer than a WAV's header can say; convert it to FLAC, or to RF64 by ffmpeg -rf64 always"
                raise InputError(f"{where}: {words}")
            return data
        place = end + -end % padding
        if size < 0:
            break
    return data


def _not_known(size: int) -> bool:
    """Whether it is one of the sizes that are written to a pipe, before it is known how much will come."""
    return size == 0 or 0x7FFFF000 <= size <= 0x80000000 or 0xFFFFF000 <= size <= 0xFFFFFFFF or size >= 2**62


def _counts_frames(data: bytes) -> bool:
    """Whether an MP3 file says how many frames it has; else their number is a guess."""
    tag = sum((byte & 127) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=False))
    start = tag + 10 if data.startswith(b"ID3") else 0
    return bool(re.search(b"Xing|Info", data[start : start + 200]))


def truncated(where: str, promised: int, there: int, unit: str = "bytes") -> InputError:
    """What to say of a file that ends before it should."""
    return InputError(f"{where}: truncated file, {there:,} of {promised:,} {unit} are there; fetch or export it again")
