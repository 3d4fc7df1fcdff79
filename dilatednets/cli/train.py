"""The command `train`."""

import os
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack, redirect_stdout

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_settings

VERB, HELP = "train", "train a model by a recipe"


def add_arguments(parser: ArgumentParser) -> None:
    """RECIPE, and where the data and the run are."""
    parser.add_argument("recipe", help="a TOML file, e.g. zoo/wavenet_digits/recipe.toml")
    add_data_dir(parser)
    parser.add_argument("--output", required=True, metavar="RUN", help="folder of the run: best model, logs, samples")
    parser.add_argument("--resume", action="store_true", help="go on from the last epoch end")
    add_settings(parser, "training.epochs=3")
    parser.add_argument(
        "--data-parallel", action="store_true", help="on all devices, a share of each batch on each; with JAX"
    )


def run(options: Namespace) -> None:
    """`dilatednets train RECIPE --data-dir DIR --output RUN [--resume] [--set key=value ...] [--data-parallel]`."""
    from dilatednets.training import loop
    from dilatednets.training.data_parallel import data_parallel, is_first_process

    recipe = registry.read_recipe(options.recipe, options.set)
    options.when_stopped = "; go on by the same command and --resume"
    with ExitStack() as stack:
        devices = ""
        if options.data_parallel:
            devices = f", on {stack.enter_context(data_parallel(recipe.training.seed))} devices"
            if not is_first_process():
                stack.enter_context(redirect_stdout(stack.enter_context(open(os.devnull, "w"))))
        task = registry.task(recipe, options.data_dir)
        print(
            f"Training {recipe.name} on {options.data_dir} for {recipe.epochs} epochs{devices}; "
            f"the run is in {options.output}",
            flush=True,
        )
        best = loop.train(task, options.output, options.resume)
        print(f"The best model on validation is {best}")
        if is_first_process():  # the others do not have the model
            print(f"Try: {recipe.try_next(best)}")
