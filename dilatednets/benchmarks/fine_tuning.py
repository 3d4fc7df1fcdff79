"""Trained models learn something new from a few examples, beside the same nets from scratch."""

import math
import os
import time
from collections.abc import Callable
from typing import Any

import keras

from dilatednets import registry

NAMES = ("fine-tuned", "from scratch")


def run(
    preset: str,
    data_dir: str | os.PathLike[str],
    held_out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Teaches both nets, with the same examples in the same order; the one from scratch trains whole, at a rate of its own.

    Args:
        preset: A trained model.
        data_dir: A folder whose train split is learnt.
        held_out: A folder whose validation split is measured. None takes `data_dir`.
        epochs: How many epochs both nets learn. None takes what suits the trained one.
        say: A function that takes the words for each measurement when it is there.

    Returns:
        {"metric", "what", "examples", "curves": {"fine-tuned": [{"epoch", "seconds", metric}, ...], "from scratch":
        [...]}}, from epoch 0, before any training; seconds are those of training.
    """
    keras.utils.set_random_seed(0)
    part = registry.family_of_preset(preset).part("fine_tuning")
    task = part.fine_tuning(preset, data_dir, held_out or data_dir)
    epochs = epochs or task.epochs
    every = math.ceil(epochs / 10)
    curves: dict[str, list[dict[str, Any]]] = {}
    for name, net in zip(NAMES, (task.tuned, task.untrained), strict=True):
        done, seconds, curve = 0, 0.0, curves.setdefault(name, [])
        for epoch in [*range(0, epochs, every), epochs]:
            if epoch:
                begin = time.perf_counter()
                task.learn(net, done, epoch - done)
                seconds += time.perf_counter() - begin
            done, value = epoch, task.measure(net)
            curve.append({"epoch": epoch, "seconds": seconds, task.metric: value})
            say(f"{name}: epoch {epoch}, {seconds:.0f} s, {task.words} {value:.4f}")
    return {"metric": task.metric, "what": task.words, "examples": task.examples, "curves": curves}


def report(result: dict[str, Any]) -> str:
    """The curves as a Markdown table."""
    names, metric = list(result["curves"]), result["metric"]
    lines = [
        "| epochs | " + " | ".join(f"{result['what']}, {name} | seconds" for name in names) + " |",
        "| --- " * (2 * len(names) + 1) + "|",
    ]
    for rows in zip(*result["curves"].values(), strict=True):
        cells = " | ".join(f"{row[metric]:.4f} | {row['seconds']:.0f}" for row in rows)
        lines.append(f"| {rows[0]['epoch']} | {cells} |")
    return "\n".join(lines)


def draw(result: dict[str, Any]) -> Any:
    """The curves as a figure."""
    from dilatednets.plots.curves import draw_curves
    from dilatednets.plots.figure import figure

    picture, (ax,) = figure([400], width=720)
    metric = result["metric"]
    curves = {name: [(row["epoch"], row[metric]) for row in curve] for name, curve in result["curves"].items()}
    title = f"{result['what']} on validation, learnt from {result['examples']}"
    draw_curves(ax, curves, "epochs", result["what"], title)
    return picture
