"""Trains any model of the zoo by its recipe: Keras fit, with checkpoints that survive kill -9."""

import os
from pathlib import Path

from dilatednets.training import chunking, segmentation, speech
from dilatednets.training.chunking_recipe import ChunkingRecipe
from dilatednets.training.recipe import Recipe
from dilatednets.training.segmentation_recipe import SegmentationRecipe


def train(recipe: Recipe, data_dir: str | os.PathLike[str], output: str, resume: bool = False) -> Path:
    """Trains by a recipe and returns the folder of the best model on validation, a preset.

    Args:
        recipe: What to do.
        data_dir: The data set's folder.
        output: The run's folder; see `RunFolder`.
        resume: Go on from the last epoch end. The weights then end the same as without the interruption.

    Raises:
        InputError: for bad data, a run that is there already, or a loss that is no number, with advice.
    """
    if isinstance(recipe, SegmentationRecipe):
        return segmentation.train(recipe, data_dir, output, resume)
    if isinstance(recipe, ChunkingRecipe):
        return chunking.train(recipe, data_dir, output, resume)
    return speech.train(recipe, data_dir, output, resume)
