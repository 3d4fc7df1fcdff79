"""What a picture holds, as numbers."""

from typing import NamedTuple

import numpy as np

from dilatednets.errors import InputError


class Numbers(NamedTuple):
    """What a picture holds, black as 0."""

    values: np.ndarray
    """(height, width, bands), of the file's own type of numbers."""
    palette: np.ndarray | None = None
    """uint8 (256, 3), of which the values are indices."""
    transparent: bool = False
    """Whether the last band is transparency."""
    largest: int = 0
    """Of a TIFF file in which white is 0, its largest number; 0 of others."""

    @property
    def stored(self) -> np.ndarray:
        """The values as the file has them: labels are numbers, whatever they look like.

        Example:
        >>> Numbers(np.array([[[254], [255]]], np.uint8), largest=255).stored.ravel().tolist()
        [1, 0]
        """
        return self.values ^ self.values.dtype.type(self.largest) if self.largest else self.values


def opposite_bits(origin: str) -> InputError:
    """Refuses a label image of 1 bit in which white is 0: many programs store a mask so, some of them turned round.

    Args:
        origin: What the message begins with.

    Example:
    >>> print(str(opposite_bits("mask.tif")).partition(",")[0])
    mask.tif: 1-bit TIFF in which white is stored as 0
    """
    words = "1-bit TIFF in which white is stored as 0, so that the bits say the opposite of what is seen"
    return InputError(f"{origin}: {words}; save the labels as 0 and 1 in 8 bits, or as PNG")
