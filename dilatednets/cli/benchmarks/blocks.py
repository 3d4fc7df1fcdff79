"""`dilatednets benchmark blocks`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import add_json, check_at_least_one, check_seconds, print_result

KIND, HELP = "blocks", "training steps of temporal blocks, beside Conv1D, PyTorch and an LSTM"


def add_arguments(parser: ArgumentParser) -> None:
    """Sizes."""
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        action="append",
        metavar=("KERNEL", "CHANNELS"),
        help="may come again (default: five)",
    )
    parser.add_argument("--batch", type=int, default=64, help="sequences a step (default 64)")
    parser.add_argument("--steps", type=int, default=784, help="length of the sequences (default 784)")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark blocks [--size KERNEL CHANNELS ...] [--batch N] [--steps N]`."""
    check_at_least_one("--batch", options.batch)
    check_at_least_one("--steps", options.steps)
    check_at_least_one("--size", *(number for size in options.size or () for number in size))
    check_seconds(options.seconds)
    from dilatednets.benchmarks import blocks

    result = blocks.run(options.size or blocks.SIZES, options.batch, options.steps, options.seconds)
    print_result(options, result, blocks.report(result))
