"""What a WaveNet says of the next sample: three distributions over audio, each with its likelihood and its sampler.

Each distribution is a small object without weights. `parameters` is always what the net's last layer puts out,
(..., num_parameters); `audio` is float in [-1, 1]; likelihoods are in bits a sample, so that distributions of equal bit
depth can be compared. Samplers take uniform noise in (0, 1) from outside, (..., noise_size), so that they are pure
functions and a seed means the same on every backend. NaN in the parameters or the audio gives NaN.

They raise an InputError for arrays whose shapes do not belong together, and for audio in integers.
"""

import math
from typing import Any

from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.mu_law import MuLaw, as_samples
from dilatednets.layers.shapes import as_tensor, check_shape
from dilatednets.rules import Size, checked

DISTRIBUTIONS = ("softmax", "logistics", "gaussian")
BIT_DEPTH = 16  # the likelihood of the continuous distributions is that of one of 2**16 values in [-1, 1]
# A scale of 1.2e-4 in [-1, 1], 4 steps of 16 bits: below it the likelihood rewards certainty too much.
MIN_LOG_SCALE = -9.0
LOG_SCALE_AT_0 = -3.0
"""The log of the scale at a zero output: 0.05, the spread of quiet speech."""


class MuLawSoftmax:
    """Categorical over mu-law codes: 256 by default (van den Oord et al. 2016, section 2.2)."""

    noise_size = 1

    def __init__(self, levels: int = 256) -> None:
        self.mu_law = MuLaw(levels)
        self.num_parameters = self.mu_law.levels

    def get_config(self) -> dict[str, Any]:
        """Arguments of `output_distribution` that make the same."""
        return {"name": "softmax", "levels": self.num_parameters}

    def bits(self, audio: Any, parameters: Any) -> Any:
        """Negative log2 likelihood of the code of `audio`."""
        logits = _checked(parameters, self)
        codes = self.mu_law(as_samples(audio, logits.shape[:-1]))
        chosen = ops.sum(ops.one_hot(codes, self.num_parameters, dtype="float32") * logits, axis=-1)
        return ops.where(codes < 0, math.nan, ops.logsumexp(logits, axis=-1) - chosen) / math.log(2)

    def sample(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """Audio of the code at which the cumulative distribution reaches `noise`."""
        return self.mu_law.expand(self.draw_code(parameters, noise, temperature))

    def draw_code(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """As `sample`, but int32 codes instead of audio; `levels`, which is no code, where a parameter is NaN."""
        logits = _checked(parameters, self)
        return _pick(logits / temperature, _checked_noise(noise, logits, self))


class Gaussian:
    """A single Gaussian (ClariNet, Ping et al. 2019, section 3.1): parameters are the mean and the log of the scale."""

    num_parameters = 2
    noise_size = 1

    def get_config(self) -> dict[str, Any]:
        """Arguments of `output_distribution` that make the same."""
        return {"name": "gaussian"}

    def bits(self, audio: Any, parameters: Any) -> Any:
        """Negative log2 of the density times the width of one of 2**16 steps."""
        mean, log_scale = _mean_and_log_scale(_checked(parameters, self))
        z = (as_samples(audio, mean.shape[:-1]) - mean[..., 0]) * ops.exp(-log_scale[..., 0])
        nats = 0.5 * ops.square(z) + log_scale[..., 0] + 0.5 * math.log(2 * math.pi)
        return nats / math.log(2) + (BIT_DEPTH - 1)

    def sample(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """Audio at the quantile `noise` of the Gaussian, clipped to [-1, 1]."""
        mean, log_scale = _mean_and_log_scale(_checked(parameters, self))
        noise = _checked_noise(noise, mean, self)
        normal = math.sqrt(2) * ops.erfinv(2 * noise[..., 0] - 1)
        return ops.clip(mean[..., 0] + temperature * ops.exp(log_scale[..., 0]) * normal, -1.0, 1.0)


class MixtureOfLogistics:
    """Discretised mixture of logistics over 16 bits (PixelCNN++; Parallel WaveNet, van den Oord et al. 2018, section 2.1).

    Parameters: the mixture's logits, the means, the logs of the scales, `components` each.
    """

    noise_size = 2

    def __init__(self, components: int = 10) -> None:
        self.components = checked(components, Size, "components")
        self.num_parameters = 3 * self.components

    def get_config(self) -> dict[str, Any]:
        """Arguments of `output_distribution` that make the same."""
        return {"name": "logistics", "components": self.components}

    def bits(self, audio: Any, parameters: Any) -> Any:
        """Negative log2 of the mass of one step; the outermost steps reach to infinity."""
        logits, means, log_scales = self._split(parameters)
        audio = as_samples(audio, logits.shape[:-1])[..., None]
        half_step = 1.0 / (2**BIT_DEPTH - 1)
        inverse = ops.exp(-log_scales)
        upper = (audio - means + half_step) * inverse
        lower = (audio - means - half_step) * inverse
        # log(sigmoid(upper) - sigmoid(lower)) = log_sigmoid(upper) + log_sigmoid(-lower) + log(1 - exp(lower - upper)),
        # which is exact and has no cancellation however small the mass.
        width = 2 * half_step * inverse
        middle = ops.log_sigmoid(upper) + ops.log_sigmoid(-lower) + ops.log(-ops.expm1(-width))
        log_mass = ops.where(
            audio < -1 + half_step,
            ops.log_sigmoid(upper),
            ops.where(audio > 1 - half_step, ops.log_sigmoid(-lower), middle),
        )
        return -ops.logsumexp(ops.log_softmax(logits, axis=-1) + log_mass, axis=-1) / math.log(2)

    def sample(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """Audio of the component that noise[..., 0] picks, at the quantile noise[..., 1] of its logistic."""
        logits, means, log_scales = self._split(parameters)
        noise = _checked_noise(noise, logits, self)
        component = _pick(logits / temperature, noise[..., :1])
        chosen = ops.one_hot(component, self.components, dtype="float32")
        mean = ops.where(component < self.components, ops.sum(chosen * means, axis=-1), math.nan)
        scale = ops.exp(ops.sum(chosen * log_scales, axis=-1)) * temperature
        quantile = ops.log(noise[..., 1]) - ops.log1p(-noise[..., 1])
        return ops.clip(mean + scale * quantile, -1.0, 1.0)

    def _split(self, parameters: Any) -> tuple[Any, Any, Any]:
        parameters = _checked(parameters, self)
        logits = parameters[..., : self.components]
        return logits, *_mean_and_log_scale(parameters[..., self.components :])


def _checked(parameters: Any, distribution: Any) -> Any:
    parameters = as_tensor(parameters, "float32", "parameters")
    check_shape(parameters.shape[-1:], "parameters, in their last dimension,", (distribution.num_parameters,))
    return parameters


def _checked_noise(noise: Any, parameters: Any, distribution: Any) -> Any:
    return as_tensor(noise, "float32", "noise", (*parameters.shape[:-1], distribution.noise_size))


OutputDistribution = MuLawSoftmax | Gaussian | MixtureOfLogistics


def _mean_and_log_scale(parameters: Any) -> tuple[Any, Any]:
    """Splits in halves; the scale has a floor."""
    half = parameters.shape[-1] // 2
    return parameters[..., :half], ops.maximum(parameters[..., half:] + LOG_SCALE_AT_0, MIN_LOG_SCALE)


def _pick(logits: Any, noise: Any) -> Any:
    """Where the cumulative distribution of `logits` (..., n) reaches `noise` (..., 1): int32 (...); n if one is NaN."""
    cumulative = ops.cumsum(ops.exp(logits - ops.max(logits, axis=-1, keepdims=True)), axis=-1)
    return logits.shape[-1] - ops.sum(ops.cast(cumulative >= noise * cumulative[..., -1:], "int32"), axis=-1)


def output_distribution(name: str, levels: int = 256, components: int = 10) -> OutputDistribution:
    """The distribution called `name`.

    Args:
        name: "softmax", "logistics" or "gaussian".
        levels: Number of codes of the softmax.
        components: Number of components of the mixture of logistics.

    Raises:
        InputError: if there is no such distribution.

    Example:
    >>> output_distribution("logistics").num_parameters
    30
    """
    if name == "softmax":
        return MuLawSoftmax(levels)
    if name == "logistics":
        return MixtureOfLogistics(components)
    if name == "gaussian":
        return Gaussian()
    raise InputError(f"output: no distribution {name!r}; choose softmax, logistics or gaussian")
