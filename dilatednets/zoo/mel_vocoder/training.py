"""Trains a mel vocoder by a recipe, and measures it."""

import os
from typing import Any

import keras
import numpy as np

from dilatednets.data import recordings
from dilatednets.errors import InputError
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.zoo.mel_vocoder.losses import QUIETEST, SpectrumLoss
from dilatednets.zoo.mel_vocoder.model import MelVocoder
from dilatednets.zoo.mel_vocoder.recipe import Data, Recipe
from dilatednets.zoo.mel_vocoder.spectra_windows import SpectraWindows

_DB = 20 / np.log(10)  # of a natural logarithm of a magnitude


class Task(BaseTask):
    """Recordings, and the vocoder that learns their spectra.

    Args:
        recipe: A recipe of a MelVocoder.
        data_dir: The folder of the recordings, as `dilatednets.data.recordings.load` reads it.

    Raises:
        InputError: for bad data.
    """

    goal = Goal("spectral_error", "spectral error, dB")

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        keras.utils.set_random_seed(recipe.training.seed)
        self.net = build_model(recipe)
        rate, data = self.net.sample_rate, recipe.data
        self.held_out = load(data, data_dir, "validation", rate)
        training = recipe.training
        self.windows = SpectraWindows(
            load(data, data_dir, "train", rate),
            self.net.mel_front_end,
            training.frames,
            training.batch_size,
            training.speeds,
            training.gain,
            training.seed,
        )

    def model(self, schedule: Any, previous: Any) -> MelVocoder:
        """The recipe's model, which there is already: its mels say what the data are."""
        return self.net

    def batches(self, model: MelVocoder, schedule: Any) -> SpectraWindows:
        """Windows of the recordings."""
        return self.windows

    def objective(self, model: MelVocoder, schedule: Any) -> dict[str, Any]:
        """The error of the spectrum."""
        jit = self.recipe.training.jit_compile or keras.backend.backend() == "jax"
        return {"loss": SpectrumLoss(), "jit_compile": jit}

    def amounts(self) -> dict[str, int]:
        """Samples of the recordings."""
        training, held_out = (sum(map(len, clips)) for clips in (self.windows.recordings, self.held_out))
        return {"training_samples": training, "validation_samples": held_out}

    def evaluate(self, model: MelVocoder) -> dict[str, Any]:
        """The error on validation."""
        return {"spectral_error": spectral_error(model, self.held_out)}


def build_model(recipe: Recipe) -> MelVocoder:
    """The recipe's model, untrained or from `init`."""
    dtype = recipe.training.dtype
    if recipe.init:
        return MelVocoder.from_preset(recipe.init, dtype=dtype)
    mel = {"sample_rate": recipe.data.sample_rate, **vars(recipe.mel)}
    return MelVocoder(**vars(recipe.net), mel=mel, dtype=dtype)


def load(data: Data, data_dir: str | os.PathLike[str], split: str, sample_rate: int) -> list[np.ndarray]:
    """The samples of each recording of a split."""
    how = {name: value for name, value in vars(data).items() if name not in ("reader", "sample_rate")}
    return [one.audio for one in recordings.load(data_dir, split, sample_rate, words=False, speakers=False, **how)]


def spectral_error(model: MelVocoder, clips: list[np.ndarray]) -> float:
    """By how many dB the spectrum that a model finds is off, on average over all frames and frequencies up to `f_max`."""
    front_end = model.mel_front_end
    heard = int(front_end.f_max * front_end.fft_size / front_end.sample_rate) + 1
    total, count = 0.0, 0
    for clip in clips:
        mels, magnitudes = front_end.with_magnitudes(clip)
        made = keras.ops.convert_to_numpy(model(mels[None], training=False))[0]
        off = np.abs(np.maximum(made, np.log(QUIETEST)) - np.log(np.maximum(magnitudes, QUIETEST)))[:, :heard]
        total, count = total + float(off.sum()), count + off.size
    return float(_DB * total / count)


def evaluate(
    model: MelVocoder,
    data_dir: str | os.PathLike[str],
    split: str,
    reader: str | None = None,
    trim: bool = Data.trim,
    level: float = Data.level,
    shortest: float = Data.shortest,
    longest: float = Data.longest,
    validation: float = Data.validation,
) -> dict[str, Any]:
    """The error of the spectrum on a split of recordings. How the sound is, `dilatednets benchmark vocoding` says.

    Args:
        model: A MelVocoder.
        data_dir: The folder of the recordings.
        split: "train" or "validation"; "test" where there is a folder for it.
        reader: "recordings", as there is no other.
        trim: Whether to cut leading and trailing silence.
        level: Level in dB, or 0.
        shortest: Seconds below which a recording is left out.
        longest: Seconds above which a recording is cut.
        validation: Share of the recordings to choose by.

    Returns:
        {"spectral_error": in dB, "seconds", "recordings", "split"}.

    Raises:
        InputError: for bad data.
    """
    if reader not in (None, "recordings"):
        raise InputError(f"--reader: {reader}: the data of a MelVocoder are recordings")
    data = Data("recordings", model.sample_rate, trim, level, shortest, longest, validation)
    clips = load(data, data_dir, split, model.sample_rate)
    seconds = sum(map(len, clips)) / model.sample_rate
    error = spectral_error(model, clips)
    return {"spectral_error": error, "seconds": round(seconds, 2), "recordings": len(clips), "split": split}
