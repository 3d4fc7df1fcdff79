"""A TCNChunker beside recurrent taggers and variants of itself: the same data, inputs, width, optimiser and epochs."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean, stdev
from typing import Any

import keras

from dilatednets.benchmarks.tcn_chunker.recurrent_chunker import RecurrentChunker
from dilatednets.data.columns import TaggedSentence
from dilatednets.training.batches import data_of
from dilatednets.training.epoch_end import averaged_weights
from dilatednets.training.loop import compile_model
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.recipe import Recipe
from dilatednets.zoo.tcn_chunker.training import build_model, evaluate_sentences, load, make_batches

RIVALS: dict[str, tuple[str, int]] = {"BiLSTM": ("lstm", 1), "BiLSTM x2": ("lstm", 2), "BiGRU": ("gru", 1)}
"""Cell and number of layers by name."""
VARIANTS: dict[str, dict[str, Any]] = {
    "TCN": {},
    "no dilation": {"dilations": 1},
    "softmax": {"decoder": "softmax"},
    "no characters": {"character_channels": 0},
    "causal": {"causal": True},
    "iterated": {"iterations": 2, "shared": True},
}
"""What of the net differs, by name; 1 as dilation stands for as many blocks of dilation 1, and iterated is the stack of
blocks that is applied twice, with the same weights."""


def run(
    recipe: Recipe,
    data_dir: str | os.PathLike[str],
    seeds: Sequence[int] = (0,),
    names: Sequence[str] = ("TCN", *RIVALS),
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Trains each net by the recipe, once a seed, and measures it on validation after each epoch.

    Args:
        recipe: Data, net and training; more sentences for parts of speech are learnt by all.
        data_dir: The data set's folder.
        seeds: Seeds of the runs.
        names: Names of `RIVALS` and `VARIANTS`.
        say: Called with the words for each measurement when it is there.

    Returns:
        {"epochs", "rows": [{"net", "seed", "parameters", "macs_per_word", "f1": at the end, "best_f1", "seconds_per_epoch",
        "curve": [{"epoch", "seconds", "f1"}, ...]}, ...]}; seconds are those of training, figures those of averaged weights.
    """
    sentences, held_out, more = load(recipe, data_dir)
    rows = []
    for seed in seeds:
        for name in names:
            keras.utils.set_random_seed(seed)
            model = build_model(variant(recipe, name), sentences, more)
            if name in RIVALS:
                model = RecurrentChunker.like(model, *RIVALS[name])
            curve = _curve(model, recipe, [*sentences, *more], held_out, seed)
            row = {
                "net": name,
                "seed": seed,
                **{fact: model.describe()[fact] for fact in ("parameters", "macs_per_word")},
                "f1": curve[-1]["f1"],
                "best_f1": max(point["f1"] for point in curve),
                "seconds_per_epoch": curve[-1]["seconds"] / len(curve),
                "curve": curve,
            }
            rows.append(row)
            say(f"{name}, seed {seed}: F1 {row['f1']:.4f}, {row['seconds_per_epoch']:.1f} s an epoch")
    return {"epochs": recipe.training.epochs, "rows": rows}


def variant(recipe: Recipe, name: str) -> Recipe:
    """The recipe with the net of `VARIANTS`, if the name is one of these.

    Example:
    >>> variant(Recipe("mine"), "no dilation").net.dilations
    [1, 1, 1]
    """
    changes = dict(VARIANTS.get(name, {}))
    if "dilations" in changes:
        changes["dilations"] = [changes["dilations"]] * len(recipe.net.dilations)
    return replace(recipe, net=replace(recipe.net, **changes))


def _curve(
    model: TCNChunker,
    recipe: Recipe,
    sentences: Sequence[TaggedSentence],
    held_out: Sequence[TaggedSentence],
    seed: int,
) -> list[dict[str, float]]:
    batches = make_batches(model, recipe, sentences, seed)
    epochs = recipe.training.epochs
    compile_model(model, recipe.training, recipe.training, batches.steps_per_epoch * epochs)
    curve = _Curve(model, held_out)
    how = {"epochs": epochs, "steps_per_epoch": batches.steps_per_epoch, "shuffle": False, "verbose": 0}
    # One fit for all epochs: at its end the averaged weights replace the others.
    model.fit(data_of(batches), callbacks=[curve], **how)
    return curve.points


class _Curve(keras.callbacks.Callback):
    """Evaluates the averaged weights after each epoch; what that takes is no part of `seconds`."""

    def __init__(self, model: TCNChunker, held_out: Sequence[TaggedSentence]) -> None:
        super().__init__()
        self.net, self.held_out = model, held_out
        self.points: list[dict[str, float]] = []
        self.seconds = self.begin = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds += time.perf_counter() - self.begin
        with averaged_weights(self.net):
            f1 = evaluate_sentences(self.net, self.held_out)["f1"]
        self.points.append({"epoch": epoch + 1, "seconds": self.seconds, "f1": f1})


def report(result: dict[str, Any]) -> str:
    """The comparison as a Markdown table, with the time that each takes to the best F1 that all of its seed reach."""
    seeds = {row["seed"] for row in result["rows"]}
    lines = [
        f"{result['epochs']} epochs each; F1 on validation:",
        "| net | seed | parameters | MACs a word | F1 | s an epoch | s to equal F1 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        equal = min(other["best_f1"] for other in result["rows"] if other["seed"] == row["seed"])
        seconds = next(point["seconds"] for point in row["curve"] if point["f1"] >= equal)
        lines.append(
            f"| {row['net']} | {row['seed']} | {row['parameters']:,} | {row['macs_per_word']:,} | {row['f1']:.4f} "
            f"| {row['seconds_per_epoch']:.1f} | {seconds:.0f} (F1 {equal:.4f}) |"
        )
    for name in dict.fromkeys(row["net"] for row in result["rows"]) if len(seeds) > 1 else ():
        values = [row["f1"] for row in result["rows"] if row["net"] == name]
        lines.append(f"| {name} | all | | | {mean(values):.4f} +- {stdev(values):.4f} | | |")
    return "\n".join(lines)
