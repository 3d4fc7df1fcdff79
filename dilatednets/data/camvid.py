"""CamVid in the SegNet layout: street scenes, 360x480, 11 classes and void."""

import os

from dilatednets.data.label_images import LabelledImages, find_pairs
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError

CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
PALETTE = (
    (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0), (192, 128, 128),
    (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
)  # fmt: skip
VOID, VOID_COLOUR = 11, (0, 0, 0)


def load(data_dir: str | os.PathLike[str], split: str) -> LabelledImages:
    """Finds the pairs of an image and its labels in a split; each is read when asked for.

    Args:
        data_dir: The folder that holds `train/ trainannot/ val/ valannot/ test/ testannot/`, or those of the split alone.
            Images may be PNG or any other format that Pillow reads; labels are class numbers, or colours of `PALETTE`.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split, or if a folder is missing or does not match its partner.

    Example:
    >>> load("nowhere", "train")
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere/train: missing; camvid has folders train/ and trainannot/, see datasets/camvid

    Reference:
        Brostow, Fauqueur & Cipolla 2009, "Semantic object classes in video: A high-definition ground truth database".
        Split and classes as in Badrinarayanan et al. 2015, SegNet.
    """
    folder, name = data_folder(data_dir), split_name("camvid", split)
    if not (folder / name).is_dir():
        raise InputError(f"{folder / name}: missing; camvid has folders {name}/ and {name}annot/, see datasets/camvid")
    return LabelledImages(
        *find_pairs(folder / name, folder / f"{name}annot"), CLASSES, VOID, PALETTE, False, VOID_COLOUR
    )
