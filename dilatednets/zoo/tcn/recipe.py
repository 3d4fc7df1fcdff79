"""The recipe of a TCN."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.data.polymusic import KEYS, SETS
from dilatednets.data.time_steps import is_step
from dilatednets.rules import Names, Rule, arguments_of, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.tcn.inputs import SOUNDS
from dilatednets.zoo.tcn.model import TCN

FROM_DATA = (
    *("outputs", "features", "vocabulary", "columns", "known", "labels"),
    *("mean", "scale", "target_mean", "target_scale", "data"),
)
"""Arguments of TCN that the data say."""
FREE = ("dropout", "horizon", "quantiles")
"""Keys of `net` that a run from a preset may set."""
READERS = ("csv", "arrays", "audio_folder", "spoken_digits", "mnist", "polymusic")
OF_TABLES = ("file", "time", "step", "series", "targets", "features", "known", "window", "stride", "split")
"""Keys of `data` for the reader csv."""
Net: Any = recipe.net_table({name: one for name, one in arguments_of(TCN).items() if name not in FROM_DATA})


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of(*READERS)] = "csv"
    """"csv": a table; "arrays": train.npz, validation.npz and test.npz; "audio_folder": a folder of recordings a label;
    "spoken_digits": those of FSDD, in sound that goes on; "mnist": handwritten digits pixel by pixel; "polymusic": music
    step by step."""
    file: str = ""
    """The CSV file in the folder; empty if there is one."""
    time: str = ""
    """Its column of times; empty if rows are in order."""
    step: Annotated[str, Rule(is_step, 'such as "1 day", "15 minutes", "1 weekday" or a number')] = ""
    """Time from one row to the next; empty as in most of the table."""
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
    order: Annotated[str, one_of("rows", "permuted")] = "rows"
    """Of the pixels of digits: row by row, or mixed in the same way for all."""
    set: Annotated[str, one_of(*SETS)] = "JSB_Chorales"
    """Which music."""
    voices: Annotated[int, Rule(lambda x: 0 <= x <= KEYS, f"0 to {KEYS}")] = 0
    """Of music: tokens a step, the highest key first, each told from those before it; 0 for labels, told all at once."""


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
        if reader in ("arrays", "spoken_digits", "mnist", "polymusic"):
            idle |= {f"data.{name}": "these data are split already" for name in ("validation", "test")}
        if reader != "mnist":
            idle["data.order"] = "it is for mnist"
        if reader != "polymusic":
            idle |= {f"data.{name}": "it is for polymusic" for name in ("set", "voices")}
        if reader not in SOUNDS:
            idle["data.sample_rate"] = "it is for recordings"
        return idle

    def contradiction(self) -> str:
        """As for all recipes; and the reader must fit the task."""
        reader, task = self.data.reader, self.net.task
        if self.data.validation + self.data.test >= 1:
            return "data.test: leaves nothing to train on; lower it or data.validation"
        if not self.init and reader == "spoken_digits" and (self.net.task, self.net.pooling) != ("classify", "none"):
            return (
                'net.pooling: digits are told as they are spoken, at each step; set it to "none", and task to classify'
            )
        if not self.init and reader == "audio_folder" and not self._classifies:
            return "net.task: recordings in folders are classified, with one label each; or read arrays"
        if not self.init and reader == "mnist" and not self._classifies:
            return "net.task: digits are classified, with one label each; leave out task, multi_label and pooling"
        if (
            not self.init
            and reader == "polymusic"
            and (task != "next" or self.net.multi_label == bool(self.data.voices))
        ):
            words = (
                "tokens, and then net.multi_label false" if self.data.voices else "labels: set net.multi_label to true"
            )
            return f"net.task: of music, what comes next is learnt, here {words}"
        if self.data.step and not self.data.time:
            return "data.step: is between times; name their column by data.time"
        if not self.init and reader == "csv" and task == "next":
            return "net.task: what comes next is learnt from arrays; set data.reader to arrays"
        if not self.init and reader == "csv" and task == "forecast" and self.net.pooling == "none":
            return "net.pooling: a window has one forecast; set it to last or mean"
        return super().contradiction()

    @property
    def _classifies(self) -> bool:
        return self.net.task == "classify" and not self.net.multi_label and self.net.pooling != "none"

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        if self.data.reader == "polymusic":
            return f"dilatednets generate {shlex.quote(str(model))} --output piece"
        return f"dilatednets predict {model} FILE"
