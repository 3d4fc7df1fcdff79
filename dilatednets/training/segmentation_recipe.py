"""The recipe of a ContextSegmenter."""

from dataclasses import dataclass, field
from pathlib import Path

from dilatednets.layers.context_module import DILATIONS
from dilatednets.layers.light_front_end import DILATIONS as COARSE_DILATIONS
from dilatednets.training.recipe_rules import NOT_NEGATIVE, POSITIVE, Rule, Rules, one_of
from dilatednets.training.segmentation_loss import CLASS_WEIGHTS, LOSSES
from dilatednets.zoo.context_segmenter import CONTEXTS, FRONT_ENDS, HEADS, LARGEST_SCALE, SMALLEST_SCALE


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: str = "camvid"
    """The data set's reader, a module of dilatednets.data."""


@dataclass(frozen=True)
class Net:
    """Arguments of ContextSegmenter that are not given by the data."""

    front_end: str = "light"
    context: str = "basic"
    context_dilations: list[int] = field(default_factory=lambda: list(DILATIONS))
    context_multipliers: list[int] = field(default_factory=list)
    """Channels of the context module's layers as multiples of the classes; none: those of `context`."""
    context_identity: bool = True
    head: str = "classification"
    dropout: float = 0.1
    scales: list[float] = field(default_factory=lambda: [1.0])
    """Magnifications at which the finished model looks; evaluation during training is at 1 alone."""
    flip: bool = False
    """Whether the finished model also looks at the mirror image."""
    imagenet: bool = False
    """Whether the front end `vgg16` starts from ImageNet's weights, which are downloaded."""
    widths: list[int] = field(default_factory=lambda: [32, 48, 128, 256])
    """This and the rest: of the light front end."""
    blocks: list[int] = field(default_factory=lambda: [1, 4])
    dilations: list[int] = field(default_factory=lambda: list(COARSE_DILATIONS))
    stride: int = 4
    output_channels: int = 64


@dataclass(frozen=True)
class Stage:
    """One stage of the training; see section 3 of the paper for the three that it uses."""

    train: str = "all"
    """"front_end": the net without its context module; "context": the context module alone, the rest fixed; "all"."""
    epochs: int = 50
    batch_size: int = 8
    crop: list[int] = field(default_factory=lambda: [256, 320])
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    """Reached by a cosine at the end of the stage."""
    warmup_steps: int = 300
    scale: list[float] = field(default_factory=lambda: [0.5, 2.0])
    """Smallest and largest magnification of the images."""
    loss: str = "cross_entropy"
    class_weights: str = "none"
    """Counted in the training labels; weights for rare classes find more of their pixels, and claim more of others'."""
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class Training:
    """What all stages share."""

    weight_decay: float = 0.02
    clip_norm: float = 5.0
    """Of the gradient of all weights together."""
    ema: float = 0.998
    """Decay of the averaged weights, which are the ones evaluated and kept; lower in a stage of less than 10 / (1 - ema)
    steps."""
    aspect: float = 1.0
    flip: bool = True
    turn: bool = False
    colour: float = 0.0
    blur: float = 0.0
    seed: int = 0
    dtype: str = "float32"
    evaluate_every: int = 1
    """Epochs between evaluations on validation."""


@dataclass(frozen=True)
class SegmentationRecipe:
    """A training run of a ContextSegmenter: data, net, stages, and the figure it must reach."""

    name: str
    model: str = "ContextSegmenter"
    init: str = ""
    """A preset to start from instead of random weights; of `net`, only `context*`, `head`, `dropout`, `scales` and `flip`
    then count."""
    goal: dict[str, float] = field(default_factory=dict)
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)
    stages: dict[str, Stage] = field(default_factory=lambda: {"all": Stage()})

    @property
    def epochs(self) -> int:
        """Of the whole run."""
        return sum(stage.epochs for stage in self.stages.values())

    def contradiction(self) -> str:
        """What in it does not go together; empty if all does."""
        if not self.stages:
            return "key stages: must hold at least one stage, such as [stages.all]"
        for name, stage in self.stages.items():
            if stage.train == "context" and self.net.context == "none":
                return f"key stages.{name}.train: there is no context to train with net.context = 'none'"
            if stage.final_learning_rate > stage.learning_rate:
                return f"key stages.{name}.final_learning_rate: must not exceed stages.{name}.learning_rate"
        if len(self.net.context_multipliers) not in (0, len(self.net.context_dilations)):
            return "key net.context_multipliers: must hold as many numbers as net.context_dilations, or none"
        if self.net.head == "regression" and any(scale != 1 for scale in self.net.scales):
            return "key net.scales: values may depend on the scale; only 1 is possible with net.head = 'regression'"
        if self.net.imagenet and self.net.front_end != "vgg16":
            return "key net.imagenet: only the front end 'vgg16' has ImageNet's weights"
        return ""

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return f"dilatednets segment {model} IMAGE --output segmented"


_POSITIVE_INTEGERS: Rule = (lambda x: bool(x) and min(x) > 0, "a list of positive integers")
_SHARE: Rule = (lambda x: 0 <= x < 1, "at least 0 and below 1")

RULES: Rules = {
    "data.reader": one_of("camvid", "nuclei", "folder"),
    "net.front_end": one_of(*FRONT_ENDS),
    "net.scales": (
        lambda x: bool(x) and SMALLEST_SCALE <= min(x) <= max(x) <= LARGEST_SCALE,
        f"numbers from {SMALLEST_SCALE} to {LARGEST_SCALE:g}",
    ),
    "net.context": one_of(*CONTEXTS),
    "net.context_dilations": _POSITIVE_INTEGERS,
    "net.context_multipliers": (lambda x: not x or min(x) > 0, "a list of positive integers, or empty"),
    "net.head": one_of(*HEADS),
    "net.dropout": _SHARE,
    "net.widths": (lambda x: len(x) == 4 and min(x) > 0 and not any(n % 2 for n in x), "four positive even integers"),
    "net.blocks": (lambda x: len(x) == 2 and min(x) >= 0, "two integers, 0 or above"),
    "net.dilations": _POSITIVE_INTEGERS,
    "net.stride": (lambda x: x in (2, 4, 8), "2, 4 or 8"),
    "net.output_channels": POSITIVE,
    "training.weight_decay": NOT_NEGATIVE,
    "training.clip_norm": POSITIVE,
    "training.ema": (lambda x: 0 < x < 1, "between 0 and 1"),
    "training.aspect": (lambda x: x >= 1, "1 or above"),
    "training.colour": NOT_NEGATIVE,
    "training.blur": (lambda x: 0 <= x <= 1, "between 0 and 1"),
    "training.seed": (lambda x: 0 <= x < 2**32, "0 or above, and below 2**32"),
    "training.dtype": one_of("float32", "mixed_bfloat16"),
    "training.evaluate_every": POSITIVE,
    "stages.*.train": one_of("front_end", "context", "all"),
    "stages.*.epochs": POSITIVE,
    "stages.*.batch_size": POSITIVE,
    "stages.*.crop": (lambda x: len(x) == 2 and min(x) > 0, "two positive integers, height and width"),
    "stages.*.learning_rate": POSITIVE,
    "stages.*.final_learning_rate": POSITIVE,
    "stages.*.loss": one_of(*LOSSES),
    "stages.*.class_weights": one_of(*CLASS_WEIGHTS),
    "stages.*.label_smoothing": _SHARE,
    "stages.*.warmup_steps": NOT_NEGATIVE,
    "stages.*.scale": (lambda x: len(x) == 2 and 0 < x[0] <= x[1], "two numbers above 0, the smaller first"),
}
