"""What a server can ask of a ContextSegmenter."""

from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.data.images import SMALLEST_SIDE
from dilatednets.serving.graphs import ServedModel, checked, graph, spec
from dilatednets.zoo.context_segmenter.encoded_pictures import pictures


class Signatures(ServedModel):
    """The signatures of a ContextSegmenter as graphs.

    The whole image goes through the net at once, at the model's own scales: up to the size of a tile, 640 pixels a side
    at scale 1, labels are those of `ContextSegmenter.segment`. A net with a regression head gives "values" float32
    (batch, height, width, num_classes) instead of labels and confidence. Nets of one channel or three have "encoded".

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
        image = spec("image", [None, None, None, self.model.channels], tf.uint8)
        result = {"serving_default": graph(self._labelled, {"image": image})}
        if self.model.channels in (1, 3):
            result["encoded"] = graph(
                self._decoded_and_labelled, {"image_bytes": spec("image_bytes", [None], tf.string)}
            )
        return result

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature."""
        grey = np.full((1, 64, 64, self.model.channels), 128, np.uint8)
        result = {"serving_default": {"image": grey}}
        if self.model.channels in (1, 3):
            encoded = tf.io.encode_png(grey[0]).numpy()
            result["encoded"] = {"image_bytes": np.array([encoded], object)}
        return result

    def _decoded_and_labelled(self, image_bytes: Any) -> dict[str, tf.Tensor]:
        normalised = self.model.normalization != "none"
        return self._labelled(pictures(image_bytes, self.model.channels, normalised))

    def _labelled(self, image: Any) -> dict[str, tf.Tensor]:
        large_enough = tf.reduce_all(tf.shape(image)[1:3] >= SMALLEST_SIDE)
        image = checked(image, large_enough, f"image: needs at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels")
        batch = tf.shape(image)[0]
        one_at_least = tf.pad(image, [[0, tf.cast(batch == 0, tf.int32)], [0, 0], [0, 0], [0, 0]])
        values = self.model.averaged_outputs(one_at_least)[:batch]  # there are convolutions that fail on none
        if self.model.head == "regression":
            return {"values": values}
        labels = tf.argmax(values, axis=-1, output_type=tf.int32)
        return {"labels": labels, "confidence": tf.reduce_max(values, axis=-1)}
