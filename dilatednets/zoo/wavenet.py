"""WaveNet: raw audio, trained in parallel, generated sample by sample."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.generation import loop, request
from dilatednets.layers import CausalDilatedConv, ConditionUpsampler, ResidualGatedBlock
from dilatednets.layers.output_distributions import output_distribution
from dilatednets.layers.receptive_field import causal_field
from dilatednets.zoo import cost, presets
from dilatednets.zoo.zoo_model import ZooModel

DEFAULT_DILATIONS = 3 * tuple(2**i for i in range(10))


@keras.saving.register_keras_serializable("dilatednets")
class WaveNet(ZooModel):
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
        sample_rate: Samples a second.
        levels: Mu-law codes of the softmax.
        components: Components of the mixture of logistics.
        input_kernel_size: Taps of the causal input convolution.
        speakers: Names of the speakers; empty for none. Sets the global condition.
        speaker_channels: Size of a speaker's vector.
        condition_features: Features of a frame of the local condition; 0 for none.
        condition_hop: Samples a frame.
        condition_hidden: Channels of the frames' encoder; it works at the rate of frames, so wide ones cost little.
        condition_channels: Channels after upsampling.
        condition_upsampling: "transposed" or "repeat"; see `ConditionUpsampler`.
        text: Configuration of the text front end, from `dilatednets.data.text.WordFrontEnd.get_config()`; None for none.
            It sets `condition_features` and `condition_hop`.
        **kwargs: Arguments of `keras.Model`, `dtype` among them.

    Call arguments:
        inputs: audio (batch, time) in [-1, 1]; or a dict of "audio", and as the model is conditioned "speaker" int32
            (batch,) and "condition" float (batch, frames, features) with `frames * condition_hop >= time`.

    Output shape:
        (batch, time, num_parameters): 256 logits, or 3 * components, or 2.

    Raises:
        InputError: for an argument out of range.

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

    presets = presets.PresetNames("WaveNet")

    def __init__(
        self,
        dilations: Sequence[int] = DEFAULT_DILATIONS,
        kernel_size: int = 2,
        residual_channels: int = 32,
        gate_channels: int = 64,
        skip_channels: int = 64,
        output: str = "softmax",
        sample_rate: int = 16000,
        levels: int = 256,
        components: int = 10,
        input_kernel_size: int = 2,
        speakers: Sequence[str] = (),
        speaker_channels: int = 16,
        condition_features: int = 0,
        condition_hop: int = 80,
        condition_hidden: int = 64,
        condition_channels: int = 16,
        condition_upsampling: str = "transposed",
        text: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # Automatic casting would round the audio to bfloat16's 8 bits before mu-law sees it.
        super().__init__(autocast=False, **kwargs)
        if not dilations or any(not isinstance(d, int) or d < 1 for d in dilations):
            raise InputError(f"dilations: a list of positive integers, one a layer, not {dilations!r}")
        if text is not None:
            condition_features, condition_hop = int(text["num_features"]), int(text["hop"])
        self.dilations = tuple(dilations)
        self.kernel_size = kernel_size
        self.sample_rate = sample_rate
        self.output_name = output
        self.speakers = tuple(speakers)
        self.condition_features = condition_features
        self.condition_hop = condition_hop
        self.text = text
        self.distribution: Any = output_distribution(output, levels, components)
        self._settings: dict[str, Any] = {
            "residual_channels": residual_channels,
            "gate_channels": gate_channels,
            "skip_channels": skip_channels,
            "levels": levels,
            "components": components,
            "input_kernel_size": input_kernel_size,
            "speaker_channels": speaker_channels,
            "condition_hidden": condition_hidden,
            "condition_channels": condition_channels,
            "condition_upsampling": condition_upsampling,
        }
        policy = self.dtype_policy
        self.input_conv = CausalDilatedConv(residual_channels, input_kernel_size, dtype=policy, name="input_conv")
        self.blocks = [
            ResidualGatedBlock(
                residual_channels,
                skip_channels,
                kernel_size,
                dilation,
                gate_channels,
                residual=index < len(self.dilations) - 1,
                dtype=policy,
                name=f"block_{index}",
            )
            for index, dilation in enumerate(self.dilations)
        ]
        self.hidden = keras.layers.Dense(skip_channels, activation="relu", dtype=policy, name="hidden")
        # Likelihoods need float32 whatever the policy.
        self.head = keras.layers.Dense(self.distribution.num_parameters, dtype="float32", name="head")
        self.speaker_embedding = None
        if self.speakers:
            self.speaker_embedding = keras.layers.Embedding(
                len(self.speakers), speaker_channels, dtype=policy, name="speaker_embedding"
            )
        self.upsampler = None
        if condition_features:
            self.upsampler = ConditionUpsampler(
                condition_channels,
                condition_hop,
                condition_upsampling,
                hidden=condition_hidden,
                dtype=policy,
                name="upsampler",
            )
        self._build()

    def _build(self) -> None:
        """Creates every weight at once: their shapes follow from the arguments alone."""
        settings = self._settings
        global_shape = local_shape = None
        if self.speaker_embedding is not None:
            self.speaker_embedding.build((None,))
            global_shape = (None, settings["speaker_channels"])
        if self.upsampler is not None:
            self.upsampler.build((None, None, self.condition_features))
            local_shape = (None, None, settings["condition_channels"])
        one_hot = self.output_name == "softmax"
        self.input_conv.build((None, None, settings["levels"] if one_hot else 1))
        for block in self.blocks:
            block.build((None, None, settings["residual_channels"]), global_shape, local_shape)
        self.hidden.build((None, None, settings["skip_channels"]))
        self.head.build((None, None, settings["skip_channels"]))
        self.built = True

    @property
    def receptive_field(self) -> int:
        """Number of past samples that the distribution of one sample depends on."""
        stack = causal_field(self.kernel_size, self.dilations)
        return stack + self._settings["input_kernel_size"] - 1

    def call(self, inputs: Any) -> Any:
        """Distribution parameters of every sample, in parallel; see the class."""
        inputs = inputs if isinstance(inputs, dict) else {"audio": inputs}
        # Sample t must not see itself: the net runs on the audio one sample late.
        past = ops.pad(ops.cast(inputs["audio"], "float32"), ((0, 0), (1, 0)))[:, :-1]
        local = self.local_condition(inputs.get("condition"), ops.shape(past)[1])
        return self._parallel(past, self.global_condition(inputs.get("speaker")), local)[0]

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
        return self.upsampler(ops.cast(frames, self.compute_dtype))[:, :time]

    def _parallel(self, past: Any, speaker: Any, local: Any, with_state: bool = False) -> tuple[Any, list[Any]]:
        """The net over `past` (batch, time), the audio one sample late; and the state after it."""
        x = self._encode(past)
        layers: list[Any] = [self.input_conv, *self.blocks]
        states = [self.input_conv.state_after(x)] if with_state else []
        x = self.input_conv(x)
        skips = None
        for block in layers[1:]:
            if with_state:
                states.append(block.state_after(x))
            x, skip = block(x, speaker, local)
            skips = skip if skips is None else skips + skip
        return self._parameters(skips), states

    def _encode(self, audio: Any) -> Any:
        """What the input convolution reads: a one-hot code of each sample, or its value."""
        if self.output_name != "softmax":
            return ops.cast(audio[..., None], self.compute_dtype)
        codes = self.distribution.mu_law(audio)
        return ops.one_hot(codes, self.distribution.num_parameters, dtype=self.compute_dtype)

    def _parameters(self, skips: Any) -> Any:
        return self.head(self.hidden(ops.relu(skips)))

    def initial_state(self, batch_size: int) -> list[Any]:
        """The state before the first sample: that of the input convolution and of each block."""
        layers: list[Any] = [self.input_conv, *self.blocks]
        return [layer.initial_state(batch_size) for layer in layers]

    def state_after(self, audio: Any, speaker: Any = None, local: Any = None) -> list[Any]:
        """The state in which `step` expects the last sample of `audio`, computed by one parallel pass (priming).

        Args:
            audio: (batch, time), the past; all but its last sample is consumed.
            speaker: As `global_condition` returns.
            local: (batch, time, channels), as `local_condition` returns.
        """
        past = ops.pad(ops.cast(audio, "float32"), ((0, 0), (1, 0)))[:, :-1]
        return self._parallel(past, speaker, local, with_state=True)[1]

    def project_conditions(self, speaker: Any, local: Any) -> Any:
        """All that conditions add in all blocks, (batch, time or 1, layers, gate_channels); None without conditions."""
        if speaker is None and local is None:
            return None
        return ops.stack([block.project_condition(speaker, local) for block in self.blocks], axis=2)

    def step(self, sample: Any, state: list[Any], condition_t: Any = None) -> tuple[Any, list[Any]]:
        """The distribution of the sample after `sample`: one step of generation.

        Args:
            sample: (batch,), the sample before; 0 at the start.
            state: From `initial_state`, `state_after` or the step before.
            condition_t: (batch, layers, gate_channels), from `project_conditions` at the new sample's time.

        Returns:
            (parameters (batch, num_parameters), the next state).
        """
        x, first = self.input_conv.step(self._encode(sample), state[0])
        states, skips = [first], None
        for index, block in enumerate(self.blocks):
            projected = None if condition_t is None else condition_t[:, index]
            (x, skip), new = block.step(x, state[index + 1], projected=projected)
            states.append(new)
            skips = skip if skips is None else skips + skip
        return self._parameters(skips), states

    def generate(
        self,
        num_samples: int | None = None,
        *,
        text: str | Sequence[str] | None = None,
        speaker: str | int | Sequence[str | int] | None = None,
        condition: Any = None,
        prime: Any = None,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> np.ndarray:
        """Makes audio, sample by sample, in one compiled loop.

        Args:
            num_samples: Samples to make. None: as long as the text or the condition lasts.
            text: What to say, one string or one for each voice of a batch; shorter ones end in silence.
            speaker: Names or numbers, one or a list. A single one serves the whole batch.
            condition: (frames, features) or (batch, frames, features) instead of text.
            prime: (samples,) or (batch, samples) of audio to continue; it is not part of the result. The condition begins
                where the prime begins.
            temperature: Below 1: likelier samples, less noise; above 1: more varied.
            seed: Same seed, same audio. None: a new one each time.

        Returns:
            float32 (batch, samples) in [-1, 1].

        Raises:
            InputError: for an unknown word or speaker, a temperature of zero or less, a condition of the wrong length or
                width, or arguments this model has no use for.
        """
        parts = list(self.stream(num_samples, text=text, speaker=speaker, condition=condition, prime=prime,
                                 temperature=temperature, seed=seed))  # fmt: skip
        return np.concatenate(parts, axis=1)

    def stream(
        self,
        num_samples: int | None = None,
        *,
        chunk_samples: int | None = None,
        text: str | Sequence[str] | None = None,
        speaker: str | int | Sequence[str | int] | None = None,
        condition: Any = None,
        prime: Any = None,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[np.ndarray]:
        """As `generate`, yielding float32 (batch, chunk_samples) while the rest is being made.

        The chunks, joined, equal what `generate` returns for the same seed.
        """
        asked = request.resolve(
            self, num_samples, text=text, speaker=speaker, condition=condition, prime=prime, temperature=temperature,
            seed=seed,
        )  # fmt: skip
        return loop.stream(self, asked, chunk_samples)

    def describe(self) -> dict[str, Any]:
        """Parameters, multiply-accumulates a sample, receptive field in samples and in ms."""
        return cost.describe_wavenet(self)

    @classmethod
    def from_preset(cls, handle: Any, **overrides: Any) -> "WaveNet":
        """Loads a trained model by name, folder or handle; see `dilatednets.zoo.presets.load`.

        `speakers=[...]` other than the preset's gives fresh vectors, to those that it does not know, on the trained body.
        """
        model: WaveNet = presets.load(cls, handle, overrides)
        return model

    def adopt(self, trained: "WaveNet") -> None:
        """Takes over the vectors of the speakers that `trained` knows, by name."""
        if self.speaker_embedding is None or trained.speaker_embedding is None:
            return
        vectors = ops.convert_to_numpy(self.speaker_embedding.embeddings).copy()
        known = ops.convert_to_numpy(trained.speaker_embedding.embeddings)
        if vectors.shape[1] == known.shape[1]:
            for number, name in enumerate(self.speakers):
                if name in trained.speakers:
                    vectors[number] = known[trained.speakers.index(name)]
            self.speaker_embedding.embeddings.assign(vectors)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "dilations": list(self.dilations),
            "kernel_size": self.kernel_size,
            "output": self.output_name,
            "sample_rate": self.sample_rate,
            "speakers": list(self.speakers),
            "condition_features": self.condition_features,
            "condition_hop": self.condition_hop,
            "text": self.text,
            **self._settings,
        }
