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


def _size(weight: Any) -> int:
    count = 1
    for dimension in weight.shape:
        count *= dimension
    return count
