"""The recipe of a WaveNet."""

from dataclasses import dataclass, field
from pathlib import Path

from dilatednets.training.recipe_rules import NOT_NEGATIVE, POSITIVE, Rules, one_of


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: str = "spoken_digits"
    """The data set's reader, a module of dilatednets.data."""
    sample_rate: int = 8000
    """Recordings are resampled to it."""
    gap: float = 0.06
    """Seconds between words when the model speaks."""
    max_gap: float = 0.15
    """Longest pause, in seconds, between words in training."""


@dataclass(frozen=True)
class Net:
    """Arguments of WaveNet that are not given by the data."""

    dilations: list[int] = field(default_factory=lambda: 3 * [2**i for i in range(10)])
    kernel_size: int = 2
    residual_channels: int = 32
    gate_channels: int = 64
    skip_channels: int = 64
    output: str = "softmax"
    speaker_channels: int = 16
    condition_hop: int = 80
    condition_hidden: int = 64
    condition_channels: int = 16
    condition_upsampling: str = "transposed"


@dataclass(frozen=True)
class Training:
    """How to train."""

    epochs: int = 20
    batch_size: int = 4
    target: int = 3200
    """Samples of a window that count; the receptive field comes before them."""
    learning_rate: float = 2e-3
    final_learning_rate: float = 2e-4
    """Reached by a cosine at the end of the last epoch."""
    warmup_steps: int = 300
    clip_norm: float = 1.0
    ema: float = 0.999
    """Decay of the averaged weights, which are the ones evaluated and kept; lower in a run of less than 10 / (1 - ema)
    steps, so that the average reaches back over a tenth of it at most."""
    seed: int = 0
    dtype: str = "float32"
    """Keras dtype policy of the training; the model that is kept computes in float32."""
    jit_compile: bool = True
    sample_every: int = 1
    """Epochs between samples written as WAV and PNG; 0 for none."""
    sample_text: str = "four two seven"


@dataclass(frozen=True)
class SpeechRecipe:
    """A training run: model, data, schedule, and the figure it must reach."""

    name: str
    model: str = "WaveNet"
    init: str = ""
    """A preset to start from instead of random weights; its net is kept, and `net` must be absent. Speakers it knows keep
    their vectors and tempo, others get fresh ones."""
    goal: dict[str, float] = field(default_factory=dict)
    """What the run must reach on validation, e.g. bits_per_sample, its tolerance, and hours of wall time."""
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)

    @property
    def epochs(self) -> int:
        """Of the whole run."""
        return self.training.epochs

    def contradiction(self) -> str:
        """What in it does not go together; empty if all does."""
        if self.training.final_learning_rate > self.training.learning_rate:
            return "key training.final_learning_rate: must not exceed training.learning_rate"
        return ""

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        return f'dilatednets generate {model} --text "{self.training.sample_text}" --speaker NAME --output say.wav'


# What a value must be beyond its type.
RULES: Rules = {
    "data.reader": one_of("spoken_digits"),
    "data.sample_rate": POSITIVE,
    "data.gap": NOT_NEGATIVE,
    "data.max_gap": NOT_NEGATIVE,
    "net.dilations": (lambda x: bool(x) and min(x) > 0, "a list of positive integers"),
    "net.kernel_size": POSITIVE,
    "net.residual_channels": POSITIVE,
    "net.gate_channels": (lambda x: x > 0 and x % 2 == 0, "even and above 0: it counts both halves of the gate"),
    "net.skip_channels": POSITIVE,
    "net.output": one_of("softmax", "logistics", "gaussian"),
    "net.speaker_channels": POSITIVE,
    "net.condition_hop": POSITIVE,
    "net.condition_hidden": POSITIVE,
    "net.condition_channels": POSITIVE,
    "net.condition_upsampling": one_of("transposed", "repeat"),
    "training.epochs": POSITIVE,
    "training.batch_size": POSITIVE,
    "training.target": POSITIVE,
    "training.learning_rate": POSITIVE,
    "training.final_learning_rate": POSITIVE,
    "training.warmup_steps": NOT_NEGATIVE,
    "training.clip_norm": POSITIVE,
    "training.ema": (lambda x: 0 < x < 1, "between 0 and 1"),
    "training.seed": (lambda x: 0 <= x < 2**32, "0 or above, and below 2**32"),
    "training.dtype": one_of("float32", "mixed_bfloat16"),
    "training.sample_every": NOT_NEGATIVE,
}
