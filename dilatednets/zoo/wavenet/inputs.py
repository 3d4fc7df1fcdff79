"""What a WaveNet is called with and trained on: checked where its values are known, not while a graph is traced."""

import math
from typing import Any

import numpy as np

from dilatednets.arrays import numbers
from dilatednets.errors import InputError
from dilatednets.layers.shapes import known_values
from dilatednets.zoo.checked_arrays import is_array, samples


def checked_inputs(model: Any, inputs: Any) -> dict[str, Any]:
    """The inputs of a call by name, "audio" as `samples` returns it.

    Args:
        model: The WaveNet that is called.
        inputs: Audio, or a dictionary of audio and conditions.

    Raises:
        InputError: for what does not fit the model: shapes, channels, numbers of speakers, what is not finite.
    """
    inputs = inputs if isinstance(inputs, dict) else {"audio": inputs}
    if inputs.get("audio") is None:
        raise InputError(f"audio: is missing; the inputs are {', '.join(inputs) or 'empty'}")
    audio = samples(inputs["audio"], ndim=2)
    batch, time = audio.shape
    checked = {**inputs, "audio": audio}
    frames, speaker = inputs.get("condition"), inputs.get("speaker")
    if frames is not None and model.condition_features:
        checked["condition"] = frames = frames if hasattr(frames, "shape") else np.asarray(frames)
        features = model.condition_features
        if len(frames.shape) != 3 or frames.shape[2] != features:
            raise InputError(f"condition: must be of shape (batch, frames, {features}), not {tuple(frames.shape)}")
        _check_rows("condition", frames, batch)
        if None not in (time, frames.shape[1]) and frames.shape[1] * model.condition_hop < time:
            raise InputError(
                f"condition: {frames.shape[1]} frames of {model.condition_hop} samples are too few for {time} samples; "
                f"need {math.ceil(time / model.condition_hop)}"
            )
        _check_known("condition", frames)
    if speaker is not None and model.speakers:
        checked["speaker"] = speaker = speaker if hasattr(speaker, "shape") else np.asarray(speaker)
        if len(speaker.shape) != 1:
            raise InputError(f"speaker: must be numbers of shape (batch,), not {tuple(speaker.shape)}")
        _check_rows("speaker", speaker, batch)
        known = _check_known("speaker", speaker)
        if known is not None and known.size and not 0 <= known.min() <= known.max() < len(model.speakers):
            raise InputError(f"speaker: numbers must be from 0 to {len(model.speakers) - 1}, one for each name")
    return checked


def check_arrays(model: Any, x: Any, y: Any = None) -> None:
    """Refuses arrays that a WaveNet cannot be trained or tested on; data sets pass.

    Args:
        model: The WaveNet.
        x: Its inputs.
        y: The audio that it is to predict.

    Raises:
        InputError: as `checked_inputs`, and for what is no audio.
    """
    if isinstance(x, dict | list) or hasattr(x, "__array__"):
        checked_inputs(model, x)
    if is_array(y):
        samples(y, "y", ndim=2)


def _check_rows(name: str, value: Any, batch: int | None) -> None:
    if batch is not None and value.shape[0] not in (None, 1, batch):
        raise InputError(f"{name}: {value.shape[0]} rows for audio of {batch}")


def _check_known(name: str, value: Any) -> np.ndarray | None:
    known = known_values(value)
    return numbers(known, name, known.shape) if known is not None and known.size else known
