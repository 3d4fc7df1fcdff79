"""Golden outputs: what a preset's model gave for fixed inputs when it was saved."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from dilatednets.errors import InputError, one_line
from dilatednets.presets.layout import GOLDEN


def write(model: Any, folder: Path) -> None:
    """Writes golden.npz: inputs and the outputs of the model as it is now."""
    inputs = model.golden_inputs()
    arrays = {f"input_{key}": value for key, value in inputs.items()}
    np.savez_compressed(folder / GOLDEN, **_outputs(model, inputs), **arrays)


def largest_error(model: Any, folder: Path) -> float:
    """Largest absolute difference between the outputs of `model` and the golden ones in `folder`.

    Raises:
        InputError: for a file that holds no arrays of numbers.
    """
    pairs = _pairs(model, folder)
    return max(float(np.max(np.abs(value - golden))) for value, golden in pairs)


def matches(model: Any, folder: Path) -> bool:
    """Whether a model gives the golden outputs, but for rounding; those that are no numbers at the same places.

    Raises:
        InputError: as `largest_error`.
    """
    return all(np.allclose(value, golden, 1e-3, 1e-3, equal_nan=True) for value, golden in _pairs(model, folder))


def _pairs(model: Any, folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each output of the model as it is, and as it was."""
    path = folder / GOLDEN
    try:
        with np.load(path, allow_pickle=False) as golden:
            arrays = {key: golden[key] for key in golden.files}
        inputs = {key.removeprefix("input_"): value for key, value in arrays.items() if key.startswith("input_")}
        outputs = _outputs(model, inputs)
        return [
            (value, np.broadcast_to(arrays[name].astype(np.float32), value.shape)) for name, value in outputs.items()
        ]
    except Exception as error:  # what is foreign can fail anywhere in NumPy and Keras
        raise InputError(
            f"{path}: not inputs and outputs of this model ({one_line(error)}); fetch the preset again"
        ) from error


def _outputs(model: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays by name; the only output of a model is called "outputs"."""
    found = model(next(iter(inputs.values())) if len(inputs) == 1 else inputs)
    named = found if isinstance(found, dict) else {"outputs": found}
    return {name: np.asarray(keras.ops.convert_to_numpy(value), np.float32) for name, value in named.items()}
