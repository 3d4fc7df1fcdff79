"""What JAX compiles of a ContextSegmenter, for `dilatednets benchmark lowering`."""

from typing import Any

import numpy as np
from keras import ops

from dilatednets.backend import stateless
from dilatednets.zoo.context_segmenter import tiling
from dilatednets.zoo.context_segmenter.image_batches import ImageBatches
from dilatednets.zoo.context_segmenter.tasks import task
from dilatednets.zoo.context_segmenter.training import make_augmentation, make_loss


def example_batch(model: Any, recipe: Any) -> Any:
    """A training batch of black images for the recipe's last stage."""
    *_, stage = recipe.stages.values()
    image = np.zeros((*stage.crop, 3), np.uint8)
    pairs: Any = [(image, np.zeros(image.shape[:2], np.int32))] * stage.batch_size
    target = task(recipe.data.reader, recipe.net.head).target
    return next(ImageBatches(pairs, make_augmentation(recipe, stage), stage.batch_size, target=target).epochs())


def objective(model: Any, recipe: Any) -> dict[str, Any]:
    """Loss of the training step of the last stage. Class weights come from data; here each weighs 1."""
    *_, stage = recipe.stages.values()
    weights = None if stage.class_weights == "none" else [1.0] * model.num_classes
    return {"loss": make_loss(recipe, stage, weights)}


def verb_program(model: Any, recipe: Any) -> Any:
    """Name, function and arguments of what leads from a tile to classes or values."""

    def segment(tile: Any) -> Any:
        values = model.pixel_outputs(tile)
        return ops.argmax(values, axis=-1) if model.head == "classification" else values

    tile = np.zeros((1, tiling.TILE, tiling.TILE, 3), np.uint8)
    return "segmentation", stateless(segment, model.variables), (tile,)
