"""Requests that TensorFlow Serving runs when it loads a model, so that the first user does not wait for it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

FILE = Path("assets.extra") / "tf_serving_warmup_requests"
"""Where the server looks for them in a SavedModel."""


def available() -> bool:
    """Whether the extra `serving` is there to write them with."""
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2  # noqa: F401
    except ImportError:
        return False
    return True


def write(saved_model: Path, name: str, examples: Mapping[str, Mapping[str, np.ndarray]]) -> bool:
    """Writes a request for each signature, if the extra `serving` is there to write them with.

    Args:
        saved_model: Folder of the SavedModel.
        name: What the server calls the model.
        examples: Arrays by name of the input, by signature.

    Returns:
        Whether it did.
    """
    if not available():
        return False
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    path = saved_model / FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as records:
        for signature, inputs in examples.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = name, signature
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            records.write(log.SerializeToString())
    return True
