"""`dilatednets benchmark serving`."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import add_json, add_model, check_at_least_one, print_result

KIND, HELP = "serving", "speed of an exported model, run as TensorFlow Serving runs it"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL and batch sizes."""
    add_model(parser)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4], help="batch sizes (default: 1 4)")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark serving MODEL [--batch N ...]`."""
    from dilatednets.benchmarks import serving

    check_at_least_one("--batch", *options.batch)
    result = serving.run(registry.from_preset(options.model), options.batch)
    print_result(options, result, serving.report(result))
