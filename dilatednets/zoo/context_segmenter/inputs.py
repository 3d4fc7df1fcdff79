"""What a segmenter is trained, tested and asked on through Keras: pictures and labels in arrays, which are checked."""

import warnings
from typing import Any

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError, Note
from dilatednets.zoo.checked_arrays import CheckedBatches, is_array
from dilatednets.zoo.context_segmenter.inference import warn_if_dark
from dilatednets.zoo.context_segmenter.loss import RegressionLoss, SegmentationLoss
from dilatednets.zoo.context_segmenter.metrics import counted

_CENTRED = 8.0
"""Floats that are negative, too, and all below this are pixels whose mean and deviation were taken out."""
_TOO_BRIGHT = 1024.0
"""Augmentation and filters exceed 255 by less; pixels of 16 bits exceed it by more."""


class CheckedPictures(CheckedBatches):
    """The methods of Keras that train, test and ask a segmenter, which look at arrays; data sets pass."""

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        if not is_array(x):
            return x, y
        x = checked_pictures(self, x)
        return x, (checked_answers(self, y, x.shape[:3]) if is_array(y) else y)

    def _check_weights(self, x: Any, sample_weight: Any = None, class_weight: Any = None) -> None:
        if class_weight is not None:
            cure = "give SegmentationLoss(class_weights=[...]), one weight for each class, to compile"
            raise InputError(f"class_weight: Keras knows it for one class a picture, not for pixels; {cure}")
        super()._check_weights(x, sample_weight)


def checked_pictures(model: Any, x: Any) -> np.ndarray:
    """Pictures that a segmenter takes: integers as `segment` takes them, or floats in the range that its net reads.

    Args:
        model: A ContextSegmenter.
        x: Of shape (batch, height, width, channels).

    Returns:
        uint8 or uint16 of integers, else floats as they are.

    Raises:
        InputError: for another shape, NaN or infinity, and integers out of range.

    Floats that are clearly not from 0 to 255, where the net goes by brightness, are noted: a net may be trained on them.
    """
    from dilatednets.data.images import eight_or_sixteen_bits

    pixels = arrays.numbers(x, "image", (None, None, None, model.channels))
    brightness = model.normalization == "none" and max(np.max(model.front_end.mean), np.max(model.front_end.std)) > 1
    if pixels.dtype.kind in "iub":
        pixels = eight_or_sixteen_bits(pixels, "image")
        if brightness:
            warn_if_dark(pixels)
    elif brightness:
        _warn_of_range(pixels)
    return pixels


def _warn_of_range(pixels: np.ndarray) -> None:
    low, high = float(pixels.min()), float(pixels.max())
    small = (high <= 1 or (low < 0 and high <= _CENTRED)) and bool(np.any(pixels % 1 != 0))
    if small or high > _TOO_BRIGHT:
        cure = "scale it to 0..255" if small else "give uint16 if it has 16 bits, else scale it to 0..255"
        words = f"holds floats from {low:.3g} to {high:.3g}, but the presets and segment read 0 to 255; {cure}"
        warnings.warn(Note(f"image: {words}"), stacklevel=5)


def checked_answers(model: Any, y: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Labels (batch, height, width) or values (batch, height, width, n); for a loss of one's own they may be anything.

    They have one rank, since of two by turns TensorFlow would trace a loss of no rank.

    Args:
        model: A ContextSegmenter that is compiled.
        y: Class numbers or values; their last dimension may be left out if it is 1.
        shape: (batch, height, width) of the pictures.

    Raises:
        InputError: for another shape, infinity, and numbers that are neither classes nor void.
    """
    array = arrays.as_array(y, "y")
    if not isinstance(model.loss, SegmentationLoss | RegressionLoss):
        return array
    labels = isinstance(model.loss, SegmentationLoss)
    last = 1 if labels else model.num_classes
    wanted = shape if array.ndim == 3 and last == 1 else (*shape, last)
    array = arrays.numbers(array, "y", wanted, finite=False)
    array = array.reshape(shape if labels else (*shape, last))
    if labels:
        counted(array, model.num_classes, model.loss.ignore, "y")
    elif np.any(np.isinf(array)):
        raise InputError("y: holds infinity; pixels without a value are NaN or below 0")
    return array
