"""The TCN as one writes it in PyTorch, with weight normalisation, for comparison."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm


class Block(nn.Module):
    """As `dilatednets.layers.TemporalBlock` by default."""

    def __init__(self, before: int, channels: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.history = (kernel_size - 1) * dilation
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv1d(width, channels, kernel_size, padding=self.history, dilation=dilation))
            for width in (before, channels)
        )
        self.projection = nn.Conv1d(before, channels, 1) if before != channels else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels before, time) -> (batch, channels, time)."""
        h = x
        for conv in self.convs:
            h = F.relu(conv(h)[:, :, : x.shape[2]])
        return F.relu(h + self.projection(x))


def training_step(
    kernel_size: int, channels: int, levels: int, x: np.ndarray, y: np.ndarray, classes: int
) -> tuple[int, Callable[[], Any]]:
    """The parameters of a classifier of sequences (batch, time, channels), and what takes one training step."""
    torch.manual_seed(0)
    widths = [x.shape[2], *[channels] * levels]
    blocks = nn.Sequential(*(Block(widths[i], channels, kernel_size, 2**i) for i in range(levels)))
    head = nn.Linear(channels, classes)
    parameters = [*blocks.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters)
    sequences, labels = torch.from_numpy(x.transpose(0, 2, 1).copy()), torch.from_numpy(y)

    def step() -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(head(blocks(sequences)[:, :, -1]), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return sum(p.numel() for p in parameters), step
