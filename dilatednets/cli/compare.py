"""The command `compare`: a dilated net beside recurrent ones, with the same data, batches and epochs."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_json, add_settings, check_at_least_one, print_result
from dilatednets.errors import InputError

VERB, HELP = "compare", "a dilated net beside recurrent ones: the same data, batches and epochs"
PRESETS = {"spoken_digits": "wavenet_digits", "conll2000": "tcn_chunker_conll2000", "snips": "tcn_slots_snips"}
"""The preset whose recipe is compared, by data set."""


def add_arguments(parser: ArgumentParser) -> None:
    """TASK, the data, and changes of the recipe."""
    parser.add_argument("task", choices=list(PRESETS))
    add_data_dir(parser)
    parser.add_argument("--recipe", help="recipe or preset whose net and data are used (default: the task's preset)")
    parser.add_argument("--epochs", type=int, help="epochs of all nets (default: the recipe's)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each net (default 1)")
    add_settings(parser, "training.batch_size=16")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets compare TASK --data-dir DIR [--recipe R] [--epochs N] [--seeds N] [--set key=value ...]`."""
    check_at_least_one("--seeds", options.seeds)
    name = options.recipe or PRESETS[options.task]
    epochs = [] if options.epochs is None else [f"training.epochs={options.epochs}"]
    recipe = registry.read_recipe(name, [*epochs, *options.set])
    family = registry.family_of_preset(PRESETS[options.task])
    if recipe.model != family.model:
        raise InputError(f"{name}: is a recipe of a {recipe.model}; the comparison needs a {family.model}'s")
    comparison = family.benchmark("comparison")
    result = comparison.run(recipe, options.data_dir, range(options.seeds))
    print_result(options, result, comparison.report(result))
