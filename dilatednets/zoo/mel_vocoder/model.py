"""MelVocoder: mel spectrograms to speech, all samples at once."""

import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets import arrays
from dilatednets.backend import compiled
from dilatednets.errors import InputError, Note
from dilatednets.layers import TemporalBlock
from dilatednets.layers.receptive_field import causal_field
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Rule, Size, Sizes, checked, keep_arguments, not_negative, share
from dilatednets.zoo.checked_arrays import CheckedBatches, is_array
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.mel_vocoder.griffin_lim import PERIOD, first_phases, griffin_lim, phase_table
from dilatednets.zoo.zoo_model import ZooModel

MOST_FRAMES = 2**15
"""That are made to sound at once: some 6 minutes at 22,050 Hz, in 1 GB of memory."""
_TOO_LOUD = 0.2  # share of samples beyond full scale; of speech that was amplified ten times and cut, it is up to 0.16
_ABOVE = 1.0  # by how much, in natural logarithms, what is above the bands begins below the last one
Iterations = Annotated[int, not_negative, Rule(lambda x: x <= 10_000, "at most 10,000")]
_odd = Rule(lambda x: x % 2 == 1, "odd: the convolutions are centred")


@keras.saving.register_keras_serializable("dilatednets")
class MelVocoder(CheckedBatches, ZooModel):
    """Mel spectrograms to speech: dilated convolutions over the frames find the spectrum, Griffin-Lim its phases.

    The bands of mels are wider than the harmonics of a voice, from which Griffin-Lim would find the phases. The net sees
    some tens of frames at once, and tells from their lower bands, which are narrow, where the harmonics lie in the others.
    It begins as an interpolation between the bands, and learns what is to be added to its logarithm.

    All samples are made at once, so that this is many times as fast as a WaveNet, on any hardware. It needs frames of the
    future, and knows one way of making each sound.

    Args:
        dilations: Those of the blocks, in frames; a block has two convolutions.
        channels: Channels of the blocks.
        kernel_size: Taps of their convolutions, an odd number.
        dropout: Share of channels that are dropped in training.
        iterations: Of Griffin-Lim.
        mel: Configuration of the mels, from `MelFrontEnd.get_config`; None for those of Tacotron 2 at 22,050 Hz, 80 bands
            every 256 samples.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: Mels, float (batch, frames, bands), as `model.mel_front_end.frames(audio)` makes them.

    Output shape:
        (batch, frames, fft_size // 2 + 1): natural logarithms of the magnitudes of the short-time spectrum.

    Raises:
        InputError: for an argument out of range, mels with a linear prediction or whose windows do not overlap by half, and
            inputs of another shape.

    Reference:
        The blocks are those of Bai, Kolter & Koltun 2018 (arXiv 1803.01271), section 3.4, in both directions; the phases are
        found as in Griffin & Lim 1984, "Signal estimation from modified short-time Fourier transform".

    Example:
    >>> model = MelVocoder(dilations=(1, 2), channels=16)
    >>> mels = model.mel_front_end.frames(np.zeros(22050))
    >>> model(mels[None]).shape
    TensorShape([1, 87, 513])
    >>> model.generate(mels).shape
    (1, 22016)
    """

    unit = "frames"
    facts = {
        "macs_per_frame": "Multiply-accumulates a frame, without Griffin-Lim",
        "layers": "Dilated layers",
        "receptive_field": "Receptive field, frames",
        "receptive_field_ms": "Receptive field, ms",
        "iterations": "Iterations of Griffin-Lim",
        "sample_rate": "Sample rate, Hz",
        "mels": "Mel spectrograms that it takes",
    }
    fresh_by_argument = {"dilations": ("block_{}/conv",), "mel": ("stem", "head")}
    _program: Any = None

    def __init__(
        self,
        dilations: Sizes = (1, 2, 4, 8, 1, 2),
        channels: Size = 256,
        kernel_size: Annotated[Size, _odd] = 3,
        dropout: Annotated[float, share] = 0.0,
        iterations: Iterations = 60,
        mel: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)  # bfloat16's 8 bits would blur the mels
        self.mel_front_end = MelFrontEnd(sample_rate=22050, hop=256) if mel is None else MelFrontEnd.from_config(mel)
        if self.mel_front_end.prediction:
            raise InputError("mel: a linear prediction is for a WaveNet; set prediction to 0")
        if 2 * self.mel_front_end.hop > self.mel_front_end.window:
            raise InputError(
                f"mel: windows of {self.mel_front_end.window} samples every {self.mel_front_end.hop} do not overlap by "
                "half, as Griffin-Lim needs; lower hop"
            )
        mel = self.mel_front_end.get_config()
        keep_arguments(self, locals())
        policy = self.dtype_policy
        self.stem = keras.layers.Dense(self.channels, dtype=policy, name="stem")
        self.blocks = [
            TemporalBlock(
                self.channels,
                self.kernel_size,
                dilation,
                causal=False,
                normalization="layer",
                dropout=self.dropout,
                residual_activation=False,
                activation="gelu",
                dtype=policy,
                name=f"block_{number}",
            )
            for number, dilation in enumerate(self.dilations)
        ]
        self.norm = keras.layers.LayerNormalization(dtype=policy, name="norm")
        self.head = keras.layers.Dense(self.bins, kernel_initializer="zeros", dtype="float32", name="head")
        self._levels = _interpolation(self.mel_front_end)
        inner = (None, None, self.channels)
        self.stem.build((None, None, self.mel_front_end.bands))
        for layer in (*self.blocks, self.norm, self.head):
            layer.build(inner)
        self.built = True

    @property
    def bins(self) -> int:
        """Frequencies of the spectrum."""
        return self.mel_front_end.fft_size // 2 + 1

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return self.mel_front_end.sample_rate

    @property
    def receptive_field(self) -> int:
        """Number of frames that the spectrum of one depends on."""
        return causal_field(self.kernel_size, [dilation for dilation in self.dilations for _ in range(2)])

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Mels (batch, frames, bands) -> logarithms of magnitudes (batch, frames, bins), as the class describes them."""
        mels = as_tensor(inputs, "float32", "mels", (None, None, self.mel_front_end.bands))
        x = self.stem(ops.cast(self.mel_front_end.scaled(mels), self.compute_dtype))
        for block in self.blocks:
            x = block(x, training=training)
        weights, offset = self._levels
        return ops.matmul(mels, weights) + offset + self.head(ops.cast(self.norm(x), "float32"))

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        if not is_array(x):
            return x, y
        x = self.mel_front_end.check(x, "mels")
        if is_array(y):
            y = arrays.numbers(y, "y", (*x.shape[:2], self.bins)).astype(np.float32)
            if y.min() < 0:
                raise InputError(
                    f"y: must hold magnitudes, at least 0, not {y.min():.3g}; the loss takes their logarithm"
                )
        return x, y

    def _places(self, x: Any) -> tuple[int, ...] | None:
        return tuple(x.shape[:2]) if hasattr(x, "__array__") else None

    def sound(self, mels: Any, phases: Any, iterations: Any) -> Any:
        """Mels (batch, frames, bands) -> audio (batch, (frames - 1) * hop), not yet cut to [-1, 1], as tensors.

        Args:
            mels: As in a call.
            phases: To begin with, a table as `griffin_lim.phase_table` draws it.
            iterations: Of Griffin-Lim.
        """
        one, frames = self.mel_front_end, ops.shape(mels)[1]
        # Silence after sound that is shorter than a transform, of which not every backend makes spectra.
        missing = one.fft_size // one.hop + 2 - frames
        missing = (missing + abs(missing)) // 2  # at least 0, of a number and of a tensor
        mels = ops.pad(mels, ((0, 0), (0, missing), (0, 0)), constant_values=float(np.log(one.floor)))
        phases = first_phases(phases, frames + missing)
        made = griffin_lim(ops.exp(self(mels)), phases, iterations, one.window, one.hop, one.fft_size)
        return made[:, : (frames - 1) * one.hop]

    def generate(self, condition: Any, *, seed: int = 0, iterations: int | None = None) -> np.ndarray:
        """Makes mels sound.

        Args:
            condition: Mels as `model.mel_front_end.frames(audio)` makes them, or a text-to-speech system: (frames, bands) or
                (batch, frames, bands).
            seed: Of the phases to begin with: the same makes the same sound.
            iterations: Of Griffin-Lim; None for the model's. More sound a little better and take longer.

        Returns:
            float32 (batch, (frames - 1) * hop) in [-1, 1]. A `dilatednets.errors.Note` says where so much had to be cut, or
            the mels vary so little, that they are probably of another kind.

        Raises:
            InputError: for other mels than the model's, fewer than 2 frames or more than 32,768, and other arguments out of
                range.
        """
        mels = self.checked_mels(condition)
        self.mel_front_end.note_if_flat(mels)
        seed = checked(seed, Annotated[int, not_negative], "seed")
        count = self.iterations if iterations is None else checked(iterations, Iterations, "iterations")
        if self._program is None:
            front_end = self.mel_front_end
            shapes = ((None, None, front_end.bands), "float32"), ((PERIOD, self.bins), "float32"), ((), "int32")
            signature = [keras.KerasTensor(shape, dtype) for shape, dtype in shapes]
            self._program = compiled(self.sound, self, xla=False, signature=signature)
        phases = phase_table(seed, self.bins)
        rows = MOST_FRAMES // mels.shape[1]
        parts = (mels[first : first + rows] for first in range(0, len(mels), rows))
        audio = np.concatenate([ops.convert_to_numpy(self._program(part, phases, np.int32(count))) for part in parts])
        loud = float(np.max(np.mean(np.abs(audio) > 1, axis=1)))
        if loud > _TOO_LOUD:
            words = f"{loud:.0%} of the sound is beyond full scale and is cut; its mels are probably of another kind"
            warnings.warn(Note(f"condition: {words}: this model wants {self.mel_front_end}"), stacklevel=2)
        return np.clip(audio, -1, 1)

    def checked_mels(self, condition: Any, where: str = "condition") -> np.ndarray:
        """Mels as float32 (batch, frames, bands).

        Raises:
            InputError: as in `generate`.
        """
        if isinstance(condition, Sequence) and len({np.shape(one) for one in condition if np.ndim(one) == 2}) > 1:
            raise InputError(f"{where}: mels of different lengths; make one after the other sound")
        mels = arrays.as_array(condition, where)
        if mels.ndim not in (2, 3):
            bands = self.mel_front_end.bands
            raise InputError(
                f"{where}: must be of shape (frames, {bands}) or (batch, frames, {bands}), not {mels.shape}"
            )
        mels = self.mel_front_end.check(mels, where)
        mels = mels[None] if mels.ndim == 2 else mels
        if not 2 <= mels.shape[1] <= MOST_FRAMES:
            cure = "give longer ones" if mels.shape[1] < 2 else "cut them, and make one part after the other sound"
            raise InputError(f"{where}: {mels.shape[1]} frames, but sound is made of 2 to {MOST_FRAMES:,}; {cure}")
        return mels


def _interpolation(front_end: MelFrontEnd) -> tuple[np.ndarray, np.ndarray]:
    """What makes mels a spectrum to begin with: float32 weights (bands, bins) and offset (bins,), of its logarithm."""
    filters = front_end.filters.copy()
    covered = filters.any(axis=0)
    first, last = np.flatnonzero(covered)[[0, -1]]
    filters[0, :first] = filters[-1, last + 1 :] = 1
    for bin in np.flatnonzero(~filters.any(axis=0)):  # between bands so narrow that no frequency lies in them
        filters[:, bin] = filters[:, bin - 1]
    weights = filters / filters.sum(axis=0) / front_end.power
    offset = -np.log(front_end.filters.sum(axis=1)) @ weights
    offset[last + 1 :] -= _ABOVE
    return weights.astype(np.float32), offset.astype(np.float32)
