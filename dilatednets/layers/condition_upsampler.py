"""From conditions at a low rate (text features, mel frames) to one vector a sample."""

import functools
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Size, keep_arguments, one_of


@keras.saving.register_keras_serializable("dilatednets")
class ConditionUpsampler(ConfiguredLayer):
    """Encodes frames, then upsamples them to the audio's rate by a learned transposed convolution, or by repetition.

    Two centred convolutions over frames (ReLU after the first) mix what the features say apart (which word, where in
    it); a transposed convolution of `2 * hop` taps and stride `hop` then fills in the samples between frames. It starts
    as linear interpolation, so training begins without the steps of repetition or the ripple of random taps.

    Args:
        filters: Number of output channels.
        hop: Number of samples that a frame lasts.
        mode: "transposed" (learned), or "repeat", which van den Oord et al. found to work slightly worse.
        hidden: Number of channels between the two convolutions over frames.
        kernel_size: Number of frames that each of the two convolutions sees.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, frames, channels)

    Output shape:
        (batch, frames * hop, filters)

    Raises:
        InputError: for an argument out of range, or another mode.

    Reference:
        van den Oord et al. 2016, section 2.5.

    Example:
    >>> import numpy as np
    >>> ConditionUpsampler(filters=6, hop=80)(np.zeros((1, 10, 30), "float32")).shape
    TensorShape([1, 800, 6])
    """

    def __init__(
        self,
        filters: Size,
        hop: Size,
        mode: Annotated[str, one_of("transposed", "repeat")] = "transposed",
        hidden: Size = 64,
        kernel_size: Size = 3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        conv = functools.partial(
            keras.layers.Conv1D,
            kernel_size=self.kernel_size,
            padding="same",
            data_format="channels_last",
            dtype=self.dtype_policy,
        )
        self.encoder = [conv(self.hidden, activation="relu", name="encoder_0"), conv(self.filters, name="encoder_1")]

    @property
    def lookahead(self) -> int:
        """Frames after its own (and before it) that a sample depends on, at most."""
        return 2 * (self.kernel_size // 2) + (1 if self.mode == "transposed" else 0)

    def build(self, input_shape: Any) -> None:
        """Creates the weights for frames of `input_shape`."""
        self.set_channels(input_shape)
        for layer in self.encoder:
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.kernel = None
        if self.mode == "transposed":
            self.kernel = self.add_weight(
                shape=(2, self.filters, self.hop, self.filters), initializer=self._interpolation, name="kernel"
            )

    def _interpolation(self, shape: Any, dtype: Any = None) -> Any:
        # Sample j of a frame lies between the frame's own centre and a neighbour's. Two taps (earlier, later frame) of
        # the pair that encloses it, each a diagonal over channels.
        later = (np.arange(self.hop) + 0.5) / self.hop
        weights = np.stack([1 - later, later])
        return ops.convert_to_tensor(np.einsum("th,io->tiho", weights, np.eye(self.filters)), dtype)

    def call(self, frames: Any) -> Any:
        """(batch, frames, channels) -> (batch, frames * hop, filters)."""
        frames = as_tensor(frames, self.compute_dtype, "frames", (None, None, None), empty=False)
        for layer in self.encoder:
            frames = layer(frames)
        if self.kernel is None:
            return ops.repeat(frames, self.hop, axis=1)
        # A transposed convolution of 2 * hop taps and stride hop, written as a product of each pair of neighbouring
        # frames with the kernel: pair i fills the hop samples between the centres of frames i and i + 1.
        batch, count = ops.shape(frames)[:2]
        edged = ops.concatenate([frames[:, :1], frames, frames[:, -1:]], axis=1)
        pairs = ops.concatenate([edged[:, :-1], edged[:, 1:]], axis=-1)
        kernel = ops.reshape(self.kernel, (2 * self.filters, self.hop * self.filters))
        samples = ops.reshape(ops.matmul(pairs, kernel), (batch, (count + 1) * self.hop, self.filters))
        start = self.hop // 2
        return samples[:, start : start + count * self.hop]

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(batch, frames, channels) -> (batch, frames * hop, filters)."""
        batch, frames, _ = input_shape
        return batch, None if frames is None else frames * self.hop, self.filters
