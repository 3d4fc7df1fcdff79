"""The TCN chunker: dilated convolutions over the words of a sentence, and a tag for each of them."""

from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.errors import InputError
from dilatednets.layers.receptive_field import causal_field
from dilatednets.layers.temporal_block import NORMALIZATIONS, TemporalBlock
from dilatednets.presets.presets import changed
from dilatednets.rules import Names, checked, each_positive, keep_arguments, not_negative, one_of, positive, share
from dilatednets.zoo.tcn_chunker.net import ChunkingNet
from dilatednets.zoo.tcn_chunker.packed_sentences import PackedScorer
from dilatednets.zoo.tcn_chunker.tagger import Scorer
from dilatednets.zoo.tcn_chunker.word_features import UNKNOWN
from dilatednets.zoo.zoo_model import ZooModel


@keras.saving.register_keras_serializable("dilatednets")
class TCNChunker(ChunkingNet, ZooModel):
    """Finds spans, such as noun phrases, in sentences.

    Each word is embedded by itself, by its characters and by its shape; a stack of centred dilated blocks sees its
    neighbours; scores of tags follow, and a conditional random field, or softmax, chooses among them. With `pos="joint"`
    parts of speech are predicted too, from the first blocks, and the blocks after those see what was predicted.

    Args:
        labels: Labels of the spans.
        words: Known words, as `dilatednets.zoo.tcn_chunker.word_features.WordFeatures.fit` finds them, like the next two.
        characters: Known characters, as one string or a list.
        shapes: Known shapes.
        pos_tags: Parts of speech.
        pos: "joint": predicted beside the spans; "input": taken with the words; "none".
        scheme: The tags that the net predicts, "iobes" or "iob2"; what `tag` returns is IOB2 either way.
        decoder: "crf" or "softmax".
        width: Channels of the blocks.
        kernel_size: Words that a convolution sees.
        dilations: Dilation of each block of a stack.
        iterations: How often the stack is applied.
        shared: Whether it has the same weights each time (iterated dilated convolutions).
        pos_depth: Blocks below the prediction of parts of speech.
        causal: Whether a word's tag depends on the words before it alone (but for the CRF's).
        normalization: Normalisation in the blocks, as `TemporalBlock` takes it.
        gated: Whether the blocks have gated linear units instead of relu.
        word_channels: Length of the vector of a word.
        character_channels: Length of the vector of a character; 0 leaves characters out.
        character_filters: Length of the vector that is made of a word's characters.
        shape_channels: Length of the vector of a shape; 0 leaves shapes out.
        pos_channels: Length of the vector of a part of speech.
        input_dropout: Share of the word vector's channels dropped in training.
        dropout: Share of the channels that are dropped after each convolution.
        pos_weight: Weight of the parts of speech in the loss.
        tokenizer: How `chunk` splits text into words: "treebank" (Penn Treebank), or "plain" (`data.snips.tokenize`).
        **kwargs: Arguments of `keras.Model`.

    Input shape:
        {"words": int32 (batch, time), "shapes": int32 (batch, time), "characters": int32 (batch, time, characters)}, and
        "pos" int32 (batch, time) with `pos="input"`; 0 is padding, at the end. `encode` makes them.

    Output shape:
        {"tags": float32 (batch, time, tags)}, scores; "pos": float32 (batch, time, parts of speech) with `pos="joint"`.

    Raises:
        InputError: for an argument out of range.

    Reference:
        Bai, Kolter & Koltun 2018 (arXiv 1803.01271), section 3; Strubell et al. 2017, "Fast and Accurate Entity Recognition
        with Iterated Dilated Convolutions" (arXiv 1702.02098), sections 3 and 4. Parts of speech in a lower layer: Søgaard &
        Goldberg 2016, "Deep multi-task learning with low level tasks supervised at lower layers", ACL.

    Example:
    >>> model = TCNChunker(labels=["NP", "VP"], words=["it", "works"], characters="Iitworks", pos="none")
    >>> [tags] = model.tag([["It", "works"]])
    >>> len(tags)
    2
    """

    unit = "words"
    facts = {
        "macs_per_word": "Multiply-accumulates a word of five characters",
        "known_words": "Words it knows",
        "labels": "Labels of spans",
        "receptive_field": "Receptive field, words",
    }
    fresh_by_argument = {
        "labels": ("scores", "crf"),
        "scheme": ("scores", "crf"),
        "pos_tags": ("pos_scores", "pos_projection"),
        "dilations": ("block_{}/",),
        "causal": ("block_",),
    }
    rows_by_name = {
        "words": ("word_embedding", UNKNOWN + 1),
        "shapes": ("shape_embedding", UNKNOWN + 1),
        "characters": ("character_encoder/embedding", UNKNOWN + 1),
        "pos_tags": ("pos_embedding", UNKNOWN + 1),
    }
    _program: Any = None

    def __init__(
        self,
        labels: Names,
        words: Sequence[str] = (),
        characters: str | Sequence[str] = (),
        shapes: Sequence[str] = (),
        pos_tags: Names = (),
        pos: Annotated[str, one_of("joint", "input", "none")] = "joint",
        scheme: Annotated[str, one_of("iobes", "iob2")] = "iobes",
        decoder: Annotated[str, one_of("crf", "softmax")] = "crf",
        width: Annotated[int, positive] = 192,
        kernel_size: Annotated[int, positive] = 3,
        dilations: Annotated[Sequence[int], each_positive] = (1, 2, 4),
        iterations: Annotated[int, positive] = 1,
        shared: bool = False,
        pos_depth: Annotated[int, positive] = 1,
        causal: bool = False,
        normalization: Annotated[str, one_of(*NORMALIZATIONS)] = "layer",
        gated: bool = False,
        word_channels: Annotated[int, positive] = 128,
        character_channels: Annotated[int, not_negative] = 32,
        character_filters: Annotated[int, positive] = 96,
        shape_channels: Annotated[int, not_negative] = 16,
        pos_channels: Annotated[int, positive] = 32,
        input_dropout: Annotated[float, share] = 0.3,
        dropout: Annotated[float, share] = 0.2,
        pos_weight: Annotated[float, not_negative] = 0.5,
        tokenizer: Annotated[str, one_of("treebank", "plain")] = "treebank",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        letters = list(characters) if isinstance(characters, str) else characters
        keep_arguments(self, locals() | {"characters": tuple(checked(letters, list[str], "characters"))})
        self._make_net()

    @classmethod
    def completed(cls, overrides: dict[str, Any]) -> dict[str, Any]:
        """The arguments that replace a preset's; refuses parts of speech for a net without them."""
        if overrides.get("pos") == "none" and overrides.get("pos_tags"):
            raise InputError("pos_tags: have no effect with pos='none'; leave one of them out")
        return overrides

    @classmethod
    def fresh_layers(cls, config: dict[str, Any], overrides: dict[str, Any]) -> tuple[str, ...]:
        """Blocks at other distances start fresh: where they run several times, all of them."""
        layers = super().fresh_layers(config, overrides)
        repeated = {**config, **overrides}.get("iterations", 1) > 1
        return (*layers, "block_") if repeated and changed(config, overrides, "dilations") else layers

    def _make_blocks(self) -> list[Any]:
        """The layers that see neighbours."""
        return [
            TemporalBlock(
                self.width,
                self.kernel_size,
                dilation,
                causal=self.causal,
                normalization=self.normalization,
                dropout=self.dropout,
                gated=self.gated,
                residual_activation=False,
                name=f"block_{number}",
                dtype=self.dtype_policy,
            )
            for number, dilation in enumerate(self.dilations * (1 if self.shared else self.iterations))
        ]

    @property
    def block_sequence(self) -> list[Any]:
        """The blocks in the order in which they are applied, those with shared weights as often as they are."""
        return list(self.blocks) * (self.iterations if self.shared else 1)

    @property
    def convolution_dilations(self) -> tuple[int, ...]:
        """Dilation of every convolution, in order."""
        return tuple(d for d in self.dilations * self.iterations for _ in range(2))

    @property
    def receptive_field(self) -> int:
        """Words that the scores of one tag depend on."""
        return causal_field(self.kernel_size, self.convolution_dilations)

    def scorer(self) -> Scorer:
        """What scores the sentences of one stream, and remembers their words: make a new one after training."""
        if self._program is None:
            signature = [
                self.input_signature(1),
                keras.KerasTensor((None, self.width), "float32"),
                keras.KerasTensor((None,), "int32"),
                keras.KerasTensor((len(self._distances), None, self.kernel_size), "int32"),
            ]
            self._program = compiled(self._scored, self, xla=False, signature=signature)
        past = self.kernel_size - 1 if self.causal else self.kernel_size // 2
        offsets = np.outer(self._distances, np.arange(self.kernel_size) - past)
        # TensorFlow's own kernels take inputs of any size; other backends compile anew for each.
        few_shapes = keras.backend.backend() != "tensorflow"
        return PackedScorer(self.encode, self._program, self.width, offsets, self.receptive_field - 1, few_shapes)

    @property
    def _distances(self) -> list[int]:
        """The different dilations."""
        return sorted(set(self.dilations))

    def _scored(self, new: dict[str, Any], x: Any, places: Any, seen: Any) -> dict[str, Any]:
        """What `PackedScorer` asks of a net."""
        vectors = ops.cast(self.embed(new, False), "float32")[0]
        x = x + ops.take(ops.pad(vectors, ((1, 0), (0, 0))), places, axis=0)
        taps = {distance: seen[number] for number, distance in enumerate(self._distances)}
        x = ops.cast(x, self.compute_dtype)
        outputs = self.apply_blocks(x, lambda block, x: block.packed(x, taps[block.dilation_rate]))
        if "pos" in outputs:
            outputs["pos"] = ops.argmax(outputs["pos"], axis=-1)
        return {**outputs, "vectors": vectors}
