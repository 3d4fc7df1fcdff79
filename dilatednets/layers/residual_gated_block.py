"""WaveNet's residual block: a gated dilated convolution with a residual and a skip output."""

from typing import Any

import keras
from keras import ops

from dilatednets.layers.causal_dilated_conv import CausalDilatedConv, ConvState


@keras.saving.register_keras_serializable("dilatednets")
class ResidualGatedBlock(keras.layers.Layer):
    """Gated causal dilated convolution with a 1x1 residual and a 1x1 skip output.

    `z = tanh(W_f * x + V_f h) . sigmoid(W_g * x + V_g h)`; `residual = x + U_r z`; `skip = U_s z`. The condition h is a
    global one (a vector a sequence, e.g. the speaker), a local one (a vector a sample, e.g. text features), or both.

    Args:
        filters: Channels of the input and of the residual output.
        skip_filters: Channels of the skip output.
        kernel_size: Taps of the dilated convolution.
        dilation_rate: Distance between its taps, in samples.
        gate_filters: Channels before the gate, both halves together. None: twice `filters`.
        residual: Whether there is a residual output. The last block of a stack has no use for one: without it the block
            has no weights that no gradient reaches, and returns its input as residual.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        x: (batch, time, filters).
        global_condition: (batch, channels) or None.
        local_condition: (batch, time, channels) or None. Both must be given, or not, as at build time.

    Output shape:
        residual (batch, time, filters), skip (batch, time, skip_filters)

    Raises:
        ValueError: if `gate_filters` is odd, or the input has not `filters` channels.

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
        filters: int,
        skip_filters: int,
        kernel_size: int = 2,
        dilation_rate: int = 1,
        gate_filters: int | None = None,
        residual: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        gate_filters = 2 * filters if gate_filters is None else gate_filters
        if gate_filters % 2:
            raise ValueError(f"ResidualGatedBlock: gate_filters counts both halves, so it must be even: {gate_filters}")
        self.filters = filters
        self.skip_filters = skip_filters
        self.kernel_size = kernel_size
        self.dilation_rate = dilation_rate
        self.gate_filters = gate_filters
        self.residual = residual
        self.conv = CausalDilatedConv(gate_filters, kernel_size, dilation_rate, dtype=self.dtype_policy, name="conv")
        # One product for both 1x1 convolutions: columns [:filters] are the residual's, the rest the skip's.
        outputs = (filters if residual else 0) + skip_filters
        self.output_projection = keras.layers.Dense(outputs, dtype=self.dtype_policy, name="output_projection")
        self.global_projection: keras.layers.Dense | None = None
        self.local_projection: keras.layers.Dense | None = None

    @property
    def receptive_field(self) -> int:
        """Number of input samples that one output sample sees."""
        return self.conv.receptive_field

    def build(self, x_shape: Any, global_condition_shape: Any = None, local_condition_shape: Any = None) -> None:
        """Creates the weights; the shapes of the conditions say which projections there are."""
        if x_shape[-1] != self.filters:
            raise ValueError(f"ResidualGatedBlock: the input has {x_shape[-1]} channels, filters is {self.filters}")
        self.conv.build(x_shape)
        self.output_projection.build((*x_shape[:-1], self.gate_filters // 2))
        if global_condition_shape is not None:
            self.global_projection = self._condition_projection("global_projection", global_condition_shape)
        if local_condition_shape is not None:
            self.local_projection = self._condition_projection("local_projection", local_condition_shape)
        self._build_shapes = (x_shape, global_condition_shape, local_condition_shape)
        self.built = True

    def _condition_projection(self, name: str, shape: Any) -> keras.layers.Dense:
        # No bias: the convolution has one.
        projection = keras.layers.Dense(self.gate_filters, use_bias=False, dtype=self.dtype_policy, name=name)
        projection.build(shape)
        return projection

    def call(self, x: Any, global_condition: Any = None, local_condition: Any = None) -> tuple[Any, Any]:
        """Whole sequences; see the class for shapes."""
        gate = self.conv(x)
        condition = self.project_condition(global_condition, local_condition)
        return self._outputs(x, gate if condition is None else gate + condition)

    def project_condition(self, global_condition: Any = None, local_condition: Any = None) -> Any:
        """What the conditions add before the gate, which no sample depends on: generation computes it beforehand.

        Returns:
            (batch, time, gate_filters), time being 1 for a global condition alone; None without conditions.
        """
        for name, value, projection in (
            ("global_condition", global_condition, self.global_projection),
            ("local_condition", local_condition, self.local_projection),
        ):
            if (value is None) != (projection is None):
                raise ValueError(f"ResidualGatedBlock was built {'without' if projection is None else 'with'} {name}")
        terms = []
        if self.global_projection is not None:
            terms.append(self.global_projection(global_condition)[:, None])
        if self.local_projection is not None:
            terms.append(self.local_projection(local_condition))
        return sum(terms[1:], terms[0]) if terms else None

    def initial_state(self, batch_size: int) -> ConvState:
        """As `CausalDilatedConv.initial_state`."""
        return self.conv.initial_state(batch_size)

    def state_after(self, x: Any) -> ConvState:
        """As `CausalDilatedConv.state_after`."""
        return self.conv.state_after(x)

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
            x_t: (batch, filters).
            state: From `initial_state`, `state_after` or the step before.
            global_condition: (batch, channels) or None, as at build time.
            local_condition: (batch, channels) of this time, or None, as at build time.
            projected: Instead of the conditions, what `project_condition` made of them beforehand for all times, at this
                time: (batch, gate_filters).

        Returns:
            ((residual_t (batch, filters), skip_t (batch, skip_filters)), the next state).
        """
        if projected is None:
            local = None if local_condition is None else local_condition[:, None]
            projected = self.project_condition(global_condition, local)
            projected = None if projected is None else projected[:, 0]
        gate, state = self.conv.step(x_t, state)
        return self._outputs(x_t, gate if projected is None else gate + ops.cast(projected, gate.dtype)), state

    def _outputs(self, x: Any, gate: Any) -> tuple[Any, Any]:
        half = self.gate_filters // 2
        z = ops.tanh(gate[..., :half]) * ops.sigmoid(gate[..., half:])
        outputs = self.output_projection(z)
        if not self.residual:
            return x, outputs
        return ops.cast(x, outputs.dtype) + outputs[..., : self.filters], outputs[..., self.filters :]

    def compute_output_shape(self, x_shape: Any, **_: Any) -> tuple[Any, Any]:
        """The shapes of the residual and of the skip output."""
        return (*x_shape[:-1], self.filters), (*x_shape[:-1], self.skip_filters)

    def get_build_config(self) -> dict[str, Any]:
        """The shapes this block was built with."""
        return dict(
            zip(("x_shape", "global_condition_shape", "local_condition_shape"), self._build_shapes, strict=True)
        )

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds as `get_build_config` says."""
        self.build(**config)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "skip_filters": self.skip_filters,
            "kernel_size": self.kernel_size,
            "dilation_rate": self.dilation_rate,
            "gate_filters": self.gate_filters,
            "residual": self.residual,
        }
