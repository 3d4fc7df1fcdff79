"""A net that chunks: what goes into it, what comes out, and what it learns from; the blocks between are the subclass's."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.arrays import numbers
from dilatednets.errors import InputError
from dilatednets.layers.character_encoder import CharacterEncoder
from dilatednets.layers.linear_chain_crf import LinearChainCRF
from dilatednets.zoo.checked_arrays import CheckedBatches
from dilatednets.zoo.tcn_chunker.checked_sentences import checked
from dilatednets.zoo.tcn_chunker.tag_schemes import SCHEMES, check_labels, valid_transitions
from dilatednets.zoo.tcn_chunker.tagger import Tagger
from dilatednets.zoo.tcn_chunker.word_features import PADDING, UNKNOWN, WordFeatures, normal_form, numbers_of


class ChunkingNet(CheckedBatches, Tagger):
    """A tagger of spans whose layers that see neighbours are the subclass's.

    The subclass keeps its constructor's arguments, those of `dilatednets.zoo.tcn_chunker.TCNChunker` among them, and then
    calls `_make_net`. Its `_make_blocks` gives the layers, which take `mask` and `training` and are built for `width`
    channels; its `block_sequence` has them in the order in which they are applied, shared ones as often as they are.
    """

    def _make_net(self) -> None:
        """Makes all layers and weights, after checks of what no single argument tells.

        Raises:
            InputError: for labels that are tags, or parts of speech that are missing.
        """
        check_labels(self.labels)
        for name, entries in (("words", self.words), ("shapes", self.shapes)):
            for entry in entries:
                if not entry or entry != entry.strip(" \t\r\n"):
                    raise InputError(f"{name}: must be neither empty nor with blanks around them, not {entry!r}")
        for character in self.characters:
            if len(character) != 1:
                raise InputError(f"characters: must be single characters, not {character!r}")
        if self.pos != "none" and not self.pos_tags:
            raise InputError(f"pos_tags: name the parts of speech, or set pos to 'none' instead of {self.pos!r}")
        if self.pos == "none":
            self.pos_tags = ()
        self.features = WordFeatures(self.words, self.characters, self.shapes)
        self.tags = ("O", *(f"{prefix}-{label}" for label in self.labels for prefix in SCHEMES[self.scheme]))
        self._pos_numbers = numbers_of(self.pos_tags)
        self._make_layers()
        if self.pos == "joint" and self.pos_depth > len(self.block_sequence):
            raise InputError(f"pos_depth: must be from 1 to {len(self.block_sequence)} blocks, not {self.pos_depth}")
        self._build()

    def _make_layers(self) -> None:
        """Makes the layers in the order that stored weights have: Keras numbers them by it in the file."""
        layers, policy, joint = keras.layers, self.dtype_policy, self.pos == "joint"

        def embedding(names: Any, channels: int, name: str) -> Any:
            return layers.Embedding(UNKNOWN + 1 + len(names), channels, name=name, dtype=policy)

        def dense(units: int, name: str, **options: Any) -> Any:
            return layers.Dense(units, name=name, dtype=policy, **options)

        self.word_embedding = embedding(self.words, self.word_channels, "word_embedding")
        self.character_encoder = self.shape_embedding = self.pos_embedding = None
        if self.character_channels:
            sizes = UNKNOWN + 1 + len(self.characters), self.character_channels, self.character_filters
            self.character_encoder = CharacterEncoder(*sizes, name="character_encoder", dtype=policy)
        if self.shape_channels:
            self.shape_embedding = embedding(self.shapes, self.shape_channels, "shape_embedding")
        if self.pos == "input":
            self.pos_embedding = embedding(self.pos_tags, self.pos_channels, "pos_embedding")
        self.input_drop = layers.Dropout(self.input_dropout, name="input_drop", dtype=policy)
        self.projection = dense(self.width, "projection")
        self.blocks = self._make_blocks()
        self.pos_scores: Any = dense(len(self.pos_tags), "pos_scores") if joint else None
        self.pos_projection: Any = dense(self.width, "pos_projection", use_bias=False) if joint else None
        self.norm = layers.LayerNormalization(name="norm", dtype=policy)
        self.drop = layers.Dropout(self.dropout, name="drop", dtype=policy)
        self.scores = dense(len(self.tags), "scores")
        self.crf = None
        if self.decoder == "crf":
            self.crf = LinearChainCRF(len(self.tags), *valid_transitions(self.tags), name="crf")

    def _build(self) -> None:
        """Creates every weight at once: their shapes follow from the arguments alone."""
        channels = 0
        for layer in self._word_layers.values():
            layer.build((None, None))
            channels += layer.compute_output_shape((None, None))[-1]
        self.projection.build((None, None, channels))
        for layer in (*self.blocks, self.pos_scores, self.norm, self.scores):
            if layer is not None:
                layer.build((None, None, self.width))
        if self.pos_projection is not None:
            self.pos_projection.build((None, None, len(self.pos_tags)))
        if self.crf is not None:
            self.crf.build()
        self.built = True

    @property
    def _word_layers(self) -> dict[str, Any]:
        """What sees each word by itself, by the name of its input; vectors are concatenated in this order."""
        layers = {
            "words": self.word_embedding,
            "characters": self.character_encoder,
            "shapes": self.shape_embedding,
            "pos": self.pos_embedding,
        }
        return {name: layer for name, layer in layers.items() if layer is not None}

    @property
    def word_inputs(self) -> tuple[str, ...]:
        """Names of the inputs that the net reads."""
        return tuple(self._word_layers)

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        return checked(self, x, y)

    def call(self, inputs: Any, training: Any = None) -> dict[str, Any]:
        """Scores of tags, and of parts of speech, as the class describes inputs and outputs."""
        return self.body(self.embed(inputs, training), inputs["words"] != PADDING, training)

    def embed(self, inputs: Any, training: Any = None) -> Any:
        """What is known of each word by itself, (batch, time, width)."""
        vectors = ops.concatenate([layer(inputs[name]) for name, layer in self._word_layers.items()], axis=-1)
        return self.projection(self.input_drop(vectors, training=training))

    def body(self, x: Any, mask: Any, training: Any = None) -> dict[str, Any]:
        """Scores of embedded words, (batch, time, width); `mask` is True for each that is a word."""
        x = ops.where(mask[..., None], x, 0)
        return self.apply_blocks(x, lambda block, x: block(x, mask=mask, training=training), training)

    def apply_blocks(self, x: Any, run: Callable[[Any, Any], Any], training: Any = False) -> dict[str, Any]:
        """Scores of embedded words, of any shape (..., width), to which `run` applies a block."""
        outputs = {}
        for depth, block in enumerate(self.block_sequence, start=1):
            x = run(block, x)
            if self.pos == "joint" and depth == self.pos_depth:
                outputs["pos"] = ops.cast(self.pos_scores(self.drop(x, training=training)), "float32")
                x = x + self.pos_projection(ops.cast(ops.softmax(outputs["pos"]), x.dtype))
        x = self.drop(self.norm(x), training=training)
        # Float32 from here on, whatever the policy: the losses need it.
        return {"tags": ops.cast(self.scores(x), "float32"), **outputs}

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Negative log-likelihood a word of the tags, plus `pos_weight` times that of the parts of speech.

        Args:
            x: The inputs.
            y: {"tags": integers (batch, time), "pos": the same}, numbers of `tags` and of `pos_tags`; either may be missing.
                -1 is unknown; a random field learns no sentence of which a tag is.
            y_pred: The outputs of the call.
            sample_weight: Weight of each sentence, (batch,), or of each word, (batch, time), which the tags of a random
                field cannot have; or {"tags": ..., "pos": ...}.
            training: Not used.

        Raises:
            InputError: for other targets or weights.
        """
        if not isinstance(y, Mapping) or not set(y) <= {"tags", "pos"}:
            raise InputError('y: must be {"tags": ..., "pos": ...}, numbers of each word; SentenceBatches makes them')
        for name, given in y.items():
            shape, wanted = tuple(given.shape), tuple(x["words"].shape)
            if len(shape) != 2 or any(None not in (a, b) and a != b for a, b in zip(shape, wanted, strict=False)):
                words = ", ".join(map(str, wanted)).replace("None", "any")
                raise InputError(f"{name}: must be of shape ({words}), one number for each word, not {shape}")
        weights = sample_weight if isinstance(sample_weight, Mapping) else dict.fromkeys(y, sample_weight)
        mask = x["words"] != PADDING
        loss = 0.0
        if "tags" in y:
            known = mask & (y["tags"] >= 0)
            if self.crf is not None:
                known = mask & ops.all(known | ~mask, axis=1, keepdims=True)
                likelihoods = self.crf.log_likelihood(y_pred["tags"], y["tags"], known)[:, None]
            else:
                likelihoods = _log_probabilities(y_pred["tags"], y["tags"], known)
            loss -= _mean(likelihoods, known, weights.get("tags"))
        if "pos" in y and "pos" in y_pred:
            known = mask & (y["pos"] >= 0)
            likelihoods = _log_probabilities(y_pred["pos"], y["pos"], known)
            loss -= self.pos_weight * _mean(likelihoods, known, weights.get("pos"))
        return loss

    @property
    def loss(self) -> Any:
        """None, which `compile` sets: the model has a loss of its own. (Were `compile` another, Keras would not load it.)"""
        return None

    @loss.setter
    def loss(self, value: Any) -> None:
        if value is not None:
            raise InputError(f"loss: the model has its own, minus the likelihood of tags; leave out {value!r}")

    def set_word_vectors(self, vectors: Mapping[str, np.ndarray]) -> int:
        """Sets the vectors of known words, such as pretrained ones; returns the number of those set.

        Args:
            vectors: float (word_channels,) by word, as `dilatednets.data.word_vectors` reads them. Where words have the same
                `normal_form`, the first counts.
        """
        shape = (self.word_channels,)
        vectors = {word: numbers(vector, f"vectors: that of {word!r}", shape) for word, vector in vectors.items()}
        first_vectors = {normal_form(word): vector for word, vector in reversed([*vectors.items()])}
        rows = {word: row for word, row in numbers_of(self.words).items() if word in first_vectors}
        values = ops.convert_to_numpy(self.word_embedding.embeddings).copy()
        for word, row in rows.items():
            values[row] = first_vectors[word]
        self.word_embedding.embeddings.assign(values)
        return len(rows)


def _log_probabilities(scores: Any, numbers: Any, known: Any) -> Any:
    """Of the right number at each step; 0 where it is not known."""
    chosen = ops.take_along_axis(ops.log_softmax(scores), ops.where(known, numbers, 0)[..., None], axis=-1)[..., 0]
    return ops.where(known, chosen, 0.0)


def _mean(likelihoods: Any, known: Any, weights: Any) -> Any:
    """Mean of known words, weighted as Keras weighs: the sum of weights does not divide."""
    if weights is not None:
        weights = ops.cast(weights, "float32")
        weights = ops.reshape(weights, (-1, 1)) if len(weights.shape) == 1 else weights
        steps, given = likelihoods.shape[1], weights.shape[1]
        if given != 1 and (steps == 1 or (None not in (steps, given) and steps != given)):
            raise InputError(f"sample_weight: of shape {tuple(weights.shape)}; give one a sentence, (batch,)")
        likelihoods = likelihoods * weights
    return ops.sum(likelihoods) / ops.maximum(ops.sum(ops.cast(known, "float32")), 1)
