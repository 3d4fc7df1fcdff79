"""What a caller asks of generation, checked and turned into arrays."""

import numbers
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.rules import Rule, below_2_16, checked, not_negative, positive

in_float32 = Rule(lambda x: 1e-30 <= x <= 1e30, "from 1e-30 to 1e30")


class Request(NamedTuple):
    """A checked request: arrays of one batch size.

    `speaker` int32 (batch,) or None; `frames` float32 (batch, frames, features) or None, covering prime and result;
    `prime` float32 (batch, samples) or None; `seed` one for the batch, or one a row, each of which then is made by itself;
    `takes` how many are made, of which one is kept;
    `lasts` int (batch,), how many frames each row has of its own before silence, or None where the frames say all there is.
    """

    batch: int
    num_samples: int
    speaker: np.ndarray | None
    frames: np.ndarray | None
    prime: np.ndarray | None
    temperature: float
    seed: int | tuple[int, ...]
    takes: int = 1
    lasts: np.ndarray | None = None

    def ends(self, hop: int) -> np.ndarray:
        """After how many samples each row is silent, int (batch,), for frames of `hop` samples."""
        whole = np.full(self.batch, self.num_samples)
        primed = 0 if self.prime is None else self.prime.shape[1]
        return whole if self.lasts is None else np.minimum(whole, self.lasts * hop - primed)


def resolve(
    model: Any,
    num_samples: int | None = None,
    *,
    text: str | Sequence[str] | None = None,
    speaker: Any = None,
    condition: Any = None,
    prime: Any = None,
    temperature: float = 1.0,
    seed: int | Sequence[int] | None = None,
    batch: int | None = None,
    takes: int = 1,
) -> Request:
    """Checks the arguments of `WaveNet.generate` against what the model is conditioned on.

    Args:
        model: The WaveNet that is asked.
        num_samples: Samples to make, no more than the text or condition lasts, of each that has a seed of its own or else of
            the longest; None for as long as the longest lasts.
        text: One string, or one for each voice of a batch.
        speaker: Names or numbers, one or a list.
        condition: Frames instead of text, (frames, features) or (batch, frames, features), or a list of arrays (frames,
            features) of any length.
        prime: Audio to continue, (samples,) or (batch, samples).
        temperature: A number above 0.
        seed: An integer from 0 on, of which 64 bits count, or one for each voice; None takes a new one.
        batch: How many voices; None for as many as the other arguments say.
        takes: How many to make, of which `takes.best_take` keeps one.

    Raises:
        InputError: naming the argument and the cure.

    Example:
    >>> from dilatednets.zoo.wavenet.model import WaveNet
    >>> resolve(WaveNet((1, 2), 2, 4, 8, 4), 5, temperature=0)
    Traceback (most recent call last):
    dilatednets.errors.InputError: temperature: must be above 0, not 0
    """
    temperature = checked(temperature, Annotated[float, positive, in_float32], "temperature")
    seeds = _seeds(seed)
    num_samples = None if num_samples is None else checked(num_samples, Annotated[int, positive], "num_samples")
    takes = checked(takes, Annotated[int, positive, below_2_16], "takes")
    voices = None if batch is None else range(checked(batch, Annotated[int, positive, below_2_16], "batch"))
    speakers = _speaker_numbers(model, speaker)
    primes = None if prime is None else _prime(prime)
    rows = None if condition is None else _condition(model, condition)
    texts = (
        None if text is None else checked(text, list[str], "text") if _is_list(text) else [arrays.text(text, "text")]
    )
    each = seeds if isinstance(seeds, tuple) else None
    size = _batch_size(
        {"batch": voices, "text": texts, "speaker": speakers, "condition": rows, "prime": primes, "seed": each}
    )
    if speakers is not None:
        speakers = np.broadcast_to(speakers, (size,))
    if texts is not None:
        if rows is not None:
            raise InputError("condition: give text or a condition, not both")
        rows = _text_frames(model, texts * size if len(texts) == 1 else texts, speakers)
    frames = lasts = counts = None
    if rows is not None:
        counts = np.array([len(row) for row in rows])
        frames = np.stack([np.concatenate([row, silence(model, counts.max() - len(row))]) for row in rows])
        frames = np.broadcast_to(frames, (size, *frames.shape[1:]))
        if model.mel_front_end is not None:
            model.mel_front_end.note_if_flat(frames)
        # Of texts, frames of silence are said as others are, by one seed as by a server.
        if counts.min() < counts.max() and (texts is None or each is not None):
            lasts = np.broadcast_to(counts, (size,))
    primed = 0 if primes is None else primes.shape[1]
    # What has a seed of its own is what that seed makes alone; a batch of one seed lasts as long as its longest.
    counts = counts if counts is None or each is not None else counts.max(keepdims=True)
    return Request(
        batch=size,
        num_samples=_length(model, counts, lasts, num_samples, primed, texts is not None),
        speaker=speakers,
        frames=frames,
        prime=None if primes is None else np.broadcast_to(primes, (size, primed)),
        temperature=temperature,
        seed=each * size if each is not None and len(each) == 1 else seeds,
        takes=takes,
        lasts=lasts,
    )


def silence(model: Any, num_frames: int) -> np.ndarray:
    """Frames in which nothing is to be heard, as far as the model's front end knows: float32 (num_frames, features)."""
    if model.front_end is not None:
        return np.asarray(model.front_end.features([], num_frames))
    if model.mel_front_end is not None:
        return np.asarray(model.mel_front_end.silence(num_frames))
    return np.zeros((num_frames, model.condition_features), np.float32)


def _seeds(seed: Any) -> int | tuple[int, ...]:
    """One seed, or one a row; of each, the bits of a key."""
    if seed is None:
        return secrets.randbits(64)
    if _is_list(seed):
        return tuple(one % 2**64 for one in checked(seed, list[Annotated[int, not_negative]], "seed"))
    return int(checked(seed, Annotated[int, not_negative], "seed")) % 2**64


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
    arrays.check_rows(audio, "prime")
    if audio.dtype.kind == "f" and np.any(np.abs(audio) > 1):
        raise InputError(f"prime: reaches {np.max(np.abs(audio)):g}, but floats must be in [-1, 1]; make it softer")
    return arrays.as_audio(audio, "prime")


def _condition(model: Any, condition: Any) -> list[np.ndarray]:
    """The frames of each row, float32 (frames, features)."""
    features = model.condition_features
    if features == 0:
        raise InputError("condition: this model has no local condition; leave it out")
    if isinstance(condition, list | tuple) and any(getattr(one, "ndim", 0) == 2 for one in condition):
        return [checked_frames(model, one, f"condition: number {place}", 2)[0] for place, one in enumerate(condition)]
    return list(checked_frames(model, condition, "condition"))


def checked_frames(model: Any, condition: Any, where: str, most: int = 3) -> np.ndarray:
    """Frames of a local condition as float32 (batch, frames, features).

    Args:
        model: The WaveNet that is to take them.
        condition: What was given, (frames, features) or (batch, frames, features).
        where: What messages begin with, such as the file.
        most: How many dimensions there may be.

    Raises:
        InputError: for what the model cannot take.
    """
    features = model.condition_features
    frames = arrays.as_array(condition, where)
    fits = frames.ndim in (2, most)
    if fits and model.mel_front_end is not None:
        frames = model.mel_front_end.check(frames, where)
    if not fits or frames.shape[-1] != features:
        either = f"(frames, {features})" + (f" or (batch, frames, {features})" if most == 3 else "")
        raise InputError(f"{where}: need {either}, not {frames.shape}")
    frames = frames[None] if frames.ndim == 2 else frames
    return arrays.numbers(frames, where, (None, None, features)).astype(np.float32)


def _text_frames(model: Any, texts: Sequence[str], speakers: np.ndarray | None) -> list[np.ndarray]:
    """Frames of every text."""
    if model.front_end is None:
        raise InputError("text: this model was not trained on text; leave it out")
    names = [None] * len(texts) if speakers is None else [model.speakers[number] for number in speakers]
    return [model.front_end.frames(one, name) for one, name in zip(texts, names, strict=True)]


def _length(
    model: Any,
    counts: np.ndarray | None,
    lasts: np.ndarray | None,
    num_samples: int | None,
    primed: int,
    from_text: bool,
) -> int:
    """How much to make, which the condition of each row, of `counts` frames, must cover."""
    if counts is None:
        if model.condition_features:
            if model.front_end is not None:
                raise InputError("text: this model needs text, or frames as condition")
            kind = model.mel_front_end or f"{model.condition_features} features a frame"
            raise InputError(f"condition: this model needs a condition: {kind}")
        if num_samples is None:
            raise InputError("num_samples: say how many samples to make")
        return num_samples
    # Without a number of samples, the longest row says it, and shorter ones end in silence.
    place = int(np.argmax(counts) if num_samples is None else np.argmin(counts))
    covered = int(counts[place]) * model.condition_hop
    number = f"number {place}" if min(counts) < max(counts) else ""
    if lasts is not None and min(lasts) * model.condition_hop <= primed:
        name, shortest = "text" if from_text else "condition", int(np.argmin(lasts))
        raise InputError(
            f"{name}: number {shortest} does not last longer than the prime, {primed} samples; give a longer one"
        )
    total = primed + (num_samples or 1)
    if covered < total and num_samples is None:
        words = f"{primed} samples last as long as the {'text' if from_text else 'condition'}, {covered}, or longer"
        raise InputError(f"prime: {words}; give a shorter one")
    if covered < total and from_text:
        what = f"text {number}" if number else "the text"
        raise InputError(
            f"num_samples: {num_samples} samples (and {primed} of the prime) are more than {what} lasts, "
            f"{covered}; leave it out, or give more text"
        )
    if covered < total:
        what = f"{number}: " if number else ""
        raise InputError(
            f"condition: {what}{counts[place]} frames of {model.condition_hop} samples are too short for {total} samples "
            f"(prime included); need {-(-total // model.condition_hop)} frames"
        )
    return num_samples or covered - primed
