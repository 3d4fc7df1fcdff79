"""Mu-law companding: audio to a few codes, finer near zero."""

import math
from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.rules import Rule, keep_arguments


@keras.saving.register_keras_serializable("dilatednets")
class MuLaw(ConfiguredLayer):
    """Quantises audio in [-1, 1] to integer codes, by mu-law companding.

    `f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu)` with `mu = levels - 1`; the code is `floor((f(x) + 1) / 2 * mu + 0.5)`.
    `expand` is the inverse, up to the quantisation.

    Args:
        levels: Number of codes, at least 2.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        Any, float. Values outside [-1, 1] are clipped.

    Output shape:
        As the input, int32 in [0, levels).

    Reference:
        ITU-T G.711; van den Oord et al. 2016, section 2.2.

    Example:
    >>> import numpy as np
    >>> mu_law = MuLaw()
    >>> codes = mu_law(np.array([-1.0, 0.0, 0.1, 1.0]))
    >>> codes.numpy().tolist()
    [0, 128, 203, 255]
    >>> [round(float(x), 3) for x in mu_law.expand(codes)]
    [-1.0, 0.0, 0.101, 1.0]
    """

    def __init__(self, levels: Annotated[int, Rule(lambda x: x >= 2, "2 or above")] = 256, **kwargs: Any) -> None:
        # float32, whatever the policy: bfloat16 has 8 bits of precision, too few to quantise to 8 bits.
        super().__init__(**{**kwargs, "dtype": "float32"})
        keep_arguments(self, locals())

    def call(self, audio: Any) -> Any:
        """Audio -> int32 codes."""
        mu = self.levels - 1
        audio = ops.clip(ops.cast(audio, "float32"), -1.0, 1.0)
        companded = ops.sign(audio) * ops.log1p(mu * ops.absolute(audio)) / math.log1p(mu)
        return ops.cast(ops.floor((companded + 1) / 2 * mu + 0.5), "int32")

    def expand(self, codes: Any) -> Any:
        """Codes -> float32 audio in [-1, 1]."""
        mu = self.levels - 1
        companded = 2 * ops.cast(codes, "float32") / mu - 1
        size = ops.expm1(ops.absolute(companded) * math.log1p(mu)) / mu
        return ops.sign(companded) * ops.minimum(size, 1.0)  # rounding may exceed 1 by a bit

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def compute_output_spec(self, audio: Any) -> Any:
        """The input's shape, int32: Keras would take the codes for floats."""
        return keras.KerasTensor(audio.shape, "int32")
