"""The recipe of an audio effect."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.rules import arguments_of, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.audio_effect.losses import RESOLUTIONS
from dilatednets.zoo.audio_effect.model import AudioEffect

FROM_DATA = ("sample_rate", "metadata")
"""Arguments of AudioEffect that the data say."""
Net: Any = recipe.net_table({name: one for name, one in arguments_of(AudioEffect).items() if name not in FROM_DATA})


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("dry_wet")] = "dry_wet"
    """The data set's reader, a module of dilatednets.data."""
    held_out: Annotated[float, positive] = 9.0
    """Seconds at the end of each pair that are kept for validation; a quarter of it at most."""


@dataclass(frozen=True)
class Training(recipe.Optimization, recipe.Schedule):
    """How to train."""

    epochs: Annotated[int, positive] = 100
    batch_size: Annotated[int, positive] = 16
    target: Annotated[int, positive] = 8192
    """Samples of a window that count; the receptive field comes before them."""
    learning_rate: Annotated[float, positive] = 4e-3
    final_learning_rate: Annotated[float, positive] = 1e-4
    warmup_steps: Annotated[int, not_negative] = 100
    weight_decay: Annotated[float, not_negative] = 0.0
    clip_norm: Annotated[float, positive] = 1.0
    """Bound on the length of the gradient of all weights together."""
    ema: Annotated[float, recipe.EMA] = 0.99
    spectra: Annotated[float, not_negative] = 0.01
    """Weight of the error of spectra, beside an error of samples that is 1 for silence."""
    emphasis: Annotated[float, share] = 0.85
    """Pre-emphasis of the spectra."""
    jit_compile: bool = False
    """Whether XLA compiles the training step."""
    sample_every: Annotated[int, not_negative] = 5
    """Epochs between samples written as WAV and PNG, rounded up to a multiple of `evaluate_every`; 0 for none."""


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of an audio effect."""

    model: str = "AudioEffect"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)

    def idle_keys(self) -> dict[str, str]:
        """A run from a preset keeps its net."""
        return {"net": f"a run from init = {self.init!r} keeps that model's net"} if self.init else {}

    def contradiction(self) -> str:
        """As for all recipes; and windows must be long enough for spectra."""
        if self.training.spectra and self.training.target <= RESOLUTIONS[0][0]:
            return f"training.target: must be above {RESOLUTIONS[0][0]}, or training.spectra 0"
        return super().contradiction()

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return shlex.join(["dilatednets", "process", str(model), "DRY.wav", "--output", "wet.wav"])
