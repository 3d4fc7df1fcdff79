"""The commands `benchmark` and `compare`."""

import json
import math
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilatednets.errors import InputError

if TYPE_CHECKING:
    from dilatednets.training.recipe import Recipe


COMPARED = {
    "spoken_digits": "wavenet_digits",
    "conll2000": "tcn_chunker_conll2000",
    "snips": "tcn_slots_snips",
}
"""The preset whose recipe is compared, by data set."""


def generation(options: Namespace) -> None:
    """`dilatednets benchmark generation [MODEL | --layers N --residual-channels R ...]`."""
    from dilatednets.benchmarks import generation as measure
    from dilatednets.zoo.wavenet import WaveNet

    sizes = ("layers", "residual_channels", "gate_channels", "skip_channels", "kernel_size", "sample_rate")
    for name in sizes:
        if getattr(options, name) < 1:
            raise InputError(f"--{name.replace('_', '-')}: must be at least 1, not {getattr(options, name)}")
    if options.gate_channels % 2:
        raise InputError(
            f"--gate-channels: counts both halves of the gate, so it must be even: {options.gate_channels}"
        )
    if min(options.batch) < 1 or not 0 < options.seconds < math.inf:
        raise InputError("--batch: must be at least 1, and --seconds above 0")
    if options.model:
        model = WaveNet.from_preset(options.model)
    else:
        model = WaveNet(
            dilations=[2 ** (i % 10) for i in range(options.layers)],
            kernel_size=options.kernel_size,
            residual_channels=options.residual_channels,
            gate_channels=options.gate_channels,
            skip_channels=options.skip_channels,
            sample_rate=options.sample_rate,
        )
    result = measure.run(model, options.batch, options.seconds)
    _print(options, result, measure.report(result))


def lowering(options: Namespace) -> None:
    """`dilatednets benchmark lowering [MODEL ...]`."""
    from dilatednets.benchmarks import lowering as measure

    result = measure.run(options.models or measure.PRESETS)
    _print(options, result, measure.report(result))


def serving(options: Namespace) -> None:
    """`dilatednets benchmark serving MODEL [--batch N ...]`."""
    from dilatednets.benchmarks import serving as measure
    from dilatednets.zoo import catalogue

    if min(options.batch) < 1:
        raise InputError("--batch: must be at least 1")
    result = measure.run(catalogue.from_preset(options.model), options.batch)
    _print(options, result, measure.report(result))


def recognition(options: Namespace) -> None:
    """`dilatednets benchmark recognition MODEL --data-dir DIR [--seeds N]`."""
    from dilatednets.benchmarks import recognition as measure
    from dilatednets.zoo.wavenet import WaveNet

    model = WaveNet.from_preset(options.model)
    result = measure.run(model, options.data_dir, options.seeds, options.temperature)
    _print(options, result, measure.report(result))


def inference(options: Namespace) -> None:
    """`dilatednets benchmark inference [MODEL] [--size H W] [--batch N ...]`."""
    from dilatednets.benchmarks import chunker_speed
    from dilatednets.benchmarks import segmentation as measure
    from dilatednets.zoo import catalogue, presets

    _check_size(options, min(options.batch or [1]))
    if options.model and presets.class_name(options.model) == "TCNChunker":
        model = catalogue.from_preset(options.model)
        result = chunker_speed.inference(model, options.batch or [1, 64], options.seconds)
        _print(options, result, chunker_speed.report(result))
        return
    options.batch = options.batch or [1, 8]
    result = measure.inference(_segmenter(options), tuple(options.size), options.batch, options.seconds)
    _print(options, result, measure.report(result))


def training(options: Namespace) -> None:
    """`dilatednets benchmark training [MODEL] [--size H W] [--batch N]`."""
    from dilatednets.benchmarks import segmentation as measure

    _check_size(options, options.batch)
    result = measure.training(_segmenter(options), tuple(options.size), options.batch, options.seconds)
    _print(options, result, measure.report(result))


def _check_size(options: Namespace, batch: int) -> None:
    if min(options.size) < 16 or batch < 1 or not 0 < options.seconds < math.inf:
        raise InputError("--size: must be at least 16 pixels a side, --batch at least 1, and --seconds above 0")


def _segmenter(options: Namespace) -> Any:
    """The model named, or an untrained one of the default size: speed does not depend on the weights."""
    from dilatednets.zoo import catalogue
    from dilatednets.zoo.context_segmenter import ContextSegmenter

    if options.model:
        return catalogue.from_preset(options.model, "ContextSegmenter")
    return ContextSegmenter(num_classes=11)


def context(options: Namespace) -> None:
    """`dilatednets benchmark context RECIPE --front-end MODEL --data-dir DIR [--stage S] [--epochs N] [--set KEY=VALUE]`."""
    from dataclasses import replace

    from dilatednets.benchmarks import context_ablation
    from dilatednets.training.segmentation_recipe import SegmentationRecipe

    recipe = _recipe(options.recipe, options.set)
    if not isinstance(recipe, SegmentationRecipe):
        raise InputError(f"{options.recipe}: is a recipe of a {recipe.model}; this needs a ContextSegmenter's")
    name = options.stage or list(recipe.stages)[-1]
    if name not in recipe.stages:
        raise InputError(f"--stage: {name}: the recipe has {', '.join(recipe.stages)}")
    unknown = set(options.variants or []) - set(context_ablation.VARIANTS)
    if unknown:
        raise InputError(f"--variants: {min(unknown)!r}: there are {', '.join(context_ablation.VARIANTS)}")
    stage = recipe.stages[name]
    if options.epochs is not None:
        if options.epochs < 1:
            raise InputError(f"--epochs: must be at least 1, not {options.epochs}")
        stage = replace(stage, epochs=options.epochs)
    result = context_ablation.run(recipe, options.front_end, options.data_dir, stage, options.variants)
    _print(options, result, context_ablation.report(result))


def fine_tuning(options: Namespace) -> None:
    """`dilatednets benchmark fine-tuning MODEL --data-dir DIR [--held-out DIR] [--epochs N] [--plot FILE.png]`."""
    from dilatednets.benchmarks import fine_tuning as measure
    from dilatednets.data.plots import save_png
    from dilatednets.files import check_writable

    if options.epochs is not None and options.epochs < 1:
        raise InputError(f"--epochs: must be at least 1, not {options.epochs}")
    if options.plot:
        check_writable(options.plot)
    result = measure.run(options.model, options.data_dir, options.held_out, options.epochs)
    if options.plot:
        save_png(measure.plot(result), options.plot)
    _print(options, result, measure.report(result))


def chunking(options: Namespace) -> None:
    """`dilatednets benchmark chunking RECIPE --data-dir DIR [--epochs N] [--seeds N] [--variants NAME ...]`."""
    from dilatednets.benchmarks import compare_chunkers
    from dilatednets.training.chunking_recipe import ChunkingRecipe

    epochs = [] if options.epochs is None else [f"training.epochs={options.epochs}"]
    recipe = _recipe(options.recipe, [*epochs, *options.set])
    if not isinstance(recipe, ChunkingRecipe):
        raise InputError(f"{options.recipe}: is a recipe of a {recipe.model}; this needs a TCNChunker's")
    known = (*compare_chunkers.VARIANTS, *compare_chunkers.RIVALS)
    unknown = set(options.variants or []) - set(known)
    if unknown:
        raise InputError(f"--variants: {min(unknown)!r}: there are {', '.join(known)}")
    if options.seeds < 1:
        raise InputError(f"--seeds: must be at least 1, not {options.seeds}")
    names = options.variants or list(compare_chunkers.VARIANTS)
    result = compare_chunkers.run(recipe, options.data_dir, range(options.seeds), names)
    _print(options, result, compare_chunkers.report(result))


def _recipe(path_or_preset: str, settings: list[str] | None = None) -> "Recipe":
    """A recipe by its file, or that of a preset."""
    from dilatednets.training.recipe import read_recipe
    from dilatednets.zoo import presets

    path = Path(path_or_preset)
    return read_recipe(path if path.is_file() else presets.find(path_or_preset) / presets.RECIPE, settings)


def compare(options: Namespace) -> None:
    """`dilatednets compare TASK --data-dir DIR [--recipe R] [--epochs N] [--seeds N] [--set key=value ...]`."""
    from dilatednets.benchmarks import compare_chunkers, compare_rnn
    from dilatednets.training.chunking_recipe import ChunkingRecipe
    from dilatednets.training.speech_recipe import SpeechRecipe

    name = options.recipe or COMPARED[options.task]
    epochs = [] if options.epochs is None else [f"training.epochs={options.epochs}"]
    recipe = _recipe(name, [*epochs, *options.set])
    if options.seeds < 1:
        raise InputError(f"--seeds: must be at least 1, not {options.seeds}")
    if options.task == "spoken_digits" and isinstance(recipe, SpeechRecipe):
        result = compare_rnn.run(recipe, options.data_dir)
        _print(options, result, compare_rnn.report(result))
    elif options.task != "spoken_digits" and isinstance(recipe, ChunkingRecipe):
        result = compare_chunkers.run(recipe, options.data_dir, range(options.seeds))
        _print(options, result, compare_chunkers.report(result))
    else:
        needed = "WaveNet" if options.task == "spoken_digits" else "TCNChunker"
        raise InputError(f"{name}: is a recipe of a {recipe.model}; the comparison needs a {needed}'s")


def _print(options: Namespace, result: dict[str, Any], text: str) -> None:
    print(json.dumps(result) if options.json else text)
