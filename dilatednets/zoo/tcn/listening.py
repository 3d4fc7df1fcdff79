"""A TCN that listens: what it hears in a recording, or in sound that is still being made, as it goes."""

import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from dilatednets.arrays import as_audio
from dilatednets.data.audio import read_audio
from dilatednets.data.sound_formats import HEADERS
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import inputs, stream
from dilatednets.zoo.tcn.rows import as_row

BLOCKS = (16, 1)
"""Frames that are processed at once: a few, so that a recording takes few calls, or the one that a pipe has brought."""
SURE, HELD = 0.5, 0.1
"""A label is said when its probability has been above the one for the other, in seconds: what begins like another word would
else be said as both."""
ENDLESS = 2**31 - 65536
"""From this size of its data on, a WAV header is that of a pipe, whose writer did not know the end."""


def rows(model: Any, file: Any, every: float | None = None) -> Iterator[dict[str, Any]]:
    """What a model hears, as it goes.

    Args:
        model: A causal TCN that was trained on recordings.
        file: A recording, by its path, opened in binary mode or as an array (samples,); or "-" for standard input: 16-bit
            WAV, or samples without a header. Samples are at the model's rate.
        every: Milliseconds from one row to the next; None for a row whenever the answer changes.

    Yields:
        "seconds" from the start, and the "label" with its "probability", or the values by name.

    Raises:
        InputError: for a model that does not listen, or sound that cannot be read.
    """
    rate = sample_rate(model, file)
    if every is not None and not every * rate / 1000 >= model.frame:
        raise InputError(f"every: must be at least {1000 * model.frame / rate:g}, the milliseconds of a frame")
    if isinstance(file, np.ndarray):
        sound: Iterable[np.ndarray] = [as_audio(file, "sequence", ndim=1)]
    else:
        sound = samples(sys.stdin.buffer, rate) if file == "-" else [read_audio(file, rate)]
    said, label, since, due, row = None, None, 0.0, 0.0, {}
    for number, answer in enumerate(answers(model, sound), start=1):
        seconds, row = number * model.frame / rate, _row(model, answer)
        if every is not None or "label" not in row:
            if seconds * 1000 >= due - 1e-6:
                due = seconds * 1000 + (every or 0.0)
                yield as_row([("seconds", round(seconds, 3))], row.items())
            continue
        if row["label"] != label or row["probability"] <= SURE:
            label, since = row["label"], seconds
        if label != said and row["probability"] > SURE and seconds - since >= HELD - 1e-6:
            said = label
            yield {"seconds": round(seconds, 3), **row}
    if every is None and label != said and row["probability"] > SURE:  # a word that the recording ends with
        yield {"seconds": round(seconds, 3), **row}


def sample_rate(model: Any, file: Any) -> int:
    """Samples a second that a model hears.

    Raises:
        InputError: for a model that does not listen.
    """
    if not inputs.hears(model) or not model.streams:
        how = "was not trained on recordings" if model.streams else "waits for the end of a recording"
        raise InputError(f"{file}: this model {how}, and cannot listen")
    return int(model.data["sample_rate"])


def hears(model: Any, file: str) -> bool:
    """Whether a file is answered as it goes: standard input, and recordings where there is an answer a step."""
    sound = Path(file).suffix.lower() not in (".csv", ".tsv", ".txt", ".npz")
    return file == "-" or (sound and model.pooling == "none" and inputs.hears(model))


def answers(model: Any, sound: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The outputs at each frame of a stream; its end is filled up with silence.

    Args:
        model: A causal TCN of one feature.
        sound: Pieces of any length, float32 (samples,).
    """
    step, state, left = stream.Steps(model, frozen=True), model.initial_state(1), np.zeros(0, np.float32)
    for piece in _ended(sound, model.frame):
        left = np.concatenate([left, piece])
        while len(left) >= model.frame:
            size = model.frame * next(one for one in BLOCKS if one * model.frame <= len(left))
            outputs, state = step(left[None, :size, None], state)
            left = left[size:]
            yield from np.asarray(outputs)[0]


def _ended(sound: Iterable[np.ndarray], frame: int) -> Iterator[np.ndarray]:
    count = 0
    for piece in sound:
        count += len(piece)
        yield piece
    yield np.zeros(-count % frame, np.float32)


def samples(pipe: IO[bytes], rate: int) -> Iterator[np.ndarray]:
    """Sound from a pipe as it comes, 16-bit WAV or samples without a header.

    Args:
        pipe: Open as bytes.
        rate: Samples a second that are wanted.

    Yields:
        float32 (samples,) in [-1, 1].

    Raises:
        InputError: for no samples, a WAV header of another kind of sound, or the header of another kind of file.

    Example:
    >>> import io
    >>> [piece.tolist() for piece in samples(io.BytesIO(np.array([0, 16384], "<i2").tobytes()), 8000)]
    [[0.0, 0.5]]
    """
    read = pipe.read1 if hasattr(pipe, "read1") else pipe.read
    rest = pipe.read(4)
    size: float = np.inf
    if not rest:
        raise InputError("-: holds no samples; see what should write them")
    if rest == b"RIFF":
        rest, size = b"", _size_of_data(pipe, rate)
    elif rest.startswith(HEADERS):
        cure = f"give WAV, or samples alone: ffmpeg -i FILE -ar {rate} -ac 1 -f s16le - makes them"
        raise InputError(f"-: begins with the header of another kind of file, {rest.decode('latin-1')!r}; {cure}")
    while size > 0:
        piece = read(int(min(size, 1 << 16)))
        if not piece and len(rest) < 2:
            return
        size -= len(piece)
        rest += piece
        whole = len(rest) // 2 * 2
        yield np.frombuffer(rest[:whole], "<i2").astype(np.float32) / 32768
        rest = rest[whole:]


def _size_of_data(pipe: IO[bytes], rate: int) -> float:
    """Reads a WAV header up to its samples; their bytes, as far as it knows them."""
    pipe.read(8)
    kind: tuple[int, ...] = ()
    while len(header := pipe.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        if name == b"data":
            if kind != (1, rate, 16):
                found = f"{kind[1]} Hz, {kind[0]} channels, {kind[2]} bits" if kind else "no format"
                cure = f"ffmpeg -i FILE -ar {rate} -ac 1 -f s16le - makes it so"
                raise InputError(
                    f"-: the WAV header says {found}; this model hears {rate} Hz, 1 channel, 16 bits: {cure}"
                )
            return size if 0 < size < ENDLESS else np.inf
        content = pipe.read(size + size % 2)
        if name == b"fmt " and len(content) >= 16:
            _, channels, found_rate, _, _, bits = struct.unpack("<HHIIHH", content[:16])
            kind = channels, found_rate, bits
    raise InputError("-: ends within its WAV header; give samples, too")


def _row(model: Any, outputs: np.ndarray) -> dict[str, Any]:
    answer = {name: np.asarray(one) for name, one in model.in_words(outputs).items()}
    names = model.labels or tuple(map(str, range(model.outputs)))
    if "label" in answer:
        number = int(answer["label"])
        return {"label": names[number], "probability": round(float(answer["probabilities"][number]), 4)}
    return dict(zip(names, map(float, next(iter(answer.values())).ravel()), strict=True))
