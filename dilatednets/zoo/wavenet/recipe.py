"""The recipe of a WaveNet."""

import shlex
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

from dilatednets.rules import arguments_of, not_above_0_db, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.model import WaveNet

FROM_DATA = ("sample_rate", "speakers", "condition_features", "text", "mel")
"""Arguments of WaveNet that the data say."""
Net: Any = recipe.net_table({name: one for name, one in arguments_of(WaveNet).items() if name not in FROM_DATA})
Mel: Any = recipe.net_table(
    {name: one for name, one in arguments_of(MelFrontEnd).items() if name not in ("sample_rate", "hop")}
)
"""Arguments of MelFrontEnd, but for those that `data.sample_rate` and `net.condition_hop` say."""
OF_RECORDINGS = ("front_end", "pattern", "trim", "level", "shortest", "longest", "validation")
"""Keys of `data` that are for recordings of one's own alone."""


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("spoken_digits", "recordings")] = "spoken_digits"
    """The data set's reader, a module of dilatednets.data."""
    sample_rate: Annotated[int, positive] = 8000
    """Recordings are resampled to it."""
    gap: Annotated[float, not_negative] = 0.06
    """Seconds between words when the model speaks."""
    max_gap: Annotated[float, not_negative] = 0.15
    """Longest pause, in seconds, between words in training."""
    front_end: Annotated[str, one_of("words", "mel", "none")] = "words"
    """What the model is told of the sound: which word each recording is, its mels, or nothing."""
    pattern: str = ""
    """How paths of recordings say word and speaker, as "{word}_{speaker}_{}"; "" for folders or a metadata.csv."""
    trim: bool = True
    """Whether to cut leading and trailing silence."""
    level: Annotated[float, not_above_0_db] = -20.0
    """Root mean square of each recording in dB of full scale; 0 leaves it as it is."""
    shortest: Annotated[float, not_negative] = 0.05
    """Seconds below which a recording is left out."""
    longest: Annotated[float, positive] = 30.0
    """Seconds above which a word is left out, and any other recording is cut."""
    validation: Annotated[float, share] = 0.1
    """Share of each word's and each speaker's recordings to choose by, at least one."""


@dataclass(frozen=True)
class Training(recipe.Optimization, recipe.Schedule):
    """How to train."""

    batch_size: Annotated[int, positive] = 4
    target: Annotated[int, positive] = 3200
    """Samples of a window that count; the receptive field comes before them."""
    learning_rate: Annotated[float, positive] = 2e-3
    final_learning_rate: Annotated[float, positive] = 2e-4
    weight_decay: Annotated[float, not_negative] = 0.0
    clip_norm: Annotated[float, positive] = 1.0
    """Bound on the length of the gradient of each weight."""
    ema: Annotated[float, recipe.EMA] = 0.999
    jit_compile: bool = True
    sample_every: Annotated[int, not_negative] = 1
    """Epochs between samples written as WAV and PNG, rounded up to a multiple of `evaluate_every`; 0 for none."""
    sample_text: str = ""
    """What they say; "" for the first three words that the model knows. Without words, they last two seconds, or sound after
    the mels of a recording of validation."""


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of a WaveNet."""

    model: str = "WaveNet"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    mel: Mel = field(default_factory=Mel)
    training: Training = field(default_factory=Training)

    def idle_keys(self) -> dict[str, str]:
        """A run from a preset keeps its net; what is of one reader or front end has no effect with another."""
        data = self.data
        idle: dict[str, str] = {}
        own = data.reader == "recordings"
        front_end = data.front_end if own else "words"
        if not own:
            reason = "data.reader is spoken_digits, whose recordings are laid out and prepared in one way"
            idle |= dict.fromkeys((f"data.{key}" for key in OF_RECORDINGS), reason)
        if front_end != "words":
            of_words = ("data.gap", "data.max_gap", "training.sample_text")
            idle |= dict.fromkeys(of_words, f"with data.front_end = {front_end!r} there are no words")
        if front_end == "none":
            of_frames = [f"net.{one.name}" for one in fields(Net) if one.name.startswith("condition_")]
            idle |= dict.fromkeys(of_frames, "with data.front_end = 'none' there is no local condition")
        if front_end != "mel":
            idle["mel"] = f"data.front_end is {front_end!r}"
        if self.init:
            idle |= dict.fromkeys(("net", "mel"), f"a run from init = {self.init!r} keeps that model's")
        return idle

    def contradiction(self) -> str:
        """As for all recipes; and there must be lengths that are neither too short nor too long."""
        if self.data.shortest >= self.data.longest:
            return "data.shortest: must be below data.longest"
        return super().contradiction()

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        config = WaveNet.preset_config(model)
        words = ["generate", str(model)]
        if config.get("text"):
            words += ["--text", self.training.sample_text or " ".join(config["text"]["vocabulary"][:3])]
        else:
            words += ["--mel-of", "RECORDING.wav"] if config.get("mel") else ["--seconds", "2"]
        if config["speakers"]:
            words += ["--speaker", config["speakers"][0]]
        return shlex.join(["dilatednets", *words, "--output", "say.wav"])
