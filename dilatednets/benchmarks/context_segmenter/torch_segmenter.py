"""The light ContextSegmenter as one would write it in PyTorch, for comparison; its weights are a Keras model's.

Eager PyTorch in channels_last, the memory format PyTorch advises for convolutions on CPUs. Every module is made from the
Keras layer whose name it bears, with that layer's sizes and weights.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter.model import ContextSegmenter


class ConvNorm(nn.Module):
    """As `dilatednets.layers.conv_norm.ConvNorm`."""

    def __init__(self, like: Any) -> None:
        super().__init__()
        self.conv = _conv(like.conv, like.margin)
        self.norm = _norm(like.norm)
        self.activation = like.activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, height, width) -> (batch, filters, height / stride, width / stride)."""
        x = self.norm(self.conv(x))
        return F.relu(x, inplace=True) if self.activation else x


class DilatedResidualBlock(nn.Module):
    """As `dilatednets.layers.dilated_residual_block.DilatedResidualBlock`."""

    def __init__(self, like: Any) -> None:
        super().__init__()
        self.enter = ConvNorm(like.enter)
        self.branches = nn.ModuleList(map(ConvNorm, like.branches))
        self.leave = ConvNorm(like.leave)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, filters, height, width) -> the same shape."""
        parts = self.enter(x).chunk(len(self.branches), dim=1)
        parts = [branch(part) for branch, part in zip(self.branches, parts, strict=True)]
        return F.relu(x + self.leave(torch.cat(parts, dim=1)), inplace=True)


class LightFrontEnd(nn.Module):
    """As `dilatednets.layers.light_front_end.LightFrontEnd`."""

    def __init__(self, like: Any) -> None:
        super().__init__()
        self.stem = ConvNorm(like.stem)
        self.downs = nn.ModuleList(map(ConvNorm, like.downs))
        self.stages = nn.ModuleList(nn.Sequential(*map(DilatedResidualBlock, stage)) for stage in like.stages)
        self.from_coarse = ConvNorm(like.from_coarse)
        self.from_middle = ConvNorm(like.from_middle)
        self.join_8 = ConvNorm(like.join_8)
        self.narrows = nn.ModuleList(map(ConvNorm, like.narrows))
        self.joins = nn.ModuleList(map(ConvNorm, like.joins))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 3, height, width) -> (batch, output_channels, height / stride, width / stride)."""
        stem = x = self.stem(x)
        levels = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = stage(down(x))
            levels.append(x)
        fine, middle, coarse = levels
        x = self.join_8(_enlarged(self.from_coarse(coarse), 2) + self.from_middle(middle))
        for narrow, join, level in zip(self.narrows, self.joins, (fine, stem), strict=False):
            x = join(torch.cat([_enlarged(x, 2), narrow(level)], dim=1))
        return x


class Segmenter(nn.Module):
    """As the Keras `ContextSegmenter`, but with the classes second, where PyTorch's losses want them.

    Args:
        like: The Keras model, which must have the light front end.
    """

    def __init__(self, like: ContextSegmenter) -> None:
        super().__init__()
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(getattr(like.front_end, name)).view(1, 3, 1, 1))
        self.multiple, self.stride = like.front_end.multiple, like.front_end.stride
        self.front_end = LightFrontEnd(like.front_end)
        self.drop = nn.Dropout2d(like.drop.rate)
        self.scores = _conv(like.scores)
        layers: list[nn.Module] = []
        for conv in like.context.convs if like.context else ():
            layers += [_conv(conv), nn.ReLU(inplace=True)]
        self.context = nn.Sequential(*layers[:-1])  # the last convolution is linear

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, height, width, 3), RGB from 0 to 255 -> float32 logits (batch, classes, height, width)."""
        height, width = images.shape[1:3]
        x = images.permute(0, 3, 1, 2)  # the memory of (batch, height, width, 3) is channels_last already
        x = (x.float() - self.mean) / self.std
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple), mode="reflect")
        x = self.context(self.scores(self.drop(self.front_end(x))))
        return _enlarged(x.float(), self.stride)[:, :, :height, :width]


def from_keras(model: ContextSegmenter) -> nn.Module:
    """The same net in PyTorch, in inference mode and in channels_last, with all weights and statistics of `model`.

    It computes in float32 whatever the model's policy; for bfloat16, call it under `torch.autocast("cpu", torch.bfloat16)`.

    Args:
        model: A segmenter with the light front end.

    Returns:
        A module that takes images (batch, height, width, 3), RGB from 0 to 255 of any number type and larger than 16 pixels
        a side, and gives float32 logits (batch, classes, height, width).

    Raises:
        InputError: for another front end.

    Example:
    >>> model = ContextSegmenter(num_classes=11)
    >>> images = torch.zeros(1, 45, 60, 3, dtype=torch.uint8)
    >>> from_keras(model)(images).shape
    torch.Size([1, 11, 45, 60])
    """
    if type(model.front_end).__name__ != "LightFrontEnd":
        raise InputError(f"benchmark: the PyTorch net has the light front end, not {type(model.front_end).__name__}")
    return Segmenter(model).eval().to(memory_format=torch.channels_last)


def inference_call(net: nn.Module, images: np.ndarray, dtype: str) -> Callable[[], torch.Tensor]:
    """What computes the logits of images.

    Args:
        net: The net that `from_keras` gave.
        images: Bytes of shape (batch, height, width, 3).
        dtype: The Keras policy; under "mixed_bfloat16" PyTorch uses its autocast to bfloat16.
    """
    x = torch.from_numpy(images)

    @torch.inference_mode()
    def call() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "mixed_bfloat16"):
            return net(x)

    return call


def training_step(net: nn.Module, images: np.ndarray, labels: np.ndarray, dtype: str, like: Any) -> Callable[[], float]:
    """What takes one step on a batch and gives the loss before it.

    Args:
        net: The net that `from_keras` gave, which is put into training mode.
        images: Bytes of shape (batch, height, width, 3).
        labels: Class numbers of shape (batch, height, width).
        dtype: The Keras policy, as `inference_call` takes it.
        like: A Keras AdamW that decays kernels alone and clips by global norm.
    """
    net.train()
    x, y = torch.from_numpy(images), torch.from_numpy(labels).long()
    groups = [
        {"params": [p for p in net.parameters() if (p.ndim > 1) == decays], "weight_decay": decays * like.weight_decay}
        for decays in (True, False)
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=float(like.learning_rate), betas=(like.beta_1, like.beta_2), eps=like.epsilon
    )

    def step() -> float:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "mixed_bfloat16"):
            logits = net(x)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), like.global_clipnorm)
        optimizer.step()
        return loss.item()

    return step


def _conv(like: Any, margin: int = 0) -> nn.Conv2d:
    """A Keras Conv2D, whose kernel is (height, width, channels, filters), with `margin` zeros around its input."""
    taps, _, channels, filters = like.kernel.shape
    padding = (taps - 1) // 2 * like.dilation_rate[0] if like.padding == "same" else margin
    conv = nn.Conv2d(channels, filters, taps, like.strides, padding, like.dilation_rate, bias=like.use_bias)
    _copy(like.kernel, conv.weight, (3, 2, 0, 1))
    if like.use_bias:
        _copy(like.bias, conv.bias)
    return conv


def _norm(like: Any) -> nn.BatchNorm2d:
    """A Keras BatchNormalization. Its momentum is the share of the old value, PyTorch's that of the new."""
    norm = nn.BatchNorm2d(like.gamma.shape[0], eps=like.epsilon, momentum=1 - like.momentum)
    sources = like.gamma, like.beta, like.moving_mean, like.moving_variance
    for source, target in zip(sources, (norm.weight, norm.bias, norm.running_mean, norm.running_var), strict=True):
        _copy(source, target)
    return norm


@torch.no_grad()
def _copy(source: Any, target: torch.Tensor, axes: tuple[int, ...] = (0,)) -> None:
    target.copy_(torch.tensor(keras.ops.convert_to_numpy(source)).permute(axes))


def _enlarged(x: torch.Tensor, times: int) -> torch.Tensor:
    return F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
