"""What a caller asks of generation, checked and turned into arrays."""

import numbers
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.rules import Rule, checked, not_negative, positive

in_float32 = Rule(lambda x: 1e-30 <= x <= 1e30, "from 1e-30 to 1e30")


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

    Args:
        model: The WaveNet that is asked.
        num_samples: Samples to make; None for as long as the text or the condition lasts.
        text: One string, or one for each voice of a batch.
        speaker: Names or numbers, one or a list.
        condition: Frames instead of text, (frames, features) or (batch, frames, features).
        prime: Audio to continue, (samples,) or (batch, samples).
        temperature: A number above 0.
        seed: An integer from 0 on, of which 64 bits count; None takes a new one.

    Raises:
        InputError: naming the argument and the cure.

    Example:
    >>> from dilatednets.zoo.wavenet.model import WaveNet
    >>> resolve(WaveNet((1, 2), 2, 4, 8, 4), 5, temperature=0)
    Traceback (most recent call last):
    dilatednets.errors.InputError: temperature: must be above 0, not 0
    """
    temperature = checked(temperature, Annotated[float, positive, in_float32], "temperature")
    seed = secrets.randbits(64) if seed is None else checked(seed, Annotated[int, not_negative], "seed")
    num_samples = None if num_samples is None else checked(num_samples, Annotated[int, positive], "num_samples")
    speakers = _speaker_numbers(model, speaker)
    primes = None if prime is None else _prime(prime)
    frames = None if condition is None else _condition(model, condition)
    texts = (
        None if text is None else checked(text, list[str], "text") if _is_list(text) else [arrays.text(text, "text")]
    )
    batch = _batch_size({"text": texts, "speaker": speakers, "condition": frames, "prime": primes})
    if speakers is not None:
        speakers = np.broadcast_to(speakers, (batch,))
    if texts is not None:
        if frames is not None:
            raise InputError("condition: give text or a condition, not both")
        frames = _text_frames(model, texts * batch if len(texts) == 1 else texts, speakers)
    primed = 0 if primes is None else primes.shape[1]
    return Request(
        batch=batch,
        num_samples=_length(model, frames, num_samples, primed, texts is not None),
        speaker=speakers,
        frames=None if frames is None else np.broadcast_to(frames, (batch, *frames.shape[1:])),
        prime=None if primes is None else np.broadcast_to(primes, (batch, primed)),
        temperature=temperature,
        seed=seed % 2**64,  # the bits of a key
    )


def _is_list(text: Any) -> bool:
    return isinstance(text, Sequence | np.ndarray) and not isinstance(text, str | bytes)


def _batch_size(arguments: dict[str, Any]) -> int:
    """The one size above 1 that all arguments agree on; those of size 1 serve the whole batch."""
    batch, first = 1, ""
    for name, values in arguments.items():
        size = 1 if values is None else len(values)
        if size == 0:
            raise InputError(f"{name}: empty; give at least one")
        if size > 1:
            if batch not in (1, size):
                raise InputError(f"{name}: {size} given, but {batch} of {first}; give one, or as many of each")
            batch, first = size, name
    return batch


def _speaker_numbers(model: Any, speaker: Any) -> np.ndarray | None:
    if not model.speakers:
        if speaker is not None:
            raise InputError("speaker: this model has no speakers; leave it out")
        return None
    cure = f"choose one of {', '.join(model.speakers)}"
    if speaker is None:
        raise InputError(f"speaker: {cure}")
    speakers = []
    for one in np.atleast_1d(np.array(speaker, object)):
        number = model.speakers.index(one) if isinstance(one, str) and one in model.speakers else one
        if (
            isinstance(number, bool)
            or not isinstance(number, numbers.Integral)
            or not 0 <= int(number) < len(model.speakers)
        ):
            raise InputError(f"speaker: no speaker {one!r}; {cure}")
        speakers.append(number)
    return np.array(speakers, np.int32)


def _prime(prime: Any) -> np.ndarray:
    audio = arrays.as_array(prime, "prime")
    audio = audio[None] if audio.ndim == 1 else audio
    if audio.ndim != 2:
        raise InputError(f"prime: must be of shape (samples,) or (batch, samples), not {audio.shape}")
    if audio.dtype.kind == "f" and np.any(np.abs(audio) > 1):
        raise InputError(f"prime: reaches {np.max(np.abs(audio)):g}, but floats must be in [-1, 1]")
    return arrays.as_audio(audio, "prime")


def _condition(model: Any, condition: Any) -> np.ndarray:
    features = model.condition_features
    if features == 0:
        raise InputError("condition: this model has no local condition; leave it out")
    frames = arrays.as_array(condition, "condition")
    frames = frames[None] if frames.ndim == 2 else frames
    if frames.ndim != 3 or frames.shape[2] != features:
        raise InputError(f"condition: need (frames, {features}) or (batch, frames, {features}), not {frames.shape}")
    return arrays.numbers(frames, "condition", (None, None, features)).astype(np.float32)


def _text_frames(model: Any, texts: Sequence[str], speakers: np.ndarray | None) -> np.ndarray:
    """Frames of every text, shorter ones ending in silence."""
    if model.front_end is None:
        raise InputError("text: this model was not trained on text; leave it out")
    names = [None] * len(texts) if speakers is None else [model.speakers[number] for number in speakers]
    rows = [model.front_end.frames(one, name) for one, name in zip(texts, names, strict=True)]
    longest = max(len(row) for row in rows)
    return np.stack([np.concatenate([row, model.front_end.features([], longest - len(row))]) for row in rows])


def _length(model: Any, frames: np.ndarray | None, num_samples: int | None, primed: int, from_text: bool) -> int:
    """How much to make, which the condition must cover."""
    if frames is None:
        if model.condition_features:
            if model.front_end is not None:
                raise InputError("text: this model needs text, or frames as condition")
            raise InputError(f"condition: this model needs a condition of {model.condition_features} features a frame")
        if num_samples is None:
            raise InputError("num_samples: say how many samples to make")
        return num_samples
    covered = frames.shape[1] * model.condition_hop
    total = primed + (num_samples or 1)
    if covered < total and from_text:
        raise InputError(
            f"num_samples: {num_samples or 1} samples (and {primed} of the prime) are more than the text lasts, "
            f"{covered}; leave it out, or give more text"
        )
    if covered < total:
        raise InputError(
            f"condition: {frames.shape[1]} frames of {model.condition_hop} samples are too short for {total} samples "
            f"(prime included); need {-(-total // model.condition_hop)} frames"
        )
    return num_samples or covered - primed
