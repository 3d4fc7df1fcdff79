"""`dilatednets benchmark effects`."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import PRESET, add_json, add_model, check_at_least_one, check_seconds, print_result

KIND, HELP = "effects", "how many times faster than real time an audio effect is, and its slowest block"
CLASS = "AudioEffect"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and the blocks."""
    add_model(parser, f"{PRESET}; default: Neural Amp Modeler's A1 standard, untrained", nargs="?")
    parser.add_argument("--block", type=int, nargs="+", default=[64], help="samples of a block (default: 64)")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark effects [MODEL] [--block N ...]`."""
    check_at_least_one("--block", *options.block)
    check_seconds(options.seconds)
    family = registry.FAMILIES[CLASS]
    model = registry.from_preset(options.model, CLASS) if options.model else family.cls()
    effects = family.benchmark("effects")
    result = effects.run(model, options.block, options.seconds)
    print_result(options, result, effects.report(result))
