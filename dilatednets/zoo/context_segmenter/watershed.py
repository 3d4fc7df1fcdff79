"""Things that touch, cut along the valleys of a map of distances to their edges."""

import numpy as np
from scipy import ndimage

SMOOTHING = 1.0
"""Standard deviation of the Gaussian that is applied to distances, in pixels."""
LOWEST = 1.0
"""Smoothed distance below which nothing is the middle of a thing."""
DEEPEST = 0.9
"""The share of the lower thing's height that the valley between two things stays below."""


def told_apart(mask: np.ndarray | None, distance: np.ndarray | None = None, min_size: int = 0) -> np.ndarray:
    """Numbers the things of a mask, cut along the valleys of a map of distances.

    Args:
        mask: Where there are things, bool (height, width); None takes distances above one half.
        distance: The distance of each pixel to the edge of its thing (height, width); None lets regions that touch be one.
        min_size: Things of fewer pixels are left out.

    Returns:
        int32 (height, width): 0 where there is no thing, then 1, 2, ... in order of their first pixels.

    Example:
    >>> from dilatednets.data.nuclei import edge_distance
    >>> cells = np.zeros((20, 40), int)
    >>> cells[4:15, 3:18], cells[4:15, 18:35] = 1, 2  # they touch
    >>> told_apart(cells > 0).max(), told_apart(cells > 0, edge_distance(cells)[..., 0]).max()
    (1, 2)
    """
    if mask is None:
        assert distance is not None
        mask = distance > 0.5
    regions, number = ndimage.label(mask)
    if distance is not None and number:
        regions = _watershed(mask, distance)
    things, first, which, sizes = np.unique(regions, return_index=True, return_inverse=True, return_counts=True)
    kept = (sizes >= min_size) & (things > 0)
    number_of = np.zeros(len(things), np.int32)
    number_of[np.flatnonzero(kept)[np.argsort(first[kept])]] = np.arange(1, kept.sum() + 1)
    return number_of[which].reshape(mask.shape)


def _watershed(mask: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Regions cut along valleys: from each pixel the steepest way up leads to the middle of its thing."""
    smooth = ndimage.gaussian_filter(distance.astype(np.float32), SMOOTHING)
    order = np.flatnonzero(mask)[np.argsort(smooth[mask], kind="stable")]  # the pixels, from the lowest to the highest
    rank = np.full(mask.shape, -1)
    rank.flat[order] = np.arange(len(order))
    upwards = ndimage.maximum_filter(rank, footprint=ndimage.generate_binary_structure(2, 1)).flat[order]
    while np.any(upwards != upwards[upwards]):
        upwards = upwards[upwards]
    basins = np.full(mask.shape, -1)
    basins.flat[order] = upwards
    things = np.zeros(mask.shape, np.int64)
    things.flat[order] = _merged(basins, smooth, smooth.flat[order])[upwards] + 1
    return things


def _merged(basins: np.ndarray, smooth: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Which basin each is part of: one that a shallow valley parts from a higher one is none of its own."""
    valleys: dict[tuple[int, int], float] = {}
    for axis in (0, 1):
        here, there = (np.moveaxis(basins, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        low = np.minimum(*(np.moveaxis(smooth, axis, 0)[part] for part in (slice(None, -1), slice(1, None))))
        meet = (here != there) & (here >= 0) & (there >= 0)
        for one, other, level in zip(here[meet].tolist(), there[meet].tolist(), low[meet].tolist(), strict=True):
            pair = (min(one, other), max(one, other))
            valleys[pair] = max(valleys.get(pair, 0.0), level)
    part_of = list(range(len(height)))
    for pair, level in sorted(valleys.items(), key=lambda item: -item[1]):
        lower, higher = sorted(_top(part_of, basin) for basin in pair)  # they are numbered by height
        if height[lower] < LOWEST or level > DEEPEST * height[lower]:
            part_of[lower] = higher
    return np.array([_top(part_of, basin) for basin in range(len(height))])


def _top(part_of: list[int], basin: int) -> int:
    """The basin that one is part of in the end."""
    while part_of[basin] != basin:
        basin = part_of[basin]
    return basin
