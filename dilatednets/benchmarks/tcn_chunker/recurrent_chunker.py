"""What one would use instead of a TCNChunker: the same inputs and decoder around recurrent layers from Keras."""

from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.errors import InputError
from dilatednets.rules import checked, config_of, one_of
from dilatednets.zoo.tcn_chunker.describe import macs_per_word
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.tagger import Scorer

BATCH = 64
"""Sentences scored together."""
CELLS: dict[str, Any] = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


class RecurrentChunker(TCNChunker):
    """A bidirectional recurrent tagger with a conditional random field (Huang et al. 2015).

    Everything but the layers that see neighbours is a TCNChunker's: inputs, parts of speech, decoder, loss and methods.

    Args:
        cell: "lstm" or "gru".
        depth: Bidirectional layers; `width` is the length of both directions together.
        **kwargs: Arguments of TCNChunker. Those of its blocks have no effect.

    Reference:
        Huang, Xu & Yu 2015, "Bidirectional LSTM-CRF Models for Sequence Tagging" (arXiv 1508.01991).

    Example:
    >>> model = RecurrentChunker.like(TCNChunker(labels=["NP"], pos="none", width=16))
    >>> [len(tags) for tags in model.tag([["It", "works"]])]
    [2]
    """

    _padded: Any = None

    def __init__(self, cell: str = "lstm", depth: int = 1, **kwargs: Any) -> None:
        self.cell, self.depth = checked(cell, Annotated[str, one_of(*CELLS)], "cell"), depth
        super().__init__(**kwargs)

    @classmethod
    def like(cls, model: TCNChunker, cell: str = "lstm", depth: int = 1) -> "RecurrentChunker":
        """An untrained one with the vocabulary, width, inputs and decoder of a TCNChunker."""
        if model.width % 2:
            raise InputError(f"width: must be even, for two directions, not {model.width}")
        return cls(cell, depth, **{**config_of(model), "pos_depth": 1}, dtype=model.dtype_policy)

    def _make_blocks(self) -> list[Any]:
        return [
            _DropsFirst(
                keras.layers.Bidirectional(
                    CELLS[self.cell](self.width // 2, return_sequences=True, dtype=self.dtype_policy),
                    name=f"recurrent_{number}",
                    dtype=self.dtype_policy,
                ),
                self.dropout,
                dtype=self.dtype_policy,
            )
            for number in range(self.depth)
        ]

    @property
    def block_sequence(self) -> list[Any]:
        """The blocks in order; none is applied twice."""
        return list(self.blocks)

    def scorer(self) -> Scorer:
        """What scores sentences in batches, padded to the longest of similar length, each word anew."""
        return self._score_padded

    def _score_padded(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        if self._padded is None:
            self._padded = compiled(
                lambda inputs: self(inputs, training=False),
                [*self.variables],
                xla=False,
                signature=[self.input_signature(None)],
            )
        scores, parts = [np.zeros((0, len(self.tags)))] * len(sentences), [np.zeros(0, int)] * len(sentences)
        order = sorted((i for i, words in enumerate(sentences) if len(words)), key=lambda i: len(sentences[i]))
        for start in range(0, len(order), BATCH):
            picks = order[start : start + BATCH]
            inputs = self.encode([sentences[i] for i in picks], None if pos is None else [pos[i] for i in picks])
            outputs = {name: ops.convert_to_numpy(value) for name, value in self._padded(inputs).items()}
            for row, i in enumerate(picks):
                scores[i] = outputs["tags"][row, : len(sentences[i])]
                if "pos" in outputs:
                    parts[i] = outputs["pos"][row, : len(sentences[i])].argmax(axis=-1)
        return scores, parts

    def describe(self) -> dict[str, Any]:
        """Parameters and multiply-accumulates a word."""
        return {"parameters": self.count_params(), "macs_per_word": macs_per_word(self)}


class _DropsFirst(keras.layers.Layer):
    """A layer with dropout of its inputs; the mask is handed on to it."""

    def __init__(self, layer: Any, rate: float, dtype: Any) -> None:
        super().__init__(dtype=dtype)
        self.layer, self.drop = layer, keras.layers.Dropout(rate, dtype=dtype)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.layer.build(input_shape)
        self.built = True

    def call(self, x: Any, mask: Any = None, training: Any = None) -> Any:
        return self.layer(self.drop(x, training=training), mask=mask, training=training)
