"""A WaveNet's weights as the native kernel reads them."""

from typing import Any, NamedTuple

import numpy as np

from dilatednets.layers.kernel_and_bias import kernel_and_bias
from dilatednets.layers.output_distributions import DISTRIBUTIONS
from dilatednets.native.packed_weights import MULTIPLE, pack, padded


class NativeSizes(NamedTuple):
    """What the kernel is compiled for; channels are counted as padded."""

    layers: int
    past_taps: int
    channels: int
    half: int
    skips: int
    input_taps: int
    condition_channels: int
    parameters: int
    distribution: int
    components: int


class NativeWeights(NamedTuple):
    """What the kernel reads: float32 but for `conv`, `residual`, `skip`, `hidden` and `head`, which have scales."""

    dilations: np.ndarray
    first_slots: np.ndarray
    input_table: np.ndarray
    input_bias: np.ndarray
    condition: np.ndarray
    conv: np.ndarray
    conv_scales: np.ndarray
    residual: np.ndarray
    residual_scales: np.ndarray
    residual_biases: np.ndarray
    skip: np.ndarray
    skip_scales: np.ndarray
    skip_bias: np.ndarray
    hidden: np.ndarray
    hidden_scales: np.ndarray
    hidden_bias: np.ndarray
    head: np.ndarray
    head_scales: np.ndarray
    head_bias: np.ndarray


class NativeNet:
    """A copy of a WaveNet's weights for the native kernel.

    Args:
        model: The WaveNet.
        kind: What the weights of products are kept as: "float32", "int16" or "int8".

    Attributes:
        bias: What is added before all gates, (layers * gates,).
        speaker: What speakers' vectors are multiplied by for that, (speaker_channels, layers * gates).
        sizes: What the kernel is compiled for.
        weights: What it reads.
        slots: Past inputs that the layers remember.
    """

    def __init__(self, model: Any, kind: str = "int16") -> None:
        kernels, biases = zip(*(kernel_and_bias(block.conv) for block in model.blocks), strict=True)
        outputs, output_biases = zip(*(kernel_and_bias(block.output_projection) for block in model.blocks), strict=True)
        cut = -model.skip_channels  # columns of the skip come last, after those of the residual
        self.bias = _gates(np.stack(biases)).ravel()
        self.speaker, local = (_projections(model, name) for name in ("global_projection", "local_projection"))
        local = padded(local, {0: MULTIPLE})
        conv = padded(_gates(np.stack(kernels)), {2: MULTIPLE})  # (layers, taps, channels, gates)
        layers, taps, channels, gates = conv.shape
        skip = padded(np.stack([kernel[:, cut:] for kernel in outputs]), {1: MULTIPLE, 2: MULTIPLE})
        # The last block has no residual; of a net of one layer there is none at all.
        residuals = [kernel[:, :cut] for kernel in outputs[:-1]] or [outputs[0][:, :0]]
        residual_biases = [bias[:cut] for bias in output_biases[:-1]] or [output_biases[0][:0]]
        parts = {
            "conv": pack(conv.reshape(layers, taps * channels, gates), kind),
            "residual": pack(padded(np.stack(residuals), {1: MULTIPLE, 2: MULTIPLE}), kind),
            "skip": pack(skip.reshape(1, -1, skip.shape[2]), kind),
            "hidden": pack(padded(kernel_and_bias(model.hidden)[0][None], {1: MULTIPLE, 2: MULTIPLE}), kind),
            "head": pack(padded(kernel_and_bias(model.head)[0][None], {1: MULTIPLE}), kind),
        }
        values = {name: part.values for name, part in parts.items()}
        values["conv"] = values["conv"].reshape(layers * taps, channels, gates)
        table, input_bias = kernel_and_bias(model.input_conv)
        # One row more of a softmax: of what lies before the first sample and of NaN, of which no code is one.
        table = np.pad(table, ((0, 0), (0, int(model.output == "softmax")), (0, 0)))
        rings = (taps - 1) * np.array(model.dilations)
        self.slots = int(rings.sum())
        self.weights = NativeWeights(
            dilations=np.array(model.dilations),
            first_slots=np.cumsum(rings) - rings,
            input_table=padded(table, {2: MULTIPLE}),
            input_bias=padded(input_bias, {0: MULTIPLE}),
            condition=local[None],
            residual_biases=padded(np.stack(residual_biases), {1: MULTIPLE}),
            skip_bias=padded(np.sum([bias[cut:] for bias in output_biases], axis=0), {0: MULTIPLE}),
            hidden_bias=padded(kernel_and_bias(model.hidden)[1], {0: MULTIPLE}),
            head_bias=np.array(kernel_and_bias(model.head)[1]),
            **values,
            **{f"{name}_scales": part.scales for name, part in parts.items()},
        )
        self.sizes = NativeSizes(
            layers=layers,
            past_taps=taps - 1,
            channels=channels,
            half=gates // 2,
            skips=skip.shape[2],
            input_taps=model.input_conv.kernel_size,
            condition_channels=len(local),
            parameters=model.distribution.num_parameters,
            distribution=DISTRIBUTIONS.index(model.output),
            components=getattr(model.distribution, "components", 1),
        )

        self.mu_law = getattr(model.distribution, "mu_law", None)
        if self.mu_law is not None:  # as a table: a function of many samples rounds them by their place
            self.expanded = np.asarray(self.mu_law.expand(np.arange(self.sizes.parameters + 1)))

    def codes(self, audio: np.ndarray) -> np.ndarray:
        """What the kernel takes for samples: codes of a softmax, the number of its levels for NaN; else the audio itself."""
        if self.mu_law is None:
            return audio
        codes = np.asarray(self.mu_law(audio))
        return np.where(codes < 0, self.sizes.parameters, codes)

    def audio(self, samples: np.ndarray) -> np.ndarray:
        """The audio of what the kernel gives for samples."""
        return samples if self.mu_law is None else self.expanded[samples.astype(int)]


def _projections(model: Any, name: str) -> np.ndarray:
    """(channels, layers * gates) of the condition of this name, without channels where there is none."""
    layers = [getattr(block, name) for block in model.blocks]
    if layers[0] is None:
        return np.zeros((0, len(layers) * _gates(np.zeros(model.gate_channels)).size), np.float32)
    kernels = _gates(np.stack([kernel_and_bias(layer)[0] for layer in layers], axis=1))
    return kernels.reshape(len(kernels), -1)


def _gates(array: np.ndarray) -> np.ndarray:
    """Pads each half of the last axis."""
    halves = [padded(half, {array.ndim - 1: MULTIPLE}) for half in np.split(np.asarray(array), 2, axis=-1)]
    return np.concatenate(halves, axis=-1)
