"""Mu-law companding: audio to a few codes, finer near zero."""

import math
from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Rule, keep_arguments


@keras.saving.register_keras_serializable("dilatednets")
class MuLaw(ConfiguredLayer):
    """Quantises audio in [-1, 1] to integer codes, by mu-law companding.

    `f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu)` with `mu = levels - 1`; the code is `floor((f(x) + 1) / 2 * mu + 0.5)`.
    `expand` is the inverse, up to the quantisation.

    Args:
        levels: Number of codes, from 2 to 2**24, as many as float32 tells apart.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        Any, floats. Values outside [-1, 1] are clipped, infinite ones too.

    Output shape:
        As the input, int32 in [0, levels), or -1 for NaN. `expand` makes NaN of whatever is no code.

    Raises:
        InputError: for a number of levels out of range, or for integers, whose scale is not known.

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

    rank = None

    def __init__(
        self, levels: Annotated[int, Rule(lambda x: 2 <= x <= 2**24, "2 to 2**24")] = 256, **kwargs: Any
    ) -> None:
        # float32, whatever the policy: bfloat16 has 8 bits of precision, too few to quantise to 8 bits.
        super().__init__(**{**kwargs, "dtype": "float32"})
        keep_arguments(self, locals())

    def call(self, audio: Any) -> Any:
        """Audio -> int32 codes."""
        mu = self.levels - 1
        audio = ops.clip(as_samples(audio), -1.0, 1.0)
        companded = ops.sign(audio) * ops.log1p(mu * ops.absolute(audio)) / math.log1p(mu)
        codes = ops.floor((companded + 1) / 2 * mu + 0.5)
        return ops.cast(
            ops.where(ops.isnan(codes), -1.0, codes), "int32"
        )  # a cast of NaN gives what each backend likes

    def expand(self, codes: Any) -> Any:
        """Codes -> float32 audio in [-1, 1]."""
        mu = self.levels - 1
        companded = 2 * as_tensor(codes, "float32", "codes") / mu - 1
        size = ops.expm1(ops.absolute(companded) * math.log1p(mu)) / mu
        # Rounding may exceed 1 by a bit, but only what is no code exceeds it by half a code.
        return ops.sign(companded) * ops.where(size < 1 + math.log1p(mu) / mu, ops.minimum(size, 1.0), math.nan)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def compute_output_spec(self, audio: Any) -> Any:
        """The input's shape, int32: Keras would take the codes for floats."""
        return keras.KerasTensor(audio.shape, "int32")


def as_samples(audio: Any, shape: Any = None) -> Any:
    """Audio in float32, of the shape that is asked for, if any.

    Raises:
        InputError: for integers, which would all be taken for the loudest samples, and for what is no array of numbers.
    """
    kind = keras.backend.standardize_dtype(getattr(audio, "dtype", "float32"))
    if "int" in kind:
        raise InputError(f"audio: must be floats in [-1, 1], not {kind}; divide by the largest possible value")
    return as_tensor(audio, "float32", "audio", shape)
