"""The command `train`."""

import csv
import os
import statistics
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_settings
from dilatednets.errors import InputError

VERB, HELP = "train", "train a model by a recipe"


def add_arguments(parser: ArgumentParser) -> None:
    """RECIPE, and where the data and the run are."""
    parser.add_argument("recipe", help="a TOML file, e.g. zoo/wavenet_digits/recipe.toml")
    add_data_dir(parser)
    parser.add_argument("--output", required=True, metavar="RUN", help="folder of the run: best model, logs, samples")
    parser.add_argument("--resume", action="store_true", help="go on from the last epoch end")
    add_settings(parser, "training.epochs=3")
    parser.add_argument(
        "--folds", nargs="+", metavar="FOLD", help="one run for each of these values of data.fold, in RUN/fold-FOLD"
    )
    parser.add_argument(
        "--data-parallel", action="store_true", help="on all devices, a share of each batch on each; with JAX"
    )


def run(options: Namespace) -> None:
    """`dilatednets train RECIPE --data-dir DIR --output RUN [--resume] [--set key=value ...] [--folds FOLD ...]`."""
    options.when_stopped = "; go on by the same command and --resume"
    if not options.folds:
        _train(options, Path(options.output), options.set)
        return
    if not hasattr(registry.read_recipe(options.recipe, options.set).data, "fold"):
        raise InputError(f"--folds: {options.recipe}: its data have no folds; leave it out")
    figures = {}
    for fold in options.folds:
        output = Path(options.output) / f"fold-{fold}"
        goal = _train(options, output, [*(options.set or []), f"data.fold={fold}"]).goal
        with open(output / "history.csv", newline="", encoding="utf-8") as file:
            *_, last = csv.DictReader(file)
        figures[fold] = float(last[f"validation_{goal.metric}"])
    print(f"{goal.words} by the fold held out, after the last epoch:")
    print("\n".join(f"  {fold}: {figure:.4f}" for fold, figure in figures.items()))
    spread = f" +- {statistics.stdev(figures.values()):.4f}" if len(figures) > 1 else ""
    print(f"  mean{spread and ' and standard deviation'}: {statistics.mean(figures.values()):.4f}{spread}")


def _train(options: Namespace, output: Path, settings: list[str]) -> Any:
    """One run; returns its task."""
    from dilatednets.training import loop
    from dilatednets.training.data_parallel import data_parallel, is_first_process

    recipe = registry.read_recipe(options.recipe, settings)
    with ExitStack() as stack:
        devices = ""
        if options.data_parallel:
            devices = f", on {stack.enter_context(data_parallel(recipe.training.seed))} devices"
            if not is_first_process():
                stack.enter_context(redirect_stdout(stack.enter_context(open(os.devnull, "w"))))
        task = registry.task(recipe, options.data_dir)
        print(
            f"Training {recipe.name} on {options.data_dir} for {recipe.epochs} epochs{devices}; the run is in {output}",
            flush=True,
        )
        best = loop.train(task, output, options.resume)
        print(f"The best model on validation is {best}")
        if is_first_process():  # the others do not have the model
            print(f"Try: {recipe.try_next(best)}")
    return task
