"""How fast a TCN answers as a stream on one core: by Keras, and by the files that it exports."""

import importlib.util
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from dilatednets.benchmarks.timing import by_turns
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import stream

BLOCKS = (1, 16)
"""Frames a call."""


def run(model: Any, seconds: float = 3.0) -> dict[str, Any]:
    """Measures by turns the calls of one stream, each with the state that the call before returned.

    Args:
        model: A causal TCN of one feature, such as one that hears raw samples.
        seconds: Each measurement lasts at least this long.

    Returns:
        {"largest_difference": of the streamed answers from those of one call, "rows": by runtime and frames a call,
        "frames_per_second" and, of a model of recordings, "real_time_factor"}.

    Raises:
        InputError: for a model that cannot stream, or reads something else.
    """
    if model.vocabulary or model.features != 1:
        raise InputError(f"{model.name}: has no stream of single numbers; give a model of recordings")
    state = model.initial_state(1)
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 64 * model.frame, 1)).astype(np.float32)
    calls: dict[tuple[str, str], Callable[[], Any]] = {}
    for frames in BLOCKS:
        calls["keras", str(frames)] = _keras(model, sound[:, : frames * model.frame], state)
    first = sound[:, : model.frame]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # tf.lite moves to a package of its own
        calls["litert", "1"] = _litert(model, Path(folder), first, state)
        if importlib.util.find_spec("tf2onnx") and importlib.util.find_spec("onnxruntime"):
            calls["onnx", "1"] = _onnx(model, Path(folder), first, state)
    rows = []
    rate = (model.data or {}).get("sample_rate")
    for (runtime, block), calls_per_second in by_turns(calls, seconds).items():
        row = {"runtime": runtime, "frames": int(block), "frames_per_second": calls_per_second * int(block)}
        rows.append(row | ({"real_time_factor": row["frames_per_second"] * model.frame / rate} if rate else {}))
    return {"largest_difference": _difference(model, sound), "rows": rows}


def _difference(model: Any, sound: np.ndarray) -> float:
    """Of streaming frame by frame from one call, in the answers to all frames."""
    step, state, streamed = stream.Steps(model, frozen=True), model.initial_state(1), []
    for start in range(0, sound.shape[1], model.frame):
        answer, state = step(sound[:, start : start + model.frame], state)
        streamed.append(ops.convert_to_numpy(answer))
    whole = ops.convert_to_numpy(model.process(sound, model.initial_state(1))[0])
    return float(np.abs(np.concatenate(streamed, axis=1) - whole).max())


def _keras(model: Any, sound: np.ndarray, state: dict[str, Any]) -> Callable[[], None]:
    step = stream.Steps(model, frozen=True)

    def call() -> None:
        nonlocal state
        answer, state = step(sound, state)
        np.asarray(answer)

    return call


def _litert(model: Any, folder: Path, sound: np.ndarray, state: dict[str, Any]) -> Callable[[], None]:
    import tensorflow as tf

    from dilatednets.serving.portable import export_file

    export_file(model, folder / "model.tflite", "litert")
    interpreter = tf.lite.Interpreter(str(folder / "model.tflite"), num_threads=1)
    interpreter.resize_tensor_input(
        interpreter.get_signature_runner().get_input_details()["sequence"]["index"], sound.shape
    )
    runner = interpreter.get_signature_runner()
    return _stepping(lambda given: runner(**given), sound, state)


def _onnx(model: Any, folder: Path, sound: np.ndarray, state: dict[str, Any]) -> Callable[[], None]:
    import onnxruntime

    from dilatednets.serving.portable import export_file

    export_file(model, folder / "model.onnx", "onnx")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return _stepping(lambda given: dict(zip(names, session.run(None, given), strict=True)), sound, state)


def _stepping(
    run: Callable[[dict[str, Any]], dict[str, Any]], sound: np.ndarray, state: dict[str, Any]
) -> Callable[[], None]:
    known = {name: np.asarray(value) for name, value in state.items()}

    def call() -> None:
        nonlocal known
        answer = run({"sequence": sound, **known})
        known = {name: answer[f"next_{name}"] for name in known}

    return call


def report(result: dict[str, Any]) -> str:
    """The measurement as text."""
    lines = ["runtime  frames a call  frames/s  times real time"]
    for row in result["rows"]:
        factor = f"{row['real_time_factor']:15.0f}" if "real_time_factor" in row else ""
        lines.append(f"{row['runtime']:7s}  {row['frames']:13d}  {row['frames_per_second']:8,.0f}  {factor}".rstrip())
    lines.append(f"Streamed answers differ from those of one call by {result['largest_difference']:.1e} at most")
    return "\n".join(lines)
