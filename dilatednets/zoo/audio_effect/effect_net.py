"""The net of an audio effect: from a block of dry samples to wet ones, and what it remembers of them."""

from typing import Any

import keras
from keras import ops

from dilatednets.layers.shapes import check_shape
from dilatednets.zoo.audio_effect.effect_block import EffectBlock
from dilatednets.zoo.zoo_model import ZooModel


class EffectNet(ZooModel):
    """The layers of `dilatednets.zoo.audio_effect.AudioEffect`, which keeps its arguments and then calls `_make_net`."""

    def _make_net(self) -> None:
        """Makes all layers and weights."""
        policy, summed = self.dtype_policy, self.skips == "sum"
        count = len(self.arrays)
        kernel_sizes, activations, gated = (
            [values[min(number, len(values) - 1)] for number in range(count)]
            for values in (self.kernel_sizes, self.activations, self.gated)
        )
        self.input_layers = [
            keras.layers.Dense(channels, use_bias=not summed, dtype=policy, name=f"input_{number}")
            for number, channels in enumerate(self.channels)
        ]
        self.blocks: list[list[EffectBlock]] = []
        for number, dilations in enumerate(self.arrays):
            shape = self.channels[number], kernel_sizes[number]
            how = activations[number], gated[number], summed + len(self.knobs)
            last = count - 1, len(dilations) - 1
            self.blocks.append(
                [
                    EffectBlock(
                        *shape, dilation, *how, (number, place) == last, dtype=policy, name=f"block_{number}_{place}"
                    )
                    for place, dilation in enumerate(dilations)
                ]
            )
        # What an array hands on to the sum of the next one's skips; the last makes the samples.
        widths = [*self.channels[1:], 1]
        self.heads = [
            keras.layers.Dense(width, use_bias=number == count - 1, dtype=policy, name=f"head_{number}")
            for number, width in enumerate(widths)
        ]
        for number, channels in enumerate(self.channels):
            self.input_layers[number].build((None, None, self.channels[number - 1] if number else 1))
            for block in self.blocks[number]:
                block.build()
            self.heads[number].build((None, None, channels if summed else channels * len(self.arrays[number])))
        self.built = True

    @property
    def receptive_field(self) -> int:
        """Dry samples that one wet sample depends on."""
        return 1 + sum(block.history for blocks in self.blocks for block in blocks)

    @property
    def past_size(self) -> int:
        """Numbers that a stream remembers."""
        return sum(block.history * block.channels for blocks in self.blocks for block in blocks)

    def silence(self, batch_size: Any, knobs: Any = None) -> Any:
        """What a stream remembers before its first sample, (batch, past_size): a field of silence, or zeros.

        Args:
            batch_size: Streams.
            knobs: Settings of the knobs, (batch, knobs).
        """
        if not self.prewarm:
            return ops.zeros((batch_size, self.past_size), self.compute_dtype)
        knobs = self._told(knobs)
        zero = ops.zeros((batch_size, 1, 1), self.compute_dtype)
        x, parts = zero, []
        for layer, blocks in zip(self.input_layers, self.blocks, strict=True):
            x = layer(x)
            for block in blocks:
                parts.append(ops.tile(x[:, 0], (1, block.history)))
                x = block.at_rest(x, block.mix(zero if self.skips == "sum" else None, knobs))
        return ops.cast(ops.concatenate(parts, axis=1), self.compute_dtype)

    def run(self, dry: Any, past: Any, knobs: Any = None) -> tuple[Any, Any]:
        """A block of samples, of any length.

        Args:
            dry: (batch, time).
            past: What `silence` or the call before returned, (batch, past_size).
            knobs: Settings of the knobs, (batch, knobs).

        Returns:
            (wet float32 (batch, time), the next past).
        """
        check_shape(past.shape, "state", (None, self.past_size))
        summed, knobs = self.skips == "sum", self._told(knobs)
        batch = ops.shape(dry)[0]
        dry = ops.cast(dry, self.compute_dtype)[..., None]
        x: Any = dry
        total: Any = 0
        place = 0
        skips: list[Any] = []
        after: Any = []
        for layer, blocks, head in zip(self.input_layers, self.blocks, self.heads, strict=True):
            x = layer(x)
            for block in blocks:
                size = block.history * block.channels
                before = ops.reshape(past[:, place : place + size], (batch, block.history, block.channels))
                place += size
                if block.history:
                    known = ops.concatenate([before, x], axis=1)[:, -block.history :]
                    after.append(ops.reshape(known, (-1, size)))
                x, skip = block(x, before, block.mix(dry if summed else None, knobs))
                total = total + skip if summed else 0
                skips += [] if summed else [skip]
            total = head(total if summed else ops.concatenate(skips, axis=-1))
        after = ops.concatenate(after, axis=1) if after else past
        return ops.cast(total[..., 0], "float32") * self.head_scale, after

    def _told(self, knobs: Any) -> Any:
        """Settings as the blocks take them, (batch, 1, knobs)."""
        return None if knobs is None else ops.cast(knobs, self.compute_dtype)[:, None]
