"""Dilated convolutions in Keras 3: layers, trained models, fine-tuning and generation."""

import importlib
from typing import Any

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """`from_preset`, `layers`, `zoo` and `map`, imported when they are first asked for, since they import Keras or Ray."""
    if name == "from_preset":
        return importlib.import_module("dilatednets.registry").from_preset
    if name == "map":
        return importlib.import_module("dilatednets.archives").map
    if name in ("layers", "zoo"):
        return importlib.import_module(f"dilatednets.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
