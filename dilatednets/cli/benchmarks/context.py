"""`dilatednets benchmark context`."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_json, add_settings, check_at_least_one, check_names, print_result
from dilatednets.errors import InputError, a

KIND, HELP = "context", "what the context module adds to a front end, and dilation to it"


def add_arguments(parser: ArgumentParser) -> None:
    """RECIPE, the front end, the data."""
    parser.add_argument("recipe", help="recipe or preset of a ContextSegmenter: data, augmentation, loss")
    parser.add_argument("--front-end", required=True, metavar="MODEL", help="preset whose front end all start from")
    add_data_dir(parser)
    parser.add_argument("--stage", help="stage of the recipe that all are trained by (default: its last)")
    parser.add_argument("--epochs", type=int, help="epochs instead of the stage's")
    parser.add_argument("--variants", nargs="+", help="some of the variants by name (default: all)")
    add_settings(parser, "training.seed=1")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark context RECIPE --front-end MODEL --data-dir DIR [--stage S] [--epochs N] [--set KEY=VALUE]`."""
    from dilatednets.benchmarks.context_segmenter import context_ablation

    recipe = registry.read_recipe(options.recipe, options.set)
    if recipe.model != "ContextSegmenter":
        raise InputError(f"{options.recipe}: is a recipe of {a(recipe.model)}; this needs a ContextSegmenter's")
    name = options.stage or list(recipe.stages)[-1]
    if name not in recipe.stages:
        raise InputError(f"--stage: {name}: the recipe has {', '.join(recipe.stages)}")
    check_names("--variants", options.variants, context_ablation.VARIANTS)
    check_at_least_one("--epochs", options.epochs)
    stage = recipe.stages[name]
    stage = replace(stage, epochs=options.epochs or stage.epochs)
    result = context_ablation.run(recipe, options.front_end, options.data_dir, stage, options.variants)
    print_result(options, result, context_ablation.report(result))
