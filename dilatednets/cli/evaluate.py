"""The command `evaluate`."""

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_json, add_model
from dilatednets.errors import InputError, a

VERB, HELP = "evaluate", "measure a model on a split of its data set"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the data, and what single families let one choose."""
    add_model(parser)
    add_data_dir(parser)
    parser.add_argument("--split", default="validation", help="train, validation (or val) or test")
    parser.add_argument(
        "--reader",
        help="what the data set is, such as columns; what key data.reader of a recipe may be (default: as trained)",
    )
    for family in registry.FAMILIES.values():
        if hasattr(family.verb(), "add_evaluation_arguments"):
            family.verb().add_evaluation_arguments(parser)
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets evaluate MODEL --data-dir DIR --split SPLIT [--json]`."""
    family = registry.family_of_preset(options.model)
    how: dict[str, Any] = {}
    for other in registry.FAMILIES.values():
        verb = other.verb()
        given = verb.evaluation_options(options) if hasattr(verb, "evaluation_options") else {}
        if given and other != family:
            raise InputError(f"--{next(iter(given))}: is for {a(other.model)}, not for {a(family.model)}; leave it out")
        how |= given
    model = registry.from_preset(options.model)
    result = model.evaluate_on(options.data_dir, options.split, options.reader, **how)
    if options.json:
        print(json.dumps({"model": str(options.model), **result}))
        return
    print(f"{options.model} on {result.pop('split')}:")
    for line in _lines(result):
        print(f"  {line}")


def _lines(figures: dict[str, Any]) -> list[str]:
    """Figures by name, one a line; those of a table below its name."""
    lines = []
    for name, value in figures.items():
        words = name.replace("_", " ")
        if isinstance(value, dict):
            lines += [f"{words}:", *(f"  {line}" for line in _lines(value))]
        else:
            lines.append(f"{words} {value:.4f}" if isinstance(value, float) else f"{words} {value}")
    return lines
