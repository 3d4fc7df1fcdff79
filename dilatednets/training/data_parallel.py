"""Training on all devices of one machine or several: the same weights on each, and a share of every batch."""

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import keras
import numpy as np

from dilatednets.errors import InputError

VARIABLES = ("KERAS_DISTRIBUTION_JOB_ADDRESSES", "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID")
"""Of the environment, as `keras.distribution.initialize` documents them."""

T = TypeVar("T")


@contextmanager
def data_parallel(seed: int = 0) -> Iterator[int]:
    """Within it, models are made for all devices, and each batch of a training is shared out among them.

    Where the environment holds one of `VARIABLES`, processes on several machines train together: each runs the same
    command, reads the data, and keeps its share of each batch; the first alone writes the run.

    Args:
        seed: The seed that Keras gets; without one, it makes the processes agree on one, which takes more than it is worth.

    Yields:
        The number of devices, of all processes together.

    Raises:
        InputError: on another backend than JAX, or if the processes do not find each other.
    """
    if keras.backend.backend() != "jax":
        raise InputError("--data-parallel: Keras trains on several devices with JAX alone; set KERAS_BACKEND=jax")
    import jax

    if any(name in os.environ for name in VARIABLES) and not jax.distributed.is_initialized():
        keras.utils.set_random_seed(seed)
        try:
            keras.distribution.initialize()
        except (ValueError, RuntimeError) as error:
            raise InputError(f"--data-parallel: {error}; check {', '.join(VARIABLES)}") from error
    # Batches come to Keras as this process's share of them; see `share`.
    distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
    with distribution.scope():
        yield distribution.num_model_replicas


@contextmanager
def on_one_device() -> Iterator[None]:
    """Within it, models are made for one device of this process again."""
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def check_batch(key: str, size: int) -> None:
    """Raises InputError, naming the recipe's key, for a batch that cannot be shared out evenly."""
    distribution = keras.distribution.distribution()
    devices = 1 if distribution is None else distribution.num_model_replicas
    if size % devices:
        raise InputError(
            f"{key}: a batch of {size} cannot be shared out among {devices} devices; make it a multiple of {devices}"
        )


def share(batches: Iterator[Any]) -> Iterator[Any]:
    """Of each batch the rows that this process computes; Keras shares them out among its devices."""
    number, count = _process()
    if count == 1:
        return batches

    def rows(array: np.ndarray) -> np.ndarray:
        size = len(array) // count
        return array[number * size : (number + 1) * size]

    return (keras.tree.map_structure(rows, batch) for batch in batches)


def is_first_process() -> bool:
    """Whether this process writes the run, and speaks."""
    return _process()[0] == 0


def from_first_process(make: Callable[[], T]) -> T:
    """What `make` returns in the first process, or the InputError that it raises there, in all processes."""
    number, count = _process()
    if count == 1:
        return make()
    from jax.experimental.multihost_utils import broadcast_one_to_all

    content = b""
    if number == 0:
        try:
            content = pickle.dumps((make(), None))
        except (InputError, OSError) as error:
            content = pickle.dumps((None, error))
    size = int(broadcast_one_to_all(np.int32(len(content))))
    sent = np.frombuffer(content.ljust(size, b"\0"), np.uint8)
    made, failure = pickle.loads(broadcast_one_to_all(sent).tobytes())
    if failure is not None:
        raise failure
    return made


def _process() -> tuple[int, int]:
    """(Number of this process, number of all)."""
    distribution = keras.distribution.distribution()
    return (0, 1) if distribution is None else (distribution.data_shard_id, distribution.num_processes)
