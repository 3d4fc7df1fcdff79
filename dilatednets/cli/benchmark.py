"""The command `benchmark`: each kind of it is a module of its own, with KIND, HELP, `add_arguments` and `run`."""

from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets.cli.benchmarks import (
    blocks,
    chunking,
    context,
    counting,
    effects,
    fine_tuning,
    generation,
    inference,
    lowering,
    map,
    recognition,
    serving,
    streaming,
    training,
    vocoding,
)

VERB, HELP = "benchmark", "measure speed, beside what one would otherwise use"
KINDS = (
    generation,
    inference,
    training,
    blocks,
    context,
    counting,
    chunking,
    effects,
    fine_tuning,
    serving,
    streaming,
    recognition,
    vocoding,
    lowering,
    map,
)


def add_arguments(parser: ArgumentParser) -> None:
    """A kind, and its arguments."""
    kinds = parser.add_subparsers(title="what to measure", required=True, metavar="KIND")
    for kind in KINDS:
        command: Any = kinds.add_parser(kind.KIND, help=kind.HELP, description=kind.HELP)
        kind.add_arguments(command)
        command.set_defaults(run=kind.run, option_of=command.option_of)


def run(options: Namespace) -> None:
    """`dilatednets benchmark KIND ...`: the kind's own `run` takes its place."""
