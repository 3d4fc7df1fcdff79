"""What a TCN takes: its arguments and its inputs, checked in one place for all doors."""

from typing import Any

import numpy as np
from keras import ops

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.layers.shapes import known_values
from dilatednets.zoo.checked_arrays import samples

SOUNDS = ("audio_folder", "spoken_digits")
"""Readers of data whose sequences are sound in [-1, 1]."""


def hears(model: Any) -> bool:
    """Whether a model was trained on recordings."""
    return (model.data or {}).get("reader") in SOUNDS


def check_arguments(model: Any) -> None:
    """Refuses arguments that contradict each other.

    Raises:
        InputError: naming the argument.
    """
    task, forecast = model.task, model.task == "forecast"
    for name, value, limit in (
        ("columns", model.columns, model.features),
        ("mean", model.mean, model.features),
        ("scale", model.scale, model.features),
        ("labels", model.labels, model.outputs),
        ("target_mean", model.target_mean, model.outputs),
        ("target_scale", model.target_scale, model.outputs),
    ):
        if value and len(value) != limit:
            raise InputError(f"{name}: {len(value)} for {limit} {'features' if limit is model.features else 'outputs'}")
    strangers = [name for name in model.known if name not in model.columns]
    contradictions = {
        "outputs": (
            task == "classify" and model.outputs < 2 and not model.multi_label,
            "at least 2 classes, or multi_label",
        ),
        "pooling": (
            task == "next" and model.pooling != "none",
            "a model of what comes next answers at each step; leave it out",
        ),
        "multi_label": (model.multi_label and task not in ("classify", "next"), "is for the tasks classify and next"),
        "vocabulary": (
            task == "next" and model.vocabulary not in (0, model.outputs),
            f"tokens are the outputs, {model.outputs}",
        ),
        "features": (
            task == "next" and model.multi_label and model.features != model.outputs,
            f"what comes in is what comes next, {model.outputs} labels; leave it out",
        ),
        "causal": (
            task == "next" and not model.causal,
            "a model that sees what comes next would repeat it; leave it out",
        ),
        "frame": (
            model.frame > 1 and bool(model.vocabulary or task == "next"),
            "is for features, not for tokens or what comes next",
        ),
        "filters": (
            model.filters > 0 and model.frame == 1,
            "are for frames of sound; set frame to the samples of 10 ms",
        ),
        "horizon": (model.horizon > 1 and not forecast, "is for the task forecast"),
        "quantiles": (bool(model.quantiles) and not forecast, "are for the task forecast"),
        "known": (
            bool(model.known) and (not forecast or model.pooling == "none" or bool(strangers)),
            f"{strangers[0]!r} is none of the columns"
            if strangers
            else "are for one forecast a sequence; set pooling to last",
        ),
        "target_scale": (
            bool(model.target_scale or model.target_mean) and task in ("classify", "next"),
            "is for values",
        ),
    }
    for name, (wrong, words) in contradictions.items():
        if wrong:
            raise InputError(f"{name}: {words}")


def parts(model: Any, given: Any, mask: Any) -> tuple[Any, Any, Any]:
    """The sequence, its mask, and the known future, as the net takes them.

    Args:
        model: A TCN.
        given: The inputs of its call.
        mask: Keras's mask of them, or of the sequence.

    Raises:
        InputError: for a shape that does not fit, as far as it is known.
    """
    named = given if isinstance(given, dict) else {"sequence": given}
    mask = mask.get("sequence") if isinstance(mask, dict) else mask
    check_names(model, named)
    sequence, known, lengths = named["sequence"], named.get("known"), named.get("lengths")
    if not hasattr(sequence, "shape"):
        sequence = arrays.as_array(sequence, "sequence")
    sequence = samples(sequence, "sequence") if hears(model) else sequence
    if model.vocabulary == 0 and model.features == 1 and len(sequence.shape) == 2:
        sequence = sequence[..., None]
    wanted_shape = (None, None) if model.vocabulary else (None, None, model.features)
    _check_shape("sequence", sequence, wanted_shape)
    if known is not None:
        _check_shape("known", known, (None, model.horizon, len(model.known)))
        known = ops.cast(known, "float32")
    if lengths is not None:
        _check_shape("lengths", lengths, (None,))
        real = ops.arange(ops.shape(sequence)[1], dtype="int32") < ops.cast(lengths, "int32")[:, None]
        mask = real if mask is None else ops.logical_and(mask, real)
    return sequence, mask, known


def check_names(model: Any, named: dict[str, Any]) -> None:
    """Refuses inputs that the model does not take, or too few.

    Raises:
        InputError: for these.
    """
    needed = {"sequence", *(["known"] if model.known else [])}
    if not needed <= named.keys() <= needed | {"lengths"}:
        wanted = " and ".join(sorted(needed, reverse=True))
        raise InputError(f"inputs: this model takes {wanted}, and perhaps lengths, not {', '.join(named)}")


def _check_shape(name: str, array: Any, wanted: tuple[int | None, ...]) -> None:
    shape = tuple(array.shape)
    fits = len(shape) == len(wanted) and all(a == b for a, b in zip(shape, wanted, strict=True) if None not in (a, b))
    if not fits:
        words = ", ".join("any" if length is None else str(length) for length in wanted)
        raise InputError(f"{name}: must be of shape ({words}), not {shape}")


def checked(model: Any, given: Any, empty: bool = False) -> dict[str, np.ndarray]:
    """Inputs in arrays as a dict; what Keras would compute with in silence is refused.

    Args:
        model: A TCN.
        given: The inputs of its call.
        empty: Whether there may be no sequences.

    Raises:
        InputError: for something else than the model takes.
    """
    named = dict(given) if isinstance(given, dict) else {"sequence": given}
    check_names(model, named)
    sequence, padded = arrays.as_array(named["sequence"], "sequence"), None
    if "lengths" in named and sequence.ndim > 1:
        lengths = arrays.numbers(named["lengths"], "lengths", (len(sequence),), empty=empty)
        if lengths.dtype.kind not in "iu" or np.any((lengths < 1) | (lengths > sequence.shape[1])):
            raise InputError(f"lengths: must be integers from 1 to the sequences' {sequence.shape[1]} steps")
        named["lengths"] = lengths.astype(np.int32)
        padded = np.arange(sequence.shape[1]) >= lengths[:, None]
        sequence = np.where(
            padded.reshape(*padded.shape, *(1,) * (sequence.ndim - 2)), 0, sequence
        )  # NaN is common there
    named["sequence"] = checked_sequence(model, sequence, empty=empty, real=None if padded is None else ~padded)
    if model.known:
        known_shape = (len(sequence), model.horizon, len(model.known))
        named["known"] = arrays.numbers(named["known"], "known", known_shape, empty=empty).astype(np.float32)
    return named


def check_answer(answer: dict[str, np.ndarray]) -> None:
    """Refuses answers that are none.

    Raises:
        InputError: for NaN or infinity.
    """
    for name, values in answer.items():
        if not np.all(np.isfinite(values)):
            cure = "train it with a lower learning rate, or look at the units of the data"
            raise InputError(f"{name}: {arrays.NOT_FINITE}; {cure}")


def check_state(state: dict[str, Any]) -> None:
    """Refuses a state that would spoil all answers to come. In a graph, values are not known.

    Raises:
        InputError: for NaN or infinity, or counts below 0.
    """
    for name, part in state.items():
        values = known_values(part)
        if values is None:
            continue
        counts = values.dtype.kind in "iu"
        if np.any(values < 0) if counts else not np.all(np.isfinite(values)):
            words = "counts below 0" if counts else "NaN or infinity"
            raise InputError(f"state: {name} holds {words}; begin by initial_state again")


def checked_steps(model: Any, x: Any) -> Any:
    """Steps of a stream, sound as audio; refused if they would spoil its state for good. In a graph, values are not known.

    Raises:
        InputError: for NaN or infinity, or token numbers that are none of the vocabulary.
    """
    values = known_values(x)
    if values is None or not values.size or values.ndim < 2:
        return x
    found = checked_sequence(model, values, "x")
    return found if hears(model) else x


def checked_sequence(
    model: Any, sequence: Any, where: str = "sequence", empty: bool = False, real: np.ndarray | None = None
) -> np.ndarray:
    """Sequences that a model takes, as float32 or int32; sound as `dilatednets.arrays.as_audio` has it.

    Args:
        model: A TCN.
        sequence: Features or token numbers.
        where: What messages begin with.
        empty: Whether there may be no sequences.
        real: Which steps are no padding, bool (batch, time); None for all.

    Raises:
        InputError: for another shape, NaN or infinity, numbers of which float32 keeps too little, token numbers that are
            none of the vocabulary, or what is no sound where the model was trained on recordings.
    """
    array = arrays.as_array(sequence, where)
    if model.vocabulary:
        array = arrays.numbers(array, where, (None, None), empty=empty)
        if array.dtype.kind not in "iu" or np.any((array < 0) | (array >= model.vocabulary)):
            raise InputError(f"{where}: must be token numbers, integers from 0 to {model.vocabulary - 1}")
        return array.astype(np.int32)
    flat = model.features == 1 and array.ndim == 2
    array = arrays.numbers(array[..., None] if flat else array, where, (None, None, model.features), empty=empty)
    if hears(model) and array.size:
        return arrays.as_audio(array, where)
    arrays.check_kept(array if real is None else array[real], where, model.columns, model.scale or 1.0)
    return array.astype(np.float32)
