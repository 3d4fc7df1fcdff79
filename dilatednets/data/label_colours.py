"""Label images by their colours: palettes in another order, masks in RGB, masks of black and white."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dilatednets.data.picture_numbers import Numbers, opposite_bits
from dilatednets.errors import InputError


def class_numbers(
    picture: Numbers,
    palette: Sequence[Sequence[int]],
    ignore: int | None,
    void_colour: Sequence[int] | None,
    origin: str,
    set_in_colours: Callable[[], bool] = lambda: False,
) -> np.ndarray:
    """The class of each pixel of a label image, whether it says so by numbers or by colours.

    Grey values and palette indices are class numbers, unless they are none and the colours are the classes', or unless the
    image's own palette gives a number the colour of another class. Pixels in colours are of the class of that colour; if
    all of them are grey, of none of these colours, they are numbers. Images of 1 bit are in colours if black and white are
    colours of the classes. A TIFF file in which white is 0 has the numbers that are stored in it, and the colours that are
    seen.

    Args:
        picture: The label image.
        palette: One (R, G, B) for each class.
        ignore: The label of pixels that do not count; None if there is none.
        void_colour: The colour of pixels that do not count; None if there is none.
        origin: What messages begin with.
        set_in_colours: Says whether an image is in colours that could be so as well as in numbers, as one that is all black.

    Returns:
        Integers (height, width); -1 for the void colour. Numbers that were taken as they are may be of no class.

    Raises:
        InputError: If pixels have colours of no class, or bits say by their numbers the opposite of their colours.

    Example:
    >>> mask = Numbers(np.array([[[0], [1]]], "uint8"), np.array([[255, 0, 0], [0, 0, 0]], "uint8"))
    >>> class_numbers(mask, [(0, 0, 0), (255, 0, 0)], None, None, "mask.png").tolist()
    [[1, 0]]
    """
    found = _found(picture, palette, ignore, void_colour, origin)
    in_colours = set_in_colours() if found.in_colours is None else found.in_colours
    if not in_colours:
        return found.numbers[found.places]
    if None in found.mapped:
        seen = zip(found.counts.tolist(), found.colours, found.mapped, strict=True)
        unknown = [(count, colour) for count, colour, number in seen if number is None]
        raise InputError(
            f"{origin}: {sum(count for count, _ in unknown)} pixels have colours of no class, the most of them "
            f"{max(unknown)[1]}; save label images without smooth edges or compression by JPEG, or give class numbers"
        )
    return np.array(found.mapped)[found.places]


def is_in_colours(
    picture: Numbers,
    palette: Sequence[Sequence[int]],
    ignore: int | None,
    void_colour: Sequence[int] | None,
    origin: str,
) -> bool | None:
    """Whether a label image is in colours; None if it could be in numbers as well, or has a palette of its own.

    Args:
        picture: As for `class_numbers`, and so all others.
        palette: The colours of classes.
        ignore: The label of pixels that do not count.
        void_colour: The colour of these.
        origin: What messages begin with.

    Example:
    >>> paper_and_ink = [(255, 255, 255), (0, 0, 0)]
    >>> for grey in ([0, 255], [0, 1], [0, 0]):
    ...     print(is_in_colours(Numbers(np.array([grey], "uint8")[..., None]), paper_and_ink, None, None, "mask.png"))
    True
    False
    None
    """
    return None if picture.palette is not None else _found(picture, palette, ignore, void_colour, origin).in_colours


class _Found(NamedTuple):
    """What an image holds, each value once."""

    places: np.ndarray
    """Which one each pixel is, (height, width)."""
    counts: np.ndarray
    numbers: np.ndarray
    colours: list[Any]
    mapped: list[Any]
    """The class that each colour is of."""
    in_colours: bool | None


def _found(picture: Numbers, palette: Any, ignore: int | None, void_colour: Any, origin: str) -> _Found:
    values = picture.values[..., :-1] if picture.transparent else picture.values
    by_colour = {tuple(colour): number for number, colour in enumerate(palette)}
    if void_colour is not None:
        by_colour.setdefault(tuple(void_colour), -1)
    if len(by_colour) < len(palette):  # colours tell no classes apart
        by_colour = {}
    if values.shape[2] not in (1, 3) or values.dtype.kind == "f":
        raise InputError(
            f"{origin}: has {values.shape[2]} bands of {values.dtype}; label images are grey, RGB or palette"
        )
    grey = values.shape[2] == 1
    scale = _scale(values)
    code = values[..., 0].astype(np.int64)
    if not grey:
        code = (code << 32) | (values[..., 1].astype(np.int64) << 16) | values[..., 2]
    used, places, counts = np.unique(code, return_inverse=True, return_counts=True)
    if not grey:
        colours = [(c >> 32, c >> 16 & 0xFFFF, c & 0xFFFF) for c in used.tolist()]
    elif picture.palette is None:
        colours = [3 * (255 * c if values.dtype == bool else c // scale,) for c in used.tolist()]
    else:
        colours = [tuple(picture.palette[c].tolist()) for c in used.tolist()]
    numbers = used ^ picture.largest if grey else np.array([c[0] for c in colours])
    if not grey:
        colours = [tuple(band // scale for band in colour) for colour in colours]
    mapped = [by_colour.get(colour) for colour in colours]
    valid = bool(np.all((numbers < len(palette)) & (numbers >= 0) | (numbers == (-1 if ignore is None else ignore))))
    all_known, in_colours = None not in mapped, None
    if grey and picture.palette is not None:
        in_colours = any(m not in (None, -1, n) for m, n in zip(mapped, used.tolist(), strict=True))
    elif values.dtype == bool:
        in_colours = {(0, 0, 0), (255, 255, 255)} <= by_colour.keys()
        if picture.largest and not (in_colours and mapped == numbers.tolist()):
            raise opposite_bits(origin)
    elif not grey:
        in_colours = all_known or not valid or any(len(set(colour)) > 1 for colour in colours)
    elif not valid or not all_known or mapped == numbers.tolist():
        in_colours = all_known and not valid
    return _Found(places.reshape(code.shape), counts, numbers, colours, mapped, in_colours)


def _scale(values: np.ndarray) -> int:
    """What colours of 16 bits are divided by to be of 8, as palettes are: 257, or 1 where they are so already."""
    return 257 if values.dtype == np.uint16 and values.max(initial=0) > 255 and not np.any(values % 257) else 1
