"""What goes into an audio effect: dry audio, and the settings of its knobs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError, did_you_mean
from dilatednets.layers.shapes import as_tensor, check_shape, known_values
from dilatednets.rules import checked as checked_by_rule
from dilatednets.zoo.checked_arrays import is_array, samples


def parts(model: Any, given: Any) -> tuple[Any, Any]:
    """The audio and the settings of a call as tensors, the latter None for a model without knobs.

    Raises:
        InputError: for audio of another shape, or settings that are missing, not wanted, not finite, or of other rows than
            the audio.
    """
    named = _named(model, given)
    audio = samples(named["audio"])
    check_shape(audio.shape, "audio", (None, None, 1) if len(audio.shape) == 3 else (None, None))
    if not model.knobs:
        return audio, None
    known = known_values(named["knobs"])
    if known is not None and known.size:
        arrays.numbers(known, "knobs", known.shape)
    return audio, as_tensor(named["knobs"], "float32", "knobs", (audio.shape[0], len(model.knobs)))


def checked(model: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Arrays to train or test on, which are right, with answers of the audio's rank; what is no array as it is."""
    audio = _named(model, x)["audio"] if isinstance(x, Mapping) else x
    if not is_array(audio):
        return x, y
    named, audio = dict(_named(model, x)), arrays.as_array(audio, "audio")
    shape = (None, None, 1) if audio.ndim == 3 else (None, None)
    named["audio"] = audio = arrays.as_audio(arrays.numbers(audio, "audio", shape), "audio")
    if model.knobs:
        knobs = arrays.numbers(named["knobs"], "knobs", (len(audio), len(model.knobs)))
        named["knobs"] = knobs.astype(np.float32)
    if is_array(y):
        y = arrays.as_array(y, "y")
        one = (1,) if y.ndim == 3 else ()
        y = arrays.numbers(y, "y", (*audio.shape[:2], *one)).reshape(audio.shape)
        wet = arrays.as_audio(y, "y")
        y = y.astype(np.float32) if y.dtype.kind == "f" else wet  # which may reach a little beyond full scale
    return (named if isinstance(x, Mapping) else audio), y


def _named(model: Any, given: Any) -> Mapping[str, Any]:
    """The inputs by name.

    Raises:
        InputError: if one is missing or not wanted.
    """
    given = given if isinstance(given, Mapping) else {"audio": given}
    wanted = {"audio", "knobs"} if model.knobs else {"audio"}
    if given.keys() != wanted:
        words = f"a dict of audio and knobs ({', '.join(model.knobs)})" if model.knobs else "audio alone"
        raise InputError(f"inputs: this model takes {words}")
    return given


def flat(x: Any) -> tuple[Any, bool]:
    """Inputs whose audio is (batch, time), and whether it was (batch, time, 1); what is no array as it is."""
    audio = x.get("audio") if isinstance(x, Mapping) else x
    if not is_array(audio):
        return x, False
    audio = arrays.as_array(audio, "audio")
    if audio.shape[2:] != (1,):
        return x, False
    return ({**x, "audio": audio[..., 0]} if isinstance(x, Mapping) else audio[..., 0]), True


def settings(model: Any, knobs: Any) -> np.ndarray:
    """Settings given by name as float32 (knobs,), in the model's order.

    Raises:
        InputError: if one is missing, unknown or no number.
    """
    if not isinstance(knobs, Mapping | None):
        raise InputError(f"knobs: must be numbers by name, not {type(knobs).__name__}")
    given = dict(knobs or {})
    for name in given:
        if name not in model.knobs:
            there = f"; there are: {', '.join(model.knobs)}" if model.knobs else "; this model has none"
            raise InputError(f"knobs: no knob {name!r}{did_you_mean(name, model.knobs) or there}")
    for name in model.knobs:
        if name not in given:
            raise InputError(f"knobs: no setting of {name}; give all of {', '.join(model.knobs)}")
    values = [checked_by_rule(given[name], float, f"knobs.{name}") for name in model.knobs]
    return arrays.numbers(np.array(values), "knobs", (len(values),), empty=True).astype(np.float32)
