"""The generation loop that open PyTorch WaveNets use, for comparison: one Python step a sample, one call a layer.

It does what r9y9's wavenet_vocoder does at each sample: shift each layer's buffer, append, gather the taps, one linear
map each for the dilated convolution, the conditions, the residual and the skip, and sample on the device. Written anew
for this benchmark, with the sizes of the net it is compared with and random weights; conditions are projected at each
sample, as there.
"""

from typing import Any

import torch
from torch.nn import functional as F


class _Layer:
    """One dilated layer with its shift buffer."""

    def __init__(self, block: Any, speaker_channels: int, local_channels: int) -> None:
        residual, gate = block.filters, block.gate_filters
        taps = block.kernel_size
        self.dilation = block.dilation_rate
        self.buffer = torch.zeros(1, (taps - 1) * self.dilation + 1, residual)
        self.conv = _linear(taps * residual, gate)
        self.out = _linear(gate // 2, residual)
        self.skip = _linear(gate // 2, block.skip_filters)
        self.speaker = _linear(speaker_channels, gate) if speaker_channels else None
        self.local = _linear(local_channels, gate) if local_channels else None

    def step(self, x: torch.Tensor, speaker: torch.Tensor, local: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.buffer[:, :-1] = self.buffer[:, 1:].clone()
        self.buffer[:, -1] = x
        taps = self.buffer[:, 0 :: self.dilation].contiguous()
        h = F.linear(taps.view(1, -1), *self.conv)
        a, b = h.chunk(2, dim=-1)
        for condition, weights in ((local, self.local), (speaker, self.speaker)):
            if weights is not None:
                c, d = F.linear(condition, *weights).chunk(2, dim=-1)
                a, b = a + c, b + d
        z = torch.tanh(a) * torch.sigmoid(b)
        return (F.linear(z, *self.out) + x) * 0.5**0.5, F.linear(z, *self.skip)


class IncrementalWaveNet:
    """A net of the sizes of `model`, generating one sample a call of `sample`.

    Args:
        model: A WaveNet.
    """

    def __init__(self, model: Any) -> None:
        torch.manual_seed(0)
        config = model.get_config()
        speaker = config["speaker_channels"] if model.speakers else 0
        local = config["condition_channels"] if model.condition_features else 0
        self.levels = model.distribution.num_parameters
        self.layers = [_Layer(block, speaker, local) for block in model.blocks]
        self.first = _linear(self.levels, config["residual_channels"])
        self.hidden = _linear(config["skip_channels"], config["skip_channels"])
        self.head = _linear(config["skip_channels"], self.levels)
        self.speaker, self.local = torch.randn(1, max(speaker, 1)), torch.randn(1, max(local, 1))
        self.last = torch.zeros(1, self.levels)

    @torch.inference_mode()
    def sample(self) -> None:
        """Makes the next sample."""
        x = F.linear(self.last, *self.first)
        skips: Any = 0
        for layer in self.layers:
            x, skip = layer.step(x, self.speaker, self.local)
            skips = skips + skip
        h = F.relu(F.linear(F.relu(skips * len(self.layers) ** -0.5), *self.hidden))
        probabilities = F.softmax(F.linear(h, *self.head), dim=-1)
        self.last = torch.distributions.OneHotCategorical(probabilities, validate_args=False).sample()


def _linear(inputs: int, outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(outputs, inputs) * inputs**-0.5, torch.zeros(outputs)
