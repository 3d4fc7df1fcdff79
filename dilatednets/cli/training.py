"""The commands `train` and `evaluate`."""

import json
import os
from argparse import Namespace
from contextlib import ExitStack, redirect_stdout
from typing import Any


def train(options: Namespace) -> None:
    """`dilatednets train RECIPE --data-dir DIR --output RUN [--resume] [--set key=value ...] [--data-parallel]`."""
    from dilatednets.training import fit
    from dilatednets.training.data_parallel import data_parallel, is_first_process
    from dilatednets.training.recipe import read_recipe

    recipe = read_recipe(options.recipe, options.set)
    with ExitStack() as stack:
        devices = ""
        if options.data_parallel:
            devices = f", on {stack.enter_context(data_parallel(recipe.training.seed))} devices"
            if not is_first_process():
                stack.enter_context(redirect_stdout(stack.enter_context(open(os.devnull, "w"))))
        print(
            f"Training {recipe.name} on {options.data_dir} for {recipe.epochs} epochs{devices}; "
            f"the run is in {options.output}"
        )
        best = fit.train(recipe, options.data_dir, options.output, options.resume)
        print(f"The best model on validation is {best}")
        print(f"Try: {recipe.try_next(best)}")


def evaluate(options: Namespace) -> None:
    """`dilatednets evaluate MODEL --data-dir DIR --split SPLIT [--json]`."""
    from dilatednets.cli.segment import check_scales
    from dilatednets.training import evaluate as measure
    from dilatednets.zoo import catalogue

    check_scales(options)
    model = catalogue.from_preset(options.model)
    how = {"scales": options.scales, "flip": options.flip}
    result = measure.evaluate(model, options.data_dir, options.split, options.reader, **how)
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
