"""The TCN as a core, with its dilations and without."""

from collections.abc import Sequence
from typing import Any

from dilatednets.benchmarks.sequence_tasks.core import Core
from dilatednets.layers import TemporalBlock


class TemporalCore(Core):
    """TemporalBlocks, one above the other.

    Args:
        width: Channels of each block.
        dilations: Of each block.
        kernel_size: Number of taps.
        dropout: Share of channels that are dropped for a whole sequence.
        normalization: As of TemporalBlock.

    Reference:
        Bai, Kolter & Koltun 2018 (arXiv 1803.01271), section 3.
    """

    def __init__(
        self,
        width: int,
        dilations: Sequence[int],
        kernel_size: int,
        dropout: float = 0.0,
        normalization: str = "weight",
    ) -> None:
        super().__init__()
        self.width = width
        how: dict[str, Any] = {"normalization": normalization, "dropout": dropout}
        self.blocks = [TemporalBlock(width, kernel_size, dilation, **how) for dilation in dilations]

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        for block in self.blocks:
            block.build(input_shape)
            input_shape = (*input_shape[:-1], block.filters)

    def call(self, x: Any, training: Any = None) -> Any:
        """(batch, time, features) -> (batch, time, width)."""
        for block in self.blocks:
            x = block(x, training=training)
        return x

    def initial_state(self, batch_size: int, steps: int) -> Any:
        """The ring buffers of all convolutions."""
        return [block.initial_state(batch_size) for block in self.blocks]

    def step(self, x_t: Any, state: Any) -> tuple[Any, Any]:
        """As of Core."""
        after = []
        for block, before in zip(self.blocks, state, strict=True):
            x_t, new = block.step(x_t, before)
            after.append(new)
        return x_t, after
