"""`dilatednets benchmark counting`."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import PRESET, add_data_dir, add_json, add_model, print_result
from dilatednets.presets import presets

KIND, HELP = "counting", "how well things are outlined and counted in changed pictures, beside Otsu's threshold"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, its partner, the data."""
    add_model(parser)
    parser.add_argument("--partner", metavar="MODEL", help=f"{PRESET}; default: the one that MODEL's card names")
    add_data_dir(parser)
    parser.add_argument("--split", default="validation", help="split of the data set (default: validation)")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark counting MODEL --data-dir DIR [--partner MODEL] [--split SPLIT]`."""
    family = registry.family_of_preset(options.model)
    counting = family.benchmark("counting")
    partner = options.partner or presets.card(options.model).get("partner")
    models = [name and registry.from_preset(name, family.model) for name in (options.model, partner)]
    result = counting.run(models[0], options.data_dir, models[1], options.split)
    print_result(options, result, counting.report(result))
