"""How fast a ContextSegmenter scores images and trains, beside the same net in PyTorch.

All that is compared runs in one process and by turns, in short rounds whose medians count. Rates depend on the machine; the
ratios are the point, and they want an idle one: PyTorch's threads wait for each other after every operation, spinning, and
lose far more than TensorFlow's to other work on the same cores. Where there is some, set OMP_WAIT_POLICY=passive, with
which both lose alike.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.benchmarks.timing import by_turns, cpu
from dilatednets.layers import LightFrontEnd
from dilatednets.training.epoch_end import in_dtype
from dilatednets.training.optimizers import adamw
from dilatednets.zoo.context_segmenter.loss import SegmentationLoss
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.recipe import Training

DTYPES = ("float32", "mixed_bfloat16")
"""Keras policies; under the second PyTorch uses its autocast to bfloat16."""


def inference(
    model: ContextSegmenter,
    size: tuple[int, int] = (360, 480),
    batch: Sequence[int] = (1, 8),
    seconds: float = 3.0,
) -> dict[str, Any]:
    """Measures scoring: random uint8 images in, float32 logits of every pixel out.

    Ours runs compiled as in `ContextSegmenter.segment`; PyTorch eagerly, in channels_last and inference mode.

    Args:
        model: The net, copies of which are measured.
        size: Height and width of the images in pixels.
        batch: Numbers of images in a call.
        seconds: The least time for which each figure is measured.

    Returns:
        {"task", "size", "cpu": as `cpu` gives it, "model": its cost, "without_torch": why there is nothing of PyTorch, or
        None, "largest_difference" of the logits in float32, or None, "rows": [{"batch", "dtype", "images_per_second",
        "torch_images_per_second" and "ratio" (ours to PyTorch's), or None, "times_float32" (ours to ours in float32), or
        None, "front_end_share" of our time and, with a context module, "context_share"}]}.
    """
    images = np.random.default_rng(0).integers(0, 256, (max(batch), *size, 3), np.uint8)
    rival, without_torch = _rival(model)
    result = _facts("inference", model, size, without_torch)
    copies = {dtype: in_dtype(model, dtype) for dtype in DTYPES}
    net = rival and rival.from_keras(model)
    for count in batch:
        calls: dict[tuple[str, str], Callable[[], Any]] = {}
        for dtype, copy in copies.items():
            calls |= {(dtype, part): call for part, call in inference_calls(copy, images[:count]).items()}
            if rival:
                calls[dtype, "torch"] = rival.inference_call(net, images[:count], dtype)
        rates = by_turns(calls, seconds)
        result["rows"] += [_row(count, dtype, rates) for dtype in DTYPES]
    if rival:
        ours = ops.convert_to_numpy(in_dtype(model, "float32")(images[:1], training=False))
        theirs = rival.inference_call(net, images[:1], "float32")().permute(0, 2, 3, 1).numpy()
        result["largest_difference"] = float(np.abs(ours - theirs).max())
    return result


def training(
    model: ContextSegmenter,
    size: tuple[int, int] = (360, 480),
    batch: int = 8,
    seconds: float = 3.0,
) -> dict[str, Any]:
    """Measures training steps on random images and labels: cross-entropy at full resolution, clipping by norm, AdamW.

    Args:
        model: The net, copies of which are trained.
        size: Height and width of the images in pixels.
        batch: Number of images in a step.
        seconds: The least time for which each figure is measured.

    Returns:
        What `inference` returns, without shares and difference.
    """
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (batch, *size, 3), np.uint8)
    labels = rng.integers(0, model.num_classes, (batch, *size), np.int32)
    rival, without_torch = _rival(model)
    result = _facts("training", model, size, without_torch)
    calls: dict[tuple[str, str], Callable[[], Any]] = {}
    for dtype in DTYPES:
        calls[dtype, "keras"] = training_step(in_dtype(model, dtype), images, labels)
        if rival:
            calls[dtype, "torch"] = rival.training_step(rival.from_keras(model), images, labels, dtype, _adamw())
    rates = by_turns(calls, seconds)
    result["rows"] = [_row(batch, dtype, rates) for dtype in DTYPES]
    return result


def inference_calls(model: ContextSegmenter, images: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """What computes the logits of uint8 images, the front end's part of it, and the context module's; each compiled."""
    front, scores, context = model.front_end, model.scores, model.context
    batch, *size = images.shape[:3]
    coarse = [-(-length // front.multiple) * front.multiple // front.stride for length in size]
    padded = [length * front.stride + 2 * front.margin for length in coarse]

    def call(function: Callable[[Any], Any], layers: Sequence[Any], inputs: np.ndarray) -> Callable[[], np.ndarray]:
        program = compiled(function, [variable for layer in layers for variable in layer.variables], xla=False)
        x = ops.convert_to_tensor(inputs)
        return lambda: ops.convert_to_numpy(program(x))  # which waits for the result

    calls = {
        "keras": call(lambda x: model(x, training=False), [model], images),
        "front_end": call(lambda x: scores(front(x)), [front, scores], np.ones((batch, *padded, 3), np.float32)),
    }
    if context is not None:
        calls["context"] = call(context, [context], np.ones((batch, *coarse, model.num_classes), np.float32))
    return calls


def training_step(model: ContextSegmenter, images: np.ndarray, labels: np.ndarray) -> Callable[[], float]:
    """What takes one step on a batch and gives the loss before it."""
    model.compile(_adamw(), SegmentationLoss(), jit_compile=False)
    return lambda: float(model.train_on_batch(images, labels))


def _adamw() -> keras.optimizers.AdamW:
    """The optimiser of the recipes, at a constant rate."""
    return adamw(1e-3, Training().weight_decay, global_clipnorm=Training().clip_norm)


def _rival(model: ContextSegmenter) -> tuple[Any, str | None]:
    """The module with the PyTorch net, or None and why."""
    if not isinstance(model.front_end, LightFrontEnd):
        return None, "the PyTorch net has the light front end alone"
    try:
        import torch

        from dilatednets.benchmarks.context_segmenter import torch_segmenter
    except ImportError:
        return None, "for PyTorch's figures, pip install 'dilatednets[benchmark]'"
    torch.set_num_threads(cpu()["cores"])
    return torch_segmenter, None


def _facts(task: str, model: ContextSegmenter, size: tuple[int, int], without_torch: str | None) -> dict[str, Any]:
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    facts = {"task": task, "size": list(size), "cpu": {**cpu(), "load_before": load}, "model": model.describe()}
    return {**facts, "without_torch": without_torch, "largest_difference": None, "rows": []}


def _row(batch: int, dtype: str, rates: dict[tuple[str, str], float]) -> dict[str, Any]:
    """A line of the table."""
    ours, theirs = rates[dtype, "keras"], rates.get((dtype, "torch"))
    in_float32 = rates.get(("float32", "keras"))
    parts = [part for part in ("front_end", "context") if (dtype, part) in rates]
    return {
        "batch": batch,
        "dtype": dtype,
        "images_per_second": ours * batch,
        "torch_images_per_second": theirs and theirs * batch,
        "ratio": theirs and ours / theirs,
        "times_float32": in_float32 and ours / in_float32,
        **{f"{part}_share": ours / rates[dtype, part] for part in parts},
    }


def report(result: dict[str, Any]) -> str:
    """The measurement as text."""
    model, (height, width) = result["model"], result["size"]
    macs, context = model["macs_per_pixel"], model["context_macs_per_pixel"]
    columns = (
        ("images_per_second", "images/s", ".2f"),
        ("torch_images_per_second", "PyTorch's", ".2f"),
        ("ratio", "ours / PyTorch's", ".2f"),
        ("times_float32", "ours / ours in float32", ".2f"),
        ("front_end_share", "time in front end", ".0%"),
        ("context_share", "in context module", ".0%"),
    )
    lines = [
        f"{result['task']} at {height} x {width} pixels: {model['parameters']:,} parameters, {macs:,} MACs a pixel, "
        f"{context:,} of them ({context / macs:.1%}) the context module's",
        "  ".join(["batch", "dtype         ", *(title for _, title, _ in columns)]),
    ]
    for row in result["rows"]:
        values = ("-" if row.get(name) is None else format(row[name], form) for name, _, form in columns)
        cells = [value.rjust(len(title)) for value, (_, title, _) in zip(values, columns, strict=True)]
        lines.append("  ".join([f"{row['batch']:5d}", f"{row['dtype']:14s}", *cells]))
    if result["largest_difference"] is not None:
        lines.append(f"largest difference of the logits in float32: {result['largest_difference']:.1e}")
    if result["without_torch"]:
        lines.append(f"ours alone: {result['without_torch']}")
    cpu_line = ", ".join(f"{name} {value}" for name, value in result["cpu"].items())
    lines.append(
        f"{cpu_line}. Compare ratios, not rates. Under other load they hold with OMP_WAIT_POLICY=passive alone."
    )
    return "\n".join(lines)
