"""How well things are outlined and counted, in pictures as they are and as other cameras would have them."""

import os
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

from dilatednets.benchmarks.context_segmenter import otsu
from dilatednets.errors import InputError, Note
from dilatednets.progress import progress
from dilatednets.zoo.context_segmenter.counting import count_error, matches, things_of
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.tasks import show, task_of

Pair = tuple[np.ndarray, np.ndarray]
ALONE = {"classification": "outlines alone", "regression": "distances alone"}
"""What a model of a head finds without its partner."""


def _curved(image: np.ndarray, gamma: float) -> np.ndarray:
    return ((image / 255) ** gamma * 255 + 0.5).astype(np.uint8)


def _twice(image: np.ndarray, labels: np.ndarray) -> Pair:
    size = (2 * labels.shape[1], 2 * labels.shape[0])
    bands = (Image.fromarray(band).resize(size, Image.Resampling.BILINEAR) for band in np.moveaxis(image, -1, 0))
    return np.stack([np.asarray(band) for band in bands], axis=-1), labels.repeat(2, axis=0).repeat(2, axis=1)


CHANGES: dict[str, Callable[[np.ndarray, np.ndarray], Pair]] = {
    "as it is": lambda image, labels: (image, labels),
    "a quarter as bright": lambda image, labels: (image // 4, labels),
    "20 grey levels added": lambda image, labels: (np.minimum(image, 235) + np.uint8(20), labels),
    "12 bits in 16": lambda image, labels: (image.astype(np.uint16) * 16, labels),
    "8 bits in 16": lambda image, labels: (image.astype(np.uint16), labels),
    "gamma 0.5": lambda image, labels: (_curved(image, 0.5), labels),
    "gamma 2": lambda image, labels: (_curved(image, 2.0), labels),
    "twice as large": _twice,
}
"""What is made of a picture of 8 bits and its labels, by name."""


def run(
    model: ContextSegmenter,
    data_dir: str | os.PathLike[str],
    partner: ContextSegmenter | None = None,
    split: str = "validation",
) -> dict[str, Any]:
    """Measures a model, alone and with its partner, and Otsu's threshold, on the same pictures.

    Args:
        model: A ContextSegmenter of things.
        data_dir: The folder of its data set.
        partner: The model of the other kind, as `dilatednets.zoo.context_segmenter.instances` takes it.
        split: The split of the data set.

    Returns:
        {"rows": [{"picture", "method", "iou", "count_error", "f1", "average_precision"}, ...], "images", "split"}: IoU
        of the pixels of all things; the mean over images of the share by which their number is wrong; F1 of things,
        which are found if their IoU is above one half; and, of these, StarDist's average precision: the found ones as a
        share of all that were found, missed or made up.

    Raises:
        InputError: for models that do not count, and bad data.
    """
    models = {one.head: one for one in (model, partner) if one is not None}
    if partner is not None and len(models) == 1:
        raise InputError("partner: must give distances if the model gives classes, and classes if it gives distances")
    task = task_of(model)
    if not task.things or not all(one.things for one in models.values()):
        raise InputError("model: labels areas, not things that could be counted; choose one that knows `things`")
    pairs = task.pairs(data_dir, split)
    show(pairs, model)
    methods = _methods(models)
    tallies = {(change, method): Tally() for change in CHANGES for method in methods}
    with progress(words="counting", total=len(CHANGES) * len(pairs), unit="pictures") as bar:
        for image, labels in pairs:
            for change, changed in CHANGES.items():
                picture, truth = changed(image, labels)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of pictures that are dark on purpose
                    found = _things(models, picture)
                for method in methods:
                    tallies[change, method].add(truth, found[method] if method in found else otsu.instances(picture))
                bar.update()
    rows = [{"picture": change, "method": method, **tally.result()} for (change, method), tally in tallies.items()]
    return {"rows": rows, "images": len(pairs), "split": split}


class Tally:
    """Figures of one method over all images."""

    def __init__(self) -> None:
        self.both = self.either = 0
        self.errors: list[float] = []
        self.matches = np.zeros(3, int)

    def add(self, truth: np.ndarray, found: np.ndarray) -> None:
        """Counts the things of one image; where the true number is below 0, none is known."""
        known = truth >= 0
        self.both += int(((truth > 0) & (found > 0)).sum())
        self.either += int((((truth > 0) | (found > 0)) & known).sum())
        self.errors.append(count_error(truth, found))
        self.matches += matches(truth, found)

    def result(self) -> dict[str, float]:
        """The figures by name."""
        hits, wrong, missed = self.matches.tolist()
        return {
            "iou": self.both / max(self.either, 1),
            "count_error": float(np.mean(self.errors)),
            "f1": 2 * hits / max(2 * hits + wrong + missed, 1),
            "average_precision": hits / max(hits + wrong + missed, 1),
        }


def _methods(models: dict[str, ContextSegmenter]) -> list[str]:
    methods = (["both models"] if len(models) == 2 else []) + [ALONE[head] for head in ALONE if head in models]
    if find_spec("skimage") is not None:
        return [*methods, "Otsu"]
    warnings.warn(
        "without Otsu's rows, which need scikit-image; pip install 'dilatednets[benchmark]'", Note, stacklevel=3
    )
    return methods


def _things(models: dict[str, ContextSegmenter], picture: np.ndarray) -> dict[str, np.ndarray]:
    """What each method finds."""
    asked = {head: one.segment if head == "classification" else one.regress for head, one in models.items()}
    predictions = {head: (one, asked[head](picture)) for head, one in models.items()}
    found = {ALONE[head]: things_of([predicted]) for head, predicted in predictions.items()}
    return {**found, "both models": things_of([*predictions.values()])} if len(models) == 2 else found


def report(result: dict[str, Any]) -> str:
    """What `run` measured, as a table.

    Args:
        result: What `run` returned.
    """
    lines = [
        f"{result['images']} images of the split {result['split']}; objects match above an IoU of 0.5:",
        "",
        "| picture | method | nucleus IoU | count error | object F1 | average precision |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        figures = " | ".join(f"{row[name]:.3f}" for name in ("iou", "count_error", "f1", "average_precision"))
        lines.append(f"| {row['picture']} | {row['method']} | {figures} |")
    return "\n".join(lines)
