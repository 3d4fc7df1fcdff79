"""Optimisers of training and fine-tuning, and their schedules."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import keras

from dilatednets.errors import Note, did_you_mean


def adamw(learning_rate: Any, weight_decay: float, **options: Any) -> keras.optimizers.AdamW:
    """AdamW under which biases, gains and normalisations do not decay.

    Args:
        learning_rate: A number or a schedule.
        weight_decay: Decay of the kernels.
        **options: Arguments of `keras.optimizers.AdamW`, such as `global_clipnorm`.
    """
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, **options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma", "gain"])
    return optimizer


def warm_cosine(
    first: float, last: float, steps: int, warmup_steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Rises evenly from `last` to `first` in the warm-up, at most a tenth of all steps, then falls to `last` by a cosine.

    Example:
    >>> rate = warm_cosine(1.0, 0.1, steps=100, warmup_steps=10)
    >>> [round(float(rate(step)), 3) for step in (0, 5, 10, 55, 100)]
    [0.1, 0.55, 1.0, 0.55, 0.1]
    """
    warmup = min(warmup_steps, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        last if warmup else first,
        max(steps - warmup, 1),
        alpha=last / first,
        warmup_target=first if warmup else None,
        warmup_steps=warmup,
    )


def averaging(ema: float, steps: int) -> float:
    """Decay of averaged weights: `ema`, or less in a short run, whose average would still be mostly what it started from.

    Example:
    >>> averaging(0.999, 100_000), averaging(0.999, 100)
    (0.999, 0.9)
    """
    return min(ema, 1 - 10 / max(steps, 11))


@keras.saving.register_keras_serializable("dilatednets")
class LayerwiseAdamW(keras.optimizers.AdamW):
    """AdamW that trains parts of a model slower, or faster, than others (discriminative fine-tuning).

    What is fresh, such as the scores of new classes, learns at the full rate, and trained parts at less of it, so that they
    keep what they know. Weight decay goes by the full rate.

    Args:
        learning_rate: Number or schedule, of what `rates` does not name.
        rates: Factors of the learning rate, by how the paths of variables begin, such as {"block": 0.3}; the first that fits
            counts.
        **kwargs: Arguments of `keras.optimizers.AdamW`.

    Raises:
        ValueError: for a factor that is not above 0: what is not to learn at all is frozen by `layer.trainable = False`.

    Reference:
        Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification" (arXiv 1801.06146), section 3.2.

    Example:
    >>> from dilatednets.zoo.context_segmenter.model import ContextSegmenter
    >>> model = ContextSegmenter(num_classes=3)
    >>> optimizer = LayerwiseAdamW(1e-3, rates={"front_end": 0.1})
    >>> model.compile(optimizer, "mse")
    >>> [optimizer.rate_of(weight) for weight in (model.weights[0], model.weights[-1])]
    [0.1, 1.0]
    """

    def __init__(self, learning_rate: Any = 1e-3, rates: Mapping[str, float] | None = None, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rates = dict(rates or {})
        for name, rate in self.rates.items():
            if not rate > 0:
                raise ValueError(
                    f"LayerwiseAdamW: rate of {name!r} must be above 0, not {rate}; freeze the layer instead"
                )

    def rate_of(self, variable: Any) -> float:
        """The factor of the learning rate for a variable."""
        return next((rate for name, rate in self.rates.items() if variable.path.startswith(name)), 1.0)

    def build(self, variables: Any) -> None:
        """Creates the state for variables, and notes their rates."""
        super().build(variables)
        paths = [variable.path for variable in variables]
        for name in self.rates:
            if not any(path.startswith(name) for path in paths):
                words = (
                    f"rates: {name!r} begins the path of no variable that is trained{did_you_mean(name, _parts(paths))}"
                )
                warnings.warn(words, Note, stacklevel=2)
        self._by_index = [self.rate_of(variable) for variable in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One step of one variable, which on TensorFlow has no path here."""
        rate = self._by_index[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * rate)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rates": self.rates}


def _parts(paths: Iterable[str]) -> set[str]:
    """How paths may begin: block_0, block_0/conv, block_0/conv/kernel."""
    return {"/".join(path.split("/")[:count]) for path in paths for count in range(1, path.count("/") + 2)}
