"""What a TCNChunker costs, in figures, in words and in a picture."""

import math
from typing import Any

import numpy as np

WORD_LENGTH = 5
"""Characters of a word when its multiply-accumulates are counted."""


def describe(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a word of five characters, receptive field in words.

    Looking up vectors costs none, nor does choosing the tags.

    Example:
    >>> from dilatednets.zoo.tcn_chunker.model import TCNChunker
    >>> describe(TCNChunker(labels=["NP"], pos="none", dilations=(1, 2, 4)))["receptive_field"]
    29
    """
    return {
        "parameters": model.count_params(),
        "macs_per_word": macs_per_word(model),
        "receptive_field": model.receptive_field,
        "known_words": len(model.features.words),
        "labels": len(model.labels),
    }


def macs_per_word(model: Any) -> int:
    """Multiply-accumulates for a word of five characters that comes for the first time."""
    macs = sum(rows * columns for rows, columns in body_matrices(model)) + math.prod(model.projection.kernel.shape)
    if model.character_encoder is not None:
        macs += WORD_LENGTH * math.prod(model.character_encoder.conv.kernel.shape)
    return macs


def body_matrices(model: Any) -> list[tuple[int, int]]:
    """(rows, columns) of each matrix that the vector of every word, or those of its neighbours, are multiplied by.

    Example:
    >>> from dilatednets.zoo.tcn_chunker.model import TCNChunker
    >>> body_matrices(TCNChunker(labels=["NP"], pos="none", width=8, dilations=(1, 2)))
    [(24, 8), (24, 8), (24, 8), (24, 8), (8, 5)]
    """
    kernels = [w for block in model.block_sequence for w in block.weights if len(w.shape) > 1]
    kernels += [layer.kernel for layer in (model.pos_scores, model.pos_projection, model.scores) if layer is not None]
    return [(math.prod(kernel.shape[:-1]), kernel.shape[-1]) for kernel in kernels]


def lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """The cost in words."""
    return [
        f"{facts['parameters']:,} parameters, {facts['macs_per_word']:,} multiply-accumulates a word",
        f"receptive field {facts['receptive_field']} words; dilations {' '.join(map(str, model.convolution_dilations))}",
        f"{facts['known_words']:,} known words; characters {'seen' if model.character_channels else 'not seen'}",
        f"labels: {', '.join(model.labels)}; parts of speech: {model.pos}; decoder: {model.decoder}",
    ]


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """Words, characters and shapes, known and unknown, and sentences of different lengths."""
    rng = np.random.default_rng(0)
    features = model.features
    known = {"words": features.words, "shapes": features.shapes, "characters": features.characters}
    if model.pos_embedding is not None:
        known["pos"] = model.pos_tags
    mask = np.arange(12) < np.array([12, 7, 1])[:, None]
    inputs = {}
    for name, entries in known.items():
        shape = (3, 12, 6) if name == "characters" else (3, 12)
        inputs[name] = (rng.integers(1, 2 + len(entries), shape).T * mask.T).T.astype(np.int32)
    return inputs


def draw(model: Any, title: str) -> Any:
    """What one word's tag sees, layer by layer, and what seeing far costs."""
    from dilatednets.plots.dilation import dilation_figure

    dilations = model.convolution_dilations
    return dilation_figure(dilations, model.kernel_size, model.width, title, model.causal, model.unit)
