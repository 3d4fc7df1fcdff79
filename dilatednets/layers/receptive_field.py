"""How far a stack of dilated convolutions sees."""

import functools
import math
from collections.abc import Iterable
from numbers import Integral
from typing import Any, NamedTuple

import keras

from dilatednets.errors import InputError


def causal_field(kernel_size: int, dilations: Iterable[int]) -> int:
    """Receptive field, in samples, of a stack of causal convolutions: `1 + (kernel_size - 1) * sum(dilations)`.

    Example:
    >>> causal_field(2, [1, 2, 4, 8])  # doubles with each layer, while parameters grow by one layer
    16
    """
    return 1 + (kernel_size - 1) * sum(dilations)


class _Field(NamedTuple):
    """What outputs see: of the first few, after which all repeats, the first and the last input sample; samples a step."""

    firsts: tuple[int, ...] = (0,)
    lasts: tuple[int, ...] = (0,)
    stride: int = 1

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last input sample that outputs `first` to `last` see."""
        period = len(self.firsts)
        ends = (
            ends[output % period] + (output - output % period) * self.stride
            for output, ends in ((first, self.firsts), (last, self.lasts))
        )
        return next(ends), next(ends)

    def then(self, layer: Any) -> "_Field":
        """That of a layer after those of this field."""
        own = _field_of(layer)
        period = math.lcm(len(self.firsts), len(own.firsts) * own.stride) // own.stride
        return _field((self.span(*own.span(output, output)) for output in range(period)), self.stride * own.stride)


def _field(spans: Iterable[tuple[int, int]], stride: int = 1) -> _Field:
    firsts, lasts = zip(*spans, strict=True)
    return _Field(firsts, lasts, stride)


POINTWISE = """Activation ActivityRegularization Add AlphaDropout Average BatchNormalization Concatenate Dense Dropout ELU
Embedding GaussianDropout GaussianNoise Identity InputLayer LayerNormalization LeakyReLU Masking Maximum Minimum Multiply
Normalization PReLU ReLU Relu Rescaling RMSNormalization Sigmoid Softmax SpatialDropout1D Subtract Tanh TimeDistributed
UnitNormalization"""
"""Layers and operations of Keras that compute each step from the steps of their inputs at the same place."""


def receptive_field(model_or_layers: Any) -> int:
    """Exact number of input samples that one output sample of a model, a layer or a stack of layers sees.

    Args:
        model_or_layers: Anything with a `receptive_field` property and, if it is not 1, a `stride` (every model and layer of
            this package), a layer of Keras that sees single steps, or few (`Conv1D` and its relatives, pooling, padding and
            cropping in one dimension), a `keras.Sequential` or functional model of these, or an iterable of them, applied
            one after the other; of none, one sample sees itself.

    Returns:
        The field in samples, from the first that is seen to the last. Layers in sequence add `field - 1` each, times the
        strides before them; where branches meet, all that one of them sees counts.

    Raises:
        InputError: if something in it does not know its receptive field.

    Reference:
        Yu & Koltun 2016, section 2; van den Oord et al. 2016, section 2.1.

    Example:
    >>> from dilatednets.layers import CausalDilatedConv
    >>> receptive_field([CausalDilatedConv(8, kernel_size=2, dilation_rate=d) for d in (1, 2, 4)])
    8
    """
    field = _field_of(model_or_layers)
    return max(last - first + 1 for first, last in zip(field.firsts, field.lasts, strict=True))


def _field_of(part: Any) -> _Field:
    own = getattr(part, "receptive_field", None)
    if isinstance(own, Integral):
        stride = getattr(part, "stride", 1)
        if callable(getattr(part, "span", None)):  # a front end, of which not all outputs see as much
            return _field((part.span(output, output) for output in range(part.multiple // stride)), stride)
        future = getattr(part, "future", 0)
        return _field([(future + 1 - int(own), future)], stride)
    if isinstance(part, keras.Sequential):
        return _field_of(part.layers)
    if isinstance(part, keras.Model) and getattr(part, "outputs", None):
        inputs = {id(tensor): _Field() for tensor in part.inputs}
        return _union(part.name, [_field_of_tensor(tensor, inputs) for tensor in part.outputs])
    if isinstance(part, Iterable) and not isinstance(part, str | bytes):
        return functools.reduce(_Field.then, part, _Field())
    return _field_of_keras(part)


def _field_of_keras(part: Any) -> _Field:
    name = type(part).__name__ if type(part).__module__.startswith("keras.") else ""
    axes = keras.tree.flatten(getattr(part, "axis", None))
    over_time = name in ("Concatenate", "LayerNormalization", "Softmax", "UnitNormalization") and {1, -2} & set(axes)
    if name in POINTWISE.split() and not over_time:
        return _Field()
    if name in ("ZeroPadding1D", "Cropping1D"):
        shift = part.cropping[0] if name == "Cropping1D" else -part.padding[0]
        return _field([(shift, shift)])
    if name in ("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "AveragePooling1D", "MaxPooling1D"):
        size, stride = getattr(part, "kernel_size", None) or part.pool_size, part.strides
        dilation = getattr(part, "dilation_rate", 1)
        (size,), (stride,), (dilation,) = map(keras.tree.flatten, (size, stride, dilation))
        reach = (size - 1) * dilation
        before = {"causal": reach, "same": reach // 2, "valid": 0}[part.padding]
        return _field([(-before, reach - before)], stride)
    raise InputError(
        f"{type(part).__name__}: does not know its receptive field; give what comes before it, or leave it out of the list"
    )


def _field_of_tensor(tensor: Any, known: dict[int, _Field]) -> _Field:
    """The field of a tensor of a functional model; `known` holds those of its inputs, and takes up the others."""
    if id(tensor) not in known:
        layer, node, _ = tensor._keras_history  # Keras has no other name for what made a tensor
        before = [_field_of_tensor(x, known) for x in layer._inbound_nodes[node].input_tensors]
        known[id(tensor)] = _union(layer.name, before).then(layer)
    return known[id(tensor)]


def _union(name: str, fields: list[_Field]) -> _Field:
    if len({field.stride for field in fields}) > 1:
        raise InputError(f"{name}: joins sequences of different strides, which have no common receptive field")
    period = math.lcm(*(len(field.firsts) for field in fields))
    spans = [[field.span(output, output) for field in fields] for output in range(period)]
    hulls = ((min(first for first, _ in each), max(last for _, last in each)) for each in spans)
    return _field(hulls, fields[0].stride)
