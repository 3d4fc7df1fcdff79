"""The net of a TCN: from sequences to answers, whatever is asked."""

from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.layers.last_step import LastStep
from dilatednets.layers.receptive_field import causal_field
from dilatednets.layers.temporal_block import TemporalBlock
from dilatednets.zoo.tcn.filterbank import Filterbank
from dilatednets.zoo.tcn.inputs import parts
from dilatednets.zoo.tcn.pooling import mean_of_steps
from dilatednets.zoo.zoo_model import ZooModel


def receptive_field(net: Any) -> int:
    """Steps that the answer at one step depends on, of a model or of the settings of one."""
    dilations = [dilation for dilation in net.dilations for _ in range(2 * net.stacks)]
    return (causal_field(net.kernel_size, dilations) + bool(net.filters)) * net.frame


class SequenceNet(ZooModel):
    """The layers of `dilatednets.zoo.tcn.TCN`, which keeps its arguments and then calls `_make_net`."""

    def _make_net(self) -> None:
        """Makes all layers and weights: their shapes follow from the arguments alone."""
        policy = self.dtype_policy
        self.embedding_layer: Any = None
        self.projection: Any = None
        if self.vocabulary:
            self.embedding_layer = keras.layers.Embedding(
                self.vocabulary, self.embedding, dtype=policy, name="embedding"
            )
        if self.filters:
            self.projection = Filterbank(self.filters, dtype=policy, name="projection")
            self.band_dropout = keras.layers.SpatialDropout1D(self.dropout, dtype=policy, name="band_dropout")
        elif self.frame > 1:
            self.projection = keras.layers.Dense(self.channels, dtype=policy, name="projection")
        self.blocks = [
            TemporalBlock(
                self.channels,
                self.kernel_size,
                dilation,
                causal=self.causal,
                normalization=self.normalization,
                dropout=self.dropout,
                gated=self.gated,
                dtype=policy,
                name=f"block_{number}",
            )
            for number, dilation in enumerate(self.dilations * self.stacks)
        ]
        self.last_step = LastStep(dtype=policy, name="last_step")
        # Likelihoods and forecasts need float32 whatever the policy.
        self.head = keras.layers.Dense(int(np.prod(self._answer_shape)), dtype="float32", name="head")
        self.known_projection: Any = None
        self.known_head: Any = None
        if self.known:
            self.known_projection = keras.layers.Dense(
                self.channels, activation="relu", dtype="float32", name="known_projection"
            )
            self.known_head = keras.layers.Dense(
                int(np.prod(self._answer_shape[1:])), dtype="float32", name="known_head"
            )
        self._build()

    @property
    def _answer_shape(self) -> tuple[int, ...]:
        """The shape of one answer."""
        forecast = (self.horizon, self.outputs, *([len(self.quantiles)] if self.quantiles else []))
        return forecast if self.task == "forecast" else (self.outputs,)

    def _build(self) -> None:
        """Creates every weight at once: their shapes follow from the arguments alone."""
        width = self.features
        if self.embedding_layer is not None:
            self.embedding_layer.build((None, None))
            width = self.embedding
        if self.projection is not None:
            self.projection.build((None, None, width * self.frame))
            width = self.filters or self.channels
        for number, block in enumerate(self.blocks):
            block.build((None, None, self.channels if number else width))
        self.head.build((None, self.channels))
        if self.known_head is not None:
            self.known_projection.build((None, self.horizon, self.channels + len(self.known)))
            self.known_head.build((None, self.horizon, self.channels))
        self.built = True

    @property
    def convolution_dilations(self) -> tuple[int, ...]:
        """Dilation of every convolution, in order."""
        return tuple(d for d in self.dilations * self.stacks for _ in range(2))

    @property
    def receptive_field(self) -> int:
        """Steps that the answer at one step depends on."""
        return receptive_field(self)

    @property
    def streams(self) -> bool:
        """Whether it can run block by block."""
        return self.causal and not self.known

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        """Answers as the class describes them."""
        sequence, mask, known = parts(self, inputs, mask)
        x = self.framed(sequence, mask)
        x = x if self.projection is None else self.projection(x)
        x = self.band_dropout(x, training=training) if self.filters else x
        mask = self._mask_of_frames(mask)
        return self.answers(self.pooled(self.body(x, mask, training), mask), known)

    def body(self, x: Any, mask: Any = None, training: Any = None) -> Any:
        """What the blocks make of encoded frames, (batch, frames, width) -> (batch, frames, channels)."""
        skips = 0
        for block in self.blocks:
            x = block(x, mask=mask, training=training)
            skips = skips + x
        return skips if self.skip_connections else x

    def framed(self, sequence: Any, mask: Any = None) -> Any:
        """Frames, (batch, frames, width): tokens are looked up, features scaled, padded steps are zero."""
        if self.embedding_layer is not None:
            x = self.embedding_layer(sequence)
        else:
            x = ops.cast(sequence, "float32")
            if self.mean:
                x = x - np.asarray(self.mean, np.float32)
            if self.scale:
                x = x / np.asarray(self.scale, np.float32)
            x = ops.cast(x, self.compute_dtype)
        if mask is not None:  # a product would keep NaN at padded steps
            x = ops.where(mask[..., None], x, ops.zeros_like(x))
        if self.frame == 1:
            return x
        x = ops.pad(x, ((0, 0), (0, -ops.shape(x)[1] % self.frame), (0, 0)))
        return ops.reshape(x, (ops.shape(x)[0], -1, self.frame * x.shape[-1]))

    def pooled(self, x: Any, mask: Any = None) -> Any:
        """What the answer is made of: (batch, channels), or one vector a frame."""
        if self.pooling == "none":
            return x
        return self.last_step(x, mask=mask) if self.pooling == "last" else mean_of_steps(x, mask)

    def answers(self, x: Any, known: Any = None) -> Any:
        """(..., channels) -> scores or values, in the units of the data."""
        x = ops.cast(x, "float32")
        y = self.head(x)
        if self.task in ("classify", "next"):
            return y
        y = ops.reshape(y, (*ops.shape(x)[:-1], *self._answer_shape))
        if self.known_projection is not None:
            places = [self.columns.index(name) for name in self.known]
            for values, combine in ((self.mean, ops.subtract), (self.scale, ops.divide)):
                known = combine(known, np.asarray([values[i] for i in places], np.float32)) if values else known
            context = ops.broadcast_to(x[:, None], (*ops.shape(known)[:2], self.channels))
            joined = self.known_projection(ops.concatenate([context, known], axis=-1))
            y = y + ops.reshape(self.known_head(joined), ops.shape(y))
        if self.quantiles:
            y = ops.sort(y, axis=-1)  # they would cross now and then
        shape = (-1, 1) if self.quantiles else (-1,)
        for values, combine in ((self.target_scale, ops.multiply), (self.target_mean, ops.add)):
            y = combine(y, np.reshape(np.asarray(values, np.float32), shape)) if values else y
        return y

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the answers, so that losses and metrics leave out padded steps."""
        return self._mask_of_frames(parts(self, inputs, previous_mask)[1]) if self.pooling == "none" else None

    def _mask_of_frames(self, mask: Any) -> Any:
        """A frame is real if a step of it is."""
        if mask is None or self.frame == 1:
            return mask
        mask = ops.pad(mask, ((0, 0), (0, -ops.shape(mask)[1] % self.frame)))
        return ops.any(ops.reshape(mask, (ops.shape(mask)[0], -1, self.frame)), axis=-1)

    def in_words(self, y: Any) -> dict[str, Any]:
        """What `answer` makes of the outputs."""
        if self.task in ("regress", "forecast"):
            return {"values": y}
        if self.multi_label:
            return {"probabilities": ops.sigmoid(y)}
        return {"probabilities": ops.softmax(y), "label": ops.cast(ops.argmax(y, axis=-1), "int32")}
