"""The causal dilated convolution in one dimension: the ingredient that WaveNet and the TCN share."""

from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.dilated_conv1d import dilated_conv1d, packed_conv1d
from dilatednets.layers.keras_parts import keras_part
from dilatednets.layers.receptive_field import causal_field
from dilatednets.layers.shapes import as_tensor, check_shape, parts_of
from dilatednets.rules import Rule, Size, checked, keep_arguments, not_negative, one_of

ConvState = tuple[Any, Any]
BatchSize = Annotated[int, not_negative, Rule(lambda x: x < 2**31, "below 2**31")]


@keras.saving.register_keras_serializable("dilatednets")
class CausalDilatedConv(ConfiguredLayer):
    """1-D convolution whose output at time t sees the present and the past only, `dilation_rate` samples apart.

    `y[t] = sum_i kernel[kernel_size - 1 - i] . x[t - i * dilation_rate] + bias`, with zeros before the first sample.
    The kernel has the layout of `keras.layers.Conv1D(padding="causal")`, so weights can be exchanged with it.

    It trains as fast as `Conv1D` under Keras's default `compile`. Whole sequences, blocks of them (`process`) and single
    samples (`step`) give the same outputs.

    Args:
        filters: Number of output channels.
        kernel_size: Number of taps.
        dilation_rate: Distance between taps, in samples.
        activation: Name of a Keras activation or a callable, applied to the output; linear if left out.
        use_bias: Whether to add a bias.
        kernel_initializer: Initialiser of the kernel, of shape (kernel_size, channels, filters).
        kernel_regularizer: Regulariser of the kernel; of a normalised one, of `gain * direction / |direction|`.
        weight_normalization: Whether to learn length and direction of each filter apart (Salimans & Kingma 2016):
            `kernel = gain * direction / |direction|`. The weight `kernel` then holds the directions.
        padding: What lies outside the sequence: "zeros", or "learned", a step that is learned too (the weight `outside`).
        method: How whole sequences are convolved. "convolution" suits Keras's default `compile`. "products", one matrix
            product a tap, suits a net that XLA compiles for CPUs (`jit_compile=True`), and is slow otherwise. Measured on
            24 layers of 32 channels, kernel 2, a training step: 133 ms by products and 204 ms by convolutions under XLA,
            294 ms by convolutions without it. On 16 layers of 25 channels, kernel 7: 252 and 58 ms without XLA.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, time, channels)

    Output shape:
        (batch, time, filters)

    Raises:
        InputError: if `filters`, `kernel_size` or `dilation_rate` is not a positive integer.

    Reference:
        van den Oord et al. 2016, "WaveNet: A Generative Model for Raw Audio", section 2.1.

    Example:
    >>> import numpy as np
    >>> conv = CausalDilatedConv(filters=4, kernel_size=2, dilation_rate=8)
    >>> conv(np.zeros((1, 100, 3), "float32")).shape
    TensorShape([1, 100, 4])
    >>> state = conv.initial_state(batch_size=1)
    >>> y, state = conv.step(np.zeros((1, 3), "float32"), state)
    >>> y.shape
    TensorShape([1, 4])
    >>> y, state = conv.process(np.zeros((1, 20, 3), "float32"), state)
    >>> y.shape
    TensorShape([1, 20, 4])
    """

    causal = True

    def __init__(
        self,
        filters: Size,
        kernel_size: Size = 2,
        dilation_rate: Size = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "he_uniform",
        kernel_regularizer: Any = None,
        weight_normalization: bool = False,
        padding: Annotated[str, one_of("zeros", "learned", "reflect")] = "zeros",
        method: Annotated[str, one_of("convolution", "products")] = "convolution",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        if self.padding == "reflect" and self.causal:
            raise InputError("padding: a causal convolution cannot reflect the future; take learned or zeros")
        self.activation = keras_part(activation, "activation")
        self.kernel_initializer = keras_part(kernel_initializer, "kernel_initializer")
        self.kernel_regularizer = keras_part(kernel_regularizer, "kernel_regularizer")

    @property
    def receptive_field(self) -> int:
        """Number of input samples that one output sample sees."""
        return causal_field(self.kernel_size, [self.dilation_rate])

    @property
    def future(self) -> int:
        """Number of future samples that one output sample sees."""
        return self._padding[1]

    @property
    def history(self) -> int:
        """Number of past samples that a step needs."""
        return (self.kernel_size - 1) * self.dilation_rate

    @property
    def _padding(self) -> tuple[int, int]:
        """Samples before the first and after the last that are padded."""
        return self.history, 0

    def build(self, input_shape: Any) -> None:
        """Creates the kernel and the bias for inputs of `input_shape`."""
        self.channels = self.set_channels(input_shape)
        normalised = self.weight_normalization and self.kernel_regularizer is not None
        self.kernel = self.add_weight(
            shape=(self.kernel_size, self.channels, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self._penalty if normalised else self.kernel_regularizer,
            autocast=not self.weight_normalization,  # lengths of filters need float32
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias") if self.use_bias else None
        self.outside = None
        if self.padding == "learned":
            self.outside = self.add_weight(shape=(self.channels,), initializer="zeros", name="outside")
        self.gain = None
        if self.weight_normalization:
            self.gain = self.add_weight(shape=(self.filters,), initializer="ones", autocast=False, name="gain")
            self.gain.assign(_lengths(self.kernel))  # the first kernel is the one that was drawn

    def call(self, x: Any) -> Any:
        """Convolves whole sequences, (batch, time, channels) -> (batch, time, filters)."""
        x = as_tensor(x, self.compute_dtype, "x", (None, None, self.channels))
        return self._convolve(self._padded(x, *self._padding))

    def initial_state(self, batch_size: int) -> ConvState:
        """The state before the first sample: a ring buffer of zeros and the slot to write next.

        Args:
            batch_size: Number of sequences.

        Returns:
            (buffer (batch, history + 1, channels), slot int32 ()).

        Raises:
            InputError: for a layer that is not built, or another batch size than an integer from 0 on.
        """
        self._need_weights()
        if not ops.is_tensor(batch_size):
            batch_size = checked(batch_size, BatchSize, "batch_size")
        nothing = ops.zeros((batch_size, 0, self.channels), self.compute_dtype)
        return self._padded(nothing, self.history + 1, 0), ops.zeros((), "int32")

    def state_after(self, x: Any) -> ConvState:
        """The state after the samples `x` (batch, time, channels), as if each had been given to `step`."""
        self._need_weights()
        x = as_tensor(x, self.compute_dtype, "x", (None, None, self.channels))
        padded = self._padded(x, self.history + 1, 0)
        # The oldest of the last samples lies in slot 0, where the next sample is to be written.
        return padded[:, ops.shape(x)[1] :], ops.zeros((), "int32")

    def process(self, x: Any, state: ConvState) -> tuple[Any, ConvState]:
        """A block of samples of any length: equal to the parallel call at these times.

        Args:
            x: The samples of each sequence, (batch, time, channels).
            state: What `initial_state`, `state_after`, or the block or step before returned.

        Returns:
            (y (batch, time, filters), the next state).

        Raises:
            InputError: for an input of another shape, or a state of another layer or number of sequences.
        """
        self._need_weights()
        x = as_tensor(x, self.compute_dtype, "x", (None, None, self.channels))
        buffer, slot = self._parts(state, x.shape[0])
        oldest_first = (slot + ops.arange(self.history + 1, dtype="int32")) % (self.history + 1)
        known = ops.concatenate([ops.take(buffer, oldest_first, axis=1), x], axis=1)
        return self._convolve(known[:, 1:]), (known[:, ops.shape(x)[1] :], ops.zeros((), "int32"))

    def step(self, x_t: Any, state: ConvState) -> tuple[Any, ConvState]:
        """One sample: equal to the parallel call at this time.

        Args:
            x_t: The sample of each sequence, (batch, channels).
            state: What `initial_state`, `state_after` or the step before returned.

        Returns:
            (y_t (batch, filters), the next state).

        Raises:
            InputError: for an input of another shape, or a state of another layer or number of sequences.
        """
        self._need_weights()
        x_t = as_tensor(x_t, self.compute_dtype, "x_t", (None, self.channels))
        buffer, slot = self._parts(state, x_t.shape[0])
        if self.history == 0:
            return self._combine([x_t]), state
        # The write comes first, and the buffer has one slot more than the past needs. Reading before the write would let
        # XLA move the read behind it, and so copy the whole buffer at each sample (measured: 4 times slower at
        # dilation 512).
        buffer = ops.slice_update(buffer, (0, slot, 0), x_t[:, None])
        taps = [self._read(buffer, slot, tap) for tap in range(self.kernel_size - 1)]
        return self._combine([*taps, x_t]), (buffer, ops.where(slot == self.history, 0, slot + 1))

    def _read(self, buffer: Any, slot: Any, tap: int) -> Any:
        """The sample that kernel tap number `tap` sees; `slot` holds the present one, the slot after it the oldest."""
        slot = slot + 1 + tap * self.dilation_rate
        slot = ops.where(slot > self.history, slot - self.history - 1, slot)
        return ops.take(buffer, slot, axis=1)  # where XLA compiles a step alone, a slice is compiled anew for each slot

    def packed(self, x: Any, seen: Any) -> Any:
        """Steps of sequences that lie end to end: equal to the parallel call of each, without padding.

        Args:
            x: The steps of all sequences, (steps, channels).
            seen: Which step each tap sees, integers (steps, kernel_size): a row of x, counted from 1 on, or 0 outside the
                sequence, also where padding is reflected.

        Returns:
            (steps, filters).
        """
        x = as_tensor(x, self.compute_dtype, "x", (None, self.channels))
        return self._finish(packed_conv1d(x, self._directed_kernel(), seen, self.outside))

    def _padded(self, x: Any, before: int, after: int) -> Any:
        """(batch, time, channels) -> (batch, before + time + after, channels)."""
        if self.padding == "zeros":
            return ops.pad(x, ((0, 0), (before, after), (0, 0)))
        if self.padding == "learned":
            step = ops.cast(self.outside, x.dtype)
            ends = (ops.broadcast_to(step, (ops.shape(x)[0], count, self.channels)) for count in (before, after))
            return ops.concatenate([next(ends), x, next(ends)], axis=1)
        last = ops.shape(x)[1] - 1  # there and back again, for sequences shorter than what is padded
        places = ops.abs(ops.arange(-before, last + 1 + after)) % ops.maximum(2 * last, 1)
        places = ops.maximum(ops.minimum(places, 2 * last - places), 0)
        if not x.shape[1]:  # none, or not known: of no steps, zeros are what is seen
            x = ops.pad(x, ((0, 0), (0, 1), (0, 0)))
        return ops.take(x, places, axis=1)

    def _parts(self, state: Any, batch_size: int | None) -> Any:
        buffer, slot = parts_of(state, 2)
        check_shape(getattr(buffer, "shape", ()), "state", (batch_size, self.history + 1, self.channels))
        return buffer, slot

    def _need_weights(self) -> None:
        if not self.built:
            raise InputError(f"{self.name}: build it, or call it once, before asking for its state")

    def _convolve(self, x: Any) -> Any:
        """(batch, history + time, channels) -> (batch, time, filters)."""
        kernel = self._directed_kernel()
        if self.method == "convolution":
            return self._finish(dilated_conv1d(x, kernel, self.dilation_rate))
        size = ops.shape(x)[0], ops.shape(x)[1] - self.history, self.channels
        # The gradient of `x[:, start:end]` takes TensorFlow several times as long as that of `ops.slice`.
        seen = (ops.slice(x, (0, tap * self.dilation_rate, 0), size) for tap in range(self.kernel_size))
        products = [_product(step, kernel[tap]) for tap, step in enumerate(seen)]
        return self._finish(sum(products[1:], products[0]))

    def _combine(self, taps: list[Any]) -> Any:
        kernel = ops.reshape(self._directed_kernel(), (self.kernel_size * self.channels, self.filters))
        return self._finish(_product(taps[0] if len(taps) == 1 else ops.concatenate(taps, axis=-1), kernel))

    def _directed_kernel(self) -> Any:
        # Keras casts variables to the compute dtype in `call` only, and `step` must do the same.
        kernel = ops.convert_to_tensor(self.kernel)
        if self.gain is not None:
            kernel = self._with_gain(kernel)
        return ops.cast(kernel, self.compute_dtype)

    def _with_gain(self, direction: Any) -> Any:
        return direction * (self.gain / _lengths(direction))

    def _penalty(self, direction: Any) -> Any:
        """The regulariser's, of the kernel that the net computes with: the length of directions does not matter to it."""
        return self.kernel_regularizer(self._with_gain(direction))

    def _finish(self, y: Any) -> Any:
        if self.bias is not None:
            y = y + ops.cast(self.bias, y.dtype)
        return self.activation(y)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def _lengths(kernel: Any) -> Any:
    """Euclidean length of each filter of (kernel_size, channels, filters)."""
    return ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1)) + 1e-12)


def _product(x: Any, kernel: Any) -> Any:
    # As a matrix: TensorFlow would multiply sequence by sequence, and add up as many gradients of the kernel.
    y = ops.matmul(ops.reshape(x, (-1, x.shape[-1])), kernel)
    return ops.reshape(y, (*ops.shape(x)[:-1], kernel.shape[-1]))
