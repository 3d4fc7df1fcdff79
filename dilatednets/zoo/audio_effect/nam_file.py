"""Files of Neural Amp Modeler, .nam: JSON that holds a net's sizes, its weights, and what its maker says of it."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np

from dilatednets.errors import InputError, one_line, unreadable
from dilatednets.files import atomic_path, check_writable
from dilatednets.layers.kernel_and_bias import kernel_and_bias
from dilatednets.rules import Rule, Size, Sizes, checked, positive

SUFFIX = ".nam"
DEFAULT_RATE = 48000
"""Of a file that says none."""
ACTIVATIONS = {
    "Tanh": "tanh",
    "Hardtanh": "hard_tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "Sigmoid": "sigmoid",
    "SiLU": "silu",
    "Hardswish": "hard_swish",
}
"""The format's names of activations, and those of `AudioEffect`."""
_near = Rule(lambda dilations: max(dilations) <= 2**20, "dilations up to 2**20")
_VERSION = "0.5.4"
_READ = ("0.5", "0.6", "0.7")
_OF_ARRAY = ("input_size", "condition_size", "channels", "kernel_size", "dilations", "activation")
_OF_CONFIG = ("layers", "head", "head_scale")
_KNOWN = {*_OF_ARRAY, "gated", "gating_mode", "head_size", "head_bias", "head", "groups_input", "groups_input_mixin"}


class NamContent(NamedTuple):
    """What a file holds, as `AudioEffect` takes it: arguments of its constructor, and weights in their order."""

    arguments: dict[str, Any]
    weights: list[np.ndarray]


def is_one(handle: Any) -> bool:
    """Whether a handle of a model names such a file."""
    return isinstance(handle, str | os.PathLike) and str(handle).lower().endswith(SUFFIX)


def read(file: str | os.PathLike[str]) -> NamContent:
    """Reads a file of the architecture WaveNet, as `AudioEffect.from_nam` describes it."""
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise unreadable(file, error, "a .nam file") from error
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: truncated, or no .nam file ({one_line(error)}); export it again") from error
    if not isinstance(content, dict) or not {"architecture", "config", "weights"} <= content.keys():
        raise InputError(f"{file}: no .nam file: it lacks architecture, config or weights; export it again")
    if content["architecture"] != "WaveNet":
        words = "nets of the architecture WaveNet are read; choose such a model"
        raise InputError(f"{file}: holds a net of the architecture {content['architecture']!r}; {words}")
    version = str(content.get("version", _VERSION))
    if not version.startswith(tuple(f"{known}." for known in _READ)):
        raise InputError(f"{file}: is of version {version}; versions 0.5 to 0.7 are read, export it as one of these")
    try:
        arguments = _arguments(content["config"])
        rate = content.get("sample_rate")
        rate = DEFAULT_RATE if rate is None else checked(rate, Annotated[float, positive], "sample_rate")
        metadata = checked(content.get("metadata"), dict[str, Any] | None, "metadata")
        arguments |= {"sample_rate": checked(round(rate), Size, "sample_rate"), "metadata": metadata}
        return _unpacked(arguments, content["config"]["layers"], content["weights"])
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _arguments(config: Any) -> dict[str, Any]:
    """Arguments of `AudioEffect` that the file's `config` stands for."""
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not layers or not all(isinstance(one, dict) for one in layers):
        raise InputError("config.layers: must be a list of arrays; export it again")
    if config.get("head") is not None:
        raise InputError("config.head: a net with layers behind its head is not read; choose a standard one")
    for name, value in config.items():
        if name not in _OF_CONFIG and value not in (None, False, [], {}) and (name, value) != ("in_channels", 1):
            raise InputError(f"config.{name}: a net with this is newer than A1, and not read; choose an A1 model")
    for place, array in enumerate(layers):
        where = f"config.layers[{place}]"
        missing = [name for name in _OF_ARRAY if name not in array]
        if missing:
            raise InputError(f"{where}.{missing[0]}: missing; export it again")
        for name, value in array.items():
            if name not in _KNOWN and not _neutral(array, name, value):
                raise InputError(f"{where}.{name}: a net with this is newer than A1, and not read; choose an A1 model")
        if array.get("gating_mode", "none") not in ("none", "gated"):
            raise InputError(f"{where}.gating_mode: {array['gating_mode']!r} is not read; choose an A1 model")
        for name in ("channels", "kernel_size"):
            checked(array[name], Size, f"{where}.{name}")
        checked(array["dilations"], Annotated[Sizes, _near], f"{where}.dilations")
        if not isinstance(array["activation"], str) or array["activation"] not in ACTIVATIONS:
            there = ", ".join(ACTIVATIONS)
            raise InputError(f"{where}.activation: {array['activation']!r} is not read; activations are {there}")
        inputs = layers[place - 1]["channels"] if place else 1
        width = layers[place + 1].get("channels") if place + 1 < len(layers) else 1
        sizes = array["input_size"], array["condition_size"], _head(array, where)[0]
        if sizes != (inputs, 1, width) or any(type(size) is not int for size in sizes):
            wanted = f"({inputs}, 1, {width})"
            raise InputError(f"{where}: input_size, condition_size and head_size must be {wanted}, not {sizes}")
    return {
        "arrays": [array["dilations"] for array in layers],
        "channels": [array["channels"] for array in layers],
        "kernel_sizes": [array["kernel_size"] for array in layers],
        "activations": [ACTIVATIONS[array["activation"]] for array in layers],
        "gated": [_gated(array) for array in layers],
        "skips": "sum",
    }


def _neutral(array: dict[str, Any], name: str, value: Any) -> bool:
    """Whether what newer trainers write beside leaves the net as A1 has it."""
    if isinstance(value, dict):
        return not value.get("active", True) or (name == "layer1x1" and value.get("groups", 1) == 1)
    return value in (None, False, "none", []) or (name == "bottleneck" and value == array["channels"])


def _gated(array: dict[str, Any]) -> bool:
    return checked(array.get("gated", False), bool, "gated") or array.get("gating_mode") == "gated"


def _head(array: dict[str, Any], where: str) -> tuple[Any, bool]:
    """How wide a head is and whether it has a bias, as either kind of file says it."""
    head = array.get("head")
    if not isinstance(head, dict):
        return array.get("head_size"), checked(array.get("head_bias", False), bool, f"{where}.head_bias")
    if head.get("kernel_size", 1) != 1:
        raise InputError(f"{where}.head: of kernel_size {head['kernel_size']} is newer than A1; choose an A1 model")
    return head.get("out_channels"), checked(head.get("bias", False), bool, f"{where}.head.bias")


def _unpacked(arguments: dict[str, Any], layers: list[Any], flat: Any) -> NamContent:
    """The weights of the layers in the order that Keras has: of all arrays the inputs, the blocks, then the heads."""
    try:
        numbers = np.array(flat, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("weights: must be a list of numbers; export it again") from error
    with np.errstate(over="ignore"):
        finite = np.all(np.isfinite(numbers.astype(np.float32)))
    if numbers.ndim != 1:
        raise InputError("weights: must be a list of numbers; export it again")
    if not finite:
        raise InputError("weights: hold NaN or infinity; train the model again, or export it again")
    needed = _count(arguments, layers)
    if len(numbers) != needed:
        raise InputError(f"weights: there are {len(numbers):,} of {needed:,}; the file is damaged, export it again")
    place = 0

    def take(*shape: int) -> np.ndarray:
        nonlocal place
        place += int(np.prod(shape))
        return numbers[place - int(np.prod(shape)) : place].reshape(shape)

    inputs, blocks, heads, bias = [], [], [], np.zeros(0)
    for array, gated in zip(layers, arguments["gated"], strict=True):
        channels, taps, gates = array["channels"], array["kernel_size"], array["channels"] * (1 + gated)
        inputs.append(take(channels, array["input_size"]).T)
        for _ in array["dilations"]:
            conv, conv_bias, mixer = take(gates, channels, taps), take(gates), take(gates, 1)
            blocks += [conv.transpose(2, 1, 0), conv_bias, mixer.T, take(channels, channels).T, take(channels)]
        width, has_bias = _head(array, "")
        heads.append(take(width, channels).T)
        # What an inner head adds goes through the next one: the last has it all.
        own = take(width) if has_bias else np.zeros(width)
        bias = bias @ heads[-1] + own if len(bias) else own
    arguments["head_scale"] = float(take(1)[0])
    return NamContent(arguments, [*inputs, *blocks, *heads, bias])


def _count(arguments: dict[str, Any], layers: list[Any]) -> int:
    """Numbers that the weights of such arrays are."""
    total = 1
    for array, gated in zip(layers, arguments["gated"], strict=True):
        channels, gates, (width, bias) = array["channels"], array["channels"] * (1 + gated), _head(array, "")
        layer = gates * (channels * array["kernel_size"] + 2) + channels * (channels + 1)
        total += channels * array["input_size"] + layer * len(array["dilations"]) + width * (channels + bias)
    return total


def write(model: Any, file: str | os.PathLike[str], knobs: np.ndarray, metadata: dict[str, Any]) -> None:
    """Writes a file, whole or not at all, as `AudioEffect.save_nam` describes it.

    Args:
        model: The AudioEffect.
        file: Where.
        knobs: Settings of its knobs, (knobs,), which biases are made of.
        metadata: What it says beside the model's own.
    """
    if model.skips != "sum":
        raise InputError("skips: concatenated ones cannot be written as .nam; save_to_preset keeps them")
    if not is_one(file):
        raise InputError(f"{file}: such files have names that end in {SUFFIX}")
    check_writable(file)
    names = {ours: theirs for theirs, ours in ACTIVATIONS.items()}
    layers, flat = [], []
    for number, blocks in enumerate(model.blocks):
        kernel = kernel_and_bias(model.input_layers[number])[0]
        head, *bias = kernel_and_bias(model.heads[number])
        flat.append(kernel.T)
        for block in blocks:
            conv, conv_bias, mixer, residual, residual_bias = block.get_weights()
            flat += [conv.transpose(2, 1, 0), conv_bias + knobs @ mixer[1:], mixer[0], residual.T, residual_bias]
        flat += [head.T, *bias]
        layers.append(
            {
                "input_size": kernel.shape[0],
                "condition_size": 1,
                "head_size": head.shape[1],
                "channels": blocks[0].channels,
                "kernel_size": blocks[0].kernel_size,
                "dilations": [block.dilation_rate for block in blocks],
                "activation": names[blocks[0].activation],
                "gated": blocks[0].gated,
                "head_bias": bool(bias),
            }
        )
    numbers = np.concatenate([np.ravel(part) for part in flat] + [[model.head_scale]]).astype(np.float64)
    if not np.all(np.isfinite(numbers)):
        raise InputError(f"{file}: the model's weights hold NaN or infinity; train it again")
    content = {
        "version": _VERSION,
        "metadata": {**(model.metadata or {}), **checked(metadata, dict[str, Any], "metadata")},
        "architecture": "WaveNet",
        "config": {"layers": layers, "head": None, "head_scale": model.head_scale},
        "weights": [float(x) for x in numbers],
        "sample_rate": model.sample_rate,
    }
    if not in_json(content, allow_nan=False):
        raise InputError(
            "metadata: must hold texts, finite numbers, lists and tables of Python's own; give such values"
        )
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


def in_json(content: Any, allow_nan: bool = True) -> bool:
    """Whether JSON can hold it."""
    try:
        return bool(json.dumps(content, allow_nan=allow_nan))
    except (TypeError, ValueError):
        return False
