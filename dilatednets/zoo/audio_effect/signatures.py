"""What a server can ask of an audio effect."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.arrays import CLEARLY_ABOVE_1
from dilatednets.serving.graphs import ServedModel, finite, graph, refusals_of_state, refuse, spec

Tensors = dict[str, tf.Tensor]


class Signatures(ServedModel):
    """The signatures of an audio effect as graphs.

    `serving_default` takes "dry", float32 (batch, samples) in [-1, 1], and of a model with knobs "knobs" (batch, knobs), and
    gives "wet". It also streams: `stream_start` takes "batch_size" int32 (), and the knobs, and gives the state, "past";
    `stream_next` takes the state and the next samples, and gives those of "wet" and the next state. The server keeps none.

    Args:
        model: An AudioEffect.
    """

    unit = "recordings"

    def ask_model(self, inputs: Any) -> dict[str, np.ndarray]:
        """What `AudioEffect.process` makes of the same request."""
        told = inputs["knobs"][0] if self.model.knobs else ()
        knobs = {name: float(value) for name, value in zip(self.model.knobs, told, strict=True)}
        return {"wet": self.model.process(inputs["dry"], knobs=knobs or None)}

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        dry, knobs = {"dry": spec("dry", [None, None])}, self._knobs(None)
        past = {"past": spec("past", [None, self.model.past_size])}
        return {
            "serving_default": graph(self._answer, {**dry, **knobs}),
            "stream_start": graph(self._start, {"batch_size": spec("batch_size", [], tf.int32), **knobs}),
            "stream_next": graph(self._next, {**dry, **past, **knobs}),
        }

    def portable(self, batch: int | None) -> tuple[Callable[..., Tensors], dict[str, tf.TensorSpec]]:
        """`stream_next` without checks: each next state is called "next_past", and zeros stand for that after silence."""
        model = self.model

        def stream(dry: Any, past: Any, knobs: Any = None) -> Tensors:
            silence = model.silence(tf.shape(dry)[0], knobs)
            wet, after = model.run(dry, silence + past, knobs)
            return {"wet": wet, "next_past": after - silence}

        specs = {"dry": spec("dry", [batch, None]), "past": spec("past", [batch, model.past_size])}
        return stream, {**specs, **self._knobs(batch)}

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature."""
        knobs = {name: np.zeros((1, *one.shape[1:]), np.float32) for name, one in self._knobs(None).items()}
        return {
            "serving_default": {"dry": np.zeros((1, 4096), np.float32), **knobs},
            "stream_start": {"batch_size": np.array(1, np.int32), **knobs},
        }

    def _knobs(self, batch: int | None) -> dict[str, tf.TensorSpec]:
        return {"knobs": spec("knobs", [batch, len(self.model.knobs)])} if self.model.knobs else {}

    def _answer(self, dry: Any, knobs: Any = None) -> Tensors:
        with tf.control_dependencies(self._checks(dry, knobs)):
            dry = tf.clip_by_value(dry, -1.0, 1.0)
        wet = self.model({"audio": dry} | ({} if knobs is None else {"knobs": knobs}), training=False)
        return finite({"wet": wet})

    def _start(self, batch_size: Any, knobs: Any = None) -> Tensors:
        right = batch_size >= 1 if knobs is None else (batch_size >= 1) & (tf.shape(knobs)[0] == batch_size)
        with tf.control_dependencies(
            [refuse(~right, "batch_size: must be at least 1, and as many as there are knobs")]
        ):
            return {"past": tf.identity(self.model.silence(batch_size, knobs))}

    def _next(self, dry: Any, past: Any, knobs: Any = None) -> Tensors:
        fits = tf.shape(dry)[0] == tf.shape(past)[0]
        checks = [*self._checks(dry, knobs), refuse(~fits, "dry: one for each stream of the state")]
        checks += refusals_of_state(past=past)
        with tf.control_dependencies(checks):
            wet, after = self.model.run(tf.clip_by_value(dry, -1.0, 1.0), past, knobs)
        return finite({"wet": wet, "past": after})

    def _checks(self, dry: Any, knobs: Any) -> list[Any]:
        """Refusals of what is no audio, or of knobs that are no numbers."""
        right = tf.reduce_all(tf.abs(dry) <= CLEARLY_ABOVE_1) & (tf.shape(dry)[1] > 0)  # NaN is not
        checks = [refuse(~right, "dry: must hold samples, in [-1, 1]; divide by the largest possible value")]
        if knobs is not None:
            right = tf.reduce_all(tf.math.is_finite(knobs)) & (tf.shape(knobs)[0] == tf.shape(dry)[0])
            checks.append(refuse(~right, "knobs: finite numbers, as many rows as recordings"))
        return checks
