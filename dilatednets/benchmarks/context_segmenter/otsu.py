"""What one would count things by without a net: Otsu's threshold, and a watershed of the distances to the edge."""

import numpy as np
from scipy import ndimage

MIN_DISTANCE = 5
"""How far apart the middles of two things are at least, in pixels."""
MIN_SIZE = 15
"""Things of fewer pixels do not count."""


def instances(image: np.ndarray) -> np.ndarray:
    """Numbers the things of a picture, which are brighter than what is around them.

    Args:
        image: The picture (height, width, channels), of any number type.

    Returns:
        int32 (height, width): 0 where there is no thing, then 1, 2, ...

    Raises:
        ImportError: without scikit-image.

    Reference:
        Otsu 1979, "A threshold selection method from gray-level histograms"; the watershed is that of scikit-image's
        gallery.

    Example:
    >>> picture = np.zeros((40, 60, 1), "uint8")
    >>> picture[5:20, 5:20], picture[20:35, 30:45] = 200, 190
    >>> instances(picture).max()
    2
    """
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.segmentation import watershed

    grey = image.mean(axis=-1)
    mask = grey > threshold_otsu(grey)
    distance = ndimage.distance_transform_edt(mask)
    middles = np.zeros(grey.shape, np.int32)
    places = peak_local_max(distance, min_distance=MIN_DISTANCE, labels=ndimage.label(mask)[0])
    middles[tuple(places.T)] = np.arange(1, len(places) + 1)
    things = watershed(-distance, middles, mask=mask)
    sizes = np.bincount(things.ravel())
    kept = (sizes >= MIN_SIZE) & (np.arange(len(sizes)) > 0)
    return np.where(kept, np.cumsum(kept), 0)[things].astype(np.int32)
