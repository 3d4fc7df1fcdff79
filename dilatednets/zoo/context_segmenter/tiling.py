"""Images of any size through a net, in overlapping tiles blended without seams."""

from collections.abc import Callable, Iterator

import numpy as np

TILE, OVERLAP, IGNORED = 640, 160, 40


def rows_of_tiles(
    image: np.ndarray,
    predict: Callable[[np.ndarray], np.ndarray],
    tile: int = TILE,
    overlap: int = OVERLAP,
    ignored: int = IGNORED,
) -> Iterator[np.ndarray]:
    """What a net computes for an image, from top to bottom, a band of rows at a time.

    Tiles overlap; where they do, their values are mixed with weights that rise evenly from the tile's edge and add up to
    one. The outermost pixels of a tile, where it lacks context, do not count but at the edge of the image. No more than
    two rows of tiles are held at once.

    Args:
        image: The image, of shape (height, width, channels).
        predict: A function from a part of the image, (rows, columns, channels), to its values, (rows, columns, values).
        tile: Side of a tile in pixels.
        overlap: The least number of pixels that neighbours share.
        ignored: The number of these pixels that do not count at each side, less than half of `overlap`.

    Yields:
        (rows, width, values), which together make (height, width, values).

    Example:
    >>> image = np.random.default_rng(0).random((50, 70, 3))
    >>> bands = list(rows_of_tiles(image, lambda part: part * 2, tile=20, overlap=8, ignored=2))
    >>> bool(np.allclose(np.concatenate(bands), image * 2))
    True
    """
    height, width = image.shape[:2]
    tops, lefts = starts(height, tile, overlap), starts(width, tile, overlap)
    row_weights = weights(tops, height, tile, overlap, ignored)
    column_weights = weights(lefts, width, tile, overlap, ignored)
    pending: np.ndarray = np.zeros((0, width, 1), np.float32)  # rows begun by the tiles above, to be completed
    for top, next_top, vertical in zip(tops, [*tops[1:], height], row_weights, strict=True):
        band = np.empty(0)
        for left, horizontal in zip(lefts, column_weights, strict=True):
            part = predict(image[top : top + len(vertical), left : left + len(horizontal)])
            if left == 0:
                band = np.zeros((len(vertical), width, part.shape[-1]), np.float32)
            band[:, left : left + len(horizontal)] += part * np.outer(vertical, horizontal)[..., None]
        band[: len(pending)] += pending
        yield band[: next_top - top]
        pending = band[next_top - top :].copy()  # or all of the band would stay


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """First pixels of the tiles along one side, evenly spread.

    Example:
    >>> starts(100, 40, 10), starts(30, 40, 10)
    ([0, 30, 60], [0])
    """
    if length <= tile:
        return [0]
    count = 1 + -(-(length - tile) // (tile - overlap))
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def weights(all_starts: list[int], length: int, tile: int, overlap: int, ignored: int) -> list[np.ndarray]:
    """Weight of each pixel of each tile along one side of `length`; those of all tiles at one place add up to one.

    Example:
    >>> [weight.tolist() for weight in weights([0, 4], length=8, tile=4, overlap=2, ignored=0)]
    [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    """
    size = min(tile, length)
    flat, rise = np.ones(size), np.clip((np.arange(size) + 0.5 - ignored) / (overlap - 2 * ignored), 0, 1)
    raw = [
        np.minimum(rise if start > 0 else flat, rise[::-1] if start + size < length else flat) for start in all_starts
    ]
    total = np.zeros(length)
    for start, weight in zip(all_starts, raw, strict=True):
        total[start : start + size] += weight
    return [
        (weight / total[start : start + size]).astype(np.float32) for start, weight in zip(all_starts, raw, strict=True)
    ]
