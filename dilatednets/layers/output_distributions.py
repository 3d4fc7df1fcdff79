"""What a WaveNet says of the next sample: three distributions over audio, each with its likelihood and its sampler.

Each distribution is a small object without weights. `parameters` is always what the net's last layer puts out,
(..., num_parameters); `audio` is float in [-1, 1]; likelihoods are in bits a sample, so that distributions of equal bit
depth can be compared. Samplers take uniform noise from outside, so that they are pure functions and a seed means the
same on every backend.
"""

import math
from typing import Any, Protocol

from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.mu_law import MuLaw

BIT_DEPTH = 16  # of the continuous distributions: the likelihood is that of one of 2**16 values in [-1, 1]
MIN_LOG_SCALE = (
    -9.0
)  # a scale of 1.2e-4 in [-1, 1], 4 steps of 16 bits: below it the likelihood rewards certainty too much


class OutputDistribution(Protocol):
    """What WaveNet needs of a distribution."""

    num_parameters: int
    noise_size: int

    def get_config(self) -> dict[str, Any]:
        """Arguments of `output_distribution` that make the same."""

    def bits(self, audio: Any, parameters: Any) -> Any:
        """Negative log2 likelihood of `audio` (...) under `parameters` (..., num_parameters): float32 (...)."""

    def sample(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """Audio (...) for uniform `noise` in (0, 1), (..., noise_size)."""


class MuLawSoftmax:
    """Categorical over mu-law codes: 256 by default (van den Oord et al. 2016, section 2.2)."""

    noise_size = 1

    def __init__(self, levels: int = 256) -> None:
        self.mu_law = MuLaw(levels)
        self.num_parameters = levels

    def get_config(self) -> dict[str, Any]:
        """See `OutputDistribution`."""
        return {"name": "softmax", "levels": self.num_parameters}

    def bits(self, audio: Any, parameters: Any) -> Any:
        """See `OutputDistribution`."""
        logits = ops.cast(parameters, "float32")
        codes = ops.one_hot(self.mu_law(audio), self.num_parameters, dtype="float32")
        return (ops.logsumexp(logits, axis=-1) - ops.sum(codes * logits, axis=-1)) / math.log(2)

    def sample(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """See `OutputDistribution`. The inverse of the cumulative distribution at `noise`."""
        return self.mu_law.expand(self.draw_code(parameters, noise, temperature))

    def draw_code(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """The same as int32 codes."""
        logits = ops.cast(parameters, "float32") / temperature
        weights = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
        cumulative = ops.cumsum(weights, axis=-1)
        below = cumulative < noise * cumulative[..., -1:]
        code = ops.sum(ops.cast(below, "int32"), axis=-1)
        return ops.minimum(code, self.num_parameters - 1)


class Gaussian:
    """A single Gaussian (ClariNet, Ping et al. 2019, section 3.1): parameters are the mean and the log of the scale."""

    num_parameters = 2
    noise_size = 1

    def get_config(self) -> dict[str, Any]:
        """See `OutputDistribution`."""
        return {"name": "gaussian"}

    def bits(self, audio: Any, parameters: Any) -> Any:
        """See `OutputDistribution`: the density times the width of one of 2**16 steps."""
        mean, log_scale = _mean_and_log_scale(ops.cast(parameters, "float32"))
        z = (ops.cast(audio, "float32") - mean[..., 0]) * ops.exp(-log_scale[..., 0])
        nats = 0.5 * ops.square(z) + log_scale[..., 0] + 0.5 * math.log(2 * math.pi)
        return nats / math.log(2) + (BIT_DEPTH - 1)

    def sample(self, parameters: Any, noise: Any, temperature: Any) -> Any:
        """See `OutputDistribution`."""
        mean, log_scale = _mean_and_log_scale(ops.cast(parameters, "float32"))
        normal = math.sqrt(2) * ops.erfinv(2 * noise[..., 0] - 1)
        return ops.clip(mean[..., 0] + temperature * ops.exp(log_scale[..., 0]) * normal, -1.0, 1.0)


class MixtureOfLogistics:
    """Discretised mixture of logistics over 16 bits (PixelCNN++; Parallel WaveNet, van den Oord et al. 2018, section 2.1).

    Parameters: the mixture's logits, the means, the logs of the scales, `components` each.
    """

    noise_size = 2

    def __init__(self, components: int = 10) -> None:
        self.components = components
        self.num_parameters = 3 * components

    def get_config(self) -> dict[str, Any]:
        """See `OutputDistribution`."""
        return {"name": "logistics", "components": self.components}

    def bits(self, audio: Any, parameters: Any) -> Any:
        """See `OutputDistribution`. The mass of one step; the outermost steps reach to infinity."""
        logits, means, log_scales = self._split(parameters)
        audio = ops.cast(audio, "float32")[..., None]
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
        """See `OutputDistribution`. noise[..., 0] picks the component, noise[..., 1] its logistic's quantile."""
        logits, means, log_scales = self._split(parameters)
        cumulative = ops.cumsum(ops.softmax(logits / temperature, axis=-1), axis=-1)
        pick = ops.sum(ops.cast(cumulative < noise[..., :1] * cumulative[..., -1:], "int32"), axis=-1)
        chosen = ops.one_hot(ops.minimum(pick, self.components - 1), self.components, dtype="float32")
        mean = ops.sum(chosen * means, axis=-1)
        scale = ops.exp(ops.sum(chosen * log_scales, axis=-1)) * temperature
        quantile = ops.log(noise[..., 1]) - ops.log1p(-noise[..., 1])
        return ops.clip(mean + scale * quantile, -1.0, 1.0)

    def _split(self, parameters: Any) -> tuple[Any, Any, Any]:
        parameters = ops.cast(parameters, "float32")
        logits = parameters[..., : self.components]
        return logits, *_mean_and_log_scale(parameters[..., self.components :])


def _mean_and_log_scale(parameters: Any) -> tuple[Any, Any]:
    """Splits in halves; the scale has a floor, and starts near 0.05, the spread of quiet speech, at a zero output."""
    half = parameters.shape[-1] // 2
    return parameters[..., :half], ops.maximum(parameters[..., half:] - 3.0, MIN_LOG_SCALE)


def output_distribution(name: str, levels: int = 256, components: int = 10) -> OutputDistribution:
    """The distribution called `name`.

    Args:
        name: "softmax", "logistics" or "gaussian".
        levels: Codes of the softmax.
        components: Components of the mixture of logistics.

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
