"""A WaveNet in few large operations: without a compiler, generation costs operations, not arithmetic."""

from itertools import accumulate
from typing import Any

import numpy as np
import tensorflow as tf

from dilatednets.layers.kernel_and_bias import kernel_and_bias

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
    >>> from dilatednets.zoo.wavenet.model import WaveNet
    >>> folded = FoldedWaveNet(WaveNet((1, 2, 4), residual_channels=8, gate_channels=16, skip_channels=16))
    >>> audio, state = folded.chunk(folded.initial_state(3), 0, tf.fill([3, 50, 1], 0.5), None, 1.0)
    >>> audio.shape, sorted(state)
    (TensorShape([3, 50]), ['history', 'recent'])
    """

    def __init__(self, model: Any) -> None:
        super().__init__(name="folded_wavenet")
        self.distribution = model.distribution
        self.softmax = model.output == "softmax"
        self.draw = model.distribution.draw_code if self.softmax else model.distribution.sample
        self.dilations = np.array(model.dilations)
        kernels, biases = zip(*(_weights(block.conv) for block in model.blocks), strict=True)
        self.past_taps, self.channels, self.gate_channels = kernels[0][:-1].shape
        present = [kernel[-1] for kernel in kernels]
        # Columns of the skip come last, after those of the residual, which the last block has none of.
        cut = -model.skip_channels
        outputs, output_biases = zip(*(_weights(block.output_projection) for block in model.blocks), strict=True)
        self.slots = int(self.past_taps * self.dilations.sum())
        self.input_taps = model.input_conv.kernel_size
        table, bias = kernel_and_bias(model.input_conv)
        # One row more for each tap of a softmax: of what lies before the first sample, of which no code is one.
        table = np.pad(table, ((0, 0), (0, 1), (0, 0))).reshape(-1, self.channels) if self.softmax else table[:, 0]
        self.input_table, self.input_bias = _constant(table), _constant(bias)
        # Biases of residuals are known beforehand, too, and left out of the sum that goes from block to block.
        left_out = np.array(list(accumulate((b[:cut] for b in output_biases[:-1]), initial=np.zeros(self.channels))))
        self.left_out = _constant(left_out[:, None])
        self.gate_biases = _constant(np.array(biases)[:, None] + left_out[:, None] @ np.array(present))
        self.past = _constant(np.concatenate([kernel[:-1] for kernel in kernels]))
        known = np.eye(self.gate_channels)
        self.products = [_constant(np.concatenate([present[0], known]))]
        for before, kernel in zip(outputs[:-1], present[1:], strict=True):
            ahead = np.concatenate([np.eye(self.channels), kernel], axis=1)
            added = np.pad(known, ((0, 0), (self.channels, 0)))
            self.products.append(_constant(np.concatenate([ahead, before[:, :cut] @ ahead, added])))
        self.skips = _constant(np.concatenate([kernel[:, cut:] for kernel in outputs]))
        self.skip_bias = _constant(sum(bias[cut:] for bias in output_biases))
        self.hidden, self.head = (tuple(map(_constant, kernel_and_bias(layer))) for layer in (model.hidden, model.head))

    def initial_state(self, batch: Any) -> State:
        """The state before the first sample.

        Returns:
            "history" float32 (batch, slots, channels): past inputs of all blocks, in rings; "recent" (batch, taps): the last
            samples, as codes with a softmax, else as values.
        """
        recent = tf.zeros([batch, self.input_taps])
        if self.softmax:
            unknown = tf.fill([batch, self.input_taps - 1], self.distribution.num_parameters)
            recent = tf.concat([unknown, self.distribution.mu_law(recent[:, :1])], axis=1)
        return {"history": tf.zeros([batch, self.slots, self.channels]), "recent": recent}

    def chunk(
        self, state: State, position: Any, noise: Any, conditions: Any, temperature: Any
    ) -> tuple[tf.Tensor, State]:
        """Makes the next samples.

        Args:
            state: What `initial_state` or the chunk before returned.
            position: Samples made so far, int32 ().
            noise: Uniform numbers in (0, 1), float32 (batch, samples, noise_size).
            conditions: What `WaveNet.project_conditions` returned, (batch, samples or 1, blocks, gate_channels), or None.
            temperature: A scalar above 0.

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

        def one_sample(t: Any, history: Any, recent: Any, samples: Any) -> Any:
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
            sample = self.draw(parameters, noise[t], temperature)
            if self.slots:
                history = tf.tensor_scatter_nd_update(history, writes[t][:, None], tf.stack(inputs) + self.left_out)
            recent = tf.concat([recent[:, 1:], sample[:, None]], axis=1)
            return t + 1, history, recent, samples.write(t, sample)

        samples = tf.TensorArray(state["recent"].dtype, count, element_shape=[None])
        carry = (0, tf.transpose(state["history"], (1, 0, 2)), state["recent"], samples)
        _, history, recent, samples = tf.while_loop(lambda t, *_: t < count, one_sample, carry, parallel_iterations=1)
        samples = tf.transpose(samples.stack())
        audio = self.distribution.mu_law.expand(samples) if self.softmax else samples
        return audio, {"history": tf.transpose(history, (1, 0, 2)), "recent": recent}

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


def _weights(layer: Any) -> list[np.ndarray]:
    """Kernel and bias, in which much is added up."""
    return [np.asarray(weight, np.float64) for weight in kernel_and_bias(layer)]


def _constant(values: Any) -> tf.Tensor:
    return tf.constant(values, tf.float32)
