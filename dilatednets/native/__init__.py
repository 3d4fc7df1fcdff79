"""Kernels that numba compiles for this processor (extra `fast`), where calls of a framework cost more than arithmetic."""

import importlib.util

import keras


def available() -> bool:
    """Whether kernels can be used: numba is installed, and Keras computes on CPUs alone."""
    return importlib.util.find_spec("numba") is not None and all(
        device.startswith("cpu") for device in keras.distribution.list_devices()
    )
