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
    """What a net says of an image, from top to bottom, a band of rows at a time.

    Tiles overlap; where they do, their values are mixed with weights that rise evenly from the tile's edge and add up to
    one. The outermost pixels of a tile, where it lacks context, do not count but at the edge of the image. No more than
    two rows of tiles are held at once.

    Args:
        image: (height, width, channels).
        predict: Takes a part of the image, (rows, columns, channels), and gives (rows, columns, values).
        tile: Side of a tile.
        overlap: Pixels that neighbours share, at least.
        ignored: Pixels of those at each side that do not count; less than half of `overlap`.

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
    pending = np.zeros((0, width, 1), np.float32)  # rows begun by the tiles above, to be completed
    for row, top in enumerate(tops):
        rows = len(row_weights[row])
        band: np.ndarray | None = None
        for column, left in enumerate(lefts):
            columns = len(column_weights[column])
            part = predict(image[top : top + rows, left : left + columns])
            if band is None:
                band = np.zeros((rows, width, part.shape[-1]), np.float32)
            weight = row_weights[row][:, None] * column_weights[column]
            band[:, left : left + columns] += part * weight[..., None]
        assert band is not None
        if len(pending):
            band[: len(pending)] += pending
        done = rows if row + 1 == len(tops) else tops[row + 1] - top
        yield band[:done]
        pending = band[done:].copy()  # or all of the band would stay
        del band


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
    """Weight of each pixel of each tile along one side of `length`; those of all tiles at one place add up to one."""
    rise = np.arange(tile) + 0.5 - ignored
    raw = []
    for start in all_starts:
        size = min(tile, length - start)
        weight = np.ones(size)
        if start > 0:
            weight = np.minimum(weight, rise[:size] / (overlap - 2 * ignored))
        if start + size < length:
            weight = np.minimum(weight, rise[:size][::-1] / (overlap - 2 * ignored))
        raw.append(np.maximum(weight, 0))
    total = np.zeros(length)
    for start, weight in zip(all_starts, raw, strict=True):
        total[start : start + len(weight)] += weight
    return [
        (weight / total[start : start + len(weight)]).astype(np.float32)
        for start, weight in zip(all_starts, raw, strict=True)
    ]
