"""`dilatednets benchmark generation`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import PRESET, add_json, add_model, check_at_least_one, check_seconds, print_result
from dilatednets.errors import InputError

KIND, HELP = "generation", "samples a second of a WaveNet"
SIZES = {
    "layers": 30,
    "residual_channels": 32,
    "gate_channels": 64,
    "skip_channels": 64,
    "kernel_size": 2,
    "sample_rate": 16000,
}


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, or the sizes of a net."""
    add_model(parser, f"{PRESET}; default: the net given by the options below", nargs="?")
    for name, default in SIZES.items():
        words = "dilated layers, dilations 1..512 repeating; " if name == "layers" else ""
        parser.add_argument(_option(name), type=int, help=f"{words}default {default}")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8], help="batch sizes (default: 1 8)")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark generation [MODEL | --layers N --residual-channels R ...]`."""
    given = {name: value for name in SIZES if (value := getattr(options, name)) is not None}
    for name, value in given.items():
        check_at_least_one(_option(name), value)
        if options.model:
            raise InputError(f"{_option(name)}: {options.model} has a size of its own; leave out one of the two")
    sizes = {**SIZES, **given}
    if sizes["gate_channels"] % 2:
        raise InputError(
            f"--gate-channels: counts both halves of the gate, so it must be even: {sizes['gate_channels']}"
        )
    check_at_least_one("--batch", *options.batch)
    check_seconds(options.seconds)
    from dilatednets.benchmarks.wavenet import generation
    from dilatednets.zoo.wavenet import WaveNet

    if options.model:
        model = WaveNet.from_preset(options.model)
    else:
        dilations = [2 ** (layer % 10) for layer in range(sizes.pop("layers"))]
        model = WaveNet(dilations=dilations, **sizes)
    result = generation.run(model, options.batch, options.seconds)
    print_result(options, result, generation.report(result))


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
