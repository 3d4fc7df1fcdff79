"""A layer of an audio effect: a dilated convolution of what came before, mixed with what the net is told."""

from typing import Any

import keras
from keras import ops

from dilatednets.layers.dilated_conv1d import dilated_conv1d

ACTIVATIONS = {
    "tanh": ops.tanh,
    "hard_tanh": lambda x: ops.clip(x, -1.0, 1.0),
    "relu": ops.relu,
    "leaky_relu": lambda x: ops.leaky_relu(x, 0.01),
    "sigmoid": ops.sigmoid,
    "silu": ops.silu,
    "hard_swish": ops.hard_swish,
}
"""By the names that the argument `activations` of `AudioEffect` takes."""


@keras.saving.register_keras_serializable("dilatednets")
class EffectBlock(keras.layers.Layer):
    """`a = f(conv(x) + mixer . c)`, a skip; and `x + residual . a`, what the next layer is given.

    Args:
        channels: Channels of x and a.
        kernel_size: Taps of the convolution.
        dilation_rate: Samples between taps.
        activation: f, one of `ACTIVATIONS`.
        gated: Whether f is the activation of one half of twice the channels times the logistic function of the other.
        conditions: Channels of c, which may be 0.
        last: Whether no layer follows: what files hold for the next x is kept, but not learnt.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        x: (batch, time, channels).
        past: The samples of x before these, (batch, history, channels).
        mixed: What `mix` made of c, or 0.

    Returns:
        (next x, a), both of the shape of x.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int,
        dilation_rate: int,
        activation: str = "tanh",
        gated: bool = False,
        conditions: int = 1,
        last: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.kernel_size, self.dilation_rate = channels, kernel_size, dilation_rate
        self.activation, self.gated, self.conditions, self.last = activation, gated, conditions, last

    @property
    def history(self) -> int:
        """Samples before a block that it needs."""
        return (self.kernel_size - 1) * self.dilation_rate

    def build(self, input_shape: Any = None) -> None:
        """Creates all weights."""
        gates = self.channels * (1 + self.gated)
        # As PyTorch, where these nets come from, draws its first weights: even, of variance 1 / (3 fan_in).
        drawn = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
        self.kernel = self.add_weight(shape=(self.kernel_size, self.channels, gates), initializer=drawn, name="kernel")
        self.bias = self.add_weight(shape=(gates,), initializer="zeros", name="bias")
        self.mixer: Any = None
        if self.conditions:
            self.mixer = self.add_weight(shape=(self.conditions, gates), initializer=drawn, name="mixer_kernel")
        read = not self.last
        self.residual = self.add_weight(
            shape=(self.channels,) * 2, initializer=drawn, trainable=read, name="residual_kernel"
        )
        self.residual_bias = self.add_weight(
            shape=(self.channels,), initializer="zeros", trainable=read, name="residual_bias"
        )

    def call(self, x: Any, past: Any, mixed: Any) -> tuple[Any, Any]:
        """See the class."""
        known = ops.concatenate([past, x], axis=1) if self.history else x
        skip = self._gate(dilated_conv1d(known, self._cast(self.kernel), self.dilation_rate) + mixed)
        return x + self._passed_on(skip), skip

    def at_rest(self, x: Any, mixed: Any) -> Any:
        """The next x if all samples of x were these, (batch, 1, channels)."""
        return x + self._passed_on(self._gate(ops.matmul(x, ops.sum(self._cast(self.kernel), axis=0)) + mixed))

    def mix(self, dry: Any, knobs: Any) -> Any:
        """What biases, dry (..., 1) and knobs (batch, 1, knobs), each None if there are none, add before the gates."""
        mixed = self._cast(self.bias)
        if dry is not None:
            mixed = mixed + dry * self._cast(self.mixer)[0]
        if knobs is not None:
            mixed = mixed + ops.matmul(knobs, self._cast(self.mixer)[0 if dry is None else 1 :])
        return mixed

    def _gate(self, z: Any) -> Any:
        function = ACTIVATIONS[self.activation]
        if not self.gated:
            return function(z)
        filtered, gate = ops.split(z, 2, axis=-1)
        return function(filtered) * ops.sigmoid(gate)

    def _passed_on(self, skip: Any) -> Any:
        flat = ops.matmul(ops.reshape(skip, (-1, self.channels)), self._cast(self.residual))
        return ops.reshape(flat, ops.shape(skip)) + self._cast(self.residual_bias)

    def _cast(self, weight: Any) -> Any:
        # Keras casts variables to the compute dtype in `call` only.
        return ops.cast(ops.convert_to_tensor(weight), self.compute_dtype)
