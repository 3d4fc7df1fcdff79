"""What a model costs, counted from its weights."""

from typing import Any


def describe_wavenet(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a generated sample, receptive field.

    Multiply-accumulates are those of one step: every kernel of the stack is used once a sample; the input convolution
    of a softmax model reads one row a tap of its one-hot code; conditions are projected once a sample and block.

    Example:
    >>> from dilatednets.zoo.wavenet import WaveNet
    >>> describe_wavenet(WaveNet(sample_rate=8000))["receptive_field_ms"]
    383.875
    """
    taps, channels, filters = model.input_conv.kernel.shape
    macs = taps * filters * (1 if model.output_name == "softmax" else channels)
    for block in model.blocks:
        macs += sum(_size(weight) for weight in block.weights if len(weight.shape) > 1)
        if block.global_projection is not None:  # once an utterance
            macs -= _size(block.global_projection.kernel)
    macs += _size(model.hidden.kernel) + _size(model.head.kernel)
    return {
        "parameters": model.count_params(),
        "macs_per_sample": macs,
        "layers": len(model.blocks),
        "receptive_field": model.receptive_field,
        "receptive_field_ms": 1000 * model.receptive_field / model.sample_rate,
        "sample_rate": model.sample_rate,
    }


def describe_segmenter(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a pixel of a large image, receptive field; the context module's share apart.

    Example:
    >>> from dilatednets.zoo.context_segmenter import ContextSegmenter
    >>> describe_segmenter(ContextSegmenter(num_classes=11))["context_parameters"]
    7832
    """
    stride = model.front_end.stride
    features = model.front_end.output_channels
    front = model.front_end.macs_per_pixel + features * model.num_classes / stride**2
    context = 0 if model.context is None else sum(_size(w) for w in model.context.weights if len(w.shape) > 1)
    return {
        "parameters": model.count_params(),
        "context_parameters": 0 if model.context is None else model.context.count_params(),
        "macs_per_pixel": round(front + context / stride**2),
        "context_macs_per_pixel": round(context / stride**2),
        "receptive_field": model.receptive_field,
        "stride": stride,
        "num_classes": model.num_classes,
    }


WORD_LENGTH = 5
"""Characters of a word when its multiply-accumulates are counted."""


def describe_chunker(model: Any) -> dict[str, Any]:
    """Parameters, multiply-accumulates a word of five characters, receptive field in words.

    Looking up vectors costs none, nor does choosing the tags.

    Example:
    >>> from dilatednets.zoo.tcn_chunker import TCNChunker
    >>> describe_chunker(TCNChunker(labels=["NP"], pos="none", dilations=(1, 2, 4)))["receptive_field"]
    29
    """
    return {
        "parameters": model.count_params(),
        "macs_per_word": chunker_macs(model),
        "receptive_field": model.receptive_field,
        "known_words": len(model.features.words),
        "labels": len(model.labels),
    }


def chunker_macs(model: Any) -> int:
    """Multiply-accumulates for a word of five characters that comes for the first time."""
    macs = sum(rows * columns for rows, columns in body_matrices(model)) + _size(model.projection.kernel)
    if model.character_encoder is not None:
        macs += WORD_LENGTH * _size(model.character_encoder.conv.kernel)
    return macs


def body_matrices(model: Any) -> list[tuple[int, int]]:
    """(rows, columns) of each matrix that the vector of every word, or those of its neighbours, are multiplied by.

    Example:
    >>> from dilatednets.zoo.tcn_chunker import TCNChunker
    >>> body_matrices(TCNChunker(labels=["NP"], pos="none", width=8, dilations=(1, 2)))
    [(24, 8), (24, 8), (24, 8), (24, 8), (8, 5)]
    """
    kernels = [w for block in model.block_sequence for w in block.weights if len(w.shape) > 1]
    kernels += [layer.kernel for layer in (model.pos_scores, model.pos_projection, model.scores) if layer is not None]
    return [(_size(kernel) // kernel.shape[-1], kernel.shape[-1]) for kernel in kernels]


def _size(weight: Any) -> int:
    count = 1
    for dimension in weight.shape:
        count *= dimension
    return count
