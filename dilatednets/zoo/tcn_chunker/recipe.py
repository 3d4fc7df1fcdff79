"""The recipe of a TCNChunker."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from dilatednets.data.conll2000 import Fold
from dilatednets.rules import arguments_of, not_negative, one_of, positive, share
from dilatednets.training import recipe
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.tag_schemes import SCHEMES

FROM_DATA = ("labels", "words", "characters", "shapes", "pos_tags")
"""Arguments of TCNChunker that the data say."""
FREE = ("scheme", "decoder", "input_dropout", "dropout", "pos_weight")
"""Keys of `net` that a run from a preset may set."""
Net: Any = recipe.net_table({name: one for name, one in arguments_of(TCNChunker).items() if name not in FROM_DATA})


@dataclass(frozen=True)
class Data:
    """What to train on."""

    reader: Annotated[str, one_of("conll2000", "snips", "columns")] = "conll2000"
    """The data set's reader, a module of dilatednets.data."""
    columns: list[str] = field(default_factory=list)
    """What the columns of the reader "columns" hold, such as ["word", "pos", "-", "tag"]; found by their number if empty."""
    scheme: Annotated[str, one_of("", *SCHEMES)] = ""
    """The scheme of its tags; found by their letters if empty."""
    more_pos: Annotated[str, one_of("", "ewt")] = ""
    """Reader of more sentences, which teach parts of speech only: "ewt"."""
    more_pos_dir: str = ""
    """Their folder; a recipe that is passed on leaves it empty, to be set when training."""
    fold: Fold = 0
    """Which stretch of conll2000 is held out; 0 is its validation split."""
    taught: str = ""
    """A file of more sentences, in CoNLL-2000's columns, which a teacher tagged; `tools/teach_chunks` writes it.
    "{fold}" in its name stands for the fold, which the teacher must not have seen."""
    repeats: Annotated[int, positive] = 1
    """How often an epoch has each sentence of the data set: several times beside many that a teacher tagged."""
    rare_words: Annotated[int, positive] = 1
    """Words seen less often, in all sentences together, get no vector of their own."""
    embeddings: str = ""
    """A text file of pretrained word vectors, a word and its numbers a line, of length `net.word_channels`."""


@dataclass(frozen=True)
class Training(recipe.Optimization, recipe.Schedule):
    """How to train."""

    epochs: Annotated[int, positive] = 40
    batch_size: Annotated[int, positive] = 32
    """Sentences of a batch."""
    learning_rate: Annotated[float, positive] = 2e-3
    final_learning_rate: Annotated[float, positive] = 2e-5
    word_dropout: Annotated[float, not_negative] = 0.25
    """A word that comes n times becomes unknown with probability word_dropout / (word_dropout + n)."""
    character_dropout: Annotated[float, share] = 0.02
    """Share of characters that become unknown."""


@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    """A training run of a TCNChunker."""

    model: str = "TCNChunker"
    data: Data = field(default_factory=Data)
    net: Net = field(default_factory=Net)
    training: Training = field(default_factory=Training)

    def idle_keys(self) -> dict[str, str]:
        """A preset settles the net but for `FREE`; a folder is read for its reader alone."""
        reason = f"a run from init = {self.init!r} keeps that model's net"
        idle = {f"net.{name}": reason for name in arguments_of(TCNChunker) if self.init and name not in FREE}
        if self.data.reader != "columns":
            idle |= dict.fromkeys(("data.columns", "data.scheme"), f"{self.data.reader} has columns of its own")
        if not self.data.more_pos:
            idle["data.more_pos_dir"] = "data.more_pos is empty"
        if self.data.reader != "conll2000":
            idle["data.fold"] = f"{self.data.reader} has splits of its own"
        return idle

    def contradiction(self) -> str:
        """What contradicts as in all recipes; and more parts of speech that the net does not learn."""
        if self.data.more_pos and self.net.pos != "joint":
            return f"data.more_pos: parts of speech are not learnt with net.pos = {self.net.pos!r}; leave it out"
        return super().contradiction()

    def try_next(self, model: Path) -> str:
        """A command to try with what was trained."""
        if self.net.pos == "input":
            return f'printf "It PRP\\nworks VBZ\\n" | dilatednets chunk {model}'
        return f'echo "It works ." | dilatednets chunk {model}'
