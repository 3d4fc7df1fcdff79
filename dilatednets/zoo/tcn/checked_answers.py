"""What a TCN is trained and tested on: its answers, checked in arrays before they are cut into batches."""

from typing import Any

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import inputs


def checked(model: Any, x: Any, y: Any = None) -> tuple[Any, Any]:
    """Arrays that are checked, or what is none as it is; answers to a loss of one's own may be anything."""
    if not (isinstance(x, dict | list | tuple | str) or hasattr(x, "__array__")):
        return x, y
    named = inputs.checked(model, x)
    if y is not None and type(model.loss) is type(model.objective()[0]):
        y = checked_answers(model, y, named["sequence"], named.get("lengths"))
    return named if isinstance(x, dict) else named["sequence"], y


def checked_answers(model: Any, y: Any, sequence: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """What a TCN is to answer to sequences, as its task's loss takes it; zero at padded steps.

    Args:
        model: A TCN.
        y: Numbers of classes or tokens (batch, ...), or labels or values (batch, ..., outputs); single values may leave out
            the last dimension. Where the model's loss has an `ignore_class`, this stands where no class is known.
        sequence: The sequences.
        lengths: The real steps of each; None if all are.

    Raises:
        InputError: for another shape or another kind of answer.
    """
    array = arrays.as_array(y, "y")
    classes = model.task in ("classify", "next") and not model.multi_label
    if array.dtype.kind in "US":
        cure = "number them, as numpy.unique(y, return_inverse=True) does" if classes else "give numbers"
        raise InputError(f"y: holds texts; {cure}")
    frames = frames_of(model, sequence)
    one = () if classes else (model.horizon, model.outputs) if model.task == "forecast" else (model.outputs,)
    shape = (len(sequence), *frames, *one)
    if model.outputs == 1 and array.shape == shape[:-1]:
        array = array[..., None]
    if array.shape != shape:
        raise InputError(
            f"y: must be of shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}), not {array.shape}"
            f"{_cure(array, shape, model.outputs) if classes else ''}"
        )
    real: Any = ...
    if frames and lengths is not None:
        real = np.arange(frames[0]) < -(-lengths[:, None] // model.frame)
        array = np.where(real.reshape(*real.shape, *(1,) * len(one)), array, 0)
    array = arrays.numbers(array, "y", shape)
    if classes:
        ignored = getattr(getattr(model, "loss", None), "ignore_class", None)  # which the loss leaves out
        wrong = (array < 0) | (array >= model.outputs) | (array % 1 != 0)
        words = f"numbers from 0 to {model.outputs - 1}"
        if ignored is not None:
            wrong, words = wrong & (array != ignored), f"{words}, or {ignored}, which is ignored"
        _refuse(array, wrong, words)
        return array.astype(np.int32)
    if model.multi_label:
        _refuse(array, (array < 0) | (array > 1), "labels, 0 or 1")
    arrays.check_kept(array[real], "y", model.labels, model.target_scale or 1.0)
    return array.astype(np.float32)


def frames_of(model: Any, sequence: Any) -> tuple[int, ...]:
    """The frames at which there are answers to sequences (batch, time, ...), (frames,); () where there is one for all."""
    return (-(-sequence.shape[1] // model.frame),) if model.pooling == "none" else ()


def _cure(array: np.ndarray, shape: tuple[int, ...], outputs: int) -> str:
    if array.shape == (*shape, 1):
        return "; leave out the last dimension, as y[..., 0]"
    return "; of one-hot rows give numpy.argmax(y, axis=-1)" if array.shape == (*shape, outputs) else ""


def _refuse(array: np.ndarray, wrong: np.ndarray, words: str) -> None:
    if np.any(wrong):
        raise InputError(f"y: must hold {words}, not {array[wrong][0]:g}")
