"""What a chunker is trained and tested on: words and tags, checked in arrays before they are cut into batches."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.zoo.checked_arrays import is_array
from dilatednets.zoo.tcn_chunker.word_features import PADDING, UNKNOWN

UNKNOWN_TAG = -1
"""What stands where no tag is known."""


def checked(model: Any, x: Any, y: Any = None) -> tuple[Any, Any]:
    """Arrays that are right, or what is none as it is; tags at padded words are unknown.

    Args:
        model: A ChunkingNet.
        x: Its inputs, as `encode` makes them.
        y: {"tags": ..., "pos": ...}, integers (batch, time) each, one or both.

    Raises:
        InputError: for inputs that are missing, another shape, and numbers that are not whole or out of range.
    """
    if not isinstance(x, Mapping) or not any(map(is_array, x.values())):
        return x, y
    wanted = {
        "words": UNKNOWN + 1 + len(model.words),
        "shapes": UNKNOWN + 1 + len(model.shapes),
        "characters": UNKNOWN + 1 + len(model.characters),
        "pos": UNKNOWN + 1 + len(model.pos_tags),
    }
    wanted = {name: wanted[name] for name in model.word_inputs}
    for name in wanted:
        if name not in x:
            raise InputError(f"{name}: is missing; encode makes {', '.join(wanted)} of sentences")
    words = arrays.numbers(x["words"], "words", (None, None))
    named = dict(x)
    for name, count in wanted.items():
        shape = (*words.shape, None) if name == "characters" else words.shape
        named[name] = _whole(x[name], name, shape, 0, count - 1, "")
    if isinstance(y, Mapping):
        y, real = dict(y), words != PADDING
        names = {"tags": model.tags, "pos": model.pos_tags if model.pos == "joint" else ()}
        for name, known in names.items():
            if name in y and known:
                given = arrays.numbers(y[name], name, words.shape)
                y[name] = _whole(
                    np.where(real, given, UNKNOWN_TAG),
                    name,
                    words.shape,
                    UNKNOWN_TAG,
                    len(known) - 1,
                    ", -1 if unknown",
                )
    return named, y


def _whole(value: Any, name: str, shape: tuple[int | None, ...], least: int, most: int, words: str) -> np.ndarray:
    array = arrays.numbers(value, name, shape)
    wrong = (array < least) | (array > most) | (array % 1 != 0)
    if np.any(wrong):
        raise InputError(f"{name}: must hold numbers from 0 to {most}{words}, not {array[wrong][0]:g}")
    return array.astype(np.int32)
