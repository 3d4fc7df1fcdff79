"""How fast stacks of TemporalBlocks train under Keras's default `compile`, beside what one would otherwise use."""

import functools
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from dilatednets.benchmarks.timing import by_turns, cpu
from dilatednets.layers import LastStep, TemporalBlock

SIZES = ((7, 25), (2, 32), (2, 64), (3, 32), (3, 64))
"""Kernel sizes and channels; the first is the TCN of Bai et al. for sequential MNIST."""
LEVELS, CLASSES = 8, 10
NETS = {"TemporalBlocks, no normalisation": "", "Conv1D": "TemporalBlocks, no normalisation"} | {
    "TemporalBlocks": "",
    **dict.fromkeys(("PyTorch", "LSTM"), "TemporalBlocks"),
}
"""What is measured, and which net of this package it is compared with."""


def run(
    sizes: Sequence[Sequence[int]] = SIZES, batch: int = 64, steps: int = 784, seconds: float = 10.0
) -> dict[str, Any]:
    """Measures training steps of classifiers of sequences of one channel, by turns.

    Each net but the LSTM has 8 levels of two convolutions and a residual, with dilations 1 to 128. `Conv1D` is the stack
    that one writes with Keras's layers alone, and that keras-tcn makes, without normalisation. PyTorch's net has weight
    normalisation, as TemporalBlock by default; it is left out where PyTorch is missing. The LSTM has as many parameters.

    Args:
        sizes: Kernel size and channels of each comparison.
        batch: Sequences a step.
        steps: Length of the sequences.
        seconds: Each figure is measured for at least this long.

    Returns:
        {"cpu", "batch", "steps", "rows": [{"kernel_size", "channels", "net", "parameters", "milliseconds": the median of a
        training step, "ratio": time of the net of this package that it is compared with, divided by its own}]}.

    Example:
    >>> result = run([(2, 4)], batch=2, steps=20, seconds=0.01)
    >>> [row["net"] for row in result["rows"]][:2]
    ['TemporalBlocks, no normalisation', 'Conv1D']
    """
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((batch, steps, 1)).astype("float32"), rng.integers(0, CLASSES, batch)
    rows = []
    for kernel_size, channels in sizes:
        made = nets(kernel_size, channels, x, y)
        rates = by_turns({(name, ""): step for name, (_, step) in made.items()}, seconds)
        for name, (parameters, _) in made.items():
            rows.append(
                {
                    "kernel_size": kernel_size,
                    "channels": channels,
                    "net": name,
                    "parameters": parameters,
                    "milliseconds": 1000 / rates[name, ""],
                    "ratio": rates[name, ""] / rates[NETS[name] or name, ""],
                }
            )
    return {"cpu": cpu(), "batch": batch, "steps": steps, "rows": rows}


def nets(kernel_size: int, channels: int, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[int, Callable[[], Any]]]:
    """The parameters of each net of `NETS` that can run here, and what takes one training step."""
    keras.utils.set_random_seed(0)

    def blocks(normalization: str) -> list[Any]:
        return [TemporalBlock(channels, kernel_size, 2**i, normalization=normalization) for i in range(LEVELS)]

    names = [name for name in NETS if name != "PyTorch"]
    ours, tcn = classifier(x, blocks("none")), classifier(x, blocks("weight"))
    # With one input channel and its head, an LSTM has 4 units^2 + (8 + CLASSES) units + CLASSES parameters.
    units = round(max(np.roots([4, 8 + CLASSES, CLASSES - tcn.count_params()])))
    lstm = classifier(x, [keras.layers.LSTM(units, return_sequences=True)])
    models = dict(zip(names, (ours, classifier(x, conv1d_stack(kernel_size, channels)), tcn, lstm), strict=True))
    made: dict[str, tuple[int, Callable[[], Any]]] = {
        name: (model.count_params(), functools.partial(model.train_on_batch, x, y)) for name, model in models.items()
    }
    if importlib.util.find_spec("torch"):
        from dilatednets.benchmarks.torch_blocks import training_step

        made["PyTorch"] = training_step(kernel_size, channels, LEVELS, x, y, CLASSES)
    return {name: made[name] for name in NETS if name in made}


def conv1d_stack(kernel_size: int, channels: int) -> list[Any]:
    """The layers of the same stack as one writes it with Keras alone."""

    def block(dilation: int) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            h = x
            for _ in range(2):
                conv = keras.layers.Conv1D(
                    channels, kernel_size, dilation_rate=dilation, padding="causal", activation="relu"
                )
                h = conv(h)
            if x.shape[-1] != channels:
                x = keras.layers.Conv1D(channels, 1)(x)
            return keras.layers.ReLU()(keras.layers.Add()([x, h]))

        return apply

    return [block(2**i) for i in range(LEVELS)]


def classifier(x: np.ndarray, layers: Sequence[Callable[[Any], Any]]) -> keras.Model:
    """A model of the layers and a softmax on their last step, compiled as by default."""
    inputs = outputs = keras.Input(x.shape[1:])
    for layer in layers:
        outputs = layer(outputs)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(LastStep()(outputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def report(result: dict[str, Any]) -> str:
    """The table."""
    lines = ["kernel  channels  net                               parameters  ms a step  ratio"]
    for row in result["rows"]:
        ratio = f"{row['ratio']:5.2f}" if NETS[row["net"]] else ""
        lines.append(
            f"{row['kernel_size']:6}  {row['channels']:8}  {row['net']:32}  {row['parameters']:10,}  "
            f"{row['milliseconds']:9.1f}  {ratio}".rstrip()
        )
    return "\n".join(
        [
            *lines,
            f"batch {result['batch']} x {result['steps']} steps, {result['cpu']['cores']} cores. ratio: time of "
            "TemporalBlocks (for Conv1D those without normalisation) divided by this net's; below 1 they are faster.",
        ]
    )
