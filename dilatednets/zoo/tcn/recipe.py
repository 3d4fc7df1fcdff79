"""The recipe of a TCN."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.rules import Names, arguments_of, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.tcn.model import TCN

FROM_DATA = (
    *("outputs", "features", "vocabulary", "columns", "known", "labels"),
    *("mean", "scale", "target_mean", "target_scale", "data"),
)
"""Arguments of TCN that the data say."""
FREE = ("dropout", "horizon", "quantiles")
"""Keys of `net` that a run from a preset may set."""
OF_TABLES = ("file", "time", "series", "targets", "features", "known", "window", "stride", "split")
"""Keys of `data` for the reader csv."""
Net: Any = recipe.net_table({name: one for name, one in arguments_of(TCN).items() if name not in FROM_DATA})


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("csv", "arrays", "audio_folder")] = "csv"
    """"csv": a table; "arrays": train.npz, validation.npz and test.npz; "audio_folder": a folder of recordings a label."""
    file: str = ""
    """The CSV file in the folder; empty if there is one."""
    time: str = ""
    """Its column of times; empty if rows are in order."""
    series: str = ""
    """Its column that says which series a row belongs to; empty if there is one series."""
    targets: Names = field(default_factory=list)
    """Columns that are to be told."""
    features: Names = field(default_factory=list)
    """Columns that are looked at; empty for all, in forecasts the targets, too."""
    known: Names = field(default_factory=list)
    """Columns whose future is known when a forecast is made."""
    window: Annotated[int, not_negative] = 0
    """Steps that are looked at for a forecast; 0 for the receptive field."""
    stride: Annotated[int, positive] = 1
    """Steps from one window to the next."""
    split: Annotated[str, one_of("time", "series")] = "time"
    """Whether forecasts are chosen and measured on later times, or on other series."""
    validation: Annotated[float, share] = 0.15
    test: Annotated[float, share] = 0.15
    sample_rate: Annotated[int, positive] = 8000
    """Recordings are resampled to it."""


@dataclass(frozen=True)
class Training(recipe.Optimization, recipe.Schedule):
    """How to train."""

    batch_size: Annotated[int, positive] = 32
    learning_rate: Annotated[float, positive] = 2e-3
    clip_norm: Annotated[float, positive] = 1.0
    """Bound on the length of the gradient of all weights together."""
    jit_compile: bool = False
    """Whether XLA compiles the training step, which takes a while and pays in long runs."""


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of a TCN."""

    model: str = "TCN"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)

    def idle_keys(self) -> dict[str, str]:
        """A preset settles the net but for `FREE`; readers and tasks do not use all keys."""
        reason, reader, task = (
            f"a run from init = {self.init!r} keeps that model's net",
            self.data.reader,
            self.net.task,
        )
        idle = {f"net.{name}": reason for name in arguments_of(TCN) if self.init and name not in FREE}
        if reader != "csv":
            idle |= {f"data.{name}": f"it is for tables, and data.reader is {reader!r}" for name in OF_TABLES}
        elif not self.init and task != "forecast":
            idle |= {f"data.{name}": "it is for forecasts" for name in ("known", "window", "stride", "split")}
        if reader == "arrays":
            idle |= {f"data.{name}": "archives are split already" for name in ("validation", "test")}
        if reader != "audio_folder":
            idle["data.sample_rate"] = "it is for recordings"
        return idle

    def contradiction(self) -> str:
        """As for all recipes; and the reader must fit the task."""
        reader, task = self.data.reader, self.net.task
        if self.data.validation + self.data.test >= 1:
            return "data.test: leaves nothing to train on; lower it or data.validation"
        if (
            not self.init
            and reader == "audio_folder"
            and (task != "classify" or self.net.multi_label or self.net.pooling == "none")
        ):
            return "net.task: recordings in folders are classified, with one label each; or read arrays"
        if not self.init and reader == "csv" and task == "next":
            return "net.task: what comes next is learnt from arrays; set data.reader to arrays"
        if not self.init and reader == "csv" and task == "forecast" and self.net.pooling == "none":
            return "net.pooling: a window has one forecast; set it to last or mean"
        return super().contradiction()

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return f"dilatednets predict {model} FILE"
