"""What a caller asks of generation, checked and turned into arrays."""

import math
import numbers
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dilatednets.errors import InputError


class Request(NamedTuple):
    """A checked request: arrays of one batch size.

    `speaker` int32 (batch,) or None; `frames` float32 (batch, frames, features) or None, covering prime and result;
    `prime` float32 (batch, samples) or None.
    """

    batch: int
    num_samples: int
    speaker: np.ndarray | None
    frames: np.ndarray | None
    prime: np.ndarray | None
    temperature: float
    seed: int


def resolve(
    model: Any,
    num_samples: int | None = None,
    *,
    text: str | Sequence[str] | None = None,
    speaker: Any = None,
    condition: Any = None,
    prime: Any = None,
    temperature: float = 1.0,
    seed: int | None = None,
) -> Request:
    """Checks the arguments of `WaveNet.generate` against what the model is conditioned on.

    Raises:
        InputError: naming the argument and the cure.
    """
    if not isinstance(temperature, numbers.Real) or not 0 < temperature < math.inf:
        raise InputError(
            f"temperature: must be above 0, not {temperature!r}; 1 samples as trained, 0.8 with less noise"
        )
    if seed is not None and (not isinstance(seed, numbers.Integral) or seed < 0):
        raise InputError(f"seed: must be an integer of 0 or more, not {seed!r}")
    if num_samples is not None and (not isinstance(num_samples, numbers.Integral) or num_samples < 1):
        raise InputError(f"num_samples: must be a positive integer, not {num_samples!r}")
    speakers = _speaker_numbers(model, speaker)
    primes = None if prime is None else _prime(prime)
    texts = None if text is None else _texts(text)
    frames = None if condition is None else _condition(model, condition)
    sizes = {
        "text": None if texts is None else len(texts),
        "speaker": None if speakers is None else len(speakers),
        "condition": None if frames is None else len(frames),
        "prime": None if primes is None else len(primes),
    }
    batch = _batch_size(sizes)
    if speakers is not None:
        speakers = np.broadcast_to(speakers, (batch,)).astype(np.int32)
    if texts is not None:
        if condition is not None:
            raise InputError("condition: give text or a condition, not both")
        frames = _text_frames(model, texts * batch if len(texts) == 1 else texts, speakers)
    asked = None if num_samples is None else int(num_samples)
    frames, num_samples = _lengths(model, frames, asked, 0 if primes is None else primes.shape[1], texts is not None)
    return Request(
        batch=batch,
        num_samples=num_samples,
        speaker=speakers,
        frames=None if frames is None else np.broadcast_to(frames, (batch, *frames.shape[1:])),
        prime=None if primes is None else np.broadcast_to(primes, (batch, primes.shape[1])),
        temperature=float(temperature),
        seed=int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed),
    )


def _batch_size(sizes: dict[str, int | None]) -> int:
    """The one size above 1 that all arguments agree on; those of size 1 serve the whole batch."""
    batch, first = 1, ""
    for name, size in sizes.items():
        if size is None or size == 1:
            continue
        if size == 0:
            raise InputError(f"{name}: empty; give at least one")
        if batch not in (1, size):
            raise InputError(f"{name}: {size} given, but {batch} of {first}; give one, or as many of each")
        batch, first = size, name
    return batch


def _speaker_numbers(model: Any, speaker: Any) -> np.ndarray | None:
    names = ", ".join(model.speakers)
    if not model.speakers:
        if speaker is not None:
            raise InputError("speaker: this model has no speakers; leave it out")
        return None
    if speaker is None:
        raise InputError(f"speaker: choose one of {names}")
    found = []
    for one in speaker if isinstance(speaker, Sequence | np.ndarray) and not isinstance(speaker, str) else [speaker]:
        if isinstance(one, str) and one in model.speakers:
            found.append(model.speakers.index(one))
        elif isinstance(one, numbers.Integral) and 0 <= int(one) < len(model.speakers):
            found.append(int(one))
        else:
            raise InputError(f"speaker: no speaker {one!r}; choose one of {names}")
    return np.array(found, np.int32)


def _texts(text: str | Sequence[str]) -> list[str]:
    texts = [text] if isinstance(text, str) else text
    if not isinstance(texts, Sequence) or not all(isinstance(one, str) for one in texts):
        raise InputError(f"text: must be a string or a list of strings, not {text!r}")
    return list(texts)


def _prime(prime: Any) -> np.ndarray:
    audio = np.asarray(prime, np.float32)
    audio = audio[None] if audio.ndim == 1 else audio
    if audio.ndim != 2 or audio.size == 0 or not np.all(np.isfinite(audio)) or np.max(np.abs(audio)) > 1:
        raise InputError(f"prime: need audio in [-1, 1] of shape (samples,) or (batch, samples), not {np.shape(prime)}")
    return audio


def _condition(model: Any, condition: Any) -> np.ndarray:
    frames = np.asarray(condition, np.float32)
    frames = frames[None] if frames.ndim == 2 else frames
    if model.condition_features == 0:
        raise InputError("condition: this model has no local condition; leave it out")
    if frames.ndim != 3 or frames.size == 0 or frames.shape[2] != model.condition_features:
        raise InputError(
            f"condition: need (frames, {model.condition_features}) or (batch, frames, {model.condition_features}), "
            f"not {np.shape(condition)}"
        )
    return frames


def _text_frames(model: Any, texts: Sequence[str], speakers: np.ndarray | None) -> np.ndarray:
    """Frames of every text, shorter ones ending in silence."""
    from dilatednets.data.text import WordFrontEnd  # a verb of the model; layers and models do not need data

    if model.text is None:
        raise InputError("text: this model was not trained on text; leave it out")
    front_end = WordFrontEnd.from_config(model.text)
    names = [None] * len(texts) if speakers is None else [model.speakers[number] for number in speakers]
    rows = [front_end.frames(one, name) for one, name in zip(texts, names, strict=True)]
    silence = front_end.features([], 1)
    longest = max(len(row) for row in rows)
    return np.stack([np.concatenate([row, np.repeat(silence, longest - len(row), axis=0)]) for row in rows])


def _lengths(
    model: Any, frames: np.ndarray | None, num_samples: int | None, primed: int, from_text: bool
) -> tuple[np.ndarray | None, int]:
    """How much to make; and that the condition covers it."""
    if model.condition_features and frames is None:
        wanted = "text" if model.text is not None else f"a condition of {model.condition_features} features a frame"
        raise InputError(f"condition: this model needs {wanted}")
    if frames is None:
        if num_samples is None:
            raise InputError("num_samples: say how many samples to make")
        return None, num_samples
    covered = frames.shape[1] * model.condition_hop - primed
    if covered < (num_samples or 1) and from_text:
        raise InputError(
            f"num_samples: {num_samples or 1} samples (and {primed} of the prime) are more than the text lasts, "
            f"{covered + primed}; leave it out, or give more text"
        )
    if covered < (num_samples or 1):
        raise InputError(
            f"condition: {frames.shape[1]} frames of {model.condition_hop} samples are too short for "
            f"{primed + (num_samples or 1)} samples (prime included); need "
            f"{-(-(primed + (num_samples or 1)) // model.condition_hop)} frames"
        )
    return frames, num_samples or covered
