"""Things in pictures, told apart, numbered and counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from dilatednets.errors import InputError
from dilatednets.files import atomic_path
from dilatednets.zoo.context_segmenter.inference import chosen_scales
from dilatednets.zoo.context_segmenter.watershed import told_apart

SPECK = 0.1
"""What has a smaller share of the pixels of a typical thing is none."""


def instances(model: Any, image: Any, partner: Any = None, min_size: int | None = None, **options: Any) -> np.ndarray:
    """The number of the thing that each pixel belongs to.

    Args:
        model: A ContextSegmenter with `things` among its classes, or one that gives their map of distances.
        image: An image as `ContextSegmenter.segment` takes it.
        partner: The model of the other kind. Without it things that touch count as one, or outlines are those of distances
            above one half.
        min_size: Things of fewer pixels do not count; None for a tenth of a disc of the `diameter` that is asked for, else
            the model's, which `scales` make smaller or larger.
        **options: The options of `ContextSegmenter.segment`.

    Returns:
        int32 (height, width): 0 where there is no thing, then 1, 2, ... in order of their first pixels.

    Raises:
        InputError: for a model without things, or two of the same kind.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> from dilatednets.zoo.context_segmenter import ContextSegmenter
    >>> models = [ContextSegmenter.from_preset(f"context_{kind}_nuclei") for kind in ("segmenter", "regressor")]
    >>> picture = sorted((sample("nuclei") / "images").iterdir())[0]
    >>> instances(models[0], picture, models[1]).dtype
    dtype('int32')
    """
    models = [model] if partner is None else [model, partner]
    for one in models:
        if not one.things:
            raise InputError("things: the model labels areas, not things that could be counted; give it `things`")
    if len({one.head for one in models}) != len(models):
        raise InputError(
            f"partner: gives {model.head}, as the model does; one must give classes and the other distances"
        )
    asked = [(one, one.segment if one.head == "classification" else one.regress) for one in models]
    return things_of([(one, verb(image, **options)) for one, verb in asked], min_size, **options)


def things_of(predictions: Sequence[tuple[Any, np.ndarray]], min_size: int | None = None, **options: Any) -> np.ndarray:
    """The things in what one model gave, or two, as `instances` numbers them.

    Args:
        predictions: Each model with its labels or values of the same picture.
        min_size: Things of fewer pixels do not count, as `instances` has it.
        **options: The options of `ContextSegmenter.segment` by which they were asked for.
    """
    if min_size is None:
        model = predictions[0][0]
        magnified = np.median(chosen_scales(model, options.get("scales"), options.get("diameter")))
        min_size = round(SPECK * np.pi / 4 * (model.diameter / magnified) ** 2)
    mask = distance = None
    for model, predicted in predictions:
        if model.head == "classification":
            mask = thing_mask(model, predicted)
        else:
            distance = thing_distance(model, predicted)
    return told_apart(mask, distance, min_size)


def thing_mask(model: Any, labels: np.ndarray) -> np.ndarray:
    """Where a segmenter's labels are of classes of things, bool (height, width)."""
    return np.isin(labels, [model.class_names.index(name) for name in model.things])


def thing_distance(model: Any, values: np.ndarray) -> np.ndarray:
    """The map of distances among the values of a regressor, (height, width)."""
    return values[..., model.class_names.index(model.things[0])]


def count_error(instances: np.ndarray, found: np.ndarray) -> float:
    """The share by which the number of things in an image is wrong.

    Args:
        instances: The true number of each pixel's thing; 0 and below for none.
        found: The number of each pixel's thing as a model has it.
    """
    things = len(np.unique(instances[instances > 0]))
    return float(abs(int(found.max(initial=0)) - things) / max(things, 1))


def matches(instances: np.ndarray, found: np.ndarray, overlap: float = 0.5) -> tuple[int, int, int]:
    """How many things were found, how many that are none, and how many were missed.

    Args:
        instances: The true number of each pixel's thing; 0 and below for none.
        found: The number of each pixel's thing as a model has it.
        overlap: The intersection over union that two things must exceed to be the same; at one half or above, no thing
            can have two partners.

    Example:
    >>> matches(np.array([[1, 1, 0, 2]]), np.array([[1, 1, 0, 0]]))
    (1, 0, 1)
    """
    truth, guess = (np.unique(np.maximum(x, 0), return_inverse=True) for x in (instances, found))
    table = np.zeros((len(truth[0]), len(guess[0])))
    np.add.at(table, (truth[1].ravel(), guess[1].ravel()), 1)
    union = table.sum(1, keepdims=True) + table.sum(0, keepdims=True) - table
    ratio = (table / np.maximum(union, 1))[truth[0] > 0][:, guess[0] > 0]
    hits = int((ratio > overlap).sum())
    return hits, ratio.shape[1] - hits, ratio.shape[0] - hits


def write(found: np.ndarray, stem: Path) -> None:
    """Writes things as a 16-bit label image, `stem`_instances.png, and a table, `stem`_instances.csv.

    Args:
        found: The number of each pixel's thing, as `instances` gives it.
        stem: The path of both files, without their ends.

    Raises:
        InputError: for more things than 16 bits can number, or if a file cannot be written.
    """
    number = int(found.max(initial=0))
    if number >= 2**16:
        raise InputError(f"{stem}_instances.png: {number} things, but 16 bits number 65535; cut the picture into parts")
    with atomic_path(stem.with_name(f"{stem.name}_instances.png")) as path:
        Image.fromarray(found.astype(np.uint16)).save(path)
    everyone = range(1, number + 1)
    middles = np.reshape(ndimage.center_of_mass(found > 0, found, everyone), (-1, 2))
    areas = np.bincount(found.ravel(), minlength=number + 1)[1:]
    with atomic_path(stem.with_name(f"{stem.name}_instances.csv")) as path:
        rows = [f"{n},{x:.1f},{y:.1f},{area}\n" for n, (y, x), area in zip(everyone, middles, areas, strict=True)]
        path.write_text("id,x,y,area\n" + "".join(rows), encoding="utf-8")
