"""The `dilatednets` command: its grammar, put together from its verbs, and what it says when something is wrong."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from dilatednets import __version__, registry
from dilatednets.cli import (
    benchmark,
    compare,
    demo,
    describe,
    evaluate,
    export,
    fetch,
    generate,
    map,
    models,
    play,
    train,
)
from dilatednets.cli.quiet import interruptible, own_words
from dilatednets.errors import InputError

SHARED = (models, describe, train, evaluate, generate, map, export, fetch, benchmark, compare, demo, play)
"""The verbs that all models share. Each is a module with VERB, HELP, `add_arguments` and `run`, as a family's verb is; and
OPTION_OF where an option has another name than the argument it becomes: {"num_samples": "--seconds"}."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, or 2 after one line that says what is wrong and what to do."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may be in no encoding
    grammar = parser()
    options, rest = grammar.parse_known_args(arguments)
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(options, "file", "") is None:
        options.file = rest.pop()  # argparse takes an optional argument for missing if an option comes before it
    if rest:
        grammar.error(f"unrecognized arguments: {' '.join(rest)}")
    with own_words(), interruptible() as stopped:
        try:
            options.run(options)
            return 0
        except BrokenPipeError:  # who read the output, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except KeyboardInterrupt:
            stopped.set()
        except Exception as error:
            if not stopped.is_set():
                if not isinstance(error, InputError | OSError):
                    raise
                print(f"dilatednets: {_in_options(' '.join(str(error).split()), options)}", file=sys.stderr)
                return 2
    print(f"dilatednets: stopped{getattr(options, 'when_stopped', '')}", file=sys.stderr)
    return 130


def parser() -> argparse.ArgumentParser:
    """The command's grammar. What a command does is imported when it runs, so that --help answers at once."""
    top = _Parser(prog="dilatednets", description="Trained models of dilated convolutions.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    own = [family.verb() for family in registry.FAMILIES.values()]
    for verb in (*SHARED[:5], *(verb for verb in own if hasattr(verb, "VERB")), *SHARED[5:]):
        command = commands.add_parser(verb.VERB, help=verb.HELP, description=verb.HELP)
        verb.add_arguments(command)
        command.set_defaults(run=verb.run, option_of={**command.option_of, **getattr(verb, "OPTION_OF", {})})
    return top


def _in_options(message: str, options: argparse.Namespace) -> str:
    """What is wrong, in the language of the command: of the argument `speaker` it says --speaker."""
    name, colon, rest = message.partition(":")
    option = options.option_of.get(name)
    return f"{option}:{rest}" if colon and option else message


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, like every other refusal; subcommands' parsers are of it, too."""

    def __init__(self, **options: Any) -> None:
        self.option_of: dict[str, str] = {}
        self.commands: Any = None
        super().__init__(**options)

    def add_argument(self, *names: Any, **options: Any) -> Any:
        """Adds an argument, and keeps which option it is."""
        action = super().add_argument(*names, **options)
        if action.option_strings:
            self.option_of[action.dest] = action.option_strings[-1]
        return action

    def error(self, message: str) -> NoReturn:
        """Prints the line and exits with status 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}; see {self.prog} --help\n")


if __name__ == "__main__":
    sys.exit(main())
