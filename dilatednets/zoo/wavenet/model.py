"""WaveNet: raw audio, trained in parallel, generated sample by sample."""

from typing import Annotated, Any

import keras
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers import CausalDilatedConv, ConditionUpsampler, ResidualGatedBlock
from dilatednets.layers.output_distributions import DISTRIBUTIONS, output_distribution
from dilatednets.layers.receptive_field import causal_field
from dilatednets.rules import Names, Rule, Size, Sizes, checked, keep_arguments, not_negative, one_of
from dilatednets.zoo.checked_arrays import CheckedArrays
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.generation import Generation
from dilatednets.zoo.wavenet.inputs import check_arrays, checked_inputs
from dilatednets.zoo.wavenet.word_front_end import WordFrontEnd
from dilatednets.zoo.zoo_model import ZooModel

DEFAULT_DILATIONS = 3 * tuple(2**i for i in range(10))
NOT_SAID: dict[str, Any] = {"sample_rate": None, "condition_features": 0, "condition_hop": 80}
"""Defaults of the arguments that `text` or `mel` sets."""
even = Rule(lambda x: x > 0 and x % 2 == 0, "even and above 0: it counts both halves of the gate")


@keras.saving.register_keras_serializable("dilatednets")
class WaveNet(Generation, CheckedArrays, ZooModel):
    """Autoregressive model of raw audio, conditioned on speaker and on local features such as text or mel frames.

    Causal input convolution, a stack of `ResidualGatedBlock`s, the sum of their skips, ReLU - 1x1 - ReLU - 1x1, and a
    distribution over the next sample. Entry t of the output describes sample t of the input given the samples before
    it (and all conditions); before the first sample there is silence.

    Args:
        dilations: One number a layer, e.g. `3 * (1, 2, ..., 512)`.
        kernel_size: Taps of each dilated convolution.
        residual_channels: Channels that flow from block to block.
        gate_channels: Channels before the gate, both halves together.
        skip_channels: Channels of the skip sum.
        output: "softmax" (mu-law codes), "logistics" (mixture of logistics) or "gaussian", both for 16 bits.
        sample_rate: Samples a second; None for those of `text` or `mel`, or 16000 without these.
        levels: Mu-law codes of the softmax.
        components: Components of the mixture of logistics.
        input_kernel_size: Taps of the causal input convolution.
        speakers: Names of the speakers, who are the global condition; empty for a model without.
        speaker_channels: Size of a speaker's vector.
        condition_features: Features of a frame of the local condition; 0 for a model without.
        condition_hop: Samples a frame.
        condition_hidden: Channels of the frames' encoder; it works at the rate of frames, so wide ones cost little.
        condition_channels: Channels after upsampling.
        condition_upsampling: "transposed" or "repeat", as `ConditionUpsampler` explains.
        text: Configuration of the text front end, from `WordFrontEnd.get_config`; it sets `condition_features` and
            `condition_hop`, and `sample_rate`. None for a model that reads no text.
        mel: Configuration of the mels that are its local condition, from `MelFrontEnd.get_config`; it sets the same. None
            for a model that takes no mels.
        **kwargs: Arguments of `keras.Model`, `dtype` among them.

    Call arguments:
        inputs: audio (batch, time) in [-1, 1], or integers whose type has that range; or a dict of "audio", and as the model
            is conditioned "speaker" int32 (batch,) and "condition" float (batch, frames, features) with
            `frames * condition_hop >= time`. Of a model whose `mel` has a `prediction`, audio is what this leaves of it,
            `linear_prediction.excitation`; `generate` gives speech.

    Output shape:
        (batch, time, num_parameters): 256 logits, or 3 * components, or 2.

    Raises:
        InputError: for an argument out of range, or one that contradicts `text` or `mel`.

    Reference:
        van den Oord et al. 2016, "WaveNet: A Generative Model for Raw Audio" (arXiv 1609.03499), sections 2.1 to 2.5.

    Example:
    >>> import numpy as np
    >>> model = WaveNet(dilations=(1, 2, 4, 8), residual_channels=8, gate_channels=16, skip_channels=16)
    >>> model(np.zeros((1, 100), "float32")).shape
    TensorShape([1, 100, 256])
    >>> model.generate(num_samples=50, seed=1).shape
    (1, 50)
    """

    unit = "samples"
    facts = {
        "macs_per_sample": "Multiply-accumulates a sample",
        "layers": "Dilated layers",
        "receptive_field": "Receptive field, samples",
        "receptive_field_ms": "Receptive field, ms",
        "sample_rate": "Sample rate, Hz",
        "mels": "Mel spectrograms that it takes",
    }
    rows_by_name = {"speakers": ("speaker_embedding", 0)}
    fresh_by_argument = {"dilations": ("block_{}/conv",), "mel": ("upsampler/encoder_0",)}
    output = ""  # instead of a property of Keras's

    def __init__(
        self,
        dilations: Sizes = DEFAULT_DILATIONS,
        kernel_size: Size = 2,
        residual_channels: Size = 32,
        gate_channels: Annotated[int, even] = 64,
        skip_channels: Size = 64,
        output: Annotated[str, one_of(*DISTRIBUTIONS)] = "softmax",
        sample_rate: Size | None = None,
        levels: Size = 256,
        components: Size = 10,
        input_kernel_size: Size = 2,
        speakers: Names = (),
        speaker_channels: Size = 16,
        condition_features: Annotated[int, not_negative] = 0,
        condition_hop: Size = 80,
        condition_hidden: Size = 64,
        condition_channels: Size = 16,
        condition_upsampling: Annotated[str, one_of("transposed", "repeat")] = "transposed",
        text: dict[str, Any] | None = None,
        mel: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # Automatic casting would round the audio to bfloat16's 8 bits before mu-law sees it.
        super().__init__(autocast=False, **kwargs)
        self.front_end = None if text is None else WordFrontEnd.from_config(text)
        self.mel_front_end = None if mel is None else MelFrontEnd.from_config(mel)
        if self.front_end is not None and self.mel_front_end is not None:
            raise InputError("mel: the local condition is text or mels, not both; leave one out")
        frames_of = self.front_end or self.mel_front_end
        if frames_of is not None:
            given = sample_rate, condition_features, condition_hop
            said = frames_of.sample_rate, frames_of.num_features, frames_of.hop
            source = "mel" if text is None else "text"
            for (name, default), mine, its in zip(NOT_SAID.items(), given, said, strict=True):
                if mine is not None and checked(mine, int, name) not in (default, its):
                    raise InputError(
                        f"{name}: {mine!r}, but {source} has {its}; leave it out, or give another {source}"
                    )
            sample_rate, condition_features, condition_hop = said
        sample_rate = 16000 if sample_rate is None else sample_rate
        keep_arguments(self, locals())
        self.distribution: Any = output_distribution(self.output, self.levels, self.components)
        policy = self.dtype_policy
        self.input_conv = CausalDilatedConv(
            self.residual_channels, self.input_kernel_size, dtype=policy, name="input_conv"
        )
        self.blocks = [
            ResidualGatedBlock(
                self.residual_channels,
                self.skip_channels,
                self.kernel_size,
                dilation,
                self.gate_channels,
                residual=index < len(self.dilations) - 1,
                dtype=policy,
                name=f"block_{index}",
            )
            for index, dilation in enumerate(self.dilations)
        ]
        self.hidden = keras.layers.Dense(self.skip_channels, activation="relu", dtype=policy, name="hidden")
        # Likelihoods need float32 whatever the policy.
        self.head = keras.layers.Dense(self.distribution.num_parameters, dtype="float32", name="head")
        self.speaker_embedding = None
        if self.speakers:
            self.speaker_embedding = keras.layers.Embedding(
                len(self.speakers), self.speaker_channels, dtype=policy, name="speaker_embedding"
            )
        self.upsampler = None
        if self.condition_features:
            self.upsampler = ConditionUpsampler(
                self.condition_channels,
                self.condition_hop,
                self.condition_upsampling,
                hidden=self.condition_hidden,
                dtype=policy,
                name="upsampler",
            )
        self._build()

    @classmethod
    def completed(cls, overrides: dict[str, Any]) -> dict[str, Any]:
        """Another text, or other mels, set anew what a preset's have set."""
        others = {**NOT_SAID, "text": None, "mel": None}
        return {**others, **overrides} if overrides.get("text") or overrides.get("mel") else overrides

    @classmethod
    def fresh_layers(cls, config: dict[str, Any], overrides: dict[str, Any]) -> tuple[str, ...]:
        """With another linear prediction all weights start fresh: what they make is another signal."""
        orders = {(one.get("mel") or {}).get("prediction", 0) for one in (config, {**config, **overrides})}
        return ("",) if len(orders) > 1 else super().fresh_layers(config, overrides)

    def _build(self) -> None:
        """Creates every weight at once: their shapes follow from the arguments alone."""
        global_shape = local_shape = None
        if self.speaker_embedding is not None:
            self.speaker_embedding.build((None,))
            global_shape = (None, self.speaker_channels)
        if self.upsampler is not None:
            self.upsampler.build((None, None, self.condition_features))
            local_shape = (None, None, self.condition_channels)
        self.input_conv.build((None, None, self.levels if self.output == "softmax" else 1))
        for block in self.blocks:
            block.build((None, None, self.residual_channels), global_shape, local_shape)
        self.hidden.build((None, None, self.skip_channels))
        self.head.build((None, None, self.skip_channels))
        self.built = True

    @property
    def receptive_field(self) -> int:
        """Number of past samples that the distribution of one sample depends on."""
        return causal_field(self.kernel_size, self.dilations) + self.input_kernel_size - 1

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        check_arrays(self, x, y)
        return x, y

    def _places(self, x: Any) -> tuple[int, ...] | None:
        audio: Any = x.get("audio") if isinstance(x, dict) else x
        return tuple(audio.shape) if hasattr(audio, "__array__") else None

    def call(self, inputs: Any) -> Any:
        """Distribution parameters of every sample, in parallel, as the class describes them."""
        inputs = checked_inputs(self, inputs)
        local = self.local_condition(inputs.get("condition"), ops.shape(inputs["audio"])[1])
        return self._parallel(inputs["audio"], self.global_condition(inputs.get("speaker")), local)[0]

    def global_condition(self, speaker: Any) -> Any:
        """Speaker numbers (batch,) -> (batch, speaker_channels); None for a model without speakers."""
        if self.speaker_embedding is None:
            return None
        if speaker is None:
            raise InputError(f"speaker: this model needs one of {', '.join(self.speakers)}")
        return self.speaker_embedding(speaker)

    def local_condition(self, frames: Any, time: Any) -> Any:
        """Frames (batch, frames, features) -> (batch, time, channels); None for a model without local condition."""
        if self.upsampler is None:
            return None
        if frames is None:
            raise InputError(f"condition: this model needs frames of {self.condition_features} features")
        if self.mel_front_end is not None:
            frames = self.mel_front_end.scaled(ops.cast(frames, "float32"))
        return self.upsampler(ops.cast(frames, self.compute_dtype))[:, :time]

    def _parallel(self, audio: Any, speaker: Any, local: Any, with_state: bool = False) -> tuple[Any, list[Any]]:
        """Distribution parameters of every sample of `audio` (batch, time), and the state before the last."""
        # Sample t must not see itself: the net runs on the audio one sample late.
        x = self._encode(ops.pad(ops.cast(audio, "float32"), ((0, 0), (1, 0)))[:, :-1])
        states: list[Any] = [self.input_conv.state_after(x)] if with_state else []
        x = self.input_conv(x)
        skips = 0
        for block in self.blocks:
            if with_state:
                states.append(block.state_after(x))
            x, skip = block(x, speaker, local)
            skips = skips + skip
        return self._parameters(skips), states

    def _encode(self, audio: Any) -> Any:
        """What the input convolution reads: a one-hot code of each sample, or its value."""
        if self.output != "softmax":
            return ops.cast(audio[..., None], self.compute_dtype)
        codes = self.distribution.mu_law(audio)
        return ops.one_hot(codes, self.distribution.num_parameters, dtype=self.compute_dtype)

    def _parameters(self, skips: Any) -> Any:
        return self.head(self.hidden(ops.relu(skips)))

    def initial_state(self, batch_size: int) -> list[Any]:
        """The state before the first sample: that of the input convolution and of each block."""
        return [self.input_conv.initial_state(batch_size), *(block.initial_state(batch_size) for block in self.blocks)]

    def state_after(self, audio: Any, speaker: Any = None, local: Any = None) -> list[Any]:
        """The state in which `step` expects the last sample of `audio`, computed by one parallel pass (priming).

        Args:
            audio: The past, (batch, time); all but its last sample is consumed.
            speaker: What `global_condition` returns.
            local: What `local_condition` returns for the past, (batch, time, channels).
        """
        return self._parallel(audio, speaker, local, with_state=True)[1]

    def project_conditions(self, speaker: Any, local: Any) -> Any:
        """All that conditions add in all blocks, (batch, time or 1, layers, gate_channels); None without conditions."""
        if speaker is None and local is None:
            return None
        return ops.stack([block.project_condition(speaker, local) for block in self.blocks], axis=2)

    def step(self, sample: Any, state: list[Any], condition_t: Any = None) -> tuple[Any, list[Any]]:
        """The distribution of the sample after `sample`: one step of generation.

        Args:
            sample: The sample before, (batch,); 0 at the start.
            state: What `initial_state`, `state_after` or the step before returned.
            condition_t: What `project_conditions` returned for the new sample's time, (batch, layers, gate_channels).

        Returns:
            (parameters (batch, num_parameters), the next state).
        """
        x, first = self.input_conv.step(self._encode(sample), state[0])
        states, skips = [first], 0
        for index, (block, before) in enumerate(zip(self.blocks, state[1:], strict=True)):
            (x, skip), after = block.step(x, before, projected=None if condition_t is None else condition_t[:, index])
            states.append(after)
            skips = skips + skip
        return self._parameters(skips), states
