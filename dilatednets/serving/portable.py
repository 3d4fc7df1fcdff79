"""Models as single files for other runtimes: LiteRT on phones and boards, ONNX in any language.

Such a file knows no texts and checks nothing. It keeps no state: a stream hands the state it was given to the next call,
and begins with zeros.
"""

import importlib.util
import os
from typing import Any

import keras
import tensorflow as tf

from dilatednets.errors import InputError
from dilatednets.files import atomic_path, check_writable

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}
OPSET = 17
"""Of ONNX; onnxruntime has it since 1.12, of 2022."""


def check_format(format: str, path: str | os.PathLike[str]) -> None:
    """Says before the work, not after it, what would keep `export_file` from writing.

    Raises:
        InputError: as `export_file`.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(f"format: {format} needs KERAS_BACKEND=tensorflow, not {keras.backend.backend()}")
    if format not in SUFFIXES:
        raise InputError(f"format: {format!r} is none of {', '.join(SUFFIXES)}")
    if format == "onnx" and importlib.util.find_spec("tf2onnx") is None:
        raise InputError("format: onnx needs tf2onnx: pip install 'dilatednets[onnx]', and export again")
    check_writable(path)


def export_file(model: Any, path: str | os.PathLike[str], format: str) -> dict[str, list[str]]:
    """Writes the graph that the family's `Signatures.portable` gives.

    Args:
        model: A model of the zoo.
        path: The file.
        format: "litert", for one sequence at once, or "onnx", for any number.

    Returns:
        Names of the "inputs" and "outputs".

    Raises:
        InputError: for an unknown format, a package that is missing, a family that has no such graph, or a file that cannot
            be written.
    """
    check_format(format, path)
    function, inputs = model.signatures().portable(1 if format == "litert" else None)
    graph = tf.function(function, autograph=False).get_concrete_function(**inputs)
    write = _litert if format == "litert" else _onnx
    with atomic_path(path) as temporary:
        temporary.write_bytes(write(model, function, inputs, graph))
    return {"inputs": list(inputs), "outputs": list(graph.structured_outputs)}


def _litert(model: Any, function: Any, inputs: dict[str, tf.TensorSpec], graph: Any) -> bytes:
    holder = tf.Module()
    holder.weights = [variable.value for variable in model.variables]
    content: bytes = tf.lite.TFLiteConverter.from_concrete_functions([graph], holder).convert()
    return content


def _onnx(model: Any, function: Any, inputs: dict[str, tf.TensorSpec], graph: Any) -> bytes:
    import tf2onnx

    signature = list(inputs.values())
    positional = tf.function(
        lambda *tensors: function(**dict(zip(inputs, tensors, strict=True))), input_signature=signature, autograph=False
    )
    file, _ = tf2onnx.convert.from_function(positional, input_signature=signature, opset=OPSET)
    for name in getattr(model, "labels", ()):
        file.metadata_props.add(key=f"label_{len(file.metadata_props)}", value=str(name))
    content: bytes = file.SerializeToString()
    return content
