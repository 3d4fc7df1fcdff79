"""A whole picture of any size through a segmenter, a tile at a time."""

import warnings
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from keras import ops

from dilatednets.errors import InputError, Note
from dilatednets.progress import progress
from dilatednets.rules import Rule, checked, positive
from dilatednets.zoo.context_segmenter import normalization, tiling

Scales = Annotated[
    Sequence[float],
    Rule(lambda x: bool(x) and all(0.1 <= scale <= 4 for scale in x), "a list of numbers from 0.1 to 4"),
]
LEAST_SHARE = 0.02
"""A picture that uses less of its range most probably has fewer bits than its file."""


def whole_image(
    model: Any,
    image: Any,
    result_of: Callable[[Any], Any],
    scales: Sequence[float] | None,
    flip: bool | None,
    diameter: float | None,
    page: int | None,
) -> np.ndarray:
    """The result of a picture, put together from those of bands of rows.

    Args:
        model: A ContextSegmenter.
        image: What `dilatednets.data.images.pixels_of` takes.
        result_of: A function that makes of a band's probabilities or values what is kept of them.
        scales: Magnifications; None for the model's.
        flip: Whether to average over the mirror image; None for the model's choice.
        diameter: Of the things in the picture, in pixels, instead of `scales`.
        page: Which one of a file of several, from 1.

    Raises:
        InputError: for a picture or an option that the model cannot take.
    """
    from dilatednets.data.images import pixels_of

    scales = chosen_scales(model, scales, diameter)
    pixels, net = pixels_of(image, model.channels, page), model.compiled_outputs()
    brightness = None
    if model.normalization == "percentiles":
        seen = np.ascontiguousarray(normalization.sampled(pixels[None]))
        band = int(normalization.only_band(seen)[0])
        if band >= 0:
            pixels, seen = (np.broadcast_to(x[..., band : band + 1], x.shape) for x in (pixels, seen))
        brightness = normalization.levels(seen)
    else:
        warn_if_dark(pixels)

    def predict(tile: np.ndarray) -> np.ndarray:
        images = np.ascontiguousarray(tile)[None]
        return ops.convert_to_numpy(model.averaged_outputs(images, scales, flip, net, brightness))[0]

    size = max(round(tiling.TILE / max(1.0, *scales)), 2 * tiling.OVERLAP)  # the same memory at any scale
    result, top = np.empty(0), 0
    with progress(words="segmenting", total=len(pixels), unit="rows") as bar:
        for band in map(result_of, tiling.rows_of_tiles(pixels, predict, size, tiling.OVERLAP, tiling.IGNORED)):
            if top == 0:
                result = np.empty((len(pixels), *band.shape[1:]), band.dtype)
            result[top : top + len(band)] = band
            top += len(band)
            bar.update(len(band))
    return result


def check_scales(scales: Sequence[float], model: Any) -> None:
    """Refuses magnifications that are out of range, or that a model does not allow.

    Args:
        scales: The magnifications.
        model: A ContextSegmenter.

    Raises:
        InputError: for these.
    """
    if set(checked(scales, Scales, "scales")) != {1} and model.head == "regression" and not model.things:
        raise InputError("scales: values, such as lengths in pixels, may depend on the scale; only 1 is possible")


def chosen_scales(model: Any, scales: Sequence[float] | None, diameter: float | None) -> Sequence[float]:
    """The magnifications that were asked for, in either way; the model's own if in none.

    Args:
        model: A ContextSegmenter.
        scales: The magnifications.
        diameter: Of the things in the picture, in pixels.

    Raises:
        InputError: for what the model cannot take.
    """
    if diameter is not None:
        if scales is not None or not model.diameter:
            wrong = "scales are given, too" if scales is not None else "the model was trained on no things of a size"
            raise InputError(f"diameter: {wrong}; leave it out")
        wanted = model.diameter / checked(diameter, Annotated[float, positive], "diameter")
        if not 0.1 <= wanted <= 4:
            least, most = model.diameter / 4, model.diameter / 0.1
            raise InputError(
                f"diameter: must be from {least:.1f} to {most:.0f} pixels, not {diameter}; resize the picture"
            )
        return (wanted,)
    scales = model.scales if scales is None else scales
    check_scales(scales, model)
    return scales


def warn_if_dark(pixels: np.ndarray) -> None:
    """Notes that pictures, uint8 or uint16, use little of the range of their type: a net that goes by it sees black."""
    darkest, brightest, largest = int(pixels.min()), int(pixels.max()), np.iinfo(pixels.dtype).max
    if 0 < brightest - darkest < largest * LEAST_SHARE:
        words = f"uses values {darkest} to {brightest} of 0 to {largest} only; the model expects the whole range"
        warnings.warn(Note(f"image: {words}"), stacklevel=4)
