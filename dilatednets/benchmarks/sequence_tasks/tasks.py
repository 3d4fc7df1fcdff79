"""The tasks, each with its data, its nets' size, and what is known of it."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dilatednets.benchmarks.sequence_tasks import examples
from dilatednets.benchmarks.sequence_tasks.cores import RECURRENT, TCNS
from dilatednets.benchmarks.sequence_tasks.objectives import OBJECTIVES, Objective

OWN: dict[str, tuple[str, tuple[Any, ...]]] = {
    "tcn": ("normalization", ("weight", "layer")),
    "tcn_no_dilation": ("normalization", ("weight", "layer")),
    "lstm": ("bias", (1.0, "chrono")),
    "gru": ("bias", (0.0, "chrono")),
    "rnn": ("layers", (1, 2)),
    "attention": ("layers", (2, 4)),
    "min_gru": ("bias", (0.0, "chrono")),
}
"""What is tuned of each core besides the learning rate, where dropout is not."""
GRID_SHARE = 5
"""Runs of the grid have this part of the epochs."""


@dataclass(frozen=True)
class Task:
    """A task, and how every core is trained for it.

    Attributes:
        title: What pages call it.
        reader: Gives the examples.
        features: Numbers of a step; with `vocabulary` there are tokens instead.
        outputs: Numbers of an answer.
        every_step: Whether each step is answered, or the last one only.
        objective: The name in `OBJECTIVES`.
        steps: Length of the sequences; where they differ, one that is common, at which costs are measured.
        count: Training sequences of an epoch.
        tcn: Width, levels and kernel size of the TCN, whose parameters all cores get.
        batch: Sequences of a batch.
        epochs: Epochs, of one pass over the data or, where these are made by a seed, of as many sequences as `reader` makes.
        patience: Epochs without a better score on validation, after which a run ends.
        folders: Names that the data set's folder may have; none where the data are made.
        layers: Layers of the recurrent cores.
        fewer_epochs: By what the epochs of a core are divided that takes many times as long.
        dropouts: Those that are tuned; one that is not.
        learning_rates: Those that are tuned.
        seeds, seeds_of_others: Runs of the TCN and the best recurrent core, and of the others.
        enough: A score at which a run ends.
        nothing_learned: The score of the best answer that does not depend on the sequence.
        published: Scores of Bai et al. 2018, table 1, on test.
        bar: What a tuned LSTM or GRU reaches; below it, no verdict.
        bar_from: Where the bar is from.
        caveat: What else is known of the nets that learn little here.
    """

    title: str
    reader: examples.Reader
    features: int
    outputs: int
    every_step: bool
    objective_name: str
    steps: int
    count: int
    tcn: Mapping[str, int]
    batch: int
    epochs: int
    patience: int
    folders: tuple[str, ...] = ()
    layers: int = 1
    vocabulary: int = 0
    fewer_epochs: Mapping[str, int] = field(default_factory=dict)
    dropouts: tuple[float, ...] = (0.0,)
    learning_rates: tuple[float, ...] = (4e-3, 1e-3)
    seeds: int = 5
    seeds_of_others: int = 5
    enough: float | None = None
    nothing_learned: float = math.nan
    published: Mapping[str, float] = field(default_factory=dict)
    bar: float | None = None
    bar_from: str = ""
    caveat: str = ""

    @property
    def objective(self) -> Objective:
        """Its loss and score."""
        return OBJECTIVES[self.objective_name]

    @property
    def steps_an_epoch(self) -> int:
        """Training steps of an epoch; where sequences differ in length, about."""
        return max(1, self.count // self.batch)

    def epochs_of(self, core: str, is_grid: bool) -> int:
        """Epochs of a run."""
        epochs = self.epochs // self.fewer_epochs.get(core, 1)
        return max(1, round(epochs / GRID_SHARE)) if is_grid else max(1, epochs)

    def grid(self, core: str) -> list[dict[str, Any]]:
        """The settings that are tried for a core: four, for each core."""
        name, values = OWN[core]
        if len(self.dropouts) > 1:
            name, values = "dropout", self.dropouts
        points = itertools.product(self.learning_rates, values)
        return [self.settings(core) | {"learning_rate": rate, name: value} for rate, value in points]

    def settings(self, core: str) -> dict[str, Any]:
        """What a core begins with: everything but its width."""
        name, values = OWN[core]
        settings: dict[str, Any] = {"learning_rate": self.learning_rates[0], "dropout": self.dropouts[0]}
        if core in TCNS:
            settings |= {key: self.tcn[key] for key in ("levels", "kernel_size")}
        else:
            settings |= {"layers": self.layers if core in RECURRENT else 2}
        if core in ("lstm", "gru", "min_gru"):
            settings["memory"] = self.steps
        return settings | ({} if name in settings else {name: values[0]})


_ATTENTION = {"attention": 4}
_MADE = 6400


def _adding(steps: int, tcn: dict[str, int], bar_from: str, **known: Any) -> Task:
    return Task(
        title=f"Adding problem, {steps} steps",
        reader=examples.adding(steps, _MADE),
        features=2,
        outputs=1,
        every_step=False,
        objective_name="squared",
        steps=steps,
        count=_MADE,
        tcn=tcn,
        batch=32,
        epochs=20,
        patience=7,
        enough=2e-5,
        nothing_learned=1 / 6,
        bar=1e-4,
        bar_from=bar_from,
        **known,
    )


def _copying(steps: int, tcn: dict[str, int], **known: Any) -> Task:
    nothing = 10 * math.log(8) / (steps + 20)
    return Task(
        title=f"Copy memory, {steps} steps",
        reader=examples.copying(steps, _MADE // 2),
        features=10,
        outputs=10,
        every_step=True,
        objective_name="copying",
        steps=steps + 20,
        count=_MADE // 2,
        tcn=tcn,
        batch=32,
        epochs=20,
        patience=7,
        fewer_epochs=_ATTENTION,
        enough=1e-5,
        nothing_learned=nothing,
        caveat="In many more steps, gates with chrono initialisation are known to remember (Tallec & Ollivier 2018).",
        **known,
    )


def _mnist(title: str, permuted: bool, published: dict[str, float], bar: float, bar_from: str) -> Task:
    return Task(
        title=title,
        reader=examples.digits(permuted),
        features=1,
        outputs=10,
        every_step=False,
        objective_name="classes",
        steps=784,
        count=50_000,
        tcn={"width": 25, "levels": 8, "kernel_size": 7},
        batch=64,
        epochs=8,
        patience=3,
        folders=("mnist",),
        fewer_epochs={**_ATTENTION, "min_gru": 2},
        seeds=3,
        seeds_of_others=1,
        nothing_learned=0.1135,
        published=published,
        bar=bar,
        bar_from=bar_from,
    )


def _music(title: str, name: str, **known: Any) -> Task:
    return Task(
        title=title,
        reader=examples.music(name),
        features=88,
        outputs=88,
        every_step=True,
        objective_name="keys",
        folders=("polymusic",),
        batch=8,
        **known,
    )


TASKS = {
    "adding_200": _adding(
        200,
        {"width": 27, "levels": 7, "kernel_size": 6},
        "what the GRU reaches at 600 steps (Bai et al. 2018), in round numbers",
    ),
    "adding_600": _adding(
        600,
        {"width": 24, "levels": 8, "kernel_size": 8},
        "the GRU's 5.3e-5 in Bai et al. 2018, in round numbers",
        fewer_epochs=_ATTENTION,
        published={"lstm": 0.164, "gru": 5.3e-5, "rnn": 0.177, "tcn": 5.8e-5},
    ),
    "copy_500": _copying(500, {"width": 10, "levels": 9, "kernel_size": 6}),
    "copy_1000": _copying(
        1000,
        {"width": 10, "levels": 8, "kernel_size": 8},
        published={"lstm": 0.0204, "gru": 0.0197, "rnn": 0.0202, "tcn": 3.5e-5},
    ),
    "sequential_mnist": _mnist(
        "Sequential MNIST",
        permuted=False,
        published={"lstm": 0.872, "gru": 0.962, "rnn": 0.215, "tcn": 0.990},
        bar=0.985,
        bar_from="tuned LSTMs reach 0.989 in later tables",
    ),
    "permuted_mnist": _mnist(
        "Permuted MNIST",
        permuted=True,
        published={"lstm": 0.857, "gru": 0.873, "rnn": 0.253, "tcn": 0.972},
        bar=0.945,
        bar_from="tuned LSTMs reach 0.951 in later tables",
    ),
    "jsb_chorales": _music(
        "JSB Chorales",
        "JSB_Chorales",
        steps=64,
        count=229,
        tcn={"width": 150, "levels": 2, "kernel_size": 3},
        epochs=50,
        patience=10,
        dropouts=(0.2, 0.5),
        published={"lstm": 8.45, "gru": 8.43, "rnn": 8.91, "tcn": 8.10},
        bar=8.43,
        bar_from="the GRU of Bai et al. 2018",
    ),
    "nottingham": _music(
        "Nottingham",
        "Nottingham",
        steps=256,
        count=694,
        tcn={"width": 150, "levels": 4, "kernel_size": 6},
        epochs=8,
        patience=3,
        seeds=3,
        seeds_of_others=3,
        dropouts=(0.1, 0.3),
        published={"lstm": 3.29, "gru": 3.46, "rnn": 4.05, "tcn": 3.07},
        bar=3.29,
        bar_from="the LSTM of Bai et al. 2018",
    ),
    "characters": Task(
        title="Characters of Tiny Shakespeare",
        reader=examples.characters,
        features=1,
        outputs=65,
        every_step=True,
        objective_name="characters",
        steps=examples.WINDOW,
        count=3921,
        tcn={"width": 64, "levels": 5, "kernel_size": 3},
        batch=32,
        epochs=8,
        patience=3,
        folders=("tiny_shakespeare", "tinyshakespeare"),
        vocabulary=65,
    ),
    "spoken_digits": Task(
        title="Spoken digits, raw samples",
        reader=examples.spoken,
        features=examples.FRAME,
        steps=examples.SAMPLES // examples.FRAME,
        count=2400,
        tcn={"width": 32, "levels": 6, "kernel_size": 5},
        batch=32,
        epochs=20,
        patience=6,
        folders=("spoken_digits", "fsdd"),
        dropouts=(0.0, 0.2),
        nothing_learned=0.1,
        outputs=10,
        every_step=False,
        objective_name="classes",
    ),
}
