"""What a server can ask of a WaveNet."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from dilatednets.serving.graphs import ServedModel, graph, refusals_of_state, refuse, spec, table
from dilatednets.zoo.wavenet.folded_wavenet import FoldedWaveNet
from dilatednets.zoo.wavenet.linear_prediction import excitation, filters_of
from dilatednets.zoo.wavenet.loop import CHUNK_SAMPLES, make_samples
from dilatednets.zoo.wavenet.noise import uniform
from dilatednets.zoo.wavenet.speech_graph import speech
from dilatednets.zoo.wavenet.word_frames import WordFrames

Tensors = dict[str, tf.Tensor]


class Signatures(ServedModel):
    """The signatures of a WaveNet as graphs.

    What says what to make follows from the model: "text" string (batch,) for one with a text front end, "condition" float32
    (batch, frames, features) for one with another local condition, "num_samples" int32 (batch,) for one without; "speaker"
    string (batch,), or (1,) for all, for one with speakers; "temperature" float32 and "seed" int32 for all, one number or as
    many equal ones as there are rows. The same seed makes the same audio as `WaveNet.generate`.

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
        self.predicts = model.mel_front_end is not None and model.mel_front_end.prediction > 0
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
        asked = self._asked()
        # Of any rank: a request by rows, REST's "instances", repeats them in each.
        sampling = {"temperature": tf.TensorSpec(None, tf.float32), "seed": tf.TensorSpec(None, tf.int32)}
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
        plan, rows = self._plan(**request)
        return self._all(plan, rows, self.folded.initial_state(_batch(plan)), self._folded)

    def _generate_compiled(self, **request: Any) -> Tensors:
        plan, rows = self._plan(**request)
        compiled = tf.function(functools.partial(make_samples, self.model), jit_compile=True, autograph=False)

        def program(plan: Tensors, state: Any, position: Any) -> tuple[tf.Tensor, Any]:
            # A compiler wants to know how much there is to do: the last chunk is made whole, too, and cut afterwards.
            noise, *conditions = self._inputs(plan, position, self.chunk_samples)
            audio, *state = compiled(*state, noise, *conditions, plan["temperature"])
            return audio, tuple(state)

        batch = _batch(plan)
        return self._all(plan, rows, (self.model.initial_state(batch), tf.zeros([batch])), program)

    def _start(self, **request: Any) -> Tensors:
        plan, rows = self._plan(**request)
        with tf.control_dependencies([refuse(rows == 0, "text, condition or num_samples: give at least one")]):
            plan = {name: tf.identity(tensor) for name, tensor in plan.items()}
        past = {"past": self._silence(plan)} if self.predicts else {}
        return {**plan, **past, **self.folded.initial_state(_batch(plan)), "position": tf.zeros((), tf.int32)}

    def _next(self, position: Any, **state: Any) -> Tensors:
        over = position >= tf.reduce_max(state["num_samples"])
        rows = [tf.shape(tensor)[0] for name, tensor in state.items() if name not in ("temperature", "seed")]
        recent, softmax = state["recent"], self.folded.softmax
        codes = self.model.distribution.num_parameters if softmax else 1
        held = ["history", "past"] if self.predicts else ["history"]
        with tf.control_dependencies(
            [
                *refusals_of_state(position=position, **{name: state[name] for name in held}),
                refuse(over, "position: all samples have been made; num_samples says how many there are"),
                refuse(tf.reduce_any(tf.stack(rows) != rows[0]), "state: all of it must be of one batch size"),
                refuse(tf.reduce_any((recent < (0 if softmax else -1)) | (recent > codes)), "recent: holds no samples"),
                *self._refusals_of_plan(**state),
            ]
        ):
            plan = {name: tf.identity(tensor) for name, tensor in state.items()}
        history, recent = plan.pop("history"), plan.pop("recent")
        audio, state = self._folded(plan, {"history": history, "recent": recent}, position)
        if self.predicts:
            audio, plan["past"] = self._speech(plan, audio, plan["past"], position)
        return {"audio": audio, **plan, **state, "position": position + tf.shape(audio)[1]}

    def _silence(self, plan: Tensors) -> tf.Tensor:
        """What was heard before the first sample, as a filter of speech wants to know."""
        return tf.zeros([_batch(plan), self.model.mel_front_end.prediction], tf.float64)

    def _speech(self, plan: Tensors, left: Any, past: Any, position: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """What the net has made, filtered."""
        filters = filters_of(self.model.mel_front_end, plan["condition"], ops)
        return speech(left, filters, self.model.condition_hop, past, position)

    def _refusals_of_plan(
        self, temperature: Any, seed: Any, num_samples: Any = 1, speaker: Any = 0, condition: Any = None, **_: Any
    ) -> list[Any]:
        """What must not be in a request, nor in a state that a client sends back."""
        frames = 1 if condition is None else tf.shape(condition)[1]
        no_speaker = (speaker < 0) | (speaker >= max(len(self.model.speakers), 1))
        no_temperature = _no_numbers(temperature) | (temperature < 1e-30) | (temperature > 1e30)
        refusals = [
            refuse(no_temperature, "temperature: must be above 0, from 1e-30 to 1e30"),
            refuse(seed < 0, "seed: must be at least 0"),
            refuse(tf.reduce_any(num_samples < 1) & (frames > 0), "num_samples: must be above 0"),
            refuse(tf.reduce_any(no_speaker), "speaker: no such number"),
            refuse(frames == 0, "condition: has no frames"),
        ]
        if condition is not None:
            refusals += self._refusals_of_frames(condition)
        return refusals

    def _refusals_of_frames(self, condition: Any) -> list[Any]:
        refusals = [refuse(tf.reduce_any(_no_numbers(condition)), "condition: holds NaN or infinity")]
        if (mels := self.model.mel_front_end) is not None:
            low, high = tf.reduce_min(condition, (1, 2)), tf.reduce_max(condition, (1, 2))
            others = tf.reduce_any(mels.excludes(low, high))
            refusals.append(
                refuse(others, f"condition: this model wants mels of {mels}; decibels and energies are others")
            )
        return refusals

    def _score(self, audio: Any, **asked: Any) -> Tensors:
        rows, time = tf.unstack(tf.shape(audio))
        words = "audio: holds NaN or infinity, or reaches beyond [-1, 1]; divide by the largest possible value"
        wrong = tf.reduce_any(_no_numbers(audio) | (tf.abs(audio) > 2))
        with tf.control_dependencies([refuse(time == 0, "audio: holds no samples"), refuse(wrong, words)]):
            audio = tf.clip_by_value(_or_example(rows, audio, tf.zeros([1, time])), -1.0, 1.0)
        batch, asked = tf.shape(audio)[0], self._or_examples(rows, asked)
        inputs = {"audio": audio}
        if self.voices is not None:
            inputs["speaker"] = self._speakers(asked["speaker"], batch)
        if self.words is not None:
            texts = _rows("text", asked["text"], batch)
            inputs["condition"] = self.words(self.words.timeline(texts, inputs.get("speaker")).stretched(time))
        elif self.model.condition_features:
            frames = _rows("condition", asked["condition"], batch)
            few = f"condition: too few frames for the audio; one lasts {self.model.condition_hop} samples"
            too_few = (tf.shape(frames)[1] * self.model.condition_hop < time) & (rows > 0)
            with tf.control_dependencies([refuse(too_few, few), *self._refusals_of_frames(frames)]):
                missing = tf.where(rows > 0, 0, time)
                inputs["condition"] = tf.pad(frames, [(0, 0), (0, missing), (0, 0)])
        if self.predicts:
            filters = filters_of(self.model.mel_front_end, inputs["condition"], ops)
            inputs["audio"] = audio = tf.cast(excitation(audio, filters, self.model.condition_hop, ops), tf.float32)
        bits = self.model.distribution.bits(audio, self.model(inputs, training=False))
        return {"bits_per_sample": tf.reduce_mean(bits, axis=1)[:rows]}

    def _plan(self, temperature: Any, seed: Any, **asked: Any) -> tuple[Tensors, Any]:
        """What is asked, checked and in numbers: what does not change while samples are made; and how many rows are asked.

        No rows become one, which the graph can compute, and which the answer leaves out.
        """
        [name] = asked.keys() - {"speaker"}
        rows, hop = tf.shape(asked[name])[0], self.model.condition_hop
        plan = {"temperature": _one("temperature", temperature, rows), "seed": _one("seed", seed, rows)}
        asked = self._or_examples(rows, asked)
        content = asked[name]
        batch = tf.shape(content)[0]
        if self.voices is not None:
            plan["speaker"] = self._speakers(asked["speaker"], batch)
        if self.words is not None:
            timeline = self.words.timeline(content, plan.get("speaker"))
            plan.update(condition=self.words(timeline), num_samples=self.words.count(timeline) * hop)
        elif self.model.condition_features:
            plan.update(condition=content, num_samples=tf.fill([batch], tf.shape(content)[1] * hop))
        else:
            plan["num_samples"] = content
        with tf.control_dependencies(self._refusals_of_plan(**plan)):
            return {name: tf.identity(tensor) for name, tensor in plan.items()}, rows

    def _or_examples(self, rows: Any, asked: Tensors) -> Tensors:
        examples = self.examples()["serving_default"]
        return {name: _or_example(rows, value, tf.constant(examples[name])) for name, value in asked.items()}

    def _speakers(self, names: Any, batch: Any) -> tf.Tensor:
        assert self.voices is not None
        numbers = self.voices.lookup(names)
        cure = f"speaker: choose among {', '.join(self.model.speakers)}, one for each, or one for all"
        with tf.control_dependencies([refuse(tf.reduce_any(numbers < 0), cure)]):
            return _rows("speaker", numbers, batch, cure)

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

    def _all(self, plan: Tensors, rows: Any, state: Any, program: Callable[..., tuple[tf.Tensor, Any]]) -> Tensors:
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
        whole = tf.transpose(audio.concat())[:, :total]
        if self.predicts:
            whole, _ = self._speech(plan, whole, self._silence(plan), 0)
        return {
            "audio": whole[:rows, : tf.where(rows == 0, 0, total)],
            "num_samples": plan["num_samples"][:rows],
            "sample_rate": rate,
        }


def _no_numbers(values: tf.Tensor) -> tf.Tensor:
    # Not by comparisons: TensorFlow turns `not x <= y` into `x > y`, which NaN is not, either.
    return ~tf.math.is_finite(values)


def _or_example(rows: Any, values: tf.Tensor, example: tf.Tensor) -> tf.Tensor:
    return tf.cond(rows == 0, lambda: example, lambda: values)


def _one(name: str, values: tf.Tensor, batch: Any) -> tf.Tensor:
    """The one number that a request has for all rows, however often it says it."""
    values = tf.reshape(values, [-1])
    count = tf.size(values)
    fits = (count == 1) | ((count == batch) & (count > 0))
    cure = f"{name}: give one number for the whole batch; ask for others in a request of their own"
    # For no rows, any number will do.
    first = tf.concat([values, tf.ones([1], values.dtype)], axis=0)[0]
    wrong = tf.reduce_any(values[1:] != first) | ~(fits | (batch == 0))
    with tf.control_dependencies([refuse(wrong, cure)]):
        return tf.identity(first)


def _rows(name: str, values: tf.Tensor, batch: Any, cure: str = "") -> tf.Tensor:
    """As many rows as there are in the batch: those given, or one for all."""
    rows = tf.shape(values)[0]
    words = cure or f"{name}: give as many rows as of audio, or one for all"
    with tf.control_dependencies([refuse((rows != batch) & (rows != 1), words)]):
        return tf.cond(rows == batch, lambda: values, lambda: tf.repeat(values, batch, axis=0))


def _batch(plan: Tensors) -> tf.Tensor:
    return tf.shape(plan["num_samples"])[0]
