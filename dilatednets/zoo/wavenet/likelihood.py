"""Loss and metric of autoregressive audio: bits a sample."""

import functools
from typing import Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.output_distributions import OutputDistribution, output_distribution
from dilatednets.zoo.sample_weights import spread
from dilatednets.zoo.wavenet.inputs import samples


@keras.saving.register_keras_serializable("dilatednets")
class NegativeLogLikelihood(keras.losses.Loss):
    """Bits a sample of the true audio under the predicted distributions, averaged with the windows' weights.

    Args:
        distribution: What the model puts out, `model.distribution`, or its configuration.
        **kwargs: Arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: audio (batch, time), as `dilatednets.arrays.as_audio` takes it.
        y_pred: parameters (batch, time, num_parameters).
        sample_weight: Weights of windows, (batch,), or of samples, (batch, time); the mean is over positions of weight
            above zero, not over all.

    Example:
    >>> import numpy as np
    >>> loss = NegativeLogLikelihood({"name": "softmax"})
    >>> round(float(loss(np.zeros((1, 5)), np.zeros((1, 5, 256)))), 3)
    8.0
    """

    def __init__(self, distribution: OutputDistribution | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**{"reduction": "mean_with_sample_weight", "dtype": "float32", **kwargs})
        self.distribution = _distribution(distribution)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss; Keras would forget the type of the audio, which says what its range is."""
        return super().__call__(samples(y_true, "y_true"), y_pred, spread(sample_weight, ops.convert_to_tensor(y_pred)))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Bits (batch, time)."""
        return _bits(self.distribution, y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "distribution": self.distribution.get_config()}


@keras.saving.register_keras_serializable("dilatednets")
class BitsPerSample(keras.metrics.MeanMetricWrapper):
    """The same as a metric: the weighted mean over all batches of an epoch.

    Args:
        distribution: What the model puts out, `model.distribution`, or its configuration.
        **kwargs: Arguments of `keras.metrics.Metric`.

    Example:
    >>> import numpy as np
    >>> metric = BitsPerSample({"name": "softmax"})
    >>> metric.update_state(np.zeros((1, 5)), np.zeros((1, 5, 256)))
    >>> round(float(metric.result()), 3)
    8.0
    """

    def __init__(self, distribution: OutputDistribution | dict[str, Any], **kwargs: Any) -> None:
        self.distribution = _distribution(distribution)
        super().__init__(
            functools.partial(_bits, self.distribution), **{"name": "bits_per_sample", "dtype": "float32", **kwargs}
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype, "distribution": self.distribution.get_config()}


def _bits(distribution: OutputDistribution, y_true: Any, y_pred: Any) -> Any:
    """Bits (batch, time), NaN where `y_true` is no audio, which in a graph nothing else could tell."""
    audio = samples(y_true, "y_true")
    shape, wanted = tuple(audio.shape), tuple(y_pred.shape[:-1])
    if len(shape) != len(wanted) or any(
        None not in pair and len(set(pair)) > 1 for pair in zip(shape, wanted, strict=True)
    ):
        raise InputError(f"y_true: must be audio of shape {wanted}, not {shape}")
    return ops.where(ops.absolute(audio) <= 2.0, distribution.bits(audio, y_pred), float("nan"))


def _distribution(distribution: OutputDistribution | dict[str, Any]) -> OutputDistribution:
    return output_distribution(**distribution) if isinstance(distribution, dict) else distribution
