"""The command `benchmark`: each kind of it is a module of its own, with KIND, HELP, `add_arguments` and `run`."""

from argparse import ArgumentParser, Namespace

from dilatednets.cli.benchmarks import (
    blocks,
    chunking,
    context,
    fine_tuning,
    generation,
    inference,
    lowering,
    recognition,
    serving,
    training,
)

VERB, HELP = "benchmark", "measure speed, beside what one would otherwise use"
KINDS = (generation, inference, training, blocks, context, chunking, fine_tuning, serving, recognition, lowering)


def add_arguments(parser: ArgumentParser) -> None:
    """A kind, and its arguments."""
    kinds = parser.add_subparsers(title="what to measure", required=True, metavar="KIND")
    for kind in KINDS:
        command = kinds.add_parser(kind.KIND, help=kind.HELP, description=kind.HELP)
        command.set_defaults(run=kind.run)
        kind.add_arguments(command)


def run(options: Namespace) -> None:
    """`dilatednets benchmark KIND ...`: the kind's own `run` takes its place."""
