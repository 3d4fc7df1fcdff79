"""What a server can ask of a mel vocoder."""

from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.serving.graphs import ServedModel, graph, refuse, spec
from dilatednets.zoo.mel_vocoder.griffin_lim import phase_table
from dilatednets.zoo.mel_vocoder.model import MOST_FRAMES


class Signatures(ServedModel):
    """The signatures of a mel vocoder as graphs.

    `serving_default` takes "condition", mels as float32 (batch, frames, bands), and gives "audio", float32 (batch, samples),
    in [-1, 1]: what `MelVocoder.generate` makes with seed 0. `spectrum` takes the same and gives "spectrum", natural
    logarithms of magnitudes (batch, frames, bins), for who finds phases in another way.

    Args:
        model: A MelVocoder.
    """

    unit = "recordings"

    def ask_model(self, inputs: Any) -> dict[str, np.ndarray]:
        """What `MelVocoder.generate` makes of the same request."""
        return {"audio": self.model.generate(inputs["condition"])}

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        mels = {"condition": spec("condition", [None, None, self.model.mel_front_end.bands])}
        return {"serving_default": graph(self._sound, mels), "spectrum": graph(self._spectrum, mels)}

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature."""
        silence = {"condition": self.model.mel_front_end.silence(87)[None]}
        return {"serving_default": silence, "spectrum": silence}

    def _sound(self, condition: Any) -> dict[str, tf.Tensor]:
        with tf.control_dependencies(self._checks(condition)):
            mels = tf.identity(condition)
        made = self.model.sound(mels, phase_table(0, self.model.bins), self.model.iterations)
        return {"audio": tf.clip_by_value(made, -1.0, 1.0)}

    def _spectrum(self, condition: Any) -> dict[str, tf.Tensor]:
        with tf.control_dependencies(self._checks(condition)):
            return {"spectrum": self.model(tf.identity(condition), training=False)}

    def _checks(self, mels: Any) -> list[Any]:
        """Refusals of what are no mels of the model's."""
        front_end, frames = self.model.mel_front_end, tf.shape(mels)[1]
        some = (frames >= 2) & (frames <= MOST_FRAMES) & (tf.shape(mels)[0] > 0)
        low, high = tf.reduce_min(mels, (1, 2)), tf.reduce_max(mels, (1, 2))
        other = ~tf.reduce_all(tf.math.is_finite(mels)) | tf.reduce_any(front_end.excludes(low, high))
        return [
            refuse(~some, f"condition: sound is made of 2 to {MOST_FRAMES:,} frames"),
            refuse(
                other, f"condition: this model wants {front_end}; decibels are others, and so are energies themselves"
            ),
        ]
