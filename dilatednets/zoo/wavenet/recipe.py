"""The recipe of a WaveNet."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.rules import arguments_of, not_negative, one_of, positive
from dilatednets.training import recipe
from dilatednets.zoo.wavenet.model import WaveNet

FROM_DATA = ("sample_rate", "speakers", "condition_features", "text", "mel")
"""Arguments of WaveNet that the data say."""
Net: Any = recipe.net_table({name: one for name, one in arguments_of(WaveNet).items() if name not in FROM_DATA})


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("spoken_digits")] = "spoken_digits"
    """The data set's reader, a module of dilatednets.data."""
    sample_rate: Annotated[int, positive] = 8000
    """Recordings are resampled to it."""
    gap: Annotated[float, not_negative] = 0.06
    """Seconds between words when the model speaks."""
    max_gap: Annotated[float, not_negative] = 0.15
    """Longest pause, in seconds, between words in training."""


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
    """Epochs between samples written as WAV and PNG; 0 for none."""
    sample_text: str = "four two seven"


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of a WaveNet."""

    model: str = "WaveNet"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)

    def idle_keys(self) -> dict[str, str]:
        """A run from a preset keeps its net."""
        return {"net": f"a run from init = {self.init!r} keeps that model's net"} if self.init else {}

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        words = ["generate", str(model), "--text", self.training.sample_text]
        speakers = WaveNet.preset_config(model)["speakers"]
        return shlex.join(["dilatednets", *words, "--speaker", speakers[0], "--output", "say.wav"])
