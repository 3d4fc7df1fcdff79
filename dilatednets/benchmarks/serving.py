"""How fast an exported model answers, run as TensorFlow Serving runs it, beside the Keras model."""

import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dilatednets.benchmarks.timing import cpu
from dilatednets.serving.export import export
from dilatednets.serving.saved_model_runner import ask

CALLS = 4
"""How often each request is made; the first is not counted."""


def run(model: Any, batches: Sequence[int] = (1, 4)) -> dict[str, Any]:
    """Exports a model and times its answers for each batch size, without XLA and with it.

    Args:
        model: A model of the zoo.
        batches: The batch sizes to ask for.

    Returns:
        {"cpu", "unit", "rows": [{"signature", "xla", "batch", "rate": units a second, "ratio": to the Keras model's rate}]}.
    """
    module = model.signatures()
    names = {*module.signatures(), "stream"}
    inputs = {batch: {name: _tiled(one, batch) for name, one in module.examples().items()} for batch in batches}
    rates = {("(Keras)", module.keras_uses_xla, batch): _model_rate(module, inputs[batch]) for batch in batches}
    base = {batch: rate for (_, _, batch), rate in rates.items()}
    with tempfile.TemporaryDirectory() as folder:
        saved_model = Path(folder) / "1"
        export(model, saved_model)
        for xla, timed in module.timed.items():
            asked = [(name, batch) for batch in batches for name in timed if name in names]
            requests = [(name, inputs[batch].get(name, inputs[batch]["serving_default"])) for name, batch in asked]
            answers = iter(ask(saved_model, [request for request in requests for _ in range(CALLS)], xla))
            for name, batch in asked:
                first, *others = islice(answers, CALLS)
                rates[name, xla, batch] = module.count(first) / median(float(answer["seconds"]) for answer in others)
    rows = [
        {"signature": name, "xla": xla, "batch": batch, "rate": rate, "ratio": rate / base[batch]}
        for (name, xla, batch), rate in rates.items()
    ]
    return {"cpu": cpu(), "unit": module.unit, "rows": rows}


def report(result: dict[str, Any]) -> str:
    """The figures as a Markdown table.

    Args:
        result: What `run` gives.

    Example:
    >>> row = {"signature": "serving_default", "xla": False, "batch": 4, "rate": 1234.5, "ratio": 1.25}
    >>> print(report({"cpu": {"cores": 2}, "unit": "images", "rows": [row]}).splitlines()[-1])
    | serving_default | off | 4 | 1,234.5 | 1.25 |
    """
    lines = [
        f"{result['cpu']['cores']} cores:",
        f"| signature | XLA | batch | {result['unit']}/s | to the Keras model |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        xla = "on" if row["xla"] else "off"
        lines.append(f"| {row['signature']} | {xla} | {row['batch']} | {row['rate']:,.1f} | {row['ratio']:.2f} |")
    return "\n".join(lines)


def _tiled(inputs: dict[str, np.ndarray], batch: int) -> dict[str, np.ndarray]:
    return {name: np.repeat(value, batch, axis=0) if np.ndim(value) else value for name, value in inputs.items()}


def _model_rate(module: Any, inputs: dict[str, dict[str, np.ndarray]]) -> float:
    """Units a second of the model's own verb, asked for the same."""
    seconds, count = [], 0
    for _ in range(CALLS):
        start = time.perf_counter()
        count = module.count(module.ask_model(inputs["serving_default"]))
        seconds.append(time.perf_counter() - start)
    return count / median(seconds[1:])
