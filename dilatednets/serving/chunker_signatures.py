"""What a server can ask of a TCNChunker."""

from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.data.tag_schemes import parse
from dilatednets.serving.graphs import graph, spec, table
from dilatednets.serving.split_words import split_words
from dilatednets.serving.word_numbers import WordNumbers
from dilatednets.zoo.word_features import PADDING, UNKNOWN

Tensors = dict[str, tf.Tensor]


class ChunkerSignatures(tf.Module):
    """The signatures of a TCNChunker as graphs; tags are in IOB2, as `TCNChunker.tag` gives them.

    Args:
        model: A TCNChunker. One that needs parts of speech takes "pos" string (batch, max_tokens) besides tokens, and has no
            signature that takes text.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(name="chunker")
        self.model = model
        self.weights = [variable.value for variable in model.variables]
        self.numbers = WordNumbers(model.features)
        self.pos = None
        if model.pos_embedding is not None:
            self.pos = table({tag: number for number, tag in enumerate(model.pos_tags, UNKNOWN + 1)}, UNKNOWN)
        pairs = [parse(tag) for tag in model.tags]
        self.prefixes = tf.constant([prefix for prefix, _ in pairs])
        self.labels = tf.constant([label for _, label in pairs])

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        tokens = spec("tokens", [None, None], tf.string)
        if self.pos is not None:
            return {
                "serving_default": graph(self._tagged, {"tokens": tokens, "pos": spec("pos", [None, None], tf.string)})
            }
        return {
            "serving_default": graph(self._tagged, {"tokens": tokens}),
            "sentences": graph(self._split_and_tagged, {"sentence": spec("sentence", [None], tf.string)}),
        }

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature."""
        tokens = {"tokens": np.array([["It", "works", "."]], object)}
        if self.pos is not None:
            return {"serving_default": {**tokens, "pos": np.array([["PRP", "VBZ", "."]], object)}}
        return {"serving_default": tokens, "sentences": {"sentence": np.array(["It works."], object)}}

    def _split_and_tagged(self, sentence: Any) -> Tensors:
        tokens, words = (ragged.to_tensor("") for ragged in split_words(sentence, self.model.tokenizer))
        return {"tokens": tokens, "tags": self._tagged(words)["tags"]}

    def _tagged(self, tokens: Any, pos: Any = None) -> Tensors:
        # With a column more, so that there is one.
        tokens = tf.pad(tokens, [[0, 0], [0, 1]], constant_values="")
        there = tokens != ""
        gaps = there[:, 1:] & ~there[:, :-1]
        tf.debugging.Assert(~tf.reduce_any(gaps), ['tokens: an empty one before others; "" is for the end of a row'])
        inputs = self.numbers(tokens)
        if self.pos is not None:
            tf.debugging.assert_equal(tf.shape(pos), tf.shape(tokens) - [0, 1], "pos: give one for each token")
            known = self.pos.lookup(tf.pad(pos, [[0, 0], [0, 1]], constant_values=""))
            inputs["pos"] = tf.where(there, known, PADDING)
        scores = self.model(inputs, training=False)["tags"]
        if self.model.crf is not None:
            numbers = self.model.crf(scores, mask=there)
            probabilities = self.model.crf.marginals(scores, there)
        else:
            numbers, probabilities = tf.argmax(scores, axis=-1, output_type=tf.int32), tf.nn.softmax(scores)
        confidence = tf.gather(probabilities, numbers, batch_dims=2)
        answer = {"tags": tf.where(there, self._iob2(numbers), ""), "confidence": tf.where(there, confidence, 0.0)}
        return {name: tensor[:, :-1] for name, tensor in answer.items()}

    def _iob2(self, numbers: Any) -> tf.Tensor:
        """Tags in IOB2; spans begin where `dilatednets.data.tag_schemes.spans` has them begin."""
        prefix, label = tf.gather(self.prefixes, numbers), tf.gather(self.labels, numbers)
        last, last_label = (tf.pad(x, [[0, 0], [1, 0]], constant_values=first)[:, :-1] for x, first in (
            (prefix, "O"), (label, "")))  # fmt: skip
        begins = _among(prefix, "BS") | _among(last, "OES") | (label != last_label)
        return tf.where(prefix == "O", "O", tf.strings.join([tf.where(begins, "B", "I"), label], "-"))


def _among(prefixes: tf.Tensor, which: str) -> tf.Tensor:
    return tf.reduce_any([prefixes == one for one in which], axis=0)
