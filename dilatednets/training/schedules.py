"""Learning rates and averaged weights over the steps of a run or a stage."""

import keras


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
