"""The recipe of a TCNChunker."""

from dataclasses import dataclass, field
from pathlib import Path

from dilatednets.layers.temporal_block import NORMALIZATIONS
from dilatednets.training.recipe_rules import NOT_NEGATIVE, POSITIVE, Rule, Rules, one_of
from dilatednets.zoo.chunking_net import DECODERS, POS, TOKENIZERS


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: str = "conll2000"
    """The data set's reader, a module of dilatednets.data."""
    more_pos: str = ""
    """Reader of more sentences, which teach parts of speech only: "ewt"."""
    more_pos_dir: str = ""
    """Their folder; a recipe that is passed on leaves it empty, to be set when training."""
    embeddings: str = ""
    """A text file of pretrained word vectors, a word and its numbers a line, of length `net.word_channels`."""


@dataclass(frozen=True)
class Net:
    """Arguments of TCNChunker that are not given by the data."""

    pos: str = "joint"
    scheme: str = "iobes"
    decoder: str = "crf"
    width: int = 192
    kernel_size: int = 3
    dilations: list[int] = field(default_factory=lambda: [1, 2, 4])
    iterations: int = 1
    shared: bool = False
    pos_depth: int = 1
    causal: bool = False
    normalization: str = "layer"
    gated: bool = False
    word_channels: int = 128
    character_channels: int = 32
    character_filters: int = 96
    shape_channels: int = 16
    pos_channels: int = 32
    input_dropout: float = 0.3
    dropout: float = 0.2
    pos_weight: float = 0.5
    tokenizer: str = "treebank"


@dataclass(frozen=True)
class Training:
    """How to train."""

    epochs: int = 40
    batch_size: int = 32
    """Sentences."""
    learning_rate: float = 2e-3
    final_learning_rate: float = 2e-5
    """Reached by a cosine at the end."""
    warmup_steps: int = 300
    weight_decay: float = 0.01
    clip_norm: float = 5.0
    """Of the gradient of all weights together."""
    ema: float = 0.998
    """Decay of the averaged weights, which are the ones evaluated and kept."""
    word_dropout: float = 0.25
    """A word that comes n times becomes unknown with probability word_dropout / (word_dropout + n)."""
    character_dropout: float = 0.02
    """Share of characters that become unknown."""
    seed: int = 0
    dtype: str = "float32"
    evaluate_every: int = 1
    """Epochs between evaluations on validation."""


@dataclass(frozen=True)
class ChunkingRecipe:
    """A training run of a TCNChunker: data, net, training, and the figure it must reach."""

    name: str
    model: str = "TCNChunker"
    init: str = ""
    """A preset to start from instead of random weights; of `net`, `scheme`, `decoder`, `*dropout`, `pos_weight` count."""
    goal: dict[str, float] = field(default_factory=dict)
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
        if self.data.more_pos and self.net.pos != "joint":
            return f"key data.more_pos: parts of speech are not learnt with net.pos = {self.net.pos!r}; leave it out"
        return ""

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        if self.net.pos == "input":
            return f'printf "It PRP\\nworks VBZ\\n" | dilatednets chunk {model}'
        return f'echo "It works ." | dilatednets chunk {model}'


_SHARE: Rule = (lambda x: 0 <= x < 1, "at least 0 and below 1")

RULES: Rules = {
    "data.reader": one_of("conll2000", "snips", "columns"),
    "data.more_pos": one_of("", "ewt"),
    "net.pos": one_of(*POS),
    "net.scheme": one_of("iobes", "iob2"),
    "net.decoder": one_of(*DECODERS),
    "net.normalization": one_of(*NORMALIZATIONS),
    "net.tokenizer": one_of(*TOKENIZERS),
    "net.width": POSITIVE,
    "net.kernel_size": POSITIVE,
    "net.dilations": (lambda x: bool(x) and min(x) > 0, "a list of positive integers"),
    "net.iterations": POSITIVE,
    "net.pos_depth": POSITIVE,
    "net.word_channels": POSITIVE,
    "net.character_channels": NOT_NEGATIVE,
    "net.character_filters": POSITIVE,
    "net.shape_channels": NOT_NEGATIVE,
    "net.pos_channels": POSITIVE,
    "net.input_dropout": _SHARE,
    "net.dropout": _SHARE,
    "net.pos_weight": NOT_NEGATIVE,
    "training.epochs": POSITIVE,
    "training.batch_size": POSITIVE,
    "training.learning_rate": POSITIVE,
    "training.final_learning_rate": POSITIVE,
    "training.warmup_steps": NOT_NEGATIVE,
    "training.weight_decay": NOT_NEGATIVE,
    "training.clip_norm": POSITIVE,
    "training.ema": (lambda x: 0 < x < 1, "between 0 and 1"),
    "training.word_dropout": NOT_NEGATIVE,
    "training.character_dropout": _SHARE,
    "training.seed": (lambda x: 0 <= x < 2**32, "0 or above, and below 2**32"),
    "training.dtype": one_of("float32", "mixed_bfloat16"),
    "training.evaluate_every": POSITIVE,
}
