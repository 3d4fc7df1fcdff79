"""The recipe of a mel vocoder."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.rules import Argument, arguments_of, not_above_0_db, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.mel_vocoder.model import MelVocoder

Net: Any = recipe.net_table({name: one for name, one in arguments_of(MelVocoder).items() if name != "mel"})
_OF_MELS = {name: one for name, one in arguments_of(MelFrontEnd).items() if name not in ("sample_rate", "prediction")}
Mel: Any = recipe.net_table({**_OF_MELS, "hop": Argument(_OF_MELS["hop"].kind, 256)})
"""Arguments of MelFrontEnd, but for the rate, which `data.sample_rate` says."""


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("recordings")] = "recordings"
    """The data set's reader, a module of dilatednets.data."""
    sample_rate: Annotated[int, positive] = 22050
    """Recordings are resampled to it."""
    trim: bool = False
    """Whether to cut leading and trailing silence."""
    level: Annotated[float, not_above_0_db] = 0.0
    """Root mean square of each recording in dB of full scale; 0 leaves it as it is."""
    shortest: Annotated[float, not_negative] = 0.05
    """Seconds below which a recording is left out."""
    longest: Annotated[float, positive] = 30.0
    """Seconds above which a recording is cut."""
    validation: Annotated[float, share] = 0.1
    """Share of the recordings to choose by, at least one."""


@dataclass(frozen=True)
class Training(recipe.Optimization, recipe.Schedule):
    """How to train."""

    epochs: Annotated[int, positive] = 120
    batch_size: Annotated[int, positive] = 32
    frames: Annotated[int, positive] = 96
    """Frames of a window."""
    learning_rate: Annotated[float, positive] = 1.2e-3
    final_learning_rate: Annotated[float, positive] = 1e-5
    warmup_steps: Annotated[int, not_negative] = 100
    clip_norm: Annotated[float, positive] = 1.0
    """Bound on the length of the gradient of all weights together."""
    ema: Annotated[float, recipe.EMA] = 0.99
    speeds: bool = True
    """Whether recordings are played at other speeds, too."""
    gain: Annotated[float, not_negative] = 6.0
    """By how many dB, at most, recordings are made softer or louder."""
    jit_compile: bool = True
    """Whether XLA compiles the training step."""


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of a mel vocoder."""

    model: str = "MelVocoder"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    mel: Mel = field(default_factory=Mel)
    training: Training = field(default_factory=Training)

    def idle_keys(self) -> dict[str, str]:
        """A run from a preset keeps its net and its mels."""
        of_preset = ("net", "mel", "data.sample_rate")
        return dict.fromkeys(of_preset, f"a run from init = {self.init!r} keeps that model's") if self.init else {}

    def contradiction(self) -> str:
        """As for all recipes; and there must be lengths that are neither too short nor too long."""
        if self.data.shortest >= self.data.longest:
            return "data.shortest: must be below data.longest"
        return super().contradiction()

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return shlex.join(["dilatednets", "generate", str(model), "--mel-of", "RECORDING.wav", "--output", "say.wav"])
