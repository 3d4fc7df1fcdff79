"""The residual block of temporal convolutional networks."""

from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.causal_dilated_conv import CausalDilatedConv, ConvState
from dilatednets.layers.centred_dilated_conv import CentredDilatedConv
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.keras_parts import keras_part
from dilatednets.layers.receptive_field import causal_field
from dilatednets.layers.shapes import as_tensor, parts_of
from dilatednets.rules import Size, keep_arguments, one_of, share

NORMALIZATIONS = ("weight", "layer", "batch", "none")


@keras.saving.register_keras_serializable("dilatednets")
class TemporalBlock(ConfiguredLayer):
    """Two dilated convolutions with a residual: the building block of a TCN.

    `y = relu(x + F(x))`, where F is twice: dilated convolution, normalisation, relu, spatial dropout. A 1x1 convolution
    brings x to `filters` channels where it has others.

    Padding is honoured: with a mask, padded steps are before each convolution what steps outside a sequence are,
    so a sequence gives the same output alone and padded in a batch. Causal blocks also run step by step (`step`) and block
    by block of steps (`process`), whole batches at once.

    Args:
        filters: Number of output channels.
        kernel_size: Number of taps of each convolution.
        dilation_rate: Distance between taps, in steps.
        causal: Whether y[t] sees the past and the present only; False: a field centred on t.
        normalization: "weight" (Salimans & Kingma 2016, as in the paper), "layer", "batch", or "none".
        dropout: Share of channels that are dropped for a whole sequence in training, after each convolution.
        gated: Gated linear units, `a . sigmoid(b)` from twice the filters, instead of the activation (appendix D of the
            paper).
        residual_activation: Whether the activation follows the sum, as in the paper; without it the residual path is
            linear.
        activation: Name of a Keras activation or a callable.
        kernel_initializer: Initialiser of the convolutions' kernels.
        kernel_regularizer: Regulariser of the convolutions' kernels, as their weight normalisation makes them.
        padding: What each convolution sees outside the sequence and at padded steps: "zeros", "learned" or, in a centred
            block without a mask, "reflect".
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        x: (batch, time, channels).
        mask: bool (batch, time), True for steps of the sequence; Keras hands on the mask of a layer before by itself.
        training: Whether to drop.

    Output shape:
        (batch, time, filters); zero at padded steps.

    Raises:
        InputError: for an argument out of range.

    Reference:
        Bai, Kolter & Koltun 2018, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
        Modeling" (arXiv 1803.01271), section 3.4 and figure 1.

    Example:
    >>> import numpy as np
    >>> block = TemporalBlock(filters=16, kernel_size=3, dilation_rate=4)
    >>> block(np.zeros((2, 50, 8), "float32")).shape, block.receptive_field
    (TensorShape([2, 50, 16]), 17)
    >>> y, state = block.step(np.zeros((2, 8), "float32"), block.initial_state(batch_size=2))
    >>> y.shape
    TensorShape([2, 16])
    """

    def __init__(
        self,
        filters: Size,
        kernel_size: Size = 3,
        dilation_rate: Size = 1,
        causal: bool = True,
        normalization: Annotated[str, one_of(*NORMALIZATIONS)] = "weight",
        dropout: Annotated[float, share] = 0.0,
        gated: bool = False,
        residual_activation: bool = True,
        activation: Any = "relu",
        kernel_initializer: Any = "he_uniform",
        kernel_regularizer: Any = None,
        padding: Annotated[str, one_of("zeros", "learned", "reflect")] = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        self.activation = keras_part(activation, "activation")
        self.kernel_initializer = keras_part(kernel_initializer, "kernel_initializer")
        self.kernel_regularizer = keras_part(kernel_regularizer, "kernel_regularizer")
        self.supports_masking = True
        policy = self.dtype_policy
        conv = CausalDilatedConv if causal else CentredDilatedConv
        clone = getattr(self.kernel_initializer, "clone", lambda: self.kernel_initializer)  # a function has none
        self.convs = [
            conv(
                2 * self.filters if gated else self.filters,
                self.kernel_size,
                self.dilation_rate,
                kernel_initializer=clone(),
                kernel_regularizer=self.kernel_regularizer,
                weight_normalization=normalization == "weight",
                padding=self.padding,
                dtype=policy,
                name=f"conv_{i}",
            )
            for i in range(2)
        ]
        norms = {"layer": keras.layers.LayerNormalization, "batch": keras.layers.BatchNormalization}
        norm = norms.get(self.normalization)
        self.norms: list[Any] = [norm(dtype=policy, name=f"norm_{i}") for i in range(2)] if norm else []
        self.drops = [keras.layers.SpatialDropout1D(self.dropout, dtype=policy, name=f"drop_{i}") for i in range(2)]
        self.projection: keras.layers.Dense | None = None

    @property
    def receptive_field(self) -> int:
        """Number of input steps that one output step sees."""
        return causal_field(self.kernel_size, [self.dilation_rate] * 2)

    @property
    def future(self) -> int:
        """Number of future steps that one output step sees."""
        return sum(conv.future for conv in self.convs)

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self.set_channels(input_shape)
        inner = (*input_shape[:-1], self.filters)
        for conv, shape in zip(self.convs, (input_shape, inner), strict=True):
            conv.build(shape)
        for norm in self.norms:
            norm.build((*input_shape[:-1], self.convs[0].filters))
            # Batch normalisation would refuse single steps, which have no axis of time.
            norm.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: self.convs[0].filters})
        if input_shape[-1] != self.filters:
            self.projection = keras.layers.Dense(self.filters, dtype=self.dtype_policy, name="projection")
            self.projection.build(input_shape)

    def call(self, x: Any, mask: Any = None, training: Any = None) -> Any:
        """(batch, time, channels) -> (batch, time, filters)."""
        x = as_tensor(x, self.compute_dtype, "x", (None, None, None))
        if mask is not None:
            mask = as_tensor(mask, "bool", "mask", tuple(x.shape[:2]))

            if self.padding == "reflect":
                raise InputError(
                    "padding: reflect takes no mask; give sequences of one length, or take learned or zeros"
                )

        def masked(values: Any, outside: Any = None) -> Any:  # a product would let NaN and infinity through
            if mask is None:
                return values
            return ops.where(mask[..., None], values, 0.0 if outside is None else ops.cast(outside, values.dtype))

        h = x = masked(x)
        for number, conv in enumerate(self.convs):
            h = self._after_conv(conv(masked(h, conv.outside)), number, mask, training)
            h = self.drops[number](h, training=training)
        return masked(self._sum(x, h))

    def initial_state(self, batch_size: int) -> list[ConvState]:
        """The state before the first step: that of both convolutions."""
        return [conv.initial_state(batch_size) for conv in self.convs]

    def state_after(self, x: Any) -> list[ConvState]:
        """The state after the steps `x` (batch, time, channels), as if each had been given to `step`."""
        x = as_tensor(x, self.compute_dtype, "x", (None, None, None))
        return self.process(x, self.initial_state(ops.shape(x)[0]))[1]

    def process(self, x: Any, state: list[ConvState]) -> tuple[Any, list[ConvState]]:
        """A block of steps of any length: equal to the parallel call, in inference, at these times.

        Args:
            x: The steps of each sequence, (batch, time, channels).
            state: What `initial_state`, `state_after`, or the block or step before returned.

        Returns:
            (y (batch, time, filters), the next state).

        Raises:
            InputError: for an input of another shape, or a state of another layer or number of sequences.
        """
        return self._run("process", as_tensor(x, self.compute_dtype, "x", (None, None, None)), state)

    def step(self, x_t: Any, state: list[ConvState]) -> tuple[Any, list[ConvState]]:
        """One step: equal to the parallel call, in inference, at this time.

        Args:
            x_t: The step of each sequence, (batch, channels).
            state: As for `process`.

        Returns:
            (y_t (batch, filters), the next state).

        Raises:
            InputError: for an input of another shape, or a state of another layer or number of sequences.
        """
        x_t = as_tensor(x_t, self.compute_dtype, "x_t", (None, None))
        return self._run("step", x_t, state)

    def packed(self, x: Any, seen: Any) -> Any:
        """Steps of sequences that lie end to end: equal to the parallel call of each, in inference, without padding.

        For short sequences, where padding and masks would cost more than the lookup.

        Args:
            x: The steps of all sequences, (steps, channels).
            seen: Which step each tap of a convolution sees, integers (steps, kernel_size): a row of x, counted from 1 on, or
                0 outside the sequence.

        Returns:
            (steps, filters).
        """
        h = x = as_tensor(x, self.compute_dtype, "x", (None, None))
        for number, conv in enumerate(self.convs):
            h = self._after_conv(conv.packed(h, seen), number)
        return self._sum(x, h)

    def _run(self, method: str, x: Any, state: list[ConvState]) -> tuple[Any, list[ConvState]]:
        h, states = x, []
        for number, (conv, before) in enumerate(zip(self.convs, parts_of(state, 2), strict=True)):
            h, new = getattr(conv, method)(h, before)
            h = self._after_conv(h, number)
            states.append(new)
        return self._sum(x, h), states

    def _after_conv(self, h: Any, number: int, mask: Any = None, training: Any = False) -> Any:
        if self.normalization == "batch":
            h = self.norms[number](h, mask=mask, training=training)
        elif self.norms:
            h = self.norms[number](h)
        if not self.gated:
            return self.activation(h)
        linear, gate = ops.split(h, 2, axis=-1)
        return linear * ops.sigmoid(gate)

    def _sum(self, x: Any, h: Any) -> Any:
        y = h + (x if self.projection is None else self.projection(x))
        return self.activation(y) if self.residual_activation else y

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
