"""How fast an exported model answers, run as TensorFlow Serving runs it, beside the Keras model."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dilatednets.benchmarks.segmentation import cpu
from dilatednets.serving.export import SIGNATURES, export
from dilatednets.serving.plain_server import ask

CALLS = 4
"""Of each kind; the first is not counted."""
UNITS = {"WaveNet": "samples", "ContextSegmenter": "images", "TCNChunker": "sentences"}


def run(model: Any, batches: Sequence[int] = (1, 4)) -> dict[str, Any]:
    """Exports a model, and asks it for each batch size as often as counts, without XLA and with it.

    Args:
        model: A model of the zoo.
        batches: Batch sizes.

    Returns:
        {"cpu", "unit", "rows": [{"signature", "xla", "batch", "rate": units a second, "ratio": to the Keras model's rate}]}.
    """
    kind = type(model).__name__
    module = SIGNATURES[kind](model)
    examples = {batch: {name: _tiled(one, batch) for name, one in module.examples().items()} for batch in batches}
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        saved_model = Path(folder) / "1"
        export(model, saved_model)
        for batch in batches:
            keras_rate = _keras_rate(model, examples[batch]["serving_default"])
            rows.append(
                {"signature": "(Keras)", "xla": kind == "WaveNet", "batch": batch, "rate": keras_rate, "ratio": 1.0}
            )
        for xla in (False, True):
            asked = [(batch, name) for batch in batches for name in _signatures(kind, xla)]
            requests = [
                (name, examples[batch][name if name in examples[batch] else "serving_default"])
                for batch, name in asked
                for _ in range(CALLS)
            ]
            answers = ask(saved_model, requests, xla)
            for number, (batch, name) in enumerate(asked):
                some = answers[number * CALLS : (number + 1) * CALLS]
                count = some[0]["audio"].size if kind == "WaveNet" else batch
                rate = count / median(float(answer["seconds"]) for answer in some[1:])
                base = next(row["rate"] for row in rows if row["batch"] == batch)
                rows.append({"signature": name, "xla": xla, "batch": batch, "rate": rate, "ratio": rate / base})
    return {"cpu": cpu(), "unit": UNITS[kind], "rows": rows}


def report(result: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    lines = [
        f"{result['cpu']['cores']} cores:",
        f"| signature | XLA | batch | {result['unit']}/s | to the Keras model |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        xla = "on" if row["xla"] else "off"
        lines.append(f"| {row['signature']} | {xla} | {row['batch']} | {row['rate']:,.1f} | {row['ratio']:.2f} |")
    return "\n".join(lines)


def _signatures(kind: str, xla: bool) -> list[str]:
    names = {
        "WaveNet": ["generate_compiled"] if xla else ["serving_default", "stream"],
        "ContextSegmenter": [] if xla else ["serving_default", "encoded"],
        "TCNChunker": [] if xla else ["serving_default", "sentences"],
    }
    return names[kind]


def _tiled(inputs: dict[str, np.ndarray], batch: int) -> dict[str, np.ndarray]:
    return {name: np.repeat(value, batch, axis=0) if np.ndim(value) else value for name, value in inputs.items()}


def _keras_rate(model: Any, inputs: dict[str, np.ndarray]) -> float:
    """Units a second of the task's verb, asked for the same."""

    def call() -> int:
        match type(model).__name__:
            case "WaveNet":
                words = {name: inputs[name].tolist() for name in ("text", "speaker") if name in inputs}
                samples = int(inputs["num_samples"].max()) if "num_samples" in inputs else None
                return int(model.generate(samples, **words, condition=inputs.get("condition"), seed=0).size)
            case "ContextSegmenter":
                verb = model.segment if model.head_name == "classification" else model.regress
                return len([verb(image) for image in inputs["image"]])
            case _:
                return len(model.tag(inputs["tokens"].tolist(), inputs["pos"].tolist() if "pos" in inputs else None))

    seconds = []
    for _ in range(CALLS):
        start = time.perf_counter()
        count = call()
        seconds.append(time.perf_counter() - start)
    return count / median(seconds[1:])
