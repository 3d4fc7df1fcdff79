"""`dilatednets benchmark chunking`."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_json, add_settings, check_at_least_one, check_names, print_result
from dilatednets.errors import InputError, a

KIND, HELP = "chunking", "what dilation, characters, the random field and the future add to a TCNChunker"


def add_arguments(parser: ArgumentParser) -> None:
    """RECIPE, the data, the variants."""
    parser.add_argument("recipe", help="recipe or preset of a TCNChunker")
    add_data_dir(parser)
    parser.add_argument("--epochs", type=int, help="epochs of all (default: the recipe's)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each (default 1)")
    parser.add_argument("--variants", nargs="+", help="some of the variants by name (default: all)")
    add_settings(parser, "data.more_pos=")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark chunking RECIPE --data-dir DIR [--epochs N] [--seeds N] [--variants NAME ...]`."""
    from dilatednets.benchmarks.tcn_chunker import comparison

    epochs = [] if options.epochs is None else [f"training.epochs={options.epochs}"]
    recipe = registry.read_recipe(options.recipe, [*epochs, *options.set])
    if recipe.model != "TCNChunker":
        raise InputError(f"{options.recipe}: is a recipe of {a(recipe.model)}; this needs a TCNChunker's")
    check_names("--variants", options.variants, (*comparison.VARIANTS, *comparison.RIVALS))
    check_at_least_one("--seeds", options.seeds)
    names = options.variants or list(comparison.VARIANTS)
    result = comparison.run(recipe, options.data_dir, range(options.seeds), names)
    print_result(options, result, comparison.report(result))
