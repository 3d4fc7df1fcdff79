"""Trains a WaveNet by a recipe, and measures it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from dilatednets.data import recordings, spoken_digits
from dilatednets.data.spoken_digits import Recording
from dilatednets.errors import InputError
from dilatednets.training.batches import data_of
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.training.run_folder import RunFolder
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.clip_windows import ClipWindows
from dilatednets.zoo.wavenet.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.recipe import OF_RECORDINGS, Data, Recipe
from dilatednets.zoo.wavenet.windows import SpeechWindows, Windows
from dilatednets.zoo.wavenet.word_front_end import WordFrontEnd, fit_durations, plain_words

EVALUATION_SAMPLES = 3200
"""Samples of a window that count in an evaluation, or as many as make whole frames."""
SAMPLE_SECONDS = 2
"""Of what a model without condition makes after an epoch."""


class Task(BaseTask):
    """Recordings of words in running speech, or of any sound, and the WaveNet that learns them.

    Args:
        recipe: A recipe of a WaveNet.
        data_dir: The folder of the recordings.

    Raises:
        InputError: for bad data, or a model to start from that does not fit them.
    """

    goal = Goal("bits_per_sample", "bits a sample")
    clip = "clipnorm"

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        known = WaveNet.preset_config(recipe.init).get("text") if recipe.init else None
        spellings = WordFrontEnd.from_config(known).unit_of if known else {}
        training, validation = (load(recipe.data, data_dir, split, spellings) for split in ("train", "validation"))
        keras.utils.set_random_seed(recipe.training.seed)
        self.net = build_model(recipe, training)
        self.windows = make_windows(self.net, recipe, training)
        self.held_out = make_windows(self.net, recipe, validation, evaluation=True)
        if recipe.training.sample_every and self.net.front_end is not None:
            self.net.front_end.units(self.sample_text)

    @property
    def sample_text(self) -> str:
        """What samples of a model of words say."""
        front_end = self.net.front_end
        return self.recipe.training.sample_text or " ".join(() if front_end is None else front_end.vocabulary[:3])

    def model(self, schedule: Any, previous: Any) -> WaveNet:
        """The recipe's model, which there is already: what it knows of the recordings says whether they fit."""
        return self.net

    def batches(self, model: WaveNet, schedule: Any) -> Windows:
        """Windows of the recordings to train on."""
        return self.windows

    def objective(self, model: Any, schedule: Any) -> dict[str, Any]:
        """Loss and metric in bits a sample."""
        return {**bits(model), "jit_compile": self.recipe.training.jit_compile}

    def amounts(self) -> dict[str, int]:
        """Samples of the recordings."""
        training, held_out = (sum(len(r.audio) for r in of.recordings) for of in (self.windows, self.held_out))
        return {"training_samples": training, "validation_samples": held_out}

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Bits a sample of the model that is trained, even if given a copy: that one is compiled, and on all devices."""
        return {"bits_per_sample": evaluate_windows(self.net, self.held_out)}

    def show(self, run: RunFolder, epoch: int) -> None:
        """Writes what the averaged weights make, every so many epochs as the recipe asks."""
        if not self.shows(epoch):
            return
        from dilatednets.data.audio import write_audio
        from dilatednets.plots.audio import waveform_and_spectrogram
        from dilatednets.plots.figure import save

        model = WaveNet.from_preset(run.path / "last")
        heard = self.held_out.recordings[epoch % len(self.held_out.recordings)]
        speaker = model.speakers[epoch % len(model.speakers)] if model.speakers else None
        asked: dict[str, Any] = {"text": self.sample_text, "speaker": speaker}
        if model.mel_front_end is not None:
            excerpt = heard.audio[: SAMPLE_SECONDS * model.sample_rate]
            asked = {"condition": model.mel_front_end.frames(excerpt), "speaker": heard.speaker or None}
        elif model.front_end is None:
            asked = {"num_samples": SAMPLE_SECONDS * model.sample_rate, "speaker": speaker}
        audio = model.generate(**asked, seed=0)[0]
        names = [f"epoch_{epoch:03d}", *([asked["speaker"]] if asked["speaker"] else [])]
        stem = run.path / "samples" / "_".join(names)
        write_audio(stem.with_suffix(".wav"), audio, model.sample_rate)
        title = ", ".join([f"epoch {epoch}", *names[1:]]) + (f": {self.sample_text}" if "text" in asked else "")
        save(waveform_and_spectrogram(audio, model.sample_rate, title), stem.with_suffix(".png"))


def load(
    data: Data, data_dir: str | os.PathLike[str], split: str, spellings: Mapping[str, str] | None = None
) -> list[Recording]:
    """The recordings of a split, by the reader of a recipe; words are as `plain_words` writes them.

    Args:
        data: The recipe's table.
        data_dir: The folder of the recordings.
        split: "train" or "validation"; "test" of spoken_digits.
        spellings: Words by another spelling, as a model knows them, `WordFrontEnd.unit_of`.

    Raises:
        InputError: for bad data, and for a recording that is to be a word, but whose text is none or several.
    """
    if data.reader == "spoken_digits":
        return spoken_digits.load(data_dir, split, data.sample_rate)
    options = {name: getattr(data, name) for name in OF_RECORDINGS if name != "front_end"}
    found = recordings.load(data_dir, split, data.sample_rate, data.front_end == "words", **options)
    if data.front_end != "words":
        return found
    for one in found:
        if len(plain_words(one.word)) != 1:
            raise InputError(
                f"{one.path}: says {one.word[:60]!r}, which is not one word; cut it into words, or take "
                "data.front_end = 'mel' or 'none'"
            )
    plain = [plain_words(one.word)[0] for one in found]
    return [replace(one, word=(spellings or {}).get(word, word)) for one, word in zip(found, plain, strict=True)]


def build_model(recipe: Recipe, recordings: list[Recording]) -> WaveNet:
    """The recipe's model, untrained or from `init`; words, speakers and durations come from the recordings.

    Raises:
        InputError: if `init` is a model of another front end or sample rate, or has speakers where the recordings say none;
            or for mels that cannot be.
    """
    data, dtype = recipe.data, recipe.training.dtype
    speakers = tuple(name for name in spoken_digits.speakers(recordings) if name)
    durations = {}
    if data.front_end == "words":
        durations = fit_durations([(r.speaker, r.word, len(r.audio) / data.sample_rate) for r in recordings])
    if recipe.init:
        return WaveNet.from_preset(recipe.init, **_changes_of_preset(recipe, speakers, durations), dtype=dtype)
    condition: dict[str, Any] = {}
    if data.front_end == "words":
        heard = {r.word for r in recordings}
        digits = {digit: word for digit, word in spoken_digits.DIGITS.items() if word in heard}
        aliases = digits if len(digits) == len(heard) else {}
        words = list(aliases.values()) or sorted(heard)
        hop = recipe.net.condition_hop
        front_end = WordFrontEnd(words, hop, data.sample_rate, durations, aliases, gap=data.gap)
        condition = {"text": front_end.get_config()}
    elif data.front_end == "mel":
        try:
            mels = MelFrontEnd(data.sample_rate, recipe.net.condition_hop, **vars(recipe.mel))
        except InputError as error:
            raise InputError(f"mel.{error}") from error
        condition = {"mel": mels.get_config()}
    return WaveNet(**vars(recipe.net), sample_rate=data.sample_rate, speakers=speakers, **condition, dtype=dtype)


def _changes_of_preset(
    recipe: Recipe, speakers: tuple[str, ...], durations: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """What replaces arguments of the preset that the recipe starts from: its speakers, too, unless it knows all of these."""
    start, front_end = WaveNet.preset_config(recipe.init), recipe.data.front_end
    known = "words" if start.get("text") else "mel" if start.get("mel") else "none"
    if known != front_end or start["sample_rate"] != recipe.data.sample_rate:
        trained_on = {"words": "text", "mel": "mels", "none": "audio alone"}[front_end]
        raise InputError(
            f"init: {recipe.init} was not trained on {trained_on} at {recipe.data.sample_rate} Hz, but on front end "
            f"{known!r} at {start['sample_rate']} Hz; change data.front_end or data.sample_rate, or init"
        )
    if start["speakers"] and not speakers:
        words = "but the recordings do not say whose they are; say {speaker} in data.pattern"
        raise InputError(f"init: {recipe.init} has speakers, {', '.join(start['speakers'])}, {words}")
    voices: dict[str, Any] = {} if set(speakers) <= set(start["speakers"]) else {"speakers": speakers}
    if front_end != "words":
        return voices
    text = {**start["text"], "gap": recipe.data.gap}
    if voices:
        # A new voice may have said some of the words only; the others it says in the average tempo.
        table = text["durations"]
        own = {speaker: table.get(speaker) or {**table[""], **durations[speaker]} for speaker in speakers}
        text["durations"] = {"": table[""], **own}
    return {"text": text, **voices}


def make_windows(model: WaveNet, recipe: Recipe, recordings: list[Recording], evaluation: bool = False) -> Windows:
    """Training or evaluation windows for a model: running speech for one of words, else each recording by itself.

    How a model is evaluated does not depend on how it is trained: of the recipe, only the batch size counts.
    """
    if model.upsampler is not None and model.front_end is None and model.mel_front_end is None:
        raise InputError("model: its local condition is neither text nor mels, so no recordings say what it is to be")
    hop = 1 if model.upsampler is None else model.condition_hop
    settings: dict[str, Any] = {
        "target": hop * max(EVALUATION_SAMPLES // hop, 1) if evaluation else recipe.training.target,
        "batch_size": recipe.training.batch_size,
        "seed": 0 if evaluation else recipe.training.seed,
        "lookahead": 0 if model.upsampler is None else model.upsampler.lookahead,
        "evaluation": evaluation,
    }
    if model.front_end is None:
        return ClipWindows(recordings, model.mel_front_end, model.speakers, model.receptive_field, **settings)
    max_gap = Data().max_gap if evaluation else recipe.data.max_gap
    field = model.receptive_field
    return SpeechWindows(recordings, model.front_end, model.speakers, field, **settings, max_gap=max_gap)


def bits(model: Any) -> dict[str, Any]:
    """Loss and metric in bits a sample, as arguments of `keras.Model.compile`."""
    distribution = model.distribution
    return {"loss": NegativeLogLikelihood(distribution), "weighted_metrics": [BitsPerSample(distribution)]}


def evaluate_windows(model: Any, windows: Windows) -> float:
    """Bits a sample over the speech of all windows; the model is compiled with `bits`."""
    results = model.evaluate(data_of(windows, 0, 1), steps=windows.steps_per_epoch, verbose=0, return_dict=True)
    return float(results["bits_per_sample"])


def evaluate(
    model: WaveNet,
    data_dir: str | os.PathLike[str],
    split: str,
    reader: str | None = None,
    pattern: str = Data.pattern,
    trim: bool = Data.trim,
    level: float = Data.level,
    shortest: float = Data.shortest,
    longest: float = Data.longest,
    validation: float = Data.validation,
) -> dict[str, Any]:
    """Bits a sample of a WaveNet on a split of its data.

    Of a model of words, the recordings of each speaker form running speech, as in training. Every sample of every recording
    counts once; pauses between recordings do not count.

    Args:
        model: A WaveNet with text, with mels, or without local condition.
        data_dir: The folder of the recordings.
        split: "train" or "validation"; "test" of spoken_digits, or where recordings have a folder for it.
        reader: "spoken_digits" or "recordings"; None for the first if the model says its words, else the second.
        pattern: Of recordings, as `dilatednets.data.recordings.load` has it, and so are all that follow.
        trim: Whether to cut leading and trailing silence.
        level: Level in dB, or 0.
        shortest: Seconds below which a recording is left out.
        longest: Seconds above which a word is left out, and another recording is cut.
        validation: Share of the recordings to choose by.

    Returns:
        {"bits_per_sample", "samples", "recordings", "split"}.

    Raises:
        InputError: for bad data, or recordings of speakers that the model does not know.
    """
    front_end = "words" if model.front_end is not None else "mel" if model.mel_front_end is not None else "none"
    if reader is None:
        digits = model.front_end is not None and set(model.front_end.vocabulary) <= set(spoken_digits.WORDS)
        reader = "spoken_digits" if digits else "recordings"
    if reader not in ("spoken_digits", "recordings"):
        raise InputError(f"--reader: {reader}: a WaveNet's data are spoken_digits or recordings")
    if reader == "spoken_digits" and front_end != "words":
        raise InputError("--reader: spoken_digits is for a WaveNet of words; take recordings")
    if reader == "spoken_digits" and pattern:
        raise InputError("--pattern: spoken_digits say word and speaker in their own way; take --reader recordings")
    data = Data(reader, model.sample_rate, 0.0, 0.0, front_end, pattern, trim, level, shortest, longest, validation)
    recordings = load(data, data_dir, split, None if model.front_end is None else model.front_end.unit_of)
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
