"""Cell nuclei under the microscope: grey images with every nucleus outlined, from the 2018 Data Science Bowl."""

import csv
import os

import numpy as np
from scipy import ndimage

from dilatednets.data.label_images import LabelledImages
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError

CLASSES = ("background", "nucleus")
PALETTE = ((30, 30, 60), (255, 190, 60))


def load(data_dir: str | os.PathLike[str], split: str) -> LabelledImages:
    """Finds the pairs of a split; a label is the number of the pixel's nucleus, 0 for background.

    `nucleus_mask` and `edge_distance` make of them what a net learns.

    Args:
        data_dir: The folder that holds `images/ID.png`, `labels/ID.png` (16-bit) and `index.tsv`, whose columns are `id` and
            `split`.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split, if it has no images, or if the index is missing or damaged.

    Reference:
        Caicedo et al. 2019, "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", Nature Methods.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> image, labels = load(sample("nuclei"), "train")[0]
    >>> image.dtype, labels.shape == image.shape[:2]
    (dtype('uint8'), True)
    """
    folder, split = data_folder(data_dir), split_name("nuclei", split)
    index = folder / "index.tsv"
    try:
        with open(index, encoding="utf-8-sig", newline="") as file:
            names = sorted(row["id"] for row in csv.DictReader(file, delimiter="\t") if row["split"] == split)
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{index}: not an index with columns id and split ({reason}); see datasets/nuclei") from error
    if not names:
        raise InputError(f"{index}: names no image of split {split}")
    images, labels = ([folder / kind / f"{name}.png" for name in names] for kind in ("images", "labels"))
    return LabelledImages(images, labels, CLASSES, palette=PALETTE, any_label=True)


def nucleus_mask(instances: np.ndarray) -> np.ndarray:
    """1 in nuclei, 0 in the background, -1 where it is unknown: int16 (height, width).

    Args:
        instances: The number of each pixel's nucleus (height, width), 0 for background, -1 where unknown.

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
        depth = (
            ndimage.distance_transform_edt(~outside)
            if outside.any()
            else np.full(part.shape, np.linalg.norm(part.shape))
        )
        distance[rows, columns][nucleus] = depth[nucleus]
    distance[instances < 0] = -1
    return distance[..., None]
