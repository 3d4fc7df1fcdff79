"""A WaveNet in few large operations: without a compiler, generation costs operations, not arithmetic."""

from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

State = dict[str, tf.Tensor]


class FoldedWaveNet(tf.Module):
    """The loop over samples of a WaveNet, for a server that runs graphs as they are.

    Numbers are those of `WaveNet.step` but for rounding. A block costs six operations: one matrix product makes what it
    passes on and, with the next block's present tap folded in, the next gate; rows of an identity add what is known before.
    That is made for all blocks at once: past taps lie in one buffer, biases and conditions are added up for a whole chunk of
    samples. One product makes all skips.

    Args:
        model: A WaveNet; its weights are copied, in float32.

    Example:
    >>> from dilatednets.zoo.wavenet import WaveNet
    >>> folded = FoldedWaveNet(WaveNet((1, 2, 4), residual_channels=8, gate_channels=16, skip_channels=16))
    >>> audio, state = folded.chunk(folded.initial_state(3), 0, tf.fill([3, 50, 1], 0.5), None, 1.0)
    >>> audio.shape, sorted(state)
    (TensorShape([3, 50]), ['history', 'recent'])
    """

    def __init__(self, model: Any) -> None:
        super().__init__(name="folded_wavenet")
        self.distribution = model.distribution
        self.softmax = model.output_name == "softmax"
        self.dilations = np.array(model.dilations)
        blocks = [_Block.of(block) for block in model.blocks]
        self.past_taps, self.channels, self.gate_channels = blocks[0].past.shape
        self.slots = int(self.past_taps * self.dilations.sum())
        self.input_taps = model.input_conv.kernel_size
        self.input_table, self.input_bias = self._input(model.input_conv)
        # Biases of residuals are known beforehand, too, and left out of the sum that goes from block to block.
        left_out = list(accumulate((block.residual_bias for block in blocks[:-1]), initial=np.zeros(self.channels)))
        self.left_out = _constant(np.stack(left_out)[:, None])
        gates = [block.bias + bias @ block.present for block, bias in zip(blocks, left_out, strict=True)]
        self.gate_biases = _constant(np.stack(gates)[:, None])
        self.past = _constant(np.concatenate([block.past for block in blocks]))
        known = np.eye(self.gate_channels)
        self.products = [_constant(np.concatenate([blocks[0].present, known]))]
        for before, block in pairwise(blocks):
            ahead = np.concatenate([np.eye(self.channels), block.present], axis=1)
            added = np.pad(known, ((0, 0), (self.channels, 0)))
            self.products.append(_constant(np.concatenate([ahead, before.residual @ ahead, added])))
        self.skips = _constant(np.concatenate([block.skip for block in blocks]))
        self.skip_bias = _constant(sum(block.skip_bias for block in blocks))
        self.hidden, self.head = (tuple(map(_constant, layer.get_weights())) for layer in (model.hidden, model.head))

    def _input(self, conv: Any) -> tuple[tf.Tensor, tf.Tensor]:
        kernel, bias = conv.get_weights()
        if not self.softmax:
            return _constant(kernel[:, 0]), _constant(bias)
        # One row more for each tap: of what lies before the first sample, of which no code is one.
        return _constant(np.pad(kernel, ((0, 0), (0, 1), (0, 0))).reshape(-1, self.channels)), _constant(bias)

    def initial_state(self, batch: Any) -> State:
        """The state before the first sample.

        Returns:
            "history" float32 (batch, slots, channels): past inputs of all blocks, in rings; "recent" (batch, taps): the last
            samples, as codes with a softmax, else as values.
        """
        if self.softmax:
            levels = self.distribution.num_parameters
            silence = self.distribution.mu_law(tf.zeros([batch, 1]))
            recent = tf.concat([tf.fill([batch, self.input_taps - 1], levels), silence], axis=1)
        else:
            recent = tf.zeros([batch, self.input_taps])
        history = tf.zeros([batch, self.slots, self.channels])
        return {"history": history, "recent": recent}

    def chunk(
        self, state: State, position: Any, noise: Any, conditions: Any, temperature: Any
    ) -> tuple[tf.Tensor, State]:
        """Makes the next samples.

        Args:
            state: From `initial_state`, or the chunk before.
            position: Samples made so far, int32 ().
            noise: float32 (batch, samples, noise_size), uniform in (0, 1).
            conditions: (batch, samples or 1, blocks, gate_channels), from `WaveNet.project_conditions`; None without.
            temperature: ().

        Returns:
            float32 (batch, samples), and the next state.
        """
        batch, count = tf.shape(noise)[0], tf.shape(noise)[1]
        noise = tf.transpose(noise, (1, 0, 2))
        known = self.gate_biases[None]
        if conditions is not None:
            known += tf.transpose(tf.cast(conditions, tf.float32), (1, 2, 0, 3))
        changes = tf.shape(known)[0] > 1
        known = tf.broadcast_to(known, [tf.shape(known)[0], len(self.products), batch, self.gate_channels])
        reads, writes = self._places(position, count)

        def one_sample(t: Any, history: Any, recent: Any, made: Any) -> Any:
            past = tf.matmul(tf.gather(history, reads[t]), self.past)
            if self.past_taps != 1:
                past = tf.reshape(past, [len(self.products), self.past_taps, batch, self.gate_channels])
                past = tf.reduce_sum(past, axis=1)
            ready = tf.unstack(known[tf.where(changes, t, 0)] + past)
            x = self._encode(recent)
            gate = tf.matmul(tf.concat([x, ready[0]], axis=1), self.products[0])
            filtered, gated = tf.split(gate, 2, axis=1)
            inputs, outputs = [x], [tf.tanh(filtered) * tf.sigmoid(gated)]
            half = self.gate_channels // 2
            for product, added in zip(self.products[1:], ready[1:], strict=True):
                both = tf.matmul(tf.concat([x, outputs[-1], added], axis=1), product)
                x, filtered, gated = tf.split(both, [self.channels, half, half], axis=1)
                inputs.append(x)
                outputs.append(tf.tanh(filtered) * tf.sigmoid(gated))
            skips = tf.nn.relu(tf.matmul(tf.concat(outputs, axis=1), self.skips) + self.skip_bias)
            hidden = tf.nn.relu(tf.matmul(skips, self.hidden[0]) + self.hidden[1])
            parameters = tf.matmul(hidden, self.head[0]) + self.head[1]
            sample = self._sample(parameters, noise[t], temperature)
            if self.slots:
                history = tf.tensor_scatter_nd_update(history, writes[t][:, None], tf.stack(inputs) + self.left_out)
            recent = tf.concat([recent[:, 1:], sample[:, None]], axis=1)
            return t + 1, history, recent, made.write(t, sample)

        made = tf.TensorArray(state["recent"].dtype, count, element_shape=[None])
        _, history, recent, made = tf.while_loop(
            lambda t, *_: t < count,
            one_sample,
            (0, tf.transpose(state["history"], (1, 0, 2)), state["recent"], made),
            parallel_iterations=1,
        )
        samples = tf.transpose(made.stack())
        samples = self.distribution.mu_law.expand(samples) if self.softmax else samples
        return samples, {"history": tf.transpose(history, (1, 0, 2)), "recent": recent}

    def _places(self, position: Any, count: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Slots that each of the next samples reads and writes.

        Returns:
            (count, blocks * past taps), the oldest of each block first, and (count, blocks).
        """
        rings = self.past_taps * self.dilations
        first = np.cumsum(rings) - rings
        time = (position + tf.range(count))[:, None, None]
        back = self.dilations[:, None] * np.arange(self.past_taps, 0, -1)
        reads = first[:, None] + tf.math.floormod(time - back, np.maximum(rings, 1)[:, None])
        writes = first + tf.math.floormod(time[:, :, 0], np.maximum(rings, 1))
        return tf.reshape(reads, [count, back.size]), writes

    def _encode(self, recent: Any) -> tf.Tensor:
        """What the input convolution makes of the last samples, (batch, channels)."""
        if not self.softmax:
            return tf.matmul(recent, self.input_table) + self.input_bias
        rows = recent + (self.distribution.num_parameters + 1) * np.arange(self.input_taps)
        return tf.reduce_sum(tf.gather(self.input_table, rows), axis=1) + self.input_bias

    def _sample(self, parameters: Any, noise: Any, temperature: Any) -> tf.Tensor:
        draw = self.distribution.draw_code if self.softmax else self.distribution.sample
        return draw(parameters, noise, temperature)


class _Block(NamedTuple):
    """The weights of a ResidualGatedBlock, apart."""

    past: np.ndarray
    """(taps but the present one, channels, gate_channels), the oldest first."""
    present: np.ndarray
    bias: np.ndarray
    residual: np.ndarray
    residual_bias: np.ndarray
    skip: np.ndarray
    skip_bias: np.ndarray

    @classmethod
    def of(cls, block: Any) -> "_Block":
        kernel, bias = (np.asarray(weight, np.float64) for weight in block.conv.get_weights())
        outputs, outputs_bias = (np.asarray(weight, np.float64) for weight in block.output_projection.get_weights())
        cut = block.filters if block.residual else 0
        parts = (outputs[:, :cut], outputs_bias[:cut], outputs[:, cut:], outputs_bias[cut:])
        return cls(kernel[:-1], kernel[-1], bias, *parts)


def _constant(values: Any) -> tf.Tensor:
    return tf.constant(values, tf.float32)
