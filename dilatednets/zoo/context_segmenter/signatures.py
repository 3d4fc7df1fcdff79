"""What a server can ask of a ContextSegmenter."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.data.images import SMALLEST_SIDE
from dilatednets.serving.graphs import ServedModel, graph, spec


class Signatures(ServedModel):
    """The signatures of a ContextSegmenter as graphs.

    The whole image goes through the net at once, at the model's own scales: up to the size of a tile, 640 pixels a side at
    scale 1, labels are those of `ContextSegmenter.segment`. A net with a regression head gives "values" float32 (batch,
    height, width, num_classes) instead of labels and confidence.

    Args:
        model: A ContextSegmenter.
    """

    unit = "images"
    timed = {False: ("serving_default", "encoded"), True: ()}

    def ask_model(self, inputs: Any) -> dict[str, list[np.ndarray]]:
        """What `ContextSegmenter.segment` or `regress` make of the same images."""
        verb = self.model.segment if self.model.head == "classification" else self.model.regress
        return {"labels": [verb(image) for image in inputs["image"]]}

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        return {
            "serving_default": graph(self._labelled, {"image": spec("image", [None, None, None, 3], tf.uint8)}),
            "encoded": graph(self._decoded_and_labelled, {"image_bytes": spec("image_bytes", [None], tf.string)}),
        }

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature."""
        grey = np.full((1, 64, 64, 3), 128, np.uint8)
        encoded = tf.io.encode_png(grey[0]).numpy()
        return {"serving_default": {"image": grey}, "encoded": {"image_bytes": np.array([encoded], object)}}

    def _decoded_and_labelled(self, image_bytes: Any) -> dict[str, tf.Tensor]:
        # This operation reads PNG, too, and JPEG exactly as Pillow does if told so.
        decode = functools.partial(tf.io.decode_jpeg, channels=3, dct_method="INTEGER_ACCURATE")
        images = tf.map_fn(decode, image_bytes, fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8))
        return self._labelled(images)

    def _labelled(self, image: Any) -> dict[str, tf.Tensor]:
        large_enough = tf.reduce_all(tf.shape(image)[1:3] >= SMALLEST_SIDE)
        tf.debugging.Assert(large_enough, [f"image: needs at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels"])
        values = self.model.averaged_outputs(image)
        if self.model.head == "regression":
            return {"values": values}
        labels = tf.argmax(values, axis=-1, output_type=tf.int32)
        return {"labels": labels, "confidence": tf.reduce_max(values, axis=-1)}
