"""The commands `train` and `evaluate`."""

import json
from argparse import Namespace


def train(options: Namespace) -> None:
    """`dilatednets train RECIPE --data-dir DIR --output RUN [--resume] [--set key=value ...]`."""
    from dilatednets.training import fit
    from dilatednets.training.recipe import read_recipe

    recipe = read_recipe(options.recipe, options.set)
    print(
        f"Training {recipe.name} on {options.data_dir} for {recipe.training.epochs} epochs; the run is in {options.output}"
    )
    best = fit.train(recipe, options.data_dir, options.output, options.resume)
    print(f"The best model on validation is {best}")
    print(f'Try: dilatednets generate {best} --text "{recipe.training.sample_text}" --speaker NAME --output say.wav')


def evaluate(options: Namespace) -> None:
    """`dilatednets evaluate MODEL --data-dir DIR --split SPLIT [--json]`."""
    from dilatednets.training import evaluate as measure
    from dilatednets.zoo.wavenet import WaveNet

    result = measure.evaluate(WaveNet.from_preset(options.model), options.data_dir, options.split)
    if options.json:
        print(json.dumps({"model": str(options.model), **result}))
    else:
        print(
            f"{options.model} on {result['split']}: {result['bits_per_sample']:.4f} bits a sample "
            f"({result['recordings']} recordings, {result['samples']} samples)"
        )
