"""Any folder of images and label images: users' own data without code."""

import json
import os
from pathlib import Path

from dilatednets.data.label_images import LabelledImages, find_pairs
from dilatednets.errors import InputError

CLASSES_FILE = "classes.json"


def load(data_dir: str | os.PathLike[str], split: str, any_label: bool = False) -> LabelledImages:
    """The pairs of a split.

    Args:
        data_dir: Holds `SPLIT/images/NAME.*` and `SPLIT/labels/NAME.png`, and `classes.json`:
            `{"classes": {"road": [128, 64, 128], "sky": [70, 130, 180]}, "ignore": 255}`: names and colours of classes 0,
            1, ..., and the label that does not count (optional). With `any_label` the classes may be left out, and so may
            the file.
        split: "train", "validation" (its folder may be named "val") or "test", or any other folder's name.
        any_label: Whether label images hold values to regress, 8 or 16 bits, rather than classes.

    Raises:
        InputError: for a missing folder, a file without its partner, or a `classes.json` that is not such a list.
    """
    folder = Path(data_dir)
    path = folder / CLASSES_FILE
    try:
        content = {} if any_label and not path.exists() else json.loads(path.read_text(encoding="utf-8"))
        given = content.get("classes", {"low": [0, 0, 0], "high": [255, 255, 255]} if any_label else {})
        classes = {str(name): tuple(int(value) for value in colour) for name, colour in given.items()}
        ignore = content.get("ignore")
        if len(classes) < 2 or any(
            len(colour) != 3 or not all(0 <= v < 256 for v in colour) for colour in classes.values()
        ):
            raise ValueError("at least two classes, each with a colour of three numbers from 0 to 255")
        if ignore is not None and not isinstance(ignore, int):
            raise ValueError("ignore must be an integer")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f'{path}: must be like {{"classes": {{"road": [128, 64, 128], "sky": [70, 130, 180]}}, "ignore": 255}} ({error})'
        ) from error
    other = {"validation": "val", "val": "validation"}.get(split, split)
    split = other if (folder / other).is_dir() and not (folder / split).is_dir() else split
    images, labels = find_pairs(folder / split / "images", folder / split / "labels")
    return LabelledImages(images, labels, tuple(classes), ignore, tuple(classes.values()), any_label)
