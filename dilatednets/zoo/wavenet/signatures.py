"""What a server can ask of a WaveNet."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from dilatednets.serving.graphs import ServedModel, graph, spec, table
from dilatednets.zoo.wavenet.folded_wavenet import FoldedWaveNet
from dilatednets.zoo.wavenet.loop import CHUNK_SAMPLES, make_samples
from dilatednets.zoo.wavenet.noise import uniform
from dilatednets.zoo.wavenet.word_frames import WordFrames

Tensors = dict[str, tf.Tensor]


class Signatures(ServedModel):
    """The signatures of a WaveNet as graphs.

    What says what to make follows from the model: "text" string (batch,) for one with a text front end, "condition" float32
    (batch, frames, features) for one with another local condition, "num_samples" int32 (batch,) for one without; "speaker"
    string (batch,), or (1,) for all, for one with speakers; "temperature" float32 () and "seed" int32 () for all. The same
    seed makes the same audio as `WaveNet.generate`.

    Args:
        model: The WaveNet to serve.
        chunk_samples: Samples that are made at once, and that `stream_next` returns.
    """

    unit = "samples"
    timed = {False: ("serving_default", "stream"), True: ("generate_compiled",)}
    keras_uses_xla = True

    def __init__(self, model: Any, chunk_samples: int = CHUNK_SAMPLES) -> None:
        super().__init__(model)
        self.chunk_samples = chunk_samples
        self.folded = FoldedWaveNet(model)
        self.words = self.voices = None
        if model.front_end is not None:
            self.words = WordFrames(model.front_end, model.speakers)
        if model.speakers:
            self.voices = table({name: number for number, name in enumerate(model.speakers)})
        # One graph for all signatures that make samples.
        self._folded = tf.function(self._next_folded, autograph=False)

    def ask_model(self, inputs: Any) -> dict[str, np.ndarray]:
        """What `WaveNet.generate` makes of the same request."""
        words = {name: inputs[name].tolist() for name in ("text", "speaker") if name in inputs}
        samples = int(inputs["num_samples"].max()) if "num_samples" in inputs else None
        return {"audio": self.model.generate(samples, **words, condition=inputs.get("condition"), seed=0)}

    def count(self, answer: Any) -> int:
        """Samples of all rows."""
        return int(answer["audio"].size)

    def signatures(self) -> dict[str, Any]:
        """Concrete functions by name."""
        asked, sampling = self._asked(), {"temperature": spec("temperature", ()), "seed": spec("seed", (), tf.int32)}
        start = graph(self._start, {**asked, **sampling})
        state = {
            name: spec(name, [None, *tensor.shape[1:]] if tensor.shape.rank else [], tensor.dtype)
            for name, tensor in start.structured_outputs.items()
        }
        scored = {name: one for name, one in asked.items() if name != "num_samples"}
        return {
            "serving_default": graph(self._generate, {**asked, **sampling}),
            "generate_compiled": graph(self._generate_compiled, {**asked, **sampling}),
            "stream_start": start,
            "stream_next": graph(self._next, state),
            "score": graph(self._score, {"audio": spec("audio", (None, None)), **scored}),
        }

    def examples(self) -> dict[str, dict[str, np.ndarray]]:
        """A request by signature, of those that a server can be warmed up with."""
        vocabulary = (self.model.text or {}).get("vocabulary", [])
        values = {
            "text": np.array(vocabulary[:1], object),
            "condition": np.zeros((1, 10, self.model.condition_features), np.float32),
            "num_samples": np.array([self.chunk_samples], np.int32),
            "speaker": np.array(self.model.speakers[:1], object),
        }
        asked: dict[str, Any] = {name: values[name] for name in self._asked()}
        request = {**asked, "temperature": np.float32(1), "seed": np.int32(0)}
        return {"serving_default": request, "stream_start": request}

    def _asked(self) -> dict[str, tf.TensorSpec]:
        """What says what to make."""
        if self.words is not None:
            asked = {"text": spec("text", [None], tf.string)}
        elif self.model.condition_features:
            asked = {"condition": spec("condition", [None, None, self.model.condition_features])}
        else:
            asked = {"num_samples": spec("num_samples", [None], tf.int32)}
        return {**asked, **({"speaker": spec("speaker", [None], tf.string)} if self.voices is not None else {})}

    def _generate(self, **request: Any) -> Tensors:
        plan = self._plan(**request)
        return self._all(plan, self.folded.initial_state(_batch(plan)), self._folded)

    def _generate_compiled(self, **request: Any) -> Tensors:
        plan = self._plan(**request)
        compiled = tf.function(functools.partial(make_samples, self.model), jit_compile=True, autograph=False)

        def program(plan: Tensors, state: Any, position: Any) -> tuple[tf.Tensor, Any]:
            # A compiler wants to know how much there is to do: the last chunk is made whole, too, and cut afterwards.
            noise, *conditions = self._inputs(plan, position, self.chunk_samples)
            audio, *state = compiled(*state, noise, *conditions, plan["temperature"])
            return audio, tuple(state)

        batch = _batch(plan)
        return self._all(plan, (self.model.initial_state(batch), tf.zeros([batch])), program)

    def _start(self, **request: Any) -> Tensors:
        plan = self._plan(**request)
        return {**plan, **self.folded.initial_state(_batch(plan)), "position": tf.zeros((), tf.int32)}

    def _next(self, position: Any, history: Any, recent: Any, **plan: Any) -> Tensors:
        over = position >= tf.reduce_max(plan["num_samples"])
        tf.debugging.Assert(~over, ["position: all samples have been made; num_samples says how many there are"])
        audio, state = self._folded(plan, {"history": history, "recent": recent}, position)
        return {"audio": audio, **plan, **state, "position": position + tf.shape(audio)[1]}

    def _score(self, audio: Any, **asked: Any) -> Tensors:
        inputs, batch = {"audio": audio}, tf.shape(audio)[0]
        if self.voices is not None:
            inputs["speaker"] = self._speakers(asked["speaker"], batch)
        if self.words is not None:
            timeline = self.words.timeline(asked["text"], inputs.get("speaker"))
            inputs["condition"] = self.words(timeline.stretched(tf.shape(audio)[1]))
        elif self.model.condition_features:
            inputs["condition"] = asked["condition"]
        bits = self.model.distribution.bits(audio, self.model(inputs, training=False))
        return {"bits_per_sample": tf.reduce_mean(bits, axis=1)}

    def _plan(self, temperature: Any, seed: Any, speaker: Any = None, **asked: Any) -> Tensors:
        """What is asked, checked and in numbers: what does not change while samples are made."""
        tf.debugging.Assert((temperature > 0) & tf.math.is_finite(temperature), ["temperature: must be above 0"])
        tf.debugging.Assert(seed >= 0, ["seed: must be at least 0"])
        [content] = asked.values()
        plan, hop = {"temperature": temperature, "seed": seed}, self.model.condition_hop
        if self.voices is not None:
            plan["speaker"] = self._speakers(speaker, tf.shape(content)[0])
        if self.words is not None:
            timeline = self.words.timeline(content, plan.get("speaker"))
            return {**plan, "condition": self.words(timeline), "num_samples": self.words.count(timeline) * hop}
        if self.model.condition_features:
            samples = tf.fill(tf.shape(content)[:1], tf.shape(content)[1] * hop)
            return {**plan, "condition": content, "num_samples": samples}
        tf.debugging.Assert(tf.reduce_all(content > 0), ["num_samples: must be above 0"])
        return {**plan, "num_samples": content}

    def _speakers(self, names: Any, batch: Any) -> tf.Tensor:
        assert self.voices is not None
        numbers = self.voices.lookup(names)
        cure = f"speaker: choose among {', '.join(self.model.speakers)}, one for each, or one for all"
        known = tf.reduce_all(numbers >= 0)
        fits = (tf.size(numbers) == batch) | (tf.size(numbers) == 1)
        with tf.control_dependencies([tf.debugging.Assert(known & fits, [cure])]):
            return tf.broadcast_to(numbers, [batch])

    def _next_folded(self, plan: Tensors, state: Tensors, position: Any) -> tuple[tf.Tensor, Tensors]:
        """The next chunk by the model in few operations."""
        count = tf.minimum(self.chunk_samples, tf.reduce_max(plan["num_samples"]) - position)
        noise, *conditions = self._inputs(plan, position, count)
        added = self.model.project_conditions(*conditions)
        return self.folded.chunk(state, position, noise, added, plan["temperature"])

    def _inputs(self, plan: Tensors, position: Any, count: Any) -> tuple[tf.Tensor, Any, Any]:
        """Noise for the samples from `position` on, speakers and local condition, as in `make_samples`."""
        batch, size = _batch(plan), self.model.distribution.noise_size
        drawn = tf.cast(position, tf.int64) * tf.cast(batch, tf.int64) * size
        noise = uniform(tf.cast(plan["seed"], tf.int64), drawn, count * batch * size, ops)
        noise = tf.transpose(tf.reshape(noise, [count, batch, size]), (1, 0, 2))
        local = None
        if self.model.upsampler is not None:
            local = self._local(plan["condition"], position, count)
        return noise, self.model.global_condition(plan.get("speaker")), local

    def _local(self, frames: Any, position: Any, count: Any) -> tf.Tensor:
        """`WaveNet.local_condition` from `position` on, made of the frames that matter there."""
        hop, around = self.model.condition_hop, self.model.upsampler.lookahead
        first = tf.maximum(position // hop - around, 0)
        last = (position + count + hop - 1) // hop + around
        start = position - first * hop
        local = tf.cast(self.model.local_condition(frames[:, first:last], start + count), tf.float32)[:, start:]
        missing = count - tf.shape(local)[1]
        return tf.ensure_shape(tf.pad(local, [(0, 0), (0, missing), (0, 0)]), [None, None, local.shape[2]])

    def _all(self, plan: Tensors, state: Any, program: Callable[..., tuple[tf.Tensor, Any]]) -> Tensors:
        """All that is asked, chunk by chunk."""
        total = tf.reduce_max(plan["num_samples"])
        chunks = (total + self.chunk_samples - 1) // self.chunk_samples

        def one_chunk(number: Any, state: Any, audio: Any) -> Any:
            chunk, state = program(plan, state, number * self.chunk_samples)
            return number + 1, state, audio.write(number, tf.transpose(chunk))

        audio = tf.TensorArray(tf.float32, chunks, infer_shape=False, element_shape=[None, None])
        carry = (tf.zeros((), tf.int32), state, audio)
        _, _, audio = tf.while_loop(lambda number, *_: number < chunks, one_chunk, carry, parallel_iterations=1)
        rate = tf.constant(self.model.sample_rate, tf.int32)
        return {
            "audio": tf.transpose(audio.concat())[:, :total],
            "num_samples": plan["num_samples"],
            "sample_rate": rate,
        }


def _batch(plan: Tensors) -> tf.Tensor:
    return tf.shape(plan["num_samples"])[0]
