"""What a server can ask of a TCNChunker."""

from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.serving.graphs import ServedModel, checked, graph, spec, table
from dilatednets.zoo.tcn_chunker.split_words import split_words
from dilatednets.zoo.tcn_chunker.tag_schemes import parse
from dilatednets.zoo.tcn_chunker.word_features import PADDING, UNKNOWN, numbers_of
from dilatednets.zoo.tcn_chunker.word_numbers import WordNumbers

Tensors = dict[str, tf.Tensor]


class Signatures(ServedModel):
    """The signatures of a TCNChunker as graphs; tags are in IOB2, as `TCNChunker.tag` gives them.

    Args:
        model: A TCNChunker. One that needs parts of speech takes "pos" string (batch, max_tokens) besides tokens, and has no
            signature that takes text.
    """

    unit = "sentences"
    timed = {False: ("serving_default", "sentences"), True: ()}

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.numbers = WordNumbers(model.features)
        self.pos = None
        if model.pos_embedding is not None:
            self.pos = table(numbers_of(model.pos_tags), UNKNOWN)
        pairs = [parse(tag) for tag in model.tags]
        self.prefixes = tf.constant([prefix for prefix, _ in pairs])
        self.labels = tf.constant([label for _, label in pairs])

    def ask_model(self, inputs: Any) -> dict[str, list[list[str]]]:
        """What `TCNChunker.tag` makes of the same words."""
        pos = inputs["pos"].tolist() if "pos" in inputs else None
        return {"tags": self.model.tag(inputs["tokens"].tolist(), pos)}

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        names = ["tokens"] if self.pos is None else ["tokens", "pos"]
        graphs = {"serving_default": graph(self._tagged, {name: spec(name, [None, None], tf.string) for name in names})}
        if self.pos is None:
            graphs["sentences"] = graph(self._split_and_tagged, {"sentence": spec("sentence", [None], tf.string)})
        return graphs

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
        # With a column more, so that there is one even if there are no tokens.
        tokens = tf.pad(tokens, [[0, 0], [0, 1]], constant_values="")
        there = tokens != ""
        gaps = there[:, 1:] & ~there[:, :-1]
        words = 'tokens: an empty one before others; "" is for the end of a row'
        inputs = self.numbers(checked(tokens, ~tf.reduce_any(gaps), words))
        if self.pos is not None:
            same = tf.reduce_all(tf.shape(pos) == tf.shape(tokens) - [0, 1])
            pos = checked(pos, same, "pos: give one for each token")
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
        """Tags in IOB2; spans begin where `dilatednets.zoo.tcn_chunker.tag_schemes.spans` has them begin."""
        prefix, label = tf.gather(self.prefixes, numbers), tf.gather(self.labels, numbers)
        last = tf.pad(prefix, [[0, 0], [1, 0]], constant_values="O")[:, :-1]
        last_label = tf.pad(label, [[0, 0], [1, 0]], constant_values="")[:, :-1]
        begins = _among(prefix, "BS") | _among(last, "OES") | (label != last_label)
        return tf.where(prefix == "O", "O", tf.strings.join([tf.where(begins, "B", "I"), label], "-"))


def _among(prefixes: tf.Tensor, which: str) -> tf.Tensor:
    return tf.reduce_any([prefixes == letter for letter in which], axis=0)
