"""The recipe of a ContextSegmenter."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.data import camvid
from dilatednets.layers.light_front_end import LightFrontEnd
from dilatednets.rules import Argument, Rule, arguments_of, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.context_segmenter.loss import CLASS_WEIGHTS, LOSSES
from dilatednets.zoo.context_segmenter.model import ContextSegmenter

AtLeast1 = Annotated[float, Rule(lambda x: 1 <= x < math.inf, "1 or above")]
Share = Annotated[float, Rule(lambda x: 0 <= x <= 1, "between 0 and 1")]
FROM_DATA = ("num_classes", "class_names", "palette", "front_end_options", "diameter")
"""Arguments of ContextSegmenter that are no keys, since the data or other keys say them."""
LIGHT = arguments_of(LightFrontEnd)
"""Options of the front end "light", which are keys of their own."""
Net: Any = recipe.net_table(
    {
        **{name: one for name, one in arguments_of(ContextSegmenter).items() if name not in FROM_DATA},
        **LIGHT,
        # Whether the front end `vgg16` starts from ImageNet's weights, which are downloaded.
        "imagenet": Argument(bool, False),
    }
)


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("camvid", "nuclei", "folder")] = "camvid"
    """The data set's reader, a module of dilatednets.data."""
    fold: camvid.Fold = ""
    """The film of camvid that is held out; "" for its own validation split, "none" to learn that split, too."""


@dataclass(frozen=True)
class Stage(recipe.Schedule):
    """One stage of the training; section 3 of the paper has the three that it uses."""

    train: Annotated[str, one_of("front_end", "context", "all")] = "all"
    """"front_end": the net without its context module; "context": the context module alone, the rest fixed; "all"."""
    epochs: Annotated[int, positive] = 50
    crop: Annotated[
        list[int], Rule(lambda x: len(x) == 2 and min(x) > 0, "two positive integers, height and width")
    ] = field(default_factory=lambda: [256, 320])
    scale: Annotated[
        list[float], Rule(lambda x: len(x) == 2 and 0 < x[0] <= x[1], "two numbers above 0, the smaller first")
    ] = field(default_factory=lambda: [0.5, 2.0])
    """Smallest and largest magnification of the images."""
    loss: Annotated[str, one_of(*LOSSES)] = "cross_entropy"
    class_weights: Annotated[str, one_of(*CLASS_WEIGHTS)] = "none"
    """Counted in the training labels; weights for rare classes find more of their pixels, and claim more of others'."""
    label_smoothing: Annotated[float, share] = 0.0


@dataclass(frozen=True)
class Training(recipe.Optimization):
    """What all stages share."""

    weight_decay: Annotated[float, not_negative] = 0.02
    aspect: AtLeast1 = 1.0
    flip: bool = True
    turn: bool = False
    colour: Annotated[float, not_negative] = 0.0
    blur: Share = 0.0
    sharpness: Annotated[float, Rule(lambda x: x >= 0.3, "0.3 or above")] = 1.0
    exposed: Share = 0.0
    gamma: AtLeast1 = 1.0
    gain: AtLeast1 = 1.0
    offset: Annotated[float, not_negative] = 0.0
    noise: Annotated[float, share] = 0.0


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of a ContextSegmenter, in stages."""

    model: str = "ContextSegmenter"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)
    stages: dict[str, Stage] = field(default_factory=lambda: {"all": Stage()})

    def idle_keys(self) -> dict[str, str]:
        """A preset settles the front end; options of the light one and kinds of losses do not always count."""
        idle: dict[str, str] = {}
        if self.data.reader != "camvid":
            idle["data.fold"] = f"{self.data.reader} has splits of its own"
        if self.init:
            reason = f"a run from init = {self.init!r} keeps that model's front end"
            idle |= dict.fromkeys((f"net.{name}" for name in ("front_end", "imagenet", *LIGHT)), reason)
        elif self.net.front_end != "light":
            idle |= dict.fromkeys((f"net.{name}" for name in LIGHT), "it is an option of the front end 'light'")
        if self.net.head == "regression":
            for stage in self.stages:
                keys = (f"stages.{stage}.{key}" for key in ("loss", "class_weights", "label_smoothing"))
                idle |= dict.fromkeys(keys, "values are learnt by their absolute error")
        return idle

    def contradiction(self) -> str:
        """As for all recipes; and stages, context module, scales and ImageNet's weights must fit the net."""
        if not self.stages:
            return "stages: must hold at least one stage, such as [stages.all]"
        for name, stage in self.stages.items():
            if stage.train == "context" and self.net.context == "none":
                return f"stages.{name}.train: there is no context to train with net.context = 'none'"
        if len(self.net.context_multipliers) not in (0, len(self.net.context_dilations)):
            return "net.context_multipliers: must hold as many numbers as net.context_dilations, or none"
        if self.net.head == "regression" and set(self.net.scales) != {1}:
            return "net.scales: values may depend on the scale; only 1 is possible with net.head = 'regression'"
        if self.net.channels != 3 and self.training.colour:
            return "training.colour: changes red, green and blue; set it to 0 with other net.channels"
        if self.net.imagenet and self.net.front_end != "vgg16":
            return "net.imagenet: only the front end 'vgg16' has ImageNet's weights"
        return super().contradiction()

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return f"dilatednets segment {model} IMAGE --output segmented"
