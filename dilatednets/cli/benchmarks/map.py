"""`dilatednets benchmark map`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import add_json, add_model, check_at_least_one, print_result
from dilatednets.errors import InputError

KIND, HELP = "map", "records a second of an archive by one worker and by two, beside the plain command"
LEAST = 16


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and how much."""
    add_model(parser)
    parser.add_argument("--records", type=int, help="how many (default: 512 pictures, or a corpus of 20 MB)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers (default: 1 2)")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark map MODEL [--records N] [--workers N ...]`."""
    from dilatednets.benchmarks import mapping

    check_at_least_one("--workers", *options.workers)
    if options.records is not None and options.records < LEAST:
        raise InputError(f"--records: must be at least {LEAST}, not {options.records}")
    result = mapping.run(options.model, options.records, options.workers)
    print_result(options, result, mapping.report(result))
