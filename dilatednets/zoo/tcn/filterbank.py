"""The first layer of a TCN on sound: frames of samples in, what each says out."""

from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.layers.causal_dilated_conv import CausalDilatedConv, ConvState
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.rules import Size, keep_arguments


@keras.saving.register_keras_serializable("dilatednets")
class Filterbank(ConfiguredLayer):
    """Energies of a frame and the one before it in bands that are learned: `log(1 + a**2 + b**2)` of pairs of filters a, b.

    The pairs begin as windowed cosines and sines, their frequencies even on the mel scale for frames of 10 ms. Silence is 0,
    as what lies before a sequence is.

    Args:
        filters: Number of pairs.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        (batch, frames, samples): samples of a frame side by side.

    Output shape:
        (batch, frames, filters)

    Reference:
        Zeghidour et al. 2018, "Learning Filterbanks from Raw Speech for Phone Recognition" (arXiv 1711.01161), section 2.

    Example:
    >>> frames = np.sin(0.5 * np.arange(800)).reshape(1, 10, 80)
    >>> y = Filterbank(filters=24)(frames)
    >>> y.shape, int(np.argmax(y[0, -1]))
    (TensorShape([1, 10, 24]), 6)
    """

    def __init__(self, filters: Size, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        self.conv = CausalDilatedConv(
            2 * self.filters, 2, use_bias=False, kernel_initializer=mel_pairs, dtype=self.dtype_policy, name="conv"
        )

    receptive_field = 2

    def build(self, input_shape: Any) -> None:
        """Creates the filters for frames of so many samples."""
        self.set_channels(input_shape)
        self.conv.build(input_shape)

    def call(self, x: Any) -> Any:
        """(batch, frames, samples) -> (batch, frames, filters)."""
        return _energies(self.conv(x))

    def initial_state(self, batch_size: int) -> ConvState:
        """The state before the first frame."""
        return self.conv.initial_state(batch_size)

    def process(self, x: Any, state: ConvState) -> tuple[Any, ConvState]:
        """A block of frames, (batch, frames, samples): equal to the call at these frames; and the next state."""
        y, state = self.conv.process(x, state)
        return _energies(y), state


def _energies(y: Any) -> Any:
    a, b = ops.split(ops.cast(y, "float32"), 2, axis=-1)
    return ops.cast(ops.log(1 + ops.square(a) + ops.square(b)), y.dtype)


def mel_pairs(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Windowed cosines, then sines, as a kernel (frames, samples a frame, 2 filters)."""
    frames, samples, filters = shape
    time = np.arange(frames * samples)
    # 700 Hz, where the mel scale bends, are 7 cycles in 10 ms.
    mel = np.linspace(np.log1p(1 / 7), np.log1p(samples / 2 / 7), filters // 2 + 2)[1:-1]
    phase = 2 * np.pi * 7 * np.expm1(mel) * time[:, None] / samples
    window = np.hanning(frames * samples + 1)[:-1, None]
    kernel = window * np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / np.sqrt(np.sum(window**2))
    return ops.convert_to_tensor(kernel.reshape(shape), dtype=dtype)
