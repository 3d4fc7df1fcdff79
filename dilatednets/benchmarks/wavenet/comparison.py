"""WaveNet beside a two-layer LSTM: the same data, size, windows, optimiser and epochs."""

import os
import time
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from dilatednets.data import spoken_digits
from dilatednets.training.batches import data_of
from dilatednets.training.loop import compile_model
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.recipe import Recipe
from dilatednets.zoo.wavenet.training import Task, bits, build_model, evaluate_windows, make_windows
from dilatednets.zoo.wavenet.windows import Windows


class LSTMBaseline(keras.Model):
    """What one would use instead of a WaveNet: the same inputs and output distribution around a stack of LSTMs.

    Args:
        like: The WaveNet to match in its input coding, speaker vectors, upsampled condition and output distribution.
        units: Units of each of the two layers.
    """

    def __init__(self, like: WaveNet, units: int) -> None:
        super().__init__(autocast=False)
        # A WaveNet of one layer lends its input coding, speaker vectors and upsampler; its stack is not used.
        config = {**like.get_config(), "dilations": [1], "dtype": "float32"}
        config.pop("name", None)
        self.front = WaveNet.from_config(config)
        self.unused = [*self.front.blocks, self.front.hidden, self.front.head]
        for layer in self.unused:
            layer.trainable = False
        self.distribution = like.distribution
        self.lstms = [keras.layers.LSTM(units, return_sequences=True, use_cudnn=False) for _ in range(2)]
        self.hidden = keras.layers.Dense(like.hidden.units, activation="relu")
        self.head = keras.layers.Dense(like.distribution.num_parameters)

    def call(self, inputs: dict[str, Any]) -> Any:
        """As WaveNet."""
        past = ops.pad(ops.cast(inputs["audio"], "float32"), ((0, 0), (1, 0)))[:, :-1]
        time_steps = past.shape[1]
        parts = [self.front.input_conv(self.front._encode(past))]
        speaker = self.front.global_condition(inputs.get("speaker"))
        if speaker is not None:
            parts.append(ops.repeat(speaker[:, None], time_steps, axis=1))
        local = self.front.local_condition(inputs.get("condition"), time_steps)
        x = ops.concatenate([*parts, *([] if local is None else [local])], axis=-1)
        for lstm in self.lstms:
            x = lstm(x)
        return self.head(self.hidden(x))

    def used_parameters(self) -> int:
        """Parameters that the output depends on."""
        return int(self.count_params() - sum(layer.count_params() for layer in self.unused))


def run(recipe: Recipe, data_dir: str | os.PathLike[str], seeds: Sequence[int] = (0,)) -> dict[str, Any]:
    """Trains both nets by the recipe's windows, schedule and number of epochs, and measures both on validation.

    The LSTM computes in float32 and without XLA, the faster way for it (2.4 times at batch 4, on cores that also trained).

    Args:
        recipe: Data, net and training.
        data_dir: The data set's folder.
        seeds: Seeds of the runs.

    Returns:
        {"epochs", "rows": [{"net", "seed", "parameters", "bits_per_sample", "seconds_per_epoch"}]}.
    """
    training, validation = (
        spoken_digits.load(data_dir, split, recipe.data.sample_rate) for split in ("train", "validation")
    )
    rows = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        wavenet = build_model(recipe, training)
        lstm = matched_lstm(wavenet)
        windows = make_windows(wavenet, recipe, training)
        held_out = make_windows(wavenet, recipe, validation, evaluation=True)
        for name, net, parameters in (
            ("WaveNet", wavenet, wavenet.count_params()),
            ("2-layer LSTM", lstm, lstm.used_parameters()),
        ):
            seconds = _train(net, recipe, windows, net is wavenet and recipe.training.jit_compile)
            value = evaluate_windows(net, held_out)
            row = {"net": name, "seed": seed, "parameters": parameters, "bits_per_sample": value}
            print(f"{name}, seed {seed}: {value:.4f} bits a sample", flush=True)
            rows.append({**row, "seconds_per_epoch": seconds})
    return {"epochs": recipe.training.epochs, "rows": rows}


def matched_lstm(wavenet: WaveNet) -> LSTMBaseline:
    """The LSTM whose number of parameters comes closest to the WaveNet's."""
    inputs = wavenet.residual_channels
    inputs += wavenet.speaker_channels if wavenet.speakers else 0
    inputs += wavenet.condition_channels if wavenet.condition_features else 0
    shared = (wavenet.input_conv, wavenet.speaker_embedding, wavenet.upsampler)
    hidden, outputs = wavenet.skip_channels, wavenet.distribution.num_parameters
    # Of u units, each of the four gates reads the inputs or the layer below, its own state and a bias:
    # 4 u (inputs + u + 1) + 4 u (u + u + 1), then the hidden layer and the head; this is the u that makes up the rest.
    fixed = sum(layer.count_params() for layer in shared if layer is not None) + hidden + (hidden + 1) * outputs
    linear = 4 * (inputs + 2) + hidden
    units = (-linear + max(linear**2 + 48 * (wavenet.count_params() - fixed), 0) ** 0.5) / 24
    lstm = LSTMBaseline(wavenet, max(round(units), 1))
    lstm(wavenet.golden_inputs())  # builds it
    return lstm


def _train(net: Any, recipe: Recipe, windows: Windows, jit_compile: bool) -> float:
    """Trains a net, which ends with its averaged weights; seconds an epoch."""
    epochs, steps = recipe.training.epochs, windows.steps_per_epoch
    objective = {**bits(net), "jit_compile": jit_compile}
    compile_model(net, recipe.training, recipe.training, steps * epochs, Task.clip, **objective)
    average = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]
    begin = time.perf_counter()
    net.fit(data_of(windows), epochs=epochs, steps_per_epoch=steps, verbose=2, shuffle=False, callbacks=average)
    return (time.perf_counter() - begin) / epochs


def report(result: dict[str, Any]) -> str:
    """The comparison as a table."""
    lines = [f"{result['epochs']} epochs each", "net           seed  parameters  bits/sample  s/epoch"]
    for row in result["rows"]:
        net, measured = (
            f"{row['net']:12s} {row['seed']:5d}  {row['parameters']:10,d}",
            f"{row['bits_per_sample']:11.4f}",
        )
        lines.append(f"{net}  {measured}  {row['seconds_per_epoch']:7.0f}")
    return "\n".join(lines)
