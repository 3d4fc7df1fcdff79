"""`dilatednets benchmark lowering`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import PRESET, add_json, print_result

KIND, HELP = "lowering", "whether JAX lowers models for CPU, GPU and TPU; needs none of them"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL ..."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"{PRESET} (default: one of a kind)")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark lowering [MODEL ...]`."""
    from dilatednets.benchmarks import lowering

    result = lowering.run(options.models or lowering.PRESETS)
    print_result(options, result, lowering.report(result))
