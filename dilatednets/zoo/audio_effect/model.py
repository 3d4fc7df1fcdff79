"""AudioEffect: a feed-forward WaveNet that plays as an amplifier or a pedal does."""

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.presets.presets import changed
from dilatednets.rules import Names, Rule, Size, Sizes, keep_arguments, one_of
from dilatednets.zoo.audio_effect import inputs, nam_file, player
from dilatednets.zoo.audio_effect.effect_block import ACTIVATIONS
from dilatednets.zoo.audio_effect.effect_net import EffectNet
from dilatednets.zoo.audio_effect.losses import EffectLoss
from dilatednets.zoo.checked_arrays import CheckedBatches, samples

DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
Arrays = Annotated[Sequence[Sizes], Rule(bool, "a list of lists of dilations, one list an array")]
_known = Rule(lambda names: bool(names) and set(names) <= set(ACTIVATIONS), f"a list of {', '.join(ACTIVATIONS)}")
_factor = Rule(lambda x: x != 0 and bool(np.isfinite(x)), "a finite number other than 0")
_in_json = Rule(nam_file.in_json, "a table of texts, numbers, lists and tables of Python's own")
_some = Rule(bool, "a list of true or false, one for all arrays or one each")


@keras.saving.register_keras_serializable("dilatednets")
class AudioEffect(CheckedBatches, EffectNet):
    """Wet audio of dry audio, sample by sample, from the past and the present alone.

    With `skips="sum"`, the net of Neural Amp Modeler: arrays of layers, one after the other. The dry signal is mixed into
    each layer; an array hands its last layer's output on to the next, and its skips, summed and projected, to the sum of
    the next one's. The default is its "A1 standard".

    With `skips="concatenate"`, the net of Damskägg et al.: one array; what all layers skip is concatenated, and one linear
    output makes the samples of it. The dry signal goes into the first layer alone.

    Args:
        arrays: The dilations of each array's layers.
        channels: Channels of each array.
        kernel_sizes: Taps of the convolutions, one number for all arrays or one each.
        activations: Names of the activations, one for all arrays or one each: "tanh", "hard_tanh", "relu", "leaky_relu" (of
            slope 0.01), "sigmoid", "silu" or "hard_swish".
        gated: Whether a layer's activation is gated, multiplied by a logistic function with weights of its own; one for
            all arrays or one each.
        skips: "sum" or "concatenate".
        head_scale: What the output is multiplied by.
        knobs: Names of what can be set, each a number, such as the gain. Each is mixed into all layers.
        prewarm: Whether the net has heard silence for the length of its field before the first sample, as players have it;
            else each layer begins with zeros, and the beginning clicks.
        sample_rate: Samples a second.
        metadata: What a .nam file says of its maker and its gear.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: Dry audio, float (batch, time) or (batch, time, 1); with knobs a dict of "audio" and "knobs" (batch, knobs).

    Output shape:
        That of the audio.

    Raises:
        InputError: for arguments out of range or that contradict each other, and inputs of another shape.

    Reference:
        Damskägg, Juvela & Välimäki 2019, "Real-Time Modeling of Audio Distortion Circuits with Deep Learning" (Sound and
        Music Computing), section 3. The stacked arrays are those of github.com/sdatkinson/neural-amp-modeler.

    Example:
    >>> model = AudioEffect()
    >>> model.count_params(), model.receptive_field
    (13801, 4093)
    >>> model(np.zeros((1, 64), "float32")).shape
    TensorShape([1, 64])
    >>> state = model.initial_state()
    >>> wet, state = model.process(np.zeros(64), state)
    >>> wet.shape
    (64,)
    """

    unit = "samples"
    facts = {
        "macs_per_sample": "Multiply-accumulates a sample",
        "layers": "Dilated layers",
        "receptive_field": "Receptive field, samples",
        "receptive_field_ms": "Receptive field, ms",
        "sample_rate": "Sample rate, Hz",
    }
    fresh_by_argument = {"arrays": ("block", "head"), "activations": ("block",)}
    _program: Any = None

    def __init__(
        self,
        arrays: Arrays = (DILATIONS, DILATIONS),
        channels: Sizes = (16, 8),
        kernel_sizes: Sizes = (3,),
        activations: Annotated[Sequence[str], _known] = ("tanh",),
        gated: Annotated[Sequence[bool], _some] = (False,),
        skips: Annotated[str, one_of("sum", "concatenate")] = "sum",
        head_scale: Annotated[float, _factor] = 0.02,
        knobs: Names = (),
        prewarm: bool = True,
        sample_rate: Size = 48000,
        metadata: Annotated[dict[str, Any], _in_json] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        count = len(self.arrays)
        if len(self.channels) != count:
            raise InputError(f"channels: must be one number for each of {count} arrays, not {list(self.channels)}")
        for name in ("kernel_sizes", "activations", "gated"):
            if len(getattr(self, name)) not in (1, count):
                raise InputError(f"{name}: must be one for all arrays, or one for each of {count}")
        if self.skips == "concatenate" and count > 1:
            raise InputError(f"arrays: with skips concatenated there is one, not {count}; put all dilations into it")
        self._make_net()

    def call(self, inputs_: Any) -> Any:
        """Wet audio, as the class describes it."""
        dry, knobs = inputs.parts(self, inputs_)
        flat = dry[..., 0] if len(dry.shape) == 3 else dry
        batch = ops.shape(flat)[0]
        wet, _ = self.run(flat, self.silence(batch, knobs), knobs)
        return wet[..., None] if len(dry.shape) == 3 else wet

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        return inputs.checked(self, x, y)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        x, column = inputs.flat(x)  # of both shapes by turns, Keras would trace a net of none
        wet = super().predict(x, *args, **kwargs)
        return wet[..., None] if column else wet

    def predict_on_batch(self, x: Any) -> Any:
        """As Keras's, of arrays that are checked."""
        x, column = inputs.flat(x)
        wet = super().predict_on_batch(x)
        return wet[..., None] if column else wet

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Keras's, of wet audio whose integers are scaled by the range of their type, as the dry audio is."""
        return super().compute_loss(x, None if y is None else samples(y, "y"), y_pred, *args, **kwargs)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """As Keras's, of the same wet audio as the loss."""
        return super().compute_metrics(x, None if y is None else samples(y, "y"), y_pred, sample_weight)

    def _places(self, x: Any) -> tuple[int, ...] | None:
        audio: Any = x.get("audio") if isinstance(x, Mapping) else x
        # There is one loss for a window; how many there are of Keras's own, the shape of y says.
        return (len(audio),) if hasattr(audio, "__array__") and isinstance(self.loss, EffectLoss) else None

    def initial_state(
        self, batch_size: int | None = None, *, knobs: Any = None, engine: str | None = None
    ) -> "player.Player":
        """What a stream remembers before its first sample.

        Args:
            batch_size: Streams that are processed together, in blocks (batch, samples); None for one, in blocks (samples,).
            knobs: Settings by name, {"gain": 0.7}; of all streams.
            engine: "native", a kernel for CPUs (extra `fast`); "compiled", which runs anywhere; None for "native" where
                numba is installed.

        Raises:
            InputError: for a batch size that is not above 0, settings that are missing or unknown, or an engine that is not
                there.
        """
        return player.make(self, batch_size, knobs, engine)

    def process(self, audio: Any, state: Any = None, *, knobs: Any = None) -> Any:
        """Wet audio of dry audio: of all of it, or of the next block of a stream.

        Args:
            audio: In [-1, 1] at the model's sample rate, (samples,) or (batch, samples): a batch of mono recordings, such as
                the channels of one in stereo.
            state: What `initial_state` or the call before returned; it is moved on, and must not be used for another
                stream.
            knobs: Without a state, settings by name.

        Returns:
            float32 of the shape of `audio`; with a state, (that, the state).

        Raises:
            InputError: for what is no audio, another number of streams than those of the state, or settings that are
                missing, unknown or given beside a state.

        Example:
        >>> model = AudioEffect(arrays=[[1, 2]], channels=[4], knobs=["gain"])
        >>> model.process(np.zeros(100), knobs={"gain": 0.5}).shape
        (100,)
        """
        return player.process(self, audio, state, knobs)

    @classmethod
    def from_nam(cls, file: str | os.PathLike[str], **overrides: Any) -> Self:
        """Loads a file of Neural Amp Modeler.

        Args:
            file: A .nam file of the architecture WaveNet, versions 0.5 to 0.7.
            **overrides: Constructor arguments that replace the file's, none that changes a weight's shape or meaning.

        Raises:
            InputError: if it is missing, truncated, of another architecture or version, or its weights are too few, too many
                or no numbers; or for an argument to which its weights do not belong.
        """
        content = nam_file.read(file)
        for name in cls.fresh_by_argument:
            if changed(content.arguments, overrides, name):
                raise InputError(f"{name}: the weights of {file} belong to its own; leave it out")
        model = cls(**{**content.arguments, **overrides})
        try:
            model.set_weights(content.weights)
        except ValueError as error:
            raise InputError(f"{', '.join(overrides)}: would change the weights of {file}; leave it out") from error
        return model

    def save_nam(self, file: str | os.PathLike[str], knobs: Any = None, metadata: dict[str, Any] | None = None) -> None:
        """Writes a file that Neural Amp Modeler and its players read.

        Args:
            file: Where; a name that ends in .nam.
            knobs: Settings by name at which the knobs are to stay: such a file has none.
            metadata: What it is to say beside the model's own metadata, such as {"name": "My Amp", "gear_type": "amp"}.

        Raises:
            InputError: for a net with concatenated skips, which that format does not know, settings that are missing, or a
                file that cannot be written.
        """
        nam_file.write(self, file, inputs.settings(self, knobs), metadata or {})

    @classmethod
    def from_preset(cls, handle: Any, **overrides: Any) -> Self:
        """As `ZooModel.from_preset`; also of a .nam file.

        Raises:
            InputError: also for another sample rate than the preset's, at which its weights mean another effect.
        """
        if nam_file.is_one(handle):
            return cls.from_nam(handle, **overrides)
        rate = cls.preset_config(handle)["sample_rate"]
        if overrides.get("sample_rate", rate) != rate:
            raise InputError(f"sample_rate: {handle} is of {rate} Hz; leave it out, and resample recordings to that")
        return super().from_preset(handle, **overrides)

    @classmethod
    def preset_config(cls, handle: Any) -> dict[str, Any]:
        """As `ZooModel.preset_config`; also of a .nam file."""
        return nam_file.read(handle).arguments if nam_file.is_one(handle) else super().preset_config(handle)
