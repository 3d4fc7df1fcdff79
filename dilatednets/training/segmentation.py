"""Trains a ContextSegmenter by a recipe, stage by stage."""

import itertools
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from dilatednets.data.augmentation import Augmentation
from dilatednets.data.image_batches import ImageBatches
from dilatednets.data.label_images import LabelledImages
from dilatednets.errors import InputError
from dilatednets.training.batch_statistics import settle
from dilatednets.training.data_parallel import check_batch
from dilatednets.training.epoch_end import EpochEnd, Goal, tensorboard
from dilatednets.training.fitting import adamw, data_of
from dilatednets.training.run_folder import RunFolder
from dilatednets.training.schedules import averaging, warm_cosine
from dilatednets.training.segmentation_data import Task, check_classes, evaluate_pairs, task, task_of
from dilatednets.training.segmentation_loss import RegressionLoss, SegmentationLoss, class_weights
from dilatednets.training.segmentation_recipe import SegmentationRecipe, Stage
from dilatednets.zoo.context_segmenter import ContextSegmenter
from dilatednets.zoo.presets import copy_weights

SETTLING_STEPS = 30
"""Batches over which statistics are measured for the averaged weights."""


def train(recipe: SegmentationRecipe, data_dir: str | os.PathLike[str], output: str, resume: bool = False) -> Path:
    """As `dilatednets.training.fit.train`, for a ContextSegmenter.

    Each stage starts from the averaged weights of the stage before it. The best model is the last stage's best.
    """
    given = task(recipe.data.reader, recipe.net.head)
    pairs, held_out = given.pairs(data_dir, "train"), given.pairs(data_dir, "validation")
    for _ in itertools.chain(pairs, held_out):  # a bad file must show now, not in the middle of an epoch
        pass
    if recipe.net.head == "classification":
        _check_labels(pairs, given, data_dir)
    for name, stage in recipe.stages.items():
        check_batch(f"stages.{name}.batch_size", min(stage.batch_size, len(pairs)))
    run = RunFolder(Path(output), recipe, resume)
    finished = 0
    model = None
    for number, (name, stage) in enumerate(recipe.stages.items()):
        # Each stage's own: what a stage draws does not depend on whether those before it ran in the same process.
        keras.utils.set_random_seed(recipe.training.seed + number)
        previous, model = model, build_model(recipe, given, pairs, stage)
        if previous is not None:
            copy_weights(previous, model)
        finished += stage.epochs
        model = train_stage(model, recipe, name, finished, given, pairs, held_out, run)
    return run.path / "best"


def _check_labels(pairs: LabelledImages, given: Task, data_dir: str | os.PathLike[str]) -> None:
    """Refuses labels of a single class: a mask of 0 and 255 whose 255 is void would train to nothing, without complaint."""
    names = given.names(pairs)
    found: set[int] = set()
    for _, labels in pairs:
        classes = labels if given.target is None else given.target(labels)
        found |= set(np.unique(classes[classes >= 0]).tolist())
        if len(found) > 1:
            return
    only = ", ".join(names[number] for number in found) or "no class"
    raise InputError(
        f"{data_dir}: its training labels hold {only} alone; label images hold the numbers of at least two classes "
        "(a mask of 0 and 255 must be saved as 0 and 1)"
    )


def train_stage(
    model: ContextSegmenter,
    recipe: SegmentationRecipe,
    name: str,
    last_epoch: int,
    given: Task,
    pairs: LabelledImages,
    held_out: LabelledImages,
    run: RunFolder,
) -> ContextSegmenter:
    """Trains the part of `model` that the stage names, up to `last_epoch` of the run; returns it with averaged weights."""
    stage = recipe.stages[name]
    first_epoch = last_epoch - stage.epochs
    batches = ImageBatches(
        pairs, make_augmentation(recipe, stage), stage.batch_size, recipe.training.seed, given.target
    )
    if stage.train == "context":
        model.front_end.trainable = False
        model.scores.trainable = False
    compile_model(model, recipe, stage, make_loss(recipe, stage, pairs, given), batches.steps_per_epoch * stage.epochs)
    callback = EpochEnd(
        model,
        recipe,
        run,
        goal=make_goal(model, given, held_out),
        learning_rate=(f"stages.{name}.learning_rate", stage.learning_rate),
        last_epoch=last_epoch,
        first_epoch=first_epoch,
        evaluate_every=recipe.training.evaluate_every,
        keep_as=f"stages/{name}" if len(recipe.stages) > 1 else None,
        prepare=lambda net: settle(net, (images for images, _ in itertools.islice(batches.epochs(), SETTLING_STEPS))),
    )
    epoch = callback.restore()
    if epoch < last_epoch:
        model.fit(
            data_of(batches, epoch),
            epochs=last_epoch,
            initial_epoch=epoch,
            steps_per_epoch=batches.steps_per_epoch,
            callbacks=[callback, *tensorboard(run.path)],
            shuffle=False,
            verbose=2,
        )
    return model


def make_goal(model: ContextSegmenter, given: Task, held_out: LabelledImages) -> Goal:
    """Mean IoU, or mean absolute error."""

    def measure(net: ContextSegmenter) -> dict[str, Any]:
        return evaluate_pairs(net, held_out, given, scales=(1.0,), flip=False)

    if model.head_name == "classification":
        return Goal("mean_iou", measure, higher_is_better=True, unit="mean IoU")
    return Goal("mae", measure, unit="mean absolute error")


def build_model(recipe: SegmentationRecipe, given: Task, pairs: LabelledImages, stage: Stage) -> ContextSegmenter:
    """The stage's model, untrained or from `init`; classes come from the data."""
    net, names = recipe.net, given.names(pairs)
    arguments: dict[str, Any] = {
        "num_classes": len(names),
        "class_names": names,
        "palette": pairs.palette if net.head == "classification" else (),
        "context": "none" if stage.train == "front_end" else net.context,
        "context_dilations": net.context_dilations,
        "context_multipliers": net.context_multipliers,
        "context_identity": net.context_identity,
        "head": net.head,
        "dropout": net.dropout,
        "scales": net.scales,
        "flip": net.flip,
        "dtype": recipe.training.dtype,
    }
    if recipe.init:
        return ContextSegmenter.from_preset(recipe.init, **arguments)
    options = ("widths", "blocks", "dilations", "stride", "output_channels")
    light = {name: getattr(net, name) for name in options} if net.front_end == "light" else {}
    model = ContextSegmenter(front_end=net.front_end, front_end_options=light, **arguments)
    if net.imagenet:
        model.front_end.load_imagenet()
    return model


def make_loss(recipe: SegmentationRecipe, stage: Stage, pairs: LabelledImages, given: Task) -> keras.losses.Loss:
    """The stage's loss; class weights are counted in the training labels."""
    if recipe.net.head == "regression":
        return RegressionLoss()
    labels = (labels if given.target is None else given.target(labels) for _, labels in pairs)
    weights = class_weights(stage.class_weights, labels, len(given.names(pairs)))
    return SegmentationLoss(stage.loss, weights, stage.label_smoothing)


def make_augmentation(recipe: SegmentationRecipe, stage: Stage) -> Augmentation:
    """What the recipe varies in a stage."""
    training = recipe.training
    return Augmentation(
        crop=(stage.crop[0], stage.crop[1]),
        scale=(stage.scale[0], stage.scale[1]),
        aspect=training.aspect,
        flip=training.flip,
        turn=training.turn,
        colour=training.colour,
        blur=training.blur,
    )


def compile_model(
    model: ContextSegmenter, recipe: SegmentationRecipe, stage: Stage, loss: keras.losses.Loss, steps: int
) -> None:
    """AdamW with warm-up, cosine decay, clipping by norm and averaged weights."""
    training = recipe.training
    schedule = warm_cosine(stage.learning_rate, stage.final_learning_rate, steps, stage.warmup_steps)
    optimizer = adamw(
        schedule, training.weight_decay, training.clip_norm, use_ema=True, ema_momentum=averaging(training.ema, steps)
    )
    model.compile(optimizer, loss, jit_compile=keras.backend.backend() == "jax")
    optimizer.build(model.trainable_variables)


def evaluate(
    model: ContextSegmenter, data_dir: str | os.PathLike[str], split: str, reader: str | None = None, **options: Any
) -> dict[str, Any]:
    """Figures of a model on a split of a data set; see `dilatednets.training.evaluate`.

    Args:
        model: The model.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set; None finds it by the model's classes.
        **options: Of `ContextSegmenter.segment`: `scales`, `flip`.
    """
    given = task_of(model, reader)
    pairs = given.pairs(data_dir, split)
    check_classes(model, given.names(pairs), data_dir)
    return {**evaluate_pairs(model, pairs, given, **options), "images": len(pairs), "split": split}
