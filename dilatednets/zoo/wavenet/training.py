"""Trains a WaveNet by a recipe, and measures it."""

import os
from typing import Any

import keras

from dilatednets.data import spoken_digits
from dilatednets.data.spoken_digits import Recording
from dilatednets.errors import InputError
from dilatednets.training.batches import data_of
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.training.run_folder import RunFolder
from dilatednets.zoo.wavenet.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.recipe import Data, Recipe
from dilatednets.zoo.wavenet.windows import SpeechWindows
from dilatednets.zoo.wavenet.word_front_end import WordFrontEnd, fit_durations

EVALUATION_SAMPLES = 3200
"""Samples of a window that count in an evaluation, or as many as make whole frames."""


class Task(BaseTask):
    """Running speech made of recordings of single words, and the WaveNet that learns it.

    Args:
        recipe: A recipe of a WaveNet.
        data_dir: The spoken_digits folder.

    Raises:
        InputError: for bad data, or a model to start from that does not fit them.
    """

    goal = Goal("bits_per_sample", "bits a sample")
    clip = "clipnorm"

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        training, validation = (
            spoken_digits.load(data_dir, split, recipe.data.sample_rate) for split in ("train", "validation")
        )
        keras.utils.set_random_seed(recipe.training.seed)
        self.net = build_model(recipe, training)
        self.windows = make_windows(self.net, recipe, training)
        self.held_out = make_windows(self.net, recipe, validation, evaluation=True)
        if recipe.training.sample_every:
            self.windows.front_end.units(recipe.training.sample_text)

    def model(self, schedule: Any, previous: Any) -> WaveNet:
        """The recipe's model, which there is already: what it knows of the recordings says whether they fit."""
        return self.net

    def batches(self, model: WaveNet, schedule: Any) -> SpeechWindows:
        """Windows of running speech."""
        return self.windows

    def objective(self, model: Any, schedule: Any) -> dict[str, Any]:
        """Loss and metric in bits a sample."""
        return {**bits(model), "jit_compile": self.recipe.training.jit_compile}

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Bits a sample of the model that is trained, even if given a copy: that one is compiled, and on all devices."""
        return {"bits_per_sample": evaluate_windows(self.net, self.held_out)}

    def show(self, run: RunFolder, epoch: int) -> None:
        """Writes what the averaged weights say, every so many epochs as the recipe asks."""
        every, text = self.recipe.training.sample_every, self.recipe.training.sample_text
        if not every or epoch % every:
            return
        from dilatednets.data.audio import write_audio
        from dilatednets.plots.audio import waveform_and_spectrogram
        from dilatednets.plots.figure import save

        model = WaveNet.from_preset(run.path / "last")
        speaker = model.speakers[epoch % len(model.speakers)]
        audio = model.generate(text=text, speaker=speaker, seed=0)[0]
        stem = run.path / "samples" / f"epoch_{epoch:03d}_{speaker}"
        write_audio(stem.with_suffix(".wav"), audio, model.sample_rate)
        picture = waveform_and_spectrogram(audio, model.sample_rate, f"epoch {epoch}, {speaker}: {text}")
        save(picture, stem.with_suffix(".png"))


def build_model(recipe: Recipe, recordings: list[Recording]) -> WaveNet:
    """The recipe's model, untrained or from `init`; words, speakers and durations come from the recordings.

    Raises:
        InputError: if `init` is a model without text or of another sample rate, or does not know a word of the recordings.
    """
    rate = recipe.data.sample_rate
    durations = fit_durations([(r.speaker, r.word, len(r.audio) / rate) for r in recordings])
    speakers, dtype = spoken_digits.speakers(recordings), recipe.training.dtype
    if recipe.init:
        return WaveNet.from_preset(recipe.init, **_changes_of_preset(recipe, speakers, durations), dtype=dtype)
    heard = {r.word for r in recordings}
    aliases = {digit: word for digit, word in spoken_digits.DIGITS.items() if word in heard}
    front_end = WordFrontEnd(
        list(aliases.values()), recipe.net.condition_hop, rate, durations, aliases, gap=recipe.data.gap
    )
    text = front_end.get_config()
    return WaveNet(**vars(recipe.net), sample_rate=rate, speakers=speakers, text=text, dtype=dtype)


def _changes_of_preset(
    recipe: Recipe, speakers: tuple[str, ...], durations: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """What replaces arguments of the preset that the recipe starts from: its speakers, too, unless it knows all of these."""
    start = WaveNet.preset_config(recipe.init)
    if start.get("text") is None or start["sample_rate"] != recipe.data.sample_rate:
        raise InputError(f"init: {recipe.init} was not trained on text at {recipe.data.sample_rate} Hz")
    text = {**start["text"], "gap": recipe.data.gap}
    if set(speakers) <= set(start["speakers"]):
        return {"text": text}
    # A new voice may have said some of the words only; the others it says in the average tempo.
    known = text["durations"]
    own = {speaker: known.get(speaker) or {**known[""], **durations[speaker]} for speaker in speakers}
    return {"text": {**text, "durations": {"": known[""], **own}}, "speakers": speakers}


def make_windows(
    model: WaveNet, recipe: Recipe, recordings: list[Recording], evaluation: bool = False
) -> SpeechWindows:
    """Training or evaluation windows for a model with a text front end.

    How a model is evaluated does not depend on how it is trained: of the recipe, only the batch size counts.
    """
    if model.front_end is None or model.upsampler is None or not model.speakers:
        raise InputError("model: only a WaveNet with text and speakers can be trained or evaluated on spoken_digits")
    hop = model.condition_hop
    return SpeechWindows(
        recordings,
        model.front_end,
        model.speakers,
        model.receptive_field,
        target=hop * max(EVALUATION_SAMPLES // hop, 1) if evaluation else recipe.training.target,
        batch_size=recipe.training.batch_size,
        seed=0 if evaluation else recipe.training.seed,
        max_gap=Data().max_gap if evaluation else recipe.data.max_gap,
        lookahead=model.upsampler.lookahead,
        evaluation=evaluation,
    )


def bits(model: Any) -> dict[str, Any]:
    """Loss and metric in bits a sample, as arguments of `keras.Model.compile`."""
    distribution = model.distribution
    return {"loss": NegativeLogLikelihood(distribution), "weighted_metrics": [BitsPerSample(distribution)]}


def evaluate_windows(model: Any, windows: SpeechWindows) -> float:
    """Bits a sample over the speech of all windows; the model is compiled with `bits`."""
    results = model.evaluate(data_of(windows, 0, 1), steps=windows.steps_per_epoch, verbose=0, return_dict=True)
    return float(results["bits_per_sample"])


def evaluate(model: WaveNet, data_dir: str | os.PathLike[str], split: str, reader: str | None = None) -> dict[str, Any]:
    """Bits a sample of a WaveNet on a split of spoken_digits.

    The recordings of each speaker form running speech, as in training. Every sample of every recording counts once;
    pauses between recordings do not count.

    Args:
        model: A WaveNet with text and speakers.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set; there is but "spoken_digits".

    Returns:
        {"bits_per_sample", "samples", "recordings", "split"}.

    Raises:
        InputError: for bad data, or recordings of speakers that the model does not know.
    """
    if reader not in (None, "spoken_digits"):
        raise InputError(f"--reader: {reader}: a WaveNet's data set is spoken_digits")
    recordings = spoken_digits.load(data_dir, split, model.sample_rate)
    windows = make_windows(model, Recipe("evaluate"), recordings, evaluation=True)
    measured = WaveNet.from_config(model.get_config())  # the caller's model keeps its loss and optimiser
    measured.set_weights(model.get_weights())
    measured.compile(**bits(model), jit_compile=True)
    return {
        "bits_per_sample": evaluate_windows(measured, windows),
        "samples": sum(len(r.audio) for r in recordings),
        "recordings": len(recordings),
        "split": split,
    }
