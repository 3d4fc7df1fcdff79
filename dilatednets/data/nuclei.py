"""Cell nuclei under the microscope: grey images with every nucleus outlined, from the 2018 Data Science Bowl."""

import csv
import os
from pathlib import Path

import numpy as np
from scipy import ndimage

from dilatednets.data.label_images import LabelledImages
from dilatednets.data.splits import split_name
from dilatednets.errors import InputError

CLASSES = ("background", "nucleus")
PALETTE = ((30, 30, 60), (255, 190, 60))


def load(data_dir: str | os.PathLike[str], split: str) -> LabelledImages:
    """The pairs of a split, labels being the number of each pixel's nucleus, 0 for background.

    `nucleus_mask` and `edge_distance` make of them what a net learns.

    Args:
        data_dir: Holds `images/ID.png`, `labels/ID.png` (16-bit) and `index.tsv` with columns `id` and `split`.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: for another split or one without images, or an index or a file that is missing.

    Reference:
        Caicedo et al. 2019, "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", Nature Methods.
    """
    folder, wanted = Path(data_dir), split_name("nuclei", split)
    try:
        with open(folder / "index.tsv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        names = sorted(row["id"] for row in rows if row["split"] == wanted)
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{folder / 'index.tsv'}: not an index with columns id and split ({type(error).__name__}: {error}); "
            "see datasets/nuclei"
        ) from error
    if not names:
        raise InputError(f"{folder / 'index.tsv'}: names no image of split {wanted}")
    return LabelledImages(
        [folder / "images" / f"{name}.png" for name in names],
        [folder / "labels" / f"{name}.png" for name in names],
        CLASSES,
        palette=PALETTE,
        any_label=True,
    )


def nucleus_mask(instances: np.ndarray) -> np.ndarray:
    """1 in nuclei, 0 in the background, -1 where it is unknown.

    Example:
    >>> nucleus_mask(np.array([[0, 7, -1]])).tolist()
    [[0, 1, -1]]
    """
    return np.sign(instances).astype(np.int16)


def edge_distance(instances: np.ndarray) -> np.ndarray:
    """Each pixel's distance to the nearest pixel outside its nucleus, in pixels.

    Args:
        instances: The number of each pixel's nucleus (height, width), 0 for background, -1 where unknown.

    Returns:
        float32 (height, width, 1): 0 in the background, at least 1 in nuclei, -1 where unknown. The edge of the image is no
        edge of a nucleus, nor is that of the unknown.

    Example:
    >>> edge_distance(np.array([[0, 5, 5, 5, 6, 6, 0]]))[0, :, 0].tolist()
    [0.0, 1.0, 2.0, 1.0, 1.0, 1.0, 0.0]
    """
    distance = np.zeros(instances.shape, np.float32)
    for number, place in enumerate(ndimage.find_objects(np.maximum(instances, 0)), start=1):
        if place is None:
            continue
        # One pixel more on each side, where the image goes on: that is where the outside begins.
        rows, columns = (slice(max(side.start - 1, 0), side.stop + 1) for side in place)
        part = instances[rows, columns]
        nucleus, outside = part == number, (part >= 0) & (part != number)
        # With nothing known to be outside, any pixel may be far from an edge.
        far = np.full(part.shape, np.hypot(part.shape[0], part.shape[1]))
        distance[rows, columns][nucleus] = (ndimage.distance_transform_edt(~outside) if outside.any() else far)[nucleus]
    distance[instances < 0] = -1
    return distance[..., None]


def count_peaks(distance: np.ndarray, radius: int = 3, threshold: float = 1.0, smoothing: float = 1.25) -> int:
    """Number of nuclei by the peaks of their map of distances.

    Args:
        distance: (height, width), as `edge_distance` or a net that learnt it gives.
        radius: A peak is the highest pixel within so many pixels.
        threshold: And at least so high.
        smoothing: Standard deviation, in pixels, of a Gaussian that is applied first.

    Example:
    >>> cells = np.zeros((20, 40), int)
    >>> cells[4:15, 3:18], cells[4:15, 18:35] = 1, 2  # they touch
    >>> ndimage.label(cells > 0)[1], count_peaks(edge_distance(cells)[..., 0])
    (1, 2)
    """
    smooth = ndimage.gaussian_filter(distance.astype(np.float32), smoothing)
    peaks = (smooth == ndimage.maximum_filter(smooth, size=2 * radius + 1)) & (smooth >= threshold)
    return int(ndimage.label(peaks, structure=np.ones((3, 3)))[1])
