"""The command `generate`: sound or music by a model that makes such."""

from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets import registry
from dilatednets.arguments import add_model
from dilatednets.errors import InputError, a

VERB, HELP = "generate", "make sound or music"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, what single families let one choose, and where the result goes."""
    add_model(parser)
    for family in generating():
        family.verb().add_generation_arguments(parser)
    parser.add_argument("--seed", type=int, help="same seed, same result")
    parser.add_argument("--temperature", type=float, default=1.0, help="below 1: less varied (default 1)")
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="FILE.wav, .flac, .ogg or .mp3; music: .mid and .wav"
    )
    parser.add_argument("--plot", metavar="FILE.png", help="draw what was made, as PNG, SVG or PDF")


def run(options: Namespace) -> None:
    """`dilatednets generate MODEL [...] [--seed N] [--temperature X] --output FILE [--plot FILE.png]`."""
    family, able = registry.family_of_preset(options.model), generating()
    if family not in able:
        others = " or ".join(other.model for other in able)
        raise InputError(f"{options.model}: is {a(family.model)}, which makes nothing new; choose {a(others)}")
    taken = family.verb().generation_options(options)
    for other in able:
        given = [name for name in other.verb().generation_options(options) if name not in taken]
        if given:
            raise InputError(
                f"--{given[0].replace('_', '-')}: is for {a(other.model)}, not for {a(family.model)}; leave it out"
            )
    options.option_of |= getattr(family.verb(), "OPTION_OF", {})
    family.verb().generate(options)


def generating() -> list[Any]:
    """The families that make something."""
    return [family for family in registry.FAMILIES.values() if hasattr(family.verb(), "generate")]
