"""Sounds, and files of them made without the readers of the package."""

import io
import struct

import numpy as np
import soundfile

KINDS = {"uint8": (1, 8), "int16": (1, 16), "int24": (1, 24), "int32": (1, 32), "float32": (3, 32), "float64": (3, 64)}


def sine(frequency, rate, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def strongest_frequency(audio, rate):
    return np.argmax(np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 10 * rate))) / 10


def wav_bytes(audio, rate, kind):
    """A WAV file of `audio` (frames, channels), made without the library that reads it."""
    form, bits = KINDS[kind]
    if form == 3:
        data = audio.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = np.round(audio * 127 + 128).astype(np.uint8).tobytes()
    else:
        codes = np.round(audio * (2 ** (bits - 1) - 1)).astype("<i8")
        data = codes[..., None].view(np.uint8)[..., : bits // 8].tobytes()
    frame = audio.shape[1] * bits // 8
    form = struct.pack("<HHIIHH", form, audio.shape[1], rate, rate * frame, frame, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    body += bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def encoded(kind, subtype, audio, rate):
    file = io.BytesIO()
    soundfile.write(file, audio, rate, subtype, format=kind)
    return file.getvalue()
