"""WaveNet's residual block: a gated dilated convolution with a residual and a skip output."""

from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.causal_dilated_conv import CausalDilatedConv, ConvState
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Rule, Size, checked, keep_arguments

even = Rule(lambda x: 0 < x < 2**31 and x % 2 == 0, "even, since it counts both halves of the gate")


@keras.saving.register_keras_serializable("dilatednets")
class ResidualGatedBlock(ConfiguredLayer):
    """Gated causal dilated convolution with a 1x1 residual and a 1x1 skip output.

    `z = tanh(W_f * x + V_f h) . sigmoid(W_g * x + V_g h)`; `residual = x + U_r z`; `skip = U_s z`. The condition h is a
    global one (a vector a sequence, e.g. the speaker), a local one (a vector a sample, e.g. text features), or both.

    Args:
        filters: Number of channels of the input and of the residual output.
        skip_filters: Number of channels of the skip output.
        kernel_size: Number of taps of the dilated convolution.
        dilation_rate: Distance between taps, in samples.
        gate_filters: Number of channels before the gate, both halves together; twice `filters` if left out.
        residual: Whether there is a residual output. The last block of a stack has no use for one: without it the block
            has no weights that no gradient reaches, and returns its input as residual.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        x: The sequences, (batch, time, filters).
        global_condition: A vector a sequence, (batch, channels), or None, as at build time.
        local_condition: A vector a sample, (batch, time, channels), or None, as at build time.

    Output shape:
        residual (batch, time, filters), skip (batch, time, skip_filters)

    Raises:
        InputError: for an argument out of range, if `gate_filters` is odd, or the input has not `filters` channels.

    Reference:
        van den Oord et al. 2016, sections 2.3 to 2.5, equations 2 and 3 and figure 4.

    Example:
    >>> import numpy as np
    >>> block = ResidualGatedBlock(filters=8, skip_filters=16, dilation_rate=4)
    >>> residual, skip = block(np.zeros((1, 50, 8), "float32"), global_condition=np.zeros((1, 5), "float32"))
    >>> residual.shape, skip.shape
    (TensorShape([1, 50, 8]), TensorShape([1, 50, 16]))
    """

    def __init__(
        self,
        filters: Size,
        skip_filters: Size,
        kernel_size: Size = 2,
        dilation_rate: Size = 1,
        gate_filters: int | None = None,
        residual: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        gate_filters = 2 * self.filters if gate_filters is None else gate_filters
        self.gate_filters = checked(gate_filters, Annotated[int, even], "gate_filters")
        self.conv = CausalDilatedConv(
            self.gate_filters,
            self.kernel_size,
            self.dilation_rate,
            method="products",  # a WaveNet is compiled by XLA
            dtype=self.dtype_policy,
            name="conv",
        )
        # One product for both 1x1 convolutions: columns [:filters] are the residual's, the rest the skip's.
        outputs = (self.filters if residual else 0) + self.skip_filters
        self.output_projection = keras.layers.Dense(outputs, dtype=self.dtype_policy, name="output_projection")
        self.global_projection: keras.layers.Dense | None = None
        self.local_projection: keras.layers.Dense | None = None
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: self.filters})

    @property
    def receptive_field(self) -> int:
        """Number of input samples that one output sample sees."""
        return self.conv.receptive_field

    def build(self, x_shape: Any, global_condition_shape: Any = None, local_condition_shape: Any = None) -> None:
        """Creates the weights; the shapes of the conditions say which projections there are."""
        if self.set_channels(x_shape) != self.filters:
            raise InputError(f"ResidualGatedBlock: the input has {x_shape[-1]} channels, filters is {self.filters}")
        self.conv.build(x_shape)
        self.output_projection.build((*x_shape[:-1], self.gate_filters // 2))
        shapes = {"global_projection": global_condition_shape, "local_projection": local_condition_shape}
        for name, shape in shapes.items():
            if shape is not None:  # without a bias: the convolution has one
                projection = keras.layers.Dense(self.gate_filters, use_bias=False, dtype=self.dtype_policy, name=name)
                projection.build(shape)
                setattr(self, name, projection)
        self._build_shapes = x_shape, global_condition_shape, local_condition_shape

    def call(self, x: Any, global_condition: Any = None, local_condition: Any = None) -> tuple[Any, Any]:
        """Whole sequences, (batch, time, filters) -> residual (batch, time, filters), skip (batch, time, skip_filters)."""
        condition = self.project_condition(global_condition, local_condition, tuple(x.shape[:2]))
        gate = self.conv(x)
        return self._outputs(x, gate if condition is None else gate + condition)

    def project_condition(
        self,
        global_condition: Any = None,
        local_condition: Any = None,
        size: tuple[int | None, int | None] = (None, None),
    ) -> Any:
        """What the conditions add before the gate, which no sample depends on: generation computes it beforehand.

        Args:
            global_condition: As in a call.
            local_condition: As in a call.
            size: Number of sequences and of samples that the conditions are for, where known.

        Returns:
            (batch, time, gate_filters), time being 1 for a global condition alone; None without conditions.

        Raises:
            InputError: for a condition that was not there at build time, is missing now, or has another shape.
        """
        terms = []
        for name, value, projection, lengths in (
            ("global_condition", global_condition, self.global_projection, size[:1]),
            ("local_condition", local_condition, self.local_projection, size),
        ):
            if (value is None) != (projection is None):
                raise InputError(f"{name}: {self.name} was built {'without' if projection is None else 'with'} {name}")
            if projection is not None:
                shape = (*lengths, projection.input_spec.axes[-1])
                term = projection(as_tensor(value, self.compute_dtype, name, shape))
                terms.append(term if len(shape) == 3 else term[:, None])
        return sum(terms[1:], terms[0]) if terms else None

    def initial_state(self, batch_size: int) -> ConvState:
        """The state of the convolution before the first sample."""
        return self.conv.initial_state(batch_size)

    def state_after(self, x: Any) -> ConvState:
        """The state of the convolution after the samples `x` (batch, time, filters)."""
        return self.conv.state_after(x)

    def process(
        self, x: Any, state: ConvState, global_condition: Any = None, local_condition: Any = None
    ) -> tuple[tuple[Any, Any], ConvState]:
        """A block of samples of any length: equal to the parallel call at these times.

        Args:
            x: The samples of each sequence, (batch, time, filters).
            state: What `initial_state`, `state_after`, or the block or step before returned.
            global_condition: As in a call.
            local_condition: As in a call, for these samples.

        Returns:
            ((residual (batch, time, filters), skip (batch, time, skip_filters)), the next state).

        Raises:
            InputError: for an input or a condition of another shape, or a state of another layer or number of sequences.
        """
        gate, state = self.conv.process(x, state)
        x = ops.cast(x, self.compute_dtype)
        condition = self.project_condition(global_condition, local_condition, tuple(gate.shape[:2]))
        return self._outputs(x, gate if condition is None else gate + condition), state

    def step(
        self,
        x_t: Any,
        state: ConvState,
        global_condition: Any = None,
        local_condition: Any = None,
        *,
        projected: Any = None,
    ) -> tuple[tuple[Any, Any], ConvState]:
        """One sample: equal to the parallel call at this time.

        Args:
            x_t: The sample of each sequence, (batch, filters).
            state: What `initial_state`, `state_after` or the step before returned.
            global_condition: The vector of each sequence, (batch, channels), or None, as at build time.
            local_condition: The vectors of this time, (batch, channels), or None, as at build time.
            projected: What `project_condition` made beforehand of the conditions, at this time: (batch, gate_filters). It
                takes their place.

        Returns:
            ((residual_t (batch, filters), skip_t (batch, skip_filters)), the next state).

        Raises:
            InputError: for an input of another shape, or a state of another layer or number of sequences.
        """
        gate, state = self.conv.step(x_t, state)
        x_t, batch = ops.cast(x_t, self.compute_dtype), gate.shape[0]
        if projected is None:
            if local_condition is not None:
                local_condition = as_tensor(local_condition, self.compute_dtype, "local_condition", (batch, None))[
                    :, None
                ]
            projected = self.project_condition(global_condition, local_condition, (batch, None))
            projected = None if projected is None else projected[:, 0]
        else:
            projected = as_tensor(projected, gate.dtype, "projected", (batch, self.gate_filters))
        return self._outputs(x_t, gate if projected is None else gate + projected), state

    def _outputs(self, x: Any, gate: Any) -> tuple[Any, Any]:
        # By `split`, whose gradient takes TensorFlow a fraction of the time that those of two slices take.
        filtered, gate = ops.split(gate, 2, axis=-1)
        z = ops.tanh(filtered) * ops.sigmoid(gate)
        outputs = self.output_projection(z)
        if not self.residual:
            return x, outputs
        residual, skip = ops.split(outputs, [self.filters], axis=-1)
        return ops.cast(x, outputs.dtype) + residual, skip

    def compute_output_shape(self, x_shape: Any, **_: Any) -> tuple[Any, Any]:  # type: ignore[override]  # Keras's names
        """The shapes of the residual and of the skip output."""
        return (*x_shape[:-1], self.filters), (*x_shape[:-1], self.skip_filters)

    def get_build_config(self) -> dict[str, Any]:
        """The shapes this block was built with."""
        names = "x_shape", "global_condition_shape", "local_condition_shape"
        return dict(zip(names, self._build_shapes, strict=True))

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds as `get_build_config` says."""
        self.build(**config)
