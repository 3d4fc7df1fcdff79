"""Loss and metric of autoregressive audio: bits a sample."""

from typing import Any

import keras

from dilatednets.layers.output_distributions import OutputDistribution


class NegativeLogLikelihood(keras.losses.Loss):
    """Bits a sample of the true audio under the predicted distributions, averaged with the windows' weights.

    Args:
        distribution: The model's, `model.distribution`.
        **kwargs: Arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: audio (batch, time).
        y_pred: parameters (batch, time, num_parameters).
        sample_weight: (batch, time); the mean is over positions of weight above zero, not over all.
    """

    def __init__(self, distribution: OutputDistribution, **kwargs: Any) -> None:
        super().__init__(reduction="mean_with_sample_weight", dtype="float32", **kwargs)
        self.distribution = distribution

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Bits (batch, time)."""
        return self.distribution.bits(y_true, y_pred)


def bits_per_sample(distribution: OutputDistribution) -> keras.metrics.Metric:
    """The same as a metric: the weighted mean over all batches of an epoch."""
    return keras.metrics.MeanMetricWrapper(distribution.bits, name="bits_per_sample", dtype="float32")
