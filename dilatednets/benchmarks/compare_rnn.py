"""WaveNet beside a two-layer LSTM: the same data, size, windows, optimiser and epochs."""

import dataclasses
import os
import time
from typing import Any

import keras
from keras import ops

from dilatednets.data import spoken_digits
from dilatednets.data.spoken_digits import Recording
from dilatednets.training.speech import batches, build_model, compile_model, evaluate_windows, make_windows
from dilatednets.training.speech_recipe import SpeechRecipe
from dilatednets.zoo.wavenet import WaveNet


class LSTMBaseline(keras.Model):
    """What one would use instead of a WaveNet: the same inputs and output distribution around a stack of LSTMs.

    Args:
        like: The WaveNet to match: its one-hot input, speaker vectors, upsampled condition and output distribution.
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
        x = self.front.input_conv(self.front._encode(past))
        parts = [x]
        speaker = self.front.global_condition(inputs.get("speaker"))
        if speaker is not None:
            parts.append(ops.repeat(speaker[:, None], time_steps, axis=1))
        local = self.front.local_condition(inputs.get("condition"), time_steps)
        if local is not None:
            parts.append(local)
        x = ops.concatenate(parts, axis=-1)
        for lstm in self.lstms:
            x = lstm(x)
        return self.head(self.hidden(x))

    def used_parameters(self) -> int:
        """Parameters that the output depends on."""
        return int(self.count_params() - sum(layer.count_params() for layer in self.unused))


def run(recipe: SpeechRecipe, data_dir: str | os.PathLike[str]) -> dict[str, Any]:
    """Trains both nets by the recipe's windows, schedule and number of epochs, and measures both on validation.

    The LSTM computes in float32 and without XLA, the faster way for it (2.4 times at batch 4, on cores that also trained).

    Returns:
        {"epochs", "rows": [{"net", "parameters", "bits_per_sample", "seconds_per_epoch"}]}.
    """
    rate = recipe.data.sample_rate
    training = spoken_digits.load(data_dir, "train", rate)
    validation = spoken_digits.load(data_dir, "validation", rate)
    keras.utils.set_random_seed(recipe.training.seed)
    wavenet = build_model(recipe, training)
    lstm = matched_lstm(wavenet)
    rows = []
    for name, net, parameters in (
        ("WaveNet", wavenet, wavenet.count_params()),
        ("2-layer LSTM", lstm, lstm.used_parameters()),
    ):
        bits, seconds = _train(net, wavenet, recipe, training, validation)
        row = {"net": name, "parameters": parameters, "bits_per_sample": bits, "seconds_per_epoch": seconds}
        print(f"{name}: {bits:.4f} bits a sample", flush=True)
        rows.append(row)
    return {"epochs": recipe.training.epochs, "rows": rows}


def matched_lstm(wavenet: WaveNet) -> LSTMBaseline:
    """The LSTM whose number of parameters comes closest to the WaveNet's."""
    target = wavenet.count_params()
    low, high = 1, 4096
    while low < high:  # the first number of units that reaches the target
        units = (low + high) // 2
        low, high = (low, units) if _lstm_parameters(wavenet, units) >= target else (units + 1, high)
    units = min((low - 1, low), key=lambda u: abs(_lstm_parameters(wavenet, u) - target))
    return _built(LSTMBaseline(wavenet, units), wavenet)


def _lstm_parameters(wavenet: WaveNet, units: int) -> int:
    config = wavenet.get_config()
    width = config["residual_channels"]
    width += config["speaker_channels"] if wavenet.speakers else 0
    width += config["condition_channels"] if wavenet.condition_features else 0
    shared = [wavenet.input_conv, wavenet.speaker_embedding, wavenet.upsampler]
    count = sum(layer.count_params() for layer in shared if layer is not None)
    for inputs in (width, units):
        count += 4 * units * (inputs + units + 1)
    hidden, outputs = wavenet.hidden.units, wavenet.head.units
    return int(count + (units + 1) * hidden + (hidden + 1) * outputs)


def _built(net: LSTMBaseline, wavenet: WaveNet) -> LSTMBaseline:
    hop = wavenet.condition_hop
    inputs = {"audio": ops.zeros((1, hop)), "speaker": ops.zeros((1,), "int32")}
    net({**inputs, "condition": ops.zeros((1, 1, wavenet.condition_features))})
    return net


def _train(
    net: keras.Model, wavenet: WaveNet, recipe: SpeechRecipe, training: list[Recording], validation: list[Recording]
) -> tuple[float, float]:
    """Bits a sample on validation with averaged weights, and seconds an epoch."""
    windows = make_windows(wavenet, recipe, training)
    held_out = make_windows(wavenet, recipe, validation, evaluation=True)
    epochs = recipe.training.epochs
    if net is not wavenet:
        recipe = dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, jit_compile=False))
    compile_model(net, recipe, windows.steps_per_epoch * epochs, wavenet.distribution)
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    begin = time.perf_counter()
    net.fit(
        batches(windows),
        epochs=epochs,
        steps_per_epoch=windows.steps_per_epoch,
        verbose=2,
        shuffle=False,
        callbacks=[average],
    )
    seconds = (time.perf_counter() - begin) / epochs
    return evaluate_windows(net, held_out), seconds  # `average` leaves the averaged weights in place


def report(result: dict[str, Any]) -> str:
    """The comparison as a table."""
    lines = [f"{result['epochs']} epochs each", "net            parameters  bits/sample  s/epoch"]
    for row in result["rows"]:
        lines.append(
            f"{row['net']:14s} {row['parameters']:10,d}  {row['bits_per_sample']:11.4f}  {row['seconds_per_epoch']:7.0f}"
        )
    return "\n".join(lines)
