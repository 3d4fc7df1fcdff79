"""Trains an audio effect by a recipe, and measures it."""

import os
import warnings
from typing import Any

import keras
import numpy as np

from dilatednets.data import dry_wet
from dilatednets.data.dry_wet import Pair
from dilatednets.errors import InputError, Note
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.training.run_folder import RunFolder
from dilatednets.zoo.audio_effect.losses import EffectLoss
from dilatednets.zoo.audio_effect.model import AudioEffect
from dilatednets.zoo.audio_effect.pair_windows import PairWindows, check_knobs, settings_of
from dilatednets.zoo.audio_effect.recipe import Data, Recipe

UNRELATED = 0.5
"""An ESR from which a model has not learnt what the effect does."""
LARGEST_SHARE = 0.25
"""Of a pair, that is held out at most."""


class Task(BaseTask):
    """Pairs of dry and wet audio, and the effect that learns them.

    Args:
        recipe: A recipe of an AudioEffect.
        data_dir: The folder of the pairs, as `dilatednets.data.dry_wet.load` reads it.

    Raises:
        InputError: for bad data, or a model, or one to start from, that does not fit them.
    """

    goal = Goal("esr", "ESR")

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        pairs = dry_wet.load(data_dir, "train")
        keras.utils.set_random_seed(recipe.training.seed)
        self.net = build_model(recipe, pairs[0].sample_rate)
        check_knobs(pairs, self.net.knobs)
        self.held_out = [_end_of(pair, recipe.data.held_out, self.net.receptive_field) for pair in pairs]
        pairs = [pair.part(0, len(pair.wet) - _held(pair, recipe.data.held_out)) for pair in pairs]
        training = recipe.training
        self.windows = PairWindows(
            pairs, self.net.receptive_field, training.target, training.batch_size, training.seed, self.net.knobs
        )
        self.power = float(np.mean([np.mean(np.square(pair.wet, dtype=np.float64)) for pair in pairs]))

    def model(self, schedule: Any, previous: Any) -> AudioEffect:
        """The recipe's model, which there is already: its field says how long windows are."""
        return self.net

    def batches(self, model: AudioEffect, schedule: Any) -> PairWindows:
        """Windows of the pairs."""
        return self.windows

    def objective(self, model: AudioEffect, schedule: Any) -> dict[str, Any]:
        """The error of samples and spectra."""
        training = self.recipe.training
        loss = EffectLoss(self.power, training.spectra, training.emphasis)
        return {"loss": loss, "jit_compile": training.jit_compile or keras.backend.backend() == "jax"}

    def amounts(self) -> dict[str, int]:
        """Samples of the pairs."""
        held_out = sum(len(pair.wet) for pair in self.held_out)
        return {"training_samples": sum(map(len, self.windows.wet)), "validation_samples": held_out}

    def evaluate(self, model: AudioEffect) -> dict[str, Any]:
        """The ESR on what is held out."""
        return {"esr": esr(model, self.held_out)}

    def note(self, model: AudioEffect, figures: dict[str, Any]) -> None:
        """Writes the ESR into the model, whose .nam file will tell it."""
        self.last_esr = figures["esr"]
        model.metadata = {**(model.metadata or {}), "training": {"validation_esr": self.last_esr}}

    def show(self, run: RunFolder, epoch: int) -> None:
        """Writes what the averaged weights make of the end of the first pair, every so many epochs as the recipe asks."""
        last = epoch == self.recipe.epochs
        if last and self.last_esr > UNRELATED:
            words = "the model has not learnt the effect; are both recordings of one take, is the effect without echo?"
            warnings.warn(f"ESR {self.last_esr:.2f}: {words}", Note, stacklevel=2)
        if not self.recipe.training.sample_every or not (last or self.shows(epoch)):
            return
        from dilatednets.data.audio import write_audio
        from dilatednets.plots.effect import learnt
        from dilatednets.plots.figure import save

        model = AudioEffect.from_preset(run.path / "last")
        pair = self.held_out[0]
        made = model.process(pair.dry, knobs=told(model, pair))
        first = len(pair.dry) - len(pair.wet)
        stem = run.path / "samples" / f"epoch_{epoch:03d}"
        write_audio(stem.with_suffix(".wav"), made[first:].clip(-1, 1), model.sample_rate)
        picture = learnt(
            pair.dry[first:],
            pair.wet,
            made[first:],
            lambda dry: model.process(dry, knobs=told(model, pair)),
            pair.sample_rate,
        )
        save(picture, stem.with_suffix(".png"))


def build_model(recipe: Recipe, sample_rate: int) -> AudioEffect:
    """The recipe's model, untrained or from `init`.

    Raises:
        InputError: if `init` is of another sample rate.
    """
    dtype = recipe.training.dtype
    if not recipe.init:
        return AudioEffect(**vars(recipe.net), sample_rate=sample_rate, dtype=dtype)
    rate = AudioEffect.preset_config(recipe.init)["sample_rate"]
    if rate != sample_rate:
        raise InputError(f"init: {recipe.init} is of {rate} Hz, the recordings of {sample_rate} Hz; resample them")
    return AudioEffect.from_preset(recipe.init, dtype=dtype)


def _held(pair: Pair, seconds: float) -> int:
    """Samples at the end of a pair that are held out."""
    return min(round(seconds * pair.sample_rate), int(LARGEST_SHARE * len(pair.wet)))


def _end_of(pair: Pair, seconds: float, field: int) -> Pair:
    """The end of a pair that is held out; its dry signal begins up to a receptive field earlier."""
    first = len(pair.wet) - _held(pair, seconds)
    end = pair.part(first, len(pair.wet))
    return Pair(pair.path, pair.sample_rate, pair.dry[max(first - field, 0) :], end.wet, pair.knobs, pair.delay)


def told(model: AudioEffect, pair: Pair) -> dict[str, float] | None:
    """The settings of a pair that a model asks for."""
    values = settings_of([pair], model.knobs)[0]
    return {name: float(value) for name, value in zip(model.knobs, values, strict=True)} or None


def esr(model: AudioEffect, pairs: list[Pair]) -> float:
    """Error to signal, `sum (y - y^)^2 / sum y^2`, over all pairs; where the dry signal is longer, it comes before."""
    error = signal = 0.0
    for pair in pairs:
        made = model.process(pair.dry, knobs=told(model, pair))[len(pair.dry) - len(pair.wet) :].astype(np.float64)
        error += float(np.sum((pair.wet - made) ** 2))
        signal += float(np.sum(pair.wet.astype(np.float64) ** 2))
    return error / signal


def evaluate(
    model: AudioEffect, data_dir: str | os.PathLike[str], split: str, reader: str | None = None, held_out: float = 0.0
) -> dict[str, Any]:
    """The ESR of an AudioEffect on pairs of dry and wet audio.

    Args:
        model: The model.
        data_dir: The folder, as `dilatednets.data.dry_wet.load` reads it.
        split: "validation" for what is held out at the end of each pair, "train" for the rest, "test" for DIR/test.
        reader: The data set; there is but "dry_wet".
        held_out: Seconds that are held out; 0 for as many as in a recipe that does not say.

    Returns:
        {"esr", "seconds", "pairs", "split"}.

    Raises:
        InputError: for bad data, or recordings of another rate than the model's.
    """
    if reader not in (None, "dry_wet"):
        raise InputError(f"--reader: {reader}: an AudioEffect's data set is dry_wet")
    pairs = dry_wet.load(data_dir, split)
    if pairs[0].sample_rate != model.sample_rate:
        raise InputError(
            f"{data_dir}: is of {pairs[0].sample_rate} Hz, the model of {model.sample_rate} Hz; resample it"
        )
    check_knobs(pairs, model.knobs)
    seconds = held_out or Data().held_out
    if split == "validation":
        pairs = [_end_of(pair, seconds, model.receptive_field) for pair in pairs]
    elif split == "train":
        pairs = [pair.part(0, len(pair.wet) - _held(pair, seconds)) for pair in pairs]
    length = sum(len(pair.wet) for pair in pairs) / model.sample_rate
    return {"esr": esr(model, pairs), "seconds": round(length, 2), "pairs": len(pairs), "split": split}
