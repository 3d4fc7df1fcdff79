"""A net that chunks: what goes into it, what comes out, and what it learns from; the blocks between are the subclass's."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.character_encoder import CharacterEncoder
from dilatednets.layers.linear_chain_crf import LinearChainCRF
from dilatednets.zoo.tagger import Tagger
from dilatednets.zoo.word_features import PADDING, UNKNOWN, WordFeatures, normal_form

DECODERS = ("crf", "softmax")
POS = ("joint", "input", "none")
TOKENIZERS = ("treebank", "plain")


class ChunkingNet(Tagger):
    """A tagger of spans whose `blocks`, which see neighbours, are the subclass's.

    Args:
        labels: This to `pos_tags`: as of `dilatednets.zoo.tcn_chunker.TCNChunker`.
        words: See `labels`.
        characters: See `labels`.
        shapes: See `labels`.
        pos_tags: See `labels`.
        settings: That class's other arguments, with those of the subclass's blocks in place of its own.
        **kwargs: Arguments of `keras.Model`.

    Raises:
        InputError: for an argument out of range.
    """

    def __init__(
        self,
        labels: Sequence[str],
        words: Sequence[str],
        characters: Sequence[str],
        shapes: Sequence[str],
        pos_tags: Sequence[str],
        settings: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        choices = {
            "pos": POS,
            "scheme": ("iobes", "iob2"),
            "decoder": DECODERS,
            "tokenizer": TOKENIZERS,
        }
        for name, possible in choices.items():
            check_choice(name, settings[name], possible)
        for name in ("width", "word_channels", "character_filters", "pos_channels"):
            check_positive(name, settings[name])
        for name in ("character_channels", "shape_channels", "pos_weight"):
            if settings[name] < 0:
                raise InputError(f"{name}: must be at least 0, not {settings[name]}")
        for name in ("input_dropout", "dropout"):
            if not 0 <= settings[name] < 1:
                raise InputError(f"{name}: must be at least 0 and below 1, not {settings[name]}")
        if len(set(labels)) != len(labels):
            raise InputError(f"labels: name each once, not {list(labels)}")
        pos = settings["pos"]
        if pos != "none" and not pos_tags:
            raise InputError(f"pos_tags: name the parts of speech, or set pos to 'none' instead of {pos!r}")
        self._settings = settings
        self.scheme, self.tokenizer = settings["scheme"], settings["tokenizer"]
        self.labels = tuple(labels)
        self.pos_tags = tuple(pos_tags) if pos != "none" else ()
        self.features = WordFeatures(words, characters, shapes)
        self.tags = _tags(self.labels, self.scheme)
        self._pos_numbers = {tag: number for number, tag in enumerate(self.pos_tags, start=UNKNOWN + 1)}
        self._make_layers()
        depth = settings["pos_depth"]
        if pos == "joint" and not 1 <= depth <= len(self.block_sequence):
            raise InputError(f"pos_depth: must be from 1 to {len(self.block_sequence)} blocks, not {depth}")
        self._build()

    def _make_layers(self) -> None:
        s, features = self._settings, self.features
        policy = {"dtype": self.dtype_policy}
        embedding = keras.layers.Embedding
        self.word_embedding = embedding(2 + len(features.words), s["word_channels"], name="word_embedding", **policy)
        self.character_encoder = self.shape_embedding = self.pos_embedding = None
        if s["character_channels"]:
            self.character_encoder = CharacterEncoder(
                2 + len(features.characters),
                s["character_channels"],
                s["character_filters"],
                name="character_encoder",
                **policy,
            )
        if s["shape_channels"]:
            count = 2 + len(features.shapes)
            self.shape_embedding = embedding(count, s["shape_channels"], name="shape_embedding", **policy)
        if s["pos"] == "input":
            count = 2 + len(self.pos_tags)
            self.pos_embedding = embedding(count, s["pos_channels"], name="pos_embedding", **policy)
        self.input_drop = keras.layers.Dropout(s["input_dropout"], name="input_drop", **policy)
        self.projection = keras.layers.Dense(s["width"], name="projection", **policy)
        self.blocks = self._make_blocks()
        self.pos_scores = self.pos_projection = None
        if s["pos"] == "joint":
            self.pos_scores = keras.layers.Dense(len(self.pos_tags), name="pos_scores", **policy)
            self.pos_projection = keras.layers.Dense(s["width"], use_bias=False, name="pos_projection", **policy)
        self.norm = keras.layers.LayerNormalization(name="norm", **policy)
        self.drop = keras.layers.Dropout(s["dropout"], name="drop", **policy)
        self.scores = keras.layers.Dense(len(self.tags), name="scores", **policy)
        self.crf = None
        if s["decoder"] == "crf":
            self.crf = LinearChainCRF(len(self.tags), *_rules(self.tags), name="crf")

    def _make_blocks(self) -> list[Any]:
        """The layers that see neighbours; called with `mask` and `training`, and built for `width` channels."""
        raise NotImplementedError

    @property
    def block_sequence(self) -> list[Any]:
        """The blocks in the order in which they are applied, those with shared weights as often as they are."""
        return list(self.blocks)

    def _build(self) -> None:
        """Creates every weight at once: their shapes follow from the arguments alone."""
        s = self._settings
        for layer in (self.word_embedding, self.shape_embedding, self.pos_embedding, self.character_encoder, self.crf):
            if layer is not None:
                layer.build((None, None))
        inputs = s["word_channels"] + (s["shape_channels"] if self.shape_embedding is not None else 0)
        inputs += s["character_filters"] if self.character_encoder is not None else 0
        inputs += s["pos_channels"] if self.pos_embedding is not None else 0
        self.projection.build((None, None, inputs))
        body = (None, None, s["width"])
        for layer in (*self.blocks, self.norm, self.scores):
            layer.build(body)
        if self.pos_scores is not None and self.pos_projection is not None:
            self.pos_scores.build(body)
            self.pos_projection.build((None, None, len(self.pos_tags)))
        self.built = True

    def call(self, inputs: Any, training: Any = None) -> dict[str, Any]:
        """Scores of tags, and of parts of speech; see the class."""
        return self.body(self.embed(inputs, training), inputs["words"] != PADDING, training)

    def embed(self, inputs: Any, training: Any = None) -> Any:
        """What is known of each word by itself, (batch, time, width)."""
        parts = [self.word_embedding(inputs["words"])]
        if self.character_encoder is not None:
            parts.append(self.character_encoder(inputs["characters"]))
        if self.shape_embedding is not None:
            parts.append(self.shape_embedding(inputs["shapes"]))
        if self.pos_embedding is not None:
            parts.append(self.pos_embedding(inputs["pos"]))
        return self.projection(self.input_drop(ops.concatenate(parts, axis=-1), training=training))

    def body(self, x: Any, mask: Any, training: Any = None) -> dict[str, Any]:
        """Scores of embedded words; see `Tagger`."""
        keep = ops.cast(mask, self.compute_dtype)[..., None]
        x = x * keep
        outputs = {}
        for depth, block in enumerate(self.block_sequence, start=1):
            x = block(x, mask=mask, training=training)
            if self.pos_scores is None or self.pos_projection is None or depth != self._settings["pos_depth"]:
                continue
            outputs["pos"] = ops.cast(self.pos_scores(self.drop(x, training=training)), "float32")
            x = x + self.pos_projection(ops.cast(ops.softmax(outputs["pos"]), x.dtype)) * keep
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
                -1 is unknown: of a whole sentence's tags, or of single parts of speech.
            y_pred: What the call gave.
            sample_weight: Not used.
            training: Not used.
        """
        mask = x["words"] != PADDING
        loss = 0.0
        if "tags" in y:
            tags = ops.maximum(y["tags"], 0)
            known = ops.cast(mask & (y["tags"][:, :1] >= 0), "float32")
            if self.crf is not None:
                likelihoods = known[:, 0] * self.crf.log_likelihood(y_pred["tags"], tags, mask)
            else:
                likelihoods = known * _log_probabilities(y_pred["tags"], tags)
            loss -= ops.sum(likelihoods) / ops.maximum(ops.sum(known), 1)
        if "pos" in y and "pos" in y_pred:
            known = ops.cast(mask & (y["pos"] >= 0), "float32")
            likelihoods = known * _log_probabilities(y_pred["pos"], ops.maximum(y["pos"], 0))
            loss -= self._settings["pos_weight"] * ops.sum(likelihoods) / ops.maximum(ops.sum(known), 1)
        return loss

    def adopt(self, trained: "ChunkingNet") -> None:
        """Takes over the vectors of words, characters, shapes and parts of speech that `trained` knows."""
        mine, theirs = self.features, trained.features
        pairs = [
            (self.word_embedding, trained.word_embedding, mine.words, theirs.words),
            (self.shape_embedding, trained.shape_embedding, mine.shapes, theirs.shapes),
            (self.pos_embedding, trained.pos_embedding, list(self.pos_tags), list(trained.pos_tags)),
        ]
        if self.character_encoder is not None and trained.character_encoder is not None:
            encoders = self.character_encoder.embedding, trained.character_encoder.embedding
            pairs.append((*encoders, mine.characters, theirs.characters))
        for own, other, names, known in pairs:
            if own is None or other is None or names == known or own.output_dim != other.output_dim:
                continue
            own.embeddings.assign(_adopted(own.embeddings, other.embeddings, names, known))

    def set_word_vectors(self, vectors: Mapping[str, np.ndarray]) -> int:
        """Sets the vectors of known words, such as pretrained ones; returns of how many.

        Args:
            vectors: float (word_channels,) by word; see `dilatednets.data.word_vectors`. Of words with the same
                `normal_form`, the first counts.
        """
        rows = {word: row for row, word in enumerate(self.features.words, start=UNKNOWN + 1)}
        values, found = ops.convert_to_numpy(self.word_embedding.embeddings).copy(), set()
        for word, vector in vectors.items():
            row = rows.get(normal_form(word))
            if row is not None and row not in found:
                values[row] = vector
                found.add(row)
        self.word_embedding.embeddings.assign(values)
        return len(found)


def check_choice(name: str, choice: Any, possible: Sequence[str]) -> None:
    """Raises InputError unless the argument is one of those possible."""
    if choice not in possible:
        raise InputError(f"{name}: must be one of {', '.join(possible)}, not {choice!r}")


def check_positive(name: str, size: int) -> None:
    """Raises InputError for an argument below 1."""
    if size < 1:
        raise InputError(f"{name}: must be at least 1, not {size}")


def _tags(labels: Sequence[str], scheme: str) -> tuple[str, ...]:
    """All tags of a scheme, O first."""
    return ("O", *(f"{prefix}-{label}" for label in labels for prefix in ("BIES" if scheme == "iobes" else "BI")))


def _rules(tags: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from dilatednets.data.tag_schemes import valid_transitions

    return valid_transitions(tags)


def _log_probabilities(scores: Any, numbers: Any) -> Any:
    return ops.take_along_axis(ops.log_softmax(scores), numbers[..., None], axis=-1)[..., 0]


def _adopted(own: Any, other: Any, names: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """`own` vectors, but those of the padding, of the unknown and of `known` names as in `other`."""
    vectors, learnt = ops.convert_to_numpy(own).copy(), ops.convert_to_numpy(other)
    rows = {name: row for row, name in enumerate(known, start=UNKNOWN + 1)}
    vectors[: UNKNOWN + 1] = learnt[: UNKNOWN + 1]
    for row, name in enumerate(names, start=UNKNOWN + 1):
        if name in rows:
            vectors[row] = learnt[rows[name]]
    return vectors
