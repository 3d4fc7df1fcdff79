"""What the trainings of nets other than WaveNet share: their optimiser, and how batches reach Keras."""

from typing import Any

import keras

from dilatednets.training.data_parallel import share


def adamw(learning_rate: Any, weight_decay: float, clip_norm: float, **options: Any) -> keras.optimizers.AdamW:
    """AdamW with clipping by the norm of the whole gradient; biases, gains and normalisations do not decay.

    Args:
        learning_rate: A number or a schedule.
        weight_decay: Of the kernels.
        clip_norm: Of the gradient of all weights together.
        **options: Of `keras.optimizers.AdamW`.
    """
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, global_clipnorm=clip_norm, **options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma", "gain"])
    return optimizer


def data_of(batches: Any, first_epoch: int = 0) -> Any:
    """A tf.data pipeline where TensorFlow runs the model, else a plain generator of this process's share.

    Args:
        batches: With `dataset(first)` and `epochs(first)`, such as `dilatednets.data.image_batches.ImageBatches`.
        first_epoch: To begin with.
    """
    if keras.backend.backend() == "tensorflow":
        return batches.dataset(first_epoch)
    return share(batches.epochs(first_epoch))
