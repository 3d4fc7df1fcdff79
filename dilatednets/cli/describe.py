"""The command `describe`: what a model costs, and what it sees."""

import json
from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import add_json, add_model
from dilatednets.presets import presets

VERB, HELP = "describe", "a model's cost, receptive field, picture of the dilation pattern"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, --plot, --json."""
    add_model(parser)
    parser.add_argument("--plot", metavar="FILE", help="draw which samples one output sees, as PNG, SVG or PDF")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets describe MODEL [--plot FILE] [--json]`."""
    from dilatednets.files import check_writable
    from dilatednets.plots.figure import check_suffix, save

    if options.plot:
        check_suffix(options.plot)
        check_writable(options.plot)
    model = registry.from_preset(options.model)
    describe, facts = registry.family_of(model).part("describe"), model.describe()
    if options.plot:
        save(describe.draw(model, str(options.model)), options.plot)
    if options.json:
        print(json.dumps({"model": str(options.model), **facts}))
        return
    print(f"{options.model}: {presets.card(options.model).get('description', type(model).__name__)}")
    for line in describe.lines(model, facts):
        print(f"  {line}")
    if options.plot:
        print(f"{options.plot}: what one output sees, and what that costs")
