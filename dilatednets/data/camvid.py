"""CamVid in the SegNet layout: street scenes, 360x480, 11 classes and void."""

import os
from pathlib import Path
from typing import Annotated

from dilatednets.data.label_images import LabelledImages, find_pairs
from dilatednets.data.splits import data_folder, split_name
from dilatednets.errors import InputError
from dilatednets.rules import checked, one_of

CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
PALETTE = (
    (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0), (192, 128, 128),
    (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
)  # fmt: skip
VOID, VOID_COLOUR = 11, (0, 0, 0)
FILMS = ("0001TP", "0006R0", "0016E5")
"""The films that the images of train and validation are of, by which their names begin."""
NO_FILM = "none"
Fold = Annotated[str, one_of("", NO_FILM, *FILMS)]


def load(data_dir: str | os.PathLike[str], split: str, fold: Fold = "") -> LabelledImages:
    """Finds the pairs of an image and its labels in a split; each is read when asked for.

    Args:
        data_dir: The folder that holds `train/ trainannot/ val/ valannot/ test/ testannot/`, or those of the split alone.
            Images may be PNG or any other format that Pillow reads; labels are class numbers, or colours of `PALETTE`.
        split: "train", "validation" (or "val"), or "test".
        fold: A film, which is held out from both train and validation: then it is validation, and the others are train.
            The data set's own validation is of the same films as train, and promises too much. "none" holds out none: train
            is both, for a net whose training the films have chosen, and validation says what it has learnt by heart.

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
    fold = checked(fold, Fold, "fold")
    pairs: list[tuple[Path, Path]] = []
    film = fold if fold in FILMS and name != "test" else ""
    for part in ("train", "val") if film or (fold == NO_FILM and name == "train") else (name,):
        if not (folder / part).is_dir():
            raise InputError(
                f"{folder / part}: missing; camvid has folders {part}/ and {part}annot/, see datasets/camvid"
            )
        pairs += zip(*find_pairs(folder / part, folder / f"{part}annot"), strict=True)
    if film:
        pairs = [pair for pair in pairs if pair[0].name.startswith(film) == (name == "val")]
        if not pairs:
            raise InputError(
                f"{folder}: no image for {split} with fold {film}; film images begin with {', '.join(FILMS)}"
            )
    images, labels = zip(*pairs, strict=True)
    return LabelledImages(list(images), list(labels), CLASSES, VOID, PALETTE, False, VOID_COLOUR)
