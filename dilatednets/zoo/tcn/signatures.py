"""What a server can ask of a TCN."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.arrays import CLEARLY_ABOVE_1
from dilatednets.serving.graphs import ServedModel, checked, finite, graph, refusals_of_state, refuse, spec
from dilatednets.zoo.tcn.inputs import hears

Tensors = dict[str, tf.Tensor]


class Signatures(ServedModel):
    """The signatures of a TCN as graphs; answers are those of `TCN.answer`.

    `serving_default` takes "sequence", float32 (batch, time, features) or token numbers int32 (batch, time), "lengths" int32
    (batch,), and with known columns "known" float32 (batch, horizon, known). A causal model also streams: `stream_start`
    takes "batch_size" int32 () and gives the state, `stream_next` takes the state and the next steps as "sequence", and
    gives the answers at these steps and the next state. The server keeps none.

    Args:
        model: A TCN.
    """

    unit = "sequences"

    def ask_model(self, inputs: Any) -> dict[str, np.ndarray]:
        """What `TCN.answer` says to the same request."""
        answer: dict[str, np.ndarray] = self.model.answer(inputs)
        return answer

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        model = self.model
        shape, kind = ([], tf.int32) if model.vocabulary else ([model.features], tf.float32)
        sequence = {"sequence": spec("sequence", [None, None, *shape], kind)}
        asked = {**sequence, "lengths": spec("lengths", [None], tf.int32)}
        if model.known:
            asked["known"] = spec("known", [None, model.horizon, len(model.known)])
        graphs = {"serving_default": graph(self._answer, asked)}
        if model.streams:
            start = graph(self._start, {"batch_size": spec("batch_size", [], tf.int32)})
            state = {
                name: spec(name, [None, *tensor.shape[1:]] if tensor.shape.rank else [], tensor.dtype)
                for name, tensor in start.structured_outputs.items()
            }
            graphs |= {"stream_start": start, "stream_next": graph(self._next, {**sequence, **state})}
        return graphs

    def portable(self, batch: int | None) -> tuple[Callable[..., Tensors], dict[str, tf.TensorSpec]]:
        """`stream_next` without texts and checks: each next state is called after that before it, "next_past" and so on.

        A model that cannot stream answers to whole sequences, "sequence" and with known columns "known".
        """
        model = self.model
        shape, kind = ([], tf.int32) if model.vocabulary else ([model.features], tf.float32)
        inputs = {"sequence": spec("sequence", [batch, None, *shape], kind)}

        def numbers(outputs: Any) -> Tensors:
            return {name: x for name, x in model.in_words(outputs).items() if name != "label"}

        if not model.streams:
            if model.known:
                inputs["known"] = spec("known", [batch, model.horizon, len(model.known)])
            return lambda **given: numbers(model(given, training=False)), inputs
        states = {name: spec(name, [batch, *x.shape[1:]], x.dtype) for name, x in model.initial_state(1).items()}

        def stream(sequence: Any, **state: Any) -> Tensors:
            answers, after = model.process(sequence, state)
            return {**numbers(answers), **{f"next_{name}": x for name, x in after.items()}}

        return stream, {**inputs, **states}

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature."""
        model = self.model
        time = 24 * model.frame
        sequence: np.ndarray = np.zeros((1, time), np.int32)
        if not model.vocabulary:
            sequence = np.zeros((1, time, model.features), np.float32)
        asked = {"sequence": sequence, "lengths": np.array([time], np.int32)}
        if model.known:
            asked["known"] = np.zeros((1, model.horizon, len(model.known)), np.float32)
        start = {"stream_start": {"batch_size": np.array(1, np.int32)}} if model.streams else {}
        return {"serving_default": asked, **start}

    def _answer(self, sequence: Any, lengths: Any, **known: Any) -> Tensors:
        batch, time = tf.shape(sequence)[0], tf.shape(sequence)[1]
        right = tf.reduce_all((lengths >= 1) & (lengths <= time)) & (tf.size(lengths) == batch)
        checks = [refuse(~right, "lengths: one for each sequence, from 1 to its steps")]
        for name, values in known.items():
            right = tf.reduce_all(tf.math.is_finite(values)) & (tf.shape(values)[0] == batch)
            checks.append(refuse(~right, f"{name}: finite numbers, as many rows as sequences"))
        with tf.control_dependencies(checks):
            real = tf.boolean_mask(sequence, tf.sequence_mask(tf.clip_by_value(lengths, 0, time), time))
        with tf.control_dependencies([self._check(real)]):
            inputs = {"sequence": self._taken(sequence), "lengths": lengths, **known}
        return self._in_words(self.model(inputs, training=False))

    def _start(self, batch_size: Any) -> Tensors:
        batch_size = checked(batch_size, batch_size >= 1, "batch_size: must be at least 1")
        state: Tensors = self.model.initial_state(batch_size)
        return state

    def _next(self, sequence: Any, **state: Any) -> Tensors:
        time = tf.shape(sequence)[1]
        whole = (time >= 1) & (time % self.model.frame == 0)
        rows = tf.stack([tf.shape(one)[0] for one in state.values() if one.shape.rank])
        fits = tf.reduce_all(rows == tf.shape(sequence)[0])
        checks = [
            refuse(~whole, f"sequence: needs at least one step, and whole frames of {self.model.frame}"),
            refuse(~fits, "sequence: one for each stream of the state"),
            self._check(sequence),
            *refusals_of_state(**state),
        ]
        with tf.control_dependencies(checks):  # before anything else fails, in words of its own
            answers, state = self.model.process(self._taken(sequence), state)
        return {**self._in_words(answers), **state}

    def _check(self, values: Any) -> Any:
        if self.model.vocabulary:
            right, words = (
                (values >= 0) & (values < self.model.vocabulary),
                f"token numbers from 0 to {self.model.vocabulary - 1}",
            )
        elif hears(self.model):
            right, words = (
                tf.abs(values) <= CLEARLY_ABOVE_1,
                "samples, in [-1, 1]; divide by the largest possible value",
            )
        else:
            right, words = tf.math.is_finite(values), "finite numbers"
        return refuse(~tf.reduce_all(right), f"sequence: must hold {words}")

    def _taken(self, sequence: Any) -> Any:
        return tf.clip_by_value(sequence, -1.0, 1.0) if hears(self.model) else tf.identity(sequence)

    def _in_words(self, outputs: Any) -> Tensors:
        answer = finite(self.model.in_words(outputs))
        if "label" in answer and self.model.labels:
            answer["label"] = tf.gather(tf.constant(self.model.labels), answer["label"])
        return answer
