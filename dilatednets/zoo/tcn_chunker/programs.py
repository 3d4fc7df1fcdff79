"""What JAX compiles of a TCNChunker, for `dilatednets benchmark lowering`."""

from typing import Any

from keras import ops

from dilatednets.backend import stateless
from dilatednets.data.columns import TaggedSentence
from dilatednets.zoo.tcn_chunker.training import make_batches
from dilatednets.zoo.tcn_chunker.word_features import PADDING

WORDS = 24
"""Words of a sentence."""


def example_batch(model: Any, recipe: Any) -> Any:
    """A training batch of sentences of one word again and again."""
    pos = (model.pos_tags[0],) * WORDS if model.pos_tags else ()
    sentences = [TaggedSentence(("a",) * WORDS, ("O",) * WORDS, pos)] * recipe.training.batch_size
    return next(make_batches(model, recipe, sentences).epochs())


def objective(model: Any, recipe: Any) -> dict[str, Any]:
    """Nothing besides the model's own loss."""
    return {}


def verb_program(model: Any, recipe: Any) -> Any:
    """Name, function and arguments of the way from words to the most probable tags, Viterbi's algorithm included."""

    def decode(inputs: Any) -> Any:
        scores = model(inputs, training=False)["tags"]
        return ops.argmax(scores, axis=-1) if model.crf is None else model.crf(scores, inputs["words"] != PADDING)

    return "decoding", stateless(decode, model.variables), (example_batch(model, recipe)[0],)
