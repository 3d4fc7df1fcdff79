"""Any folder of images and label images: users' own data without code."""

import json
import os
from typing import Any

from dilatednets.data.label_images import LabelledImages, find_pairs
from dilatednets.data.splits import data_folder
from dilatednets.errors import InputError

CLASSES_FILE = "classes.json"


def load(data_dir: str | os.PathLike[str], split: str, any_label: bool = False) -> LabelledImages:
    """Finds the pairs of an image and its labels in a split; each is read when asked for.

    Args:
        data_dir: The folder that holds `SPLIT/images/NAME.*` and `SPLIT/labels/NAME.png` (or `NAME_mask.png`), both also in
            folders below, and `classes.json`: `{"classes": {"road": [128, 64, 128], "sky": [70, 130, 180]}, "ignore": 255}`:
            names and colours of classes 0, 1, ..., and the label, or colour, that does not count (optional). Label images
            hold these numbers, or these colours. With `any_label` the classes may be left out, and so may the file.
        split: "train", "validation" (its folder may be named "val") or "test", or any other folder's name.
        any_label: Whether label images hold values to regress, 8 or 16 bits, or floating-point TIFF with NaN where they do
            not count, rather than classes.

    Raises:
        InputError: If a folder is missing, if a file has no partner, or if `classes.json` is not as above.

    Example:
    >>> load("nowhere", "train", any_label=True)
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere/train/images: no such folder
    """
    folder = data_folder(data_dir)
    path = folder / CLASSES_FILE
    try:
        content = {} if any_label and not path.exists() else json.loads(path.read_text(encoding="utf-8-sig"))
        default = {"low": [0, 0, 0], "high": [255, 255, 255]} if any_label else {}
        classes = {name: tuple(colour) for name, colour in content.get("classes", default).items()}
        ignore = content.get("ignore")
        ignored = [tuple(ignore)] if isinstance(ignore, list) else []
        if len(classes) < 2 or not all(map(_is_colour, classes.values())):
            raise ValueError("at least two classes, each with a colour of three integers from 0 to 255")
        if ignore is not None and type(ignore) is not int and not _is_colour(ignore):
            raise ValueError("ignore must be an integer or a colour")
        for number, one in enumerate(colours := [*classes.values(), *ignored]):
            if one in colours[:number]:
                raise ValueError(f"the colour {list(one)} stands twice; give each class its own, and ignore another")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f'{path}: must be like {{"classes": {{"road": [128, 64, 128], "sky": [70, 130, 180]}}, "ignore": 255}} ({error})'
        ) from error
    other = {"validation": "val", "val": "validation"}.get(split, split)
    part = folder / (other if (folder / other).is_dir() and not (folder / split).is_dir() else split)
    pairs = find_pairs(part / "images", part / "labels")
    label, colour = (None, ignored[0]) if ignored else (ignore, None)
    return LabelledImages(*pairs, tuple(classes), label, tuple(classes.values()), any_label, colour)


def _is_colour(value: Any) -> bool:
    return len(value) == 3 and all(type(number) is int and 0 <= number <= 255 for number in value)
