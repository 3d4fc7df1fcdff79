"""Kernels that numba compiles for this processor (extra `fast`), where calls of a framework cost more than arithmetic."""

import importlib.util

from dilatednets.backend import on_cpu
from dilatednets.errors import InputError


def available() -> bool:
    """Whether kernels can be used: numba is installed, and Keras computes on CPUs alone."""
    return importlib.util.find_spec("numba") is not None and on_cpu()


def check_available(engine: str, other: str, quantised: str) -> None:
    """Refuses an engine that needs kernels where there can be none, and names another.

    Args:
        engine: What was asked for.
        other: An engine that needs no kernels.
        quantised: The name of a layer of the model that Keras has quantised; empty if there is none.

    Raises:
        InputError: if so.
    """
    if not available():
        raise InputError(
            f"engine: {engine} needs numba, and Keras on a CPU; pip install 'dilatednets[fast]', or take {other}"
        )
    if quantised:
        raise InputError(
            f"engine: {engine} does not run layers that Keras has quantised, such as {quantised}; take {other}"
        )
