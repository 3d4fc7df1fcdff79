"""What the context module adds to a front end, and what of it is dilation's doing."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.errors import InputError
from dilatednets.layers.context_module import DILATIONS
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.recipe import Recipe, Stage
from dilatednets.zoo.context_segmenter.training import evaluate

VARIANTS: dict[str, dict[str, Any]] = {
    "front end alone": {"context": "none"},
    "basic": {"context": "basic"},
    "basic, random initialisation": {"context": "basic", "context_identity": False},
    "basic, all dilations 1": {"context": "basic", "context_dilations": [1] * 7},
    "large": {"context": "large"},
    "large, random initialisation": {"context": "large", "context_identity": False},
    "large, all dilations 1": {
        "context": "large",
        "context_dilations": [1] * 7,
        "context_multipliers": [2, 2, 4, 8, 16, 32, 32],
    },
}
"""Arguments of ContextSegmenter by name; without dilation, the large module keeps its widths."""
DEFAULTS: dict[str, Any] = {"context_dilations": list(DILATIONS), "context_multipliers": [], "context_identity": True}
"""Arguments where a variant leaves them out, whatever the recipe says."""
FACTS = ("parameters", "context_parameters", "macs_per_pixel", "receptive_field")


def run(
    recipe: Recipe,
    front_end: str,
    data_dir: str | os.PathLike[str],
    stage: Stage,
    names: list[str] | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Trains each variant from the same front end, on the same batches, for the same epochs, and evaluates it.

    Args:
        recipe: Data, seed and all that the stages share.
        front_end: A preset whose front end and scores all variants start from.
        data_dir: The data set's folder.
        stage: The training of all variants.
        names: Names of `VARIANTS`; None takes all.
        say: A function that takes each line of the report as soon as it is there.

    Raises:
        InputError: for a front end that has a context module.

    Returns:
        {"rows": [{"variant", "parameters", "context_parameters", "macs_per_pixel", "receptive_field", "mean_iou",
        "pixel_accuracy", "class_iou"}, ...], "epochs"}: validation figures of the averaged weights at the end.
    """
    if ContextSegmenter.from_preset(front_end).context is not None:
        raise InputError(
            f"--front-end: {front_end} has a context module already; a run of several stages keeps the front end alone "
            "in stages/"
        )
    rows = []
    for name in names or list(VARIANTS):
        net = replace(recipe.net, **{**DEFAULTS, **VARIANTS[name]})
        training = replace(recipe.training, evaluate_every=stage.epochs)
        stages = {"all": replace(stage, train="all")}
        own = replace(recipe, name=name, init=front_end, net=net, training=training, stages=stages)
        with tempfile.TemporaryDirectory() as folder:
            registry.train(own, data_dir, folder)
            model = ContextSegmenter.from_preset(Path(folder) / "last")
        figures = evaluate(model, data_dir, "validation", recipe.data.reader, scales=(1.0,), flip=False)
        facts = model.describe()
        rows.append({"variant": name, **{fact: facts[fact] for fact in FACTS}, **figures})
        say(report({"rows": rows, "epochs": stage.epochs}).splitlines()[-1])
    return {"rows": rows, "epochs": stage.epochs}


def report(result: dict[str, Any]) -> str:
    """The measurement as a Markdown table.

    Example:
    >>> row = {"variant": "basic", "parameters": 3367155, "context_parameters": 7832, "receptive_field": 1489,
    ...        "mean_iou": 0.7, "pixel_accuracy": 0.9}
    >>> print(report({"rows": [row], "epochs": 10}).splitlines()[-1])
    | basic | 3,367,155 | 7,832 | 1,489 | 0.7000 | 0.9000 |
    """
    lines = [
        f"Each trained for {result['epochs']} epochs from one front end; validation:",
        "| variant | parameters | of them context | receptive field | mean IoU | pixel accuracy |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        counts = " | ".join(f"{row[key]:,}" for key in ("parameters", "context_parameters", "receptive_field"))
        lines.append(f"| {row['variant']} | {counts} | {row['mean_iou']:.4f} | {row['pixel_accuracy']:.4f} |")
    return "\n".join(lines)
