"""All models of the zoo, by the name of their class."""

import os
from typing import Any

from dilatednets.errors import InputError
from dilatednets.zoo import presets
from dilatednets.zoo.context_segmenter import ContextSegmenter
from dilatednets.zoo.tcn_chunker import TCNChunker
from dilatednets.zoo.wavenet import WaveNet

MODELS: dict[str, Any] = {cls.__name__: cls for cls in (WaveNet, ContextSegmenter, TCNChunker)}


def from_preset(handle: str | os.PathLike[str], kind: str | None = None, **overrides: Any) -> Any:
    """Loads a trained model of whatever class its preset names.

    Args:
        handle: A preset's name, folder or handle; see `dilatednets.zoo.presets.find`.
        kind: Name of the class that it must be, if only one will do.
        **overrides: As of the class's `from_preset`.

    Raises:
        InputError: as `dilatednets.zoo.presets.load`, or if the preset is of an unknown class or another than `kind`.

    Example:
    >>> type(from_preset("wavenet_digits")).__name__
    'WaveNet'
    """
    name = presets.class_name(handle)
    if kind is not None and name != kind:
        others = ", ".join(MODELS[kind].presets) or "none yet"
        raise InputError(f"{handle}: is a {name}; this needs a {kind}, of which there are: {others}")
    if name not in MODELS:
        raise InputError(
            f"{presets.find(handle) / presets.CONFIG}: unknown class {name!r}; models are {', '.join(MODELS)}"
        )
    return MODELS[name].from_preset(handle, **overrides)
