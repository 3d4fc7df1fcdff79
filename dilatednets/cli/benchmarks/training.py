"""`dilatednets benchmark training`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import PRESET, add_json, add_model, check_at_least_one
from dilatednets.cli.benchmarks.inference import DEFAULT, measure

KIND, HELP = "training", "examples a second in training, beside the same net in PyTorch"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and what goes into it."""
    add_model(parser, f"{PRESET}; default: {DEFAULT}", nargs="?", default=DEFAULT)
    parser.add_argument("--size", type=int, nargs=2, metavar=("H", "W"), help="size of images (default: 360 480)")
    parser.add_argument("--batch", type=int, default=8, help="batch size (default 8)")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark training [MODEL] [--size H W] [--batch N]`."""
    check_at_least_one("--batch", options.batch)
    measure(options, "training", options.batch)
