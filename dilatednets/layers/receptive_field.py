"""How far a stack of dilated convolutions sees."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from dilatednets.errors import InputError


def causal_field(kernel_size: int, dilations: Iterable[int]) -> int:
    """Receptive field, in samples, of a stack of causal convolutions: `1 + (kernel_size - 1) * sum(dilations)`.

    Example:
    >>> causal_field(2, [1, 2, 4, 8])  # doubles with each layer, while parameters grow by one layer
    16
    """
    return 1 + (kernel_size - 1) * sum(dilations)


def receptive_field(model_or_layers: Any) -> int:
    """Exact number of input samples that one output sample of a model, a layer or a stack of layers sees.

    Args:
        model_or_layers: Anything with a `receptive_field` property (every model and layer of this package), or an
            iterable of such layers, applied one after the other; of none, one sample sees itself.

    Returns:
        The field in samples. Layers in sequence add `field - 1` each.

    Raises:
        InputError: if something in it does not know its receptive field.

    Reference:
        Yu & Koltun 2016, section 2; van den Oord et al. 2016, section 2.1.

    Example:
    >>> from dilatednets.layers import CausalDilatedConv
    >>> receptive_field([CausalDilatedConv(8, kernel_size=2, dilation_rate=d) for d in (1, 2, 4)])
    8
    """
    own = getattr(model_or_layers, "receptive_field", None)
    if isinstance(own, Integral):
        return int(own)
    if isinstance(model_or_layers, Iterable) and not isinstance(model_or_layers, str):
        return 1 + sum(receptive_field(layer) - 1 for layer in model_or_layers)
    raise InputError(
        f"{type(model_or_layers).__name__}: does not know its receptive field; give a layer or model of this package, "
        "or a list of such"
    )
