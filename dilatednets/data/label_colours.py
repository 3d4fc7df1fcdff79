"""Label images by their colours: palettes in another order, masks in RGB, masks of black and white."""

from collections.abc import Sequence

import numpy as np

from dilatednets.data.picture_numbers import Numbers
from dilatednets.errors import InputError


def class_numbers(
    picture: Numbers,
    palette: Sequence[Sequence[int]],
    ignore: int | None,
    void_colour: Sequence[int] | None,
    origin: str,
) -> np.ndarray:
    """The class of each pixel of a label image, whether it says so by numbers or by colours.

    Grey values and palette indices are class numbers, unless they are none and the colours are the classes', or unless the
    image's own palette gives a number the colour of another class. Pixels in colours are of the class of that colour; if
    all of them are grey, of none of these colours, they are numbers. A TIFF file in which white is 0 has the numbers that
    are stored in it, and the colours that are seen.

    Args:
        picture: The label image.
        palette: One (R, G, B) for each class.
        ignore: The label of pixels that do not count; None if there is none.
        void_colour: The colour of pixels that do not count; None if there is none.
        origin: What messages begin with.

    Returns:
        Integers (height, width); -1 for the void colour. Numbers that were taken as they are may be of no class.

    Raises:
        InputError: If pixels have colours of no class.

    Example:
    >>> mask = Numbers(np.array([[[0], [1]]], "uint8"), np.array([[255, 0, 0], [0, 0, 0]], "uint8"))
    >>> class_numbers(mask, [(0, 0, 0), (255, 0, 0)], None, None, "mask.png").tolist()
    [[1, 0]]
    """
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
    code = values[..., 0].astype(np.int64)
    if not grey:
        code = (code << 32) | (values[..., 1].astype(np.int64) << 16) | values[..., 2]
    used, places, counts = np.unique(code, return_inverse=True, return_counts=True)
    if not grey:
        colours = [(c >> 32, c >> 16 & 0xFFFF, c & 0xFFFF) for c in used.tolist()]
    elif picture.palette is None:
        colours = [(c, c, c) for c in used.tolist()]
    else:
        colours = [tuple(picture.palette[c].tolist()) for c in used.tolist()]
    numbers = used ^ picture.largest if grey else np.array([c[0] for c in colours])
    mapped = [by_colour.get(colour) for colour in colours]
    valid = (numbers < len(palette)) & (numbers >= 0) | (numbers == (-1 if ignore is None else ignore))
    all_known = None not in mapped
    if grey and picture.palette is not None:
        as_numbers = all(m in (None, -1, n) for m, n in zip(mapped, used.tolist(), strict=True))
    elif grey:
        as_numbers = bool(valid.all()) or not all_known
    else:
        as_numbers = not all_known and all(len(set(colour)) == 1 for colour in colours) and bool(valid.all())
    if as_numbers:
        return numbers[places].reshape(code.shape)
    if not all_known:
        unknown = [
            (count, colour) for count, colour, m in zip(counts.tolist(), colours, mapped, strict=True) if m is None
        ]
        raise InputError(
            f"{origin}: {sum(count for count, _ in unknown)} pixels have colours of no class, the most of them "
            f"{max(unknown)[1]}; save label images without smooth edges or compression by JPEG, or give class numbers"
        )
    return np.array(mapped)[places].reshape(code.shape)
