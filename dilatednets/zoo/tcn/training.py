"""Trains a TCN by a recipe, and measures it."""

import dataclasses
import os
import warnings
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np

from dilatednets.errors import InputError, Note
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.zoo.tcn.examples import ExampleBatches, read
from dilatednets.zoo.tcn.inputs import SOUNDS
from dilatednets.zoo.tcn.losses import middle
from dilatednets.zoo.tcn.model import TCN
from dilatednets.zoo.tcn.net import receptive_field
from dilatednets.zoo.tcn.recipe import FREE, READERS, Data, Recipe
from dilatednets.zoo.tcn.rows import example_rows

EVALUATION_BATCH = 64


class Task(BaseTask):
    """Examples, and the TCN that learns them.

    Args:
        recipe: A recipe of a TCN.
        data_dir: The data set's folder.

    Raises:
        InputError: for bad data.
    """

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        keras.utils.set_random_seed(recipe.training.seed)
        self.net, self.examples = build_model(recipe, data_dir)
        self.held_out = read_for(self.net, data_dir, "validation")
        self.goal = goal_of(self.net)
        _note_if_unseen(self.net, self.examples)

    def model(self, schedule: Any, previous: Any) -> TCN:
        """The recipe's model, which was made with the examples."""
        return self.net

    def batches(self, model: TCN, schedule: Any) -> ExampleBatches:
        """Examples in another order each epoch."""
        return ExampleBatches(self.examples, schedule.batch_size, self.recipe.training.seed)

    def objective(self, model: TCN, schedule: Any = None) -> dict[str, Any]:
        """The task's own loss and metrics, which `TCN.compile` takes."""
        return {"jit_compile": self.recipe.training.jit_compile or keras.backend.backend() == "jax"}

    def amounts(self) -> dict[str, int]:
        """Examples."""
        return {"training_examples": len(self.examples), "validation_examples": len(self.held_out)}

    def evaluate(self, model: TCN) -> dict[str, Any]:
        """Figures on validation."""
        return measure(model, self.held_out)


def build_model(recipe: Recipe, data_dir: str | os.PathLike[str]) -> tuple[TCN, Any]:
    """The recipe's model, untrained or from `init`, and the examples to train on, which say its outputs and scales."""
    start = TCN.preset_config(recipe.init) if recipe.init else {}
    net = (
        recipe.net if not start else SimpleNamespace(**{**start, **{name: getattr(recipe.net, name) for name in FREE}})
    )
    data = recipe.data
    if data.reader == "csv" and net.task == "forecast" and not data.window:
        data = dataclasses.replace(data, window=receptive_field(net))
    heard = (start.get("data") or {}).get("sample_rate")
    if data.reader in SOUNDS and heard not in (None, data.sample_rate):
        raise InputError(f"data.sample_rate: {recipe.init} hears {heard} Hz, not {data.sample_rate}; set it to {heard}")
    examples = read(data, net, data_dir, "train")
    stored = {**vars(data)}
    if data.reader == "csv":  # what was found in the table; other tables must have it too
        given = examples.settings
        stored["step"] = given.pop("step", "")
        stored["features"] = list(given["columns"])
        stored["targets"] = list(given["labels"]) if net.task != "classify" else list(data.targets)
    settings = {**examples.settings, "data": stored, "dtype": recipe.training.dtype}
    if recipe.init:
        model = TCN.from_preset(recipe.init, **settings, **{name: getattr(recipe.net, name) for name in FREE})
    else:
        model = TCN(**settings, **vars(recipe.net))
    example_rows(model)  # names of columns that would be lost in its answers are refused before the work
    return model, examples


def _note_if_unseen(model: TCN, examples: Any) -> None:
    """Says in a Note where answers come too late to depend on the first steps of most sequences."""
    if model.pooling != "last":
        return
    steps = examples.usual_steps
    if steps > model.receptive_field:
        dilations = [*model.dilations]
        while receptive_field(SimpleNamespace(**{**model.get_config(), "dilations": dilations})) < steps:
            dilations.append(2 * dilations[-1])
        kind = "windows (data.window)" if model.task == "forecast" else "most sequences"
        words = f"the net sees the last {model.receptive_field} steps, and {kind} have {steps}"
        warnings.warn(Note(f"net.dilations: {words}; set it to {dilations} to see all"), stacklevel=2)


def read_for(model: TCN, data_dir: str | os.PathLike[str], split: str, reader: str | None = None) -> Any:
    """Examples of a split, as the model was trained on.

    Raises:
        InputError: for bad data, data that do not fit the model, or a model that does not say how to read them.
    """
    if model.data is None and reader is None:
        raise InputError("--reader: this model does not say how its data are read; give arrays")
    data = Data(**model.data) if model.data else Data(reader=str(reader))
    data = dataclasses.replace(data, reader=reader or data.reader)
    examples = read(data, model, data_dir, split, model.labels)
    for name, words in (("features", "features"), ("outputs", "outputs"), ("vocabulary", "tokens")):
        has, own = examples.settings.get(name, 0), getattr(model, name)
        if has > own or (name == "features" and has not in (0, own)):
            raise InputError(
                f"{data_dir}: split {split} has {has} {words}, the model {own}; train it on data that have all"
            )
    return examples


def goal_of(model: TCN) -> Goal:
    """The figure by which the best model is chosen."""
    if model.task == "next":
        return Goal("nats_per_step", "nats a step") if model.multi_label else Goal("bits_per_token", "bits a token")
    if model.task == "classify":
        return Goal("f1", "F1", True) if model.multi_label else Goal("accuracy", "accuracy", True)
    return Goal("scaled_error", "of a standard deviation, the mean error")


def measure(model: TCN, examples: Any) -> dict[str, Any]:
    """Figures of a model on examples; padded steps do not count."""
    truths, outputs, naive = [], [], []
    for first in range(0, len(examples), EVALUATION_BATCH):
        places = np.arange(first, min(first + EVALUATION_BATCH, len(examples)))
        inputs, y = examples.take(places)
        found, guess = keras.ops.convert_to_numpy(model.program(inputs)), examples.naive(places)
        if model.pooling == "none":
            lengths = inputs.get("lengths", np.full(len(y), inputs["sequence"].shape[1]))
            frames = -(-np.asarray(lengths)[:, None] // model.frame)
            if y.ndim == 1:  # one for all of a recording
                found = examples.last_said(found, frames)
            else:
                real = np.arange(y.shape[1]) < frames
                y, found = y[real], found[real]
        truths.append(y)
        outputs.append(found)
        naive += [] if guess is None else [guess]
    y, out = np.concatenate(truths), np.concatenate(outputs).astype(np.float64)
    if model.task in ("regress", "forecast"):
        return _errors(model, y, out, np.concatenate(naive) if naive else None)
    if model.multi_label:
        return _label_figures(model, y, out)
    right = float(np.mean(np.argmax(out, axis=-1) == y))
    top = out.max(axis=-1, keepdims=True)
    log_sums = np.log(np.sum(np.exp(out - top), axis=-1)) + top[..., 0]
    bits = float(np.mean(log_sums - np.take_along_axis(out, y[..., None], axis=-1)[..., 0])) / np.log(2)
    figures = {"accuracy": right, "bits_per_token" if model.task == "next" else "bits": bits, "examples": len(examples)}
    if voices := (model.data or {}).get("voices", 0):
        figures["nats_per_chord"] = bits * np.log(2) * len(y) / ((len(y) - len(examples)) / voices)  # each has one end
    return figures


def _label_figures(model: TCN, y: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    nats = float(np.mean(np.sum(np.logaddexp(0, scores) - y * scores, axis=-1)))
    said, hits = scores > 0, float(np.sum((scores > 0) * y))
    f1 = 2 * hits / max(float(np.sum(said) + np.sum(y)), 1.0)
    return {
        "nats_per_step" if model.task == "next" else "nats": nats,
        "f1": f1,
        "accuracy": float(np.mean(said == (y > 0))),
    }


def _errors(model: TCN, y: np.ndarray, out: np.ndarray, naive: np.ndarray | None) -> dict[str, Any]:
    scale = np.asarray(model.target_scale or 1.0)
    point = out[..., middle(model.quantiles)] if model.quantiles else out
    names = model.labels or tuple(map(str, range(model.outputs)))
    errors = np.abs(y - point)
    figures: dict[str, Any] = {
        "scaled_error": float(np.mean(errors / scale)),
        "absolute_error": dict(zip(names, np.mean(errors.reshape(-1, model.outputs), axis=0).tolist(), strict=True)),
    }
    if naive is not None:
        figures["last_value_scaled_error"] = float(np.mean(np.abs(y - naive) / scale))
    if model.quantiles:
        inside = (y >= out[..., 0]) & (y <= out[..., -1])
        figures["coverage"] = float(np.mean(inside))
    return figures


def evaluate(model: TCN, data_dir: str | os.PathLike[str], split: str, reader: str | None = None) -> dict[str, Any]:
    """Figures of a model on a split of a data set.

    Args:
        model: A TCN.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: How to read it; None as the model was trained.

    Raises:
        InputError: for bad data, or data that do not fit the model.
    """
    if reader is not None and reader not in READERS:
        raise InputError(f"--reader: {reader}: a TCN's data are read by {', '.join(READERS)}")
    examples = read_for(model, data_dir, split, reader)
    return {**measure(model, examples), "examples": len(examples), "split": split}
