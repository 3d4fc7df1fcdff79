"""`dilatednets benchmark streaming`."""

import os
from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import PRESET, add_json, add_model, check_seconds, print_result

KIND, HELP = "streaming", "frames a second of a TCN that listens, on one core, by Keras and by its exported files"
DEFAULT = "tcn_spoken_digits"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL."""
    add_model(parser, f"{PRESET}; default: {DEFAULT}", nargs="?", default=DEFAULT)
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark streaming [MODEL]`."""
    check_seconds(options.seconds)
    streaming = registry.family_of_preset(options.model).benchmark("streaming")
    if hasattr(os, "sched_setaffinity"):  # before the backend starts its threads
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    result = streaming.run(registry.from_preset(options.model), options.seconds)
    print_result(options, result, streaming.report(result))
