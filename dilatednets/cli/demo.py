"""The command `demo`: what `make demo` runs."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from dilatednets import registry
from dilatednets.errors import InputError

VERB, HELP = "demo", "what the models are for, on samples that come with the package, in a few minutes"


def add_arguments(parser: ArgumentParser) -> None:
    """--output."""
    parser.add_argument("--output", default="demo", help="folder for what it makes (default: demo)")


def run(options: Namespace) -> None:
    """Each family shows what it is for; then the files and the commands to try next are listed."""
    from dilatednets.files import check_writable

    if not options.output:
        raise InputError("--output: is empty; name a folder")
    output = Path(options.output)
    check_writable(output / "demo.txt")
    families = [family for family in registry.FAMILIES.values() if family.has("demo")]
    written: list[Path] = []
    for number, family in enumerate(families, start=1):
        print(f"{number}. {family.model}", flush=True)
        written += family.part("demo").demo(output)
    print("Written:")
    for path in written:
        print(f"   {path}")
    for family in families:
        print(f"Next: {family.part('demo').NEXT}")
