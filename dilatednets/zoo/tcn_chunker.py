"""The TCN chunker: dilated convolutions over the words of a sentence, and a tag for each of them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.generation.compiled import compiled
from dilatednets.layers.receptive_field import causal_field
from dilatednets.layers.temporal_block import NORMALIZATIONS, TemporalBlock
from dilatednets.zoo import cost, presets
from dilatednets.zoo.chunking_net import ChunkingNet, check_choice, check_positive
from dilatednets.zoo.packed_sentences import PackedScorer
from dilatednets.zoo.tagger import Chunk as Chunk
from dilatednets.zoo.tagger import ChunkedSentence as ChunkedSentence
from dilatednets.zoo.zoo_model import ZooModel


@keras.saving.register_keras_serializable("dilatednets")
class TCNChunker(ZooModel, ChunkingNet):
    """Finds spans, such as noun phrases, in sentences.

    Each word is embedded by itself, by its characters and by its shape; a stack of centred dilated blocks sees its
    neighbours; scores of tags follow, and a conditional random field, or softmax, chooses among them. With `pos="joint"`
    parts of speech are predicted too, from the first blocks, and the blocks after those see what was predicted.

    Args:
        labels: Of the spans.
        words: Known words, characters and shapes; see `dilatednets.zoo.word_features.WordFeatures.fit`.
        characters: See `words`.
        shapes: See `words`.
        pos_tags: Parts of speech.
        pos: "joint": predicted beside the spans; "input": given with the words; "none".
        scheme: Of the tags that the net predicts, "iobes" or "iob2"; what `tag` returns is IOB2 either way.
        decoder: "crf" or "softmax".
        width: Channels of the blocks.
        kernel_size: Words that a convolution sees.
        dilations: Of the blocks of a stack.
        iterations: How often the stack is applied.
        shared: Whether it has the same weights each time (iterated dilated convolutions).
        pos_depth: Blocks below the prediction of parts of speech.
        causal: Whether a word's tag depends on the words before it alone (but for the CRF's).
        normalization: Of the blocks; see `TemporalBlock`.
        gated: Whether they have gated linear units instead of relu.
        word_channels: Length of the vector of a word.
        character_channels: Of a character; 0 leaves characters out.
        character_filters: Of the vector that is made of a word's characters.
        shape_channels: Of a shape; 0 leaves shapes out.
        pos_channels: Of a part of speech.
        input_dropout: Share of the word vector's channels dropped in training.
        dropout: Share of the channels that are dropped after each convolution.
        pos_weight: Of the parts of speech in the loss.
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

    presets = presets.PresetNames("TCNChunker")
    _programs: Any = None

    def __init__(
        self,
        labels: Sequence[str],
        words: Sequence[str] = (),
        characters: Sequence[str] = (),
        shapes: Sequence[str] = (),
        pos_tags: Sequence[str] = (),
        pos: str = "joint",
        scheme: str = "iobes",
        decoder: str = "crf",
        width: int = 192,
        kernel_size: int = 3,
        dilations: Sequence[int] = (1, 2, 4),
        iterations: int = 1,
        shared: bool = False,
        pos_depth: int = 1,
        causal: bool = False,
        normalization: str = "layer",
        gated: bool = False,
        word_channels: int = 128,
        character_channels: int = 32,
        character_filters: int = 96,
        shape_channels: int = 16,
        pos_channels: int = 32,
        input_dropout: float = 0.3,
        dropout: float = 0.2,
        pos_weight: float = 0.5,
        tokenizer: str = "treebank",
        **kwargs: Any,
    ) -> None:
        check_choice("normalization", normalization, NORMALIZATIONS)
        if not dilations:
            raise InputError("dilations: at least one, such as 1")
        for name, size in (("iterations", iterations), ("kernel_size", kernel_size), ("dilations", min(dilations))):
            check_positive(name, size)
        settings = {
            "pos": pos,
            "scheme": scheme,
            "decoder": decoder,
            "width": width,
            "kernel_size": kernel_size,
            "dilations": list(dilations),
            "iterations": iterations,
            "shared": shared,
            "pos_depth": pos_depth,
            "causal": causal,
            "normalization": normalization,
            "gated": gated,
            "word_channels": word_channels,
            "character_channels": character_channels,
            "character_filters": character_filters,
            "shape_channels": shape_channels,
            "pos_channels": pos_channels,
            "input_dropout": input_dropout,
            "dropout": dropout,
            "pos_weight": pos_weight,
            "tokenizer": tokenizer,
        }
        super().__init__(labels, words, characters, shapes, pos_tags, settings, **kwargs)

    def _make_blocks(self) -> list[Any]:
        """The layers that see neighbours; called with `mask` and `training`, and built for `width` channels."""
        s = self._settings
        count = len(s["dilations"]) * (1 if s["shared"] else s["iterations"])
        return [
            TemporalBlock(
                s["width"],
                s["kernel_size"],
                s["dilations"][number % len(s["dilations"])],
                causal=s["causal"],
                normalization=s["normalization"],
                dropout=s["dropout"],
                gated=s["gated"],
                residual_activation=False,
                name=f"block_{number}",
                dtype=self.dtype_policy,
            )
            for number in range(count)
        ]

    @property
    def block_sequence(self) -> list[Any]:
        """The blocks in the order in which they are applied, those with shared weights as often as they are."""
        return list(self.blocks) * (self._settings["iterations"] if self._settings["shared"] else 1)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Of every convolution, in order."""
        return tuple(d for d in self._settings["dilations"] * self._settings["iterations"] for _ in range(2))

    @property
    def gap(self) -> int:
        """Words on one side that a single convolution reaches."""
        net = self._settings
        return (net["kernel_size"] - 1 if net["causal"] else net["kernel_size"] // 2) * max(net["dilations"])

    @property
    def receptive_field(self) -> int:
        """Words of which the scores of one tag depend on."""
        return causal_field(self._settings["kernel_size"], self.dilations)

    def scorer(self) -> PackedScorer:
        """What scores the sentences of one stream, and remembers their words: make a new one after training."""
        if self._programs is None:
            vectors = keras.KerasTensor((1, None, self._settings["width"]), "float32")
            mask = keras.KerasTensor((1, None), "bool")
            self._programs = tuple(
                compiled(function, [*self.variables], xla=False, signature=signature)
                for function, signature in (
                    (self._embedded, [self.input_signature(1)]),
                    (self._scored, [vectors, mask]),
                )
            )
        embed, score = (_in_numpy(program) for program in self._programs)
        # TensorFlow's own kernels take inputs of any size; other backends compile anew for each.
        few_shapes = keras.backend.backend() != "tensorflow"
        return PackedScorer(self.encode, embed, score, self.gap, self.receptive_field - 1, few_shapes)

    def _embedded(self, inputs: dict[str, Any]) -> Any:
        return ops.cast(self.embed(inputs, False), "float32")

    def _scored(self, x: Any, mask: Any) -> dict[str, Any]:
        """Scores of embedded words, and numbers of parts of speech."""
        outputs = self.body(ops.cast(x, self.compute_dtype), mask, False)
        if "pos" in outputs:
            outputs["pos"] = ops.argmax(outputs["pos"], axis=-1)
        return outputs

    def describe(self) -> dict[str, Any]:
        """Parameters, multiply-accumulates a word, receptive field."""
        return cost.describe_chunker(self)

    @classmethod
    def from_preset(cls, handle: Any, **overrides: Any) -> "TCNChunker":
        """Loads a trained model by name, folder or handle; see `dilatednets.zoo.presets.load`.

        Other `labels` give fresh scores and a fresh random field on the trained body; with other `words`, `characters`,
        `shapes` or `pos_tags`, those that the preset knows keep their vectors.
        """
        model: TCNChunker = presets.load(cls, handle, overrides)
        return model

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "labels": list(self.labels),
            **self.features.get_config(),
            "pos_tags": list(self.pos_tags),
            **self._settings,
        }


def _in_numpy(program: Callable[..., Any]) -> Callable[..., Any]:
    """With arrays instead of tensors coming out."""
    return lambda *inputs: keras.tree.map_structure(ops.convert_to_numpy, program(*inputs))
