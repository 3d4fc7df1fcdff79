"""What goes with a preset's weights: golden outputs, counted facts, and a README made from `card.json`."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from dilatednets.errors import InputError, one_line

GOLDEN = "golden.npz"
UNITS = {"WaveNet": "samples", "ContextSegmenter": "pixels", "TCNChunker": "words"}
"""What receptive fields are counted in."""


def counted(model: Any) -> dict[str, Any]:
    """What the card says that can be counted from the model itself; a test recounts it."""
    return {"class": type(model).__name__, "keras": keras.__version__, **model.describe()}


def golden_inputs(model: Any) -> dict[str, np.ndarray]:
    """Fixed inputs for a model."""
    return {"WaveNet": _golden_audio, "ContextSegmenter": _golden_images, "TCNChunker": _golden_sentences}[
        type(model).__name__
    ](model)


def _golden_audio(model: Any) -> dict[str, np.ndarray]:
    """A mixture of sines with noise, each speaker in turn, and a moving condition."""
    rng = np.random.default_rng(0)
    batch, hop = 2, model.condition_hop
    time = 4 * hop
    t = np.arange(time) / model.sample_rate
    tones = np.stack([np.sin(2 * np.pi * f * t) for f in (150.0, 310.0)])
    inputs = {"audio": (0.3 * tones + 0.02 * rng.standard_normal((batch, time))).astype(np.float32)}
    if model.speakers:
        inputs["speaker"] = (np.arange(batch) % len(model.speakers)).astype(np.int32)
    if model.condition_features:
        inputs["condition"] = rng.random((batch, 4, model.condition_features), np.float32)
    return inputs


def _golden_images(model: Any) -> dict[str, np.ndarray]:
    """Smooth coloured patches with noise, of a size that needs padding."""
    rng = np.random.default_rng(0)
    patches = np.kron(rng.integers(0, 256, (2, 5, 6, 3)), np.ones((1, 10, 10, 1)))
    noise = rng.integers(-20, 21, patches.shape)
    return {"image": np.clip(patches + noise, 0, 255).astype(np.uint8)}


def _golden_sentences(model: Any) -> dict[str, np.ndarray]:
    """Words, characters and shapes, known and unknown, and sentences of different lengths."""
    rng = np.random.default_rng(0)
    features = model.features
    mask = np.arange(12) < np.array([12, 7, 1])[:, None]

    def numbers(entries: int, *shape: int) -> np.ndarray:
        return (rng.integers(1, 2 + entries, shape) * mask.reshape(*mask.shape, *[1] * (len(shape) - 2))).astype(
            np.int32
        )

    inputs = {
        "words": numbers(len(features.words), 3, 12),
        "shapes": numbers(len(features.shapes), 3, 12),
        "characters": numbers(len(features.characters), 3, 12, 6),
    }
    if model.pos_embedding is not None:
        inputs["pos"] = numbers(len(model.pos_tags), 3, 12)
    return inputs


def _outputs(model: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """By name; "outputs" of a model that has but one."""
    found = model(next(iter(inputs.values())) if len(inputs) == 1 else inputs)
    named = found if isinstance(found, dict) else {"outputs": found}
    return {name: np.asarray(keras.ops.convert_to_numpy(value), np.float32) for name, value in named.items()}


def write_golden(model: Any, folder: Path) -> None:
    """Writes golden.npz: inputs and the outputs of the model as it is now."""
    inputs = golden_inputs(model)
    arrays = {f"input_{key}": value for key, value in inputs.items()}
    np.savez_compressed(folder / GOLDEN, **_outputs(model, inputs), **arrays)


def golden_error(model: Any, folder: Path) -> float:
    """Largest absolute difference between the outputs of `model` and the golden ones in `folder`.

    Raises:
        InputError: for a file that holds no arrays of numbers.
    """
    path = folder / GOLDEN
    try:
        with np.load(path, allow_pickle=False) as golden:
            arrays = {key: golden[key] for key in golden.files}
        inputs = {key.removeprefix("input_"): value for key, value in arrays.items() if key.startswith("input_")}
        outputs = _outputs(model, inputs)
        return max(float(np.max(np.abs(value - arrays[name]))) for name, value in outputs.items())
    except Exception as error:  # what is foreign can fail anywhere in NumPy and Keras
        raise InputError(
            f"{path}: not inputs and outputs of this model ({one_line(error)}); fetch the preset again"
        ) from error


def readme(card: dict[str, Any]) -> str:
    """README.md of a preset, with Hugging Face model-index metadata; made from the card alone.

    Example:
    >>> readme({"name": "tiny", "class": "WaveNet", "parameters": 12}).splitlines()[-1]
    'Made from card.json by `dilatednets`; change that file, not this one.'
    """
    metrics = card.get("metrics", [])
    lines = ["---", "library_name: keras"]
    if "weights_licence_id" in card:
        lines.append(f"license: {card['weights_licence_id']}")
    if metrics:
        lines += ["model-index:", f"- name: {card.get('name', '')}", "  results:"]
        for metric in metrics:
            lines += [
                f"  - task: {{type: {card.get('task', 'other')}}}",
                f"    dataset: {{name: {metric['data']}, type: {metric['data']}, split: {metric['split']}}}",
                f"    metrics: [{{type: {metric['name']}, value: {metric['value']}}}]",
            ]
    lines += ["---", "", f"# {card.get('name', '')}", ""]
    if "description" in card:
        lines += [card["description"], ""]
    if "example" in card:
        lines += ["```python", *card["example"], "```", ""]
    facts = [
        ("class", "Class"),
        ("parameters", "Parameters"),
        ("macs_per_sample", "Multiply-accumulates a sample"),
        ("context_parameters", "of them in the context module"),
        ("macs_per_pixel", "Multiply-accumulates a pixel"),
        ("context_macs_per_pixel", "of them in the context module"),
        ("stride", "Stride of the scores, pixels"),
        ("num_classes", "Classes, or values a pixel"),
        ("macs_per_word", "Multiply-accumulates a word of five characters"),
        ("known_words", "Words it knows"),
        ("labels", "Labels of spans"),
        ("layers", "Dilated layers"),
        ("receptive_field", f"Receptive field, {UNITS.get(card.get('class', ''), 'steps')}"),
        ("receptive_field_ms", "Receptive field, ms"),
        ("sample_rate", "Sample rate, Hz"),
        ("data", "Data"),
        ("data_licence", "Licence of the data"),
        ("weights_licence", "Licence of the weights"),
        ("training", "Training"),
        ("hardware", "Hardware"),
        ("wall_time", "Wall time"),
        ("seed", "Seed"),
        ("sha256", "SHA-256 of model.weights.h5"),
    ]
    lines += ["| | |", "| --- | --- |"]
    lines += [f"| {title} | {_number(card[key])} |" for key, title in facts if key in card]
    for table in (metrics_table(card), measurements_table(card)):
        lines += ["", *table] if table else []
    for picture in card.get("pictures", []):
        lines += ["", f"![{picture['caption']}]({picture['file']})", "", picture["caption"]]
    for note in card.get("notes", []):
        lines += ["", note]
    lines += ["", "Made from card.json by `dilatednets`; change that file, not this one."]
    return "\n".join(lines) + "\n"


def metrics_table(card: dict[str, Any]) -> list[str]:
    """The card's `metrics`, figures on data, as lines of a Markdown table; none if there are none."""
    rows = [
        f"| {m['name']} | {m['data']} | {m['split']} | {_number(m['value'])} | {_number(m.get('tolerance', ''))} "
        f"| {_code(m.get('command', ''))} |"
        for m in card.get("metrics", [])
    ]
    return rows and [
        "| metric | data | split | value | tolerance | how |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
    ]


def measurements_table(card: dict[str, Any]) -> list[str]:
    """The card's `measurements`, such as speeds: {"what", "value", "goal", "command"}; as `metrics_table`."""
    rows = [
        f"| {m['what']} | {m['value']} | {m.get('goal', '')} | {_code(m['command'])} |"
        for m in card.get("measurements", [])
    ]
    return rows and ["| what | measured | to reach | how |", "| --- | --- | --- | --- |", *rows]


def _code(command: str) -> str:
    return f"`{command}`" if command else ""


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
