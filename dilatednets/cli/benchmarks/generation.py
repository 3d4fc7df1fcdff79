"""`dilatednets benchmark generation`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import PRESET, add_json, add_model, check_at_least_one, check_seconds, print_result
from dilatednets.errors import InputError

KIND, HELP = "generation", "samples a second of a WaveNet"
SIZES = {"residual_channels": 32, "gate_channels": 64, "skip_channels": 64, "kernel_size": 2, "sample_rate": 16000}


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, or the sizes of a net."""
    add_model(parser, f"{PRESET}; default: the net given by the options below", nargs="?")
    parser.add_argument("--layers", type=int, default=30, help="dilated layers, dilations 1..512 repeating")
    for name, default in SIZES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8], help="batch sizes (default: 1 8)")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark generation [MODEL | --layers N --residual-channels R ...]`."""
    for name in ("layers", *SIZES):
        check_at_least_one(f"--{name.replace('_', '-')}", getattr(options, name))
    if options.gate_channels % 2:
        raise InputError(
            f"--gate-channels: counts both halves of the gate, so it must be even: {options.gate_channels}"
        )
    check_at_least_one("--batch", *options.batch)
    check_seconds(options.seconds)
    from dilatednets.benchmarks.wavenet import generation
    from dilatednets.zoo.wavenet import WaveNet

    if options.model:
        model = WaveNet.from_preset(options.model)
    else:
        dilations = [2 ** (layer % 10) for layer in range(options.layers)]
        model = WaveNet(dilations=dilations, **{name: getattr(options, name) for name in SIZES})
    result = generation.run(model, options.batch, options.seconds)
    print_result(options, result, generation.report(result))
