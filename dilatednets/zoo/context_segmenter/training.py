"""Trains a ContextSegmenter by a recipe, stage by stage, and measures it."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import keras
import numpy as np

from dilatednets.data import camvid
from dilatednets.data.label_images import LabelledImages
from dilatednets.errors import InputError
from dilatednets.training.epoch_end import Goal
from dilatednets.training.loop import Task as BaseTask
from dilatednets.zoo.context_segmenter.augmentation import Augmentation
from dilatednets.zoo.context_segmenter.batch_statistics import measure_batch_statistics
from dilatednets.zoo.context_segmenter.image_batches import ImageBatches
from dilatednets.zoo.context_segmenter.loss import RegressionLoss, SegmentationLoss, class_weights
from dilatednets.zoo.context_segmenter.metrics import VOID
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.recipe import LIGHT, Recipe, Stage
from dilatednets.zoo.context_segmenter.tasks import ImageTask, evaluate_pairs, show, task, task_of

STATISTICS_STEPS = 30
"""Batches over which statistics are measured for the averaged weights."""


class Task(BaseTask):
    """Labelled images, and the ContextSegmenter that learns them.

    Each stage starts from the averaged weights of the stage before it; the best model is the last stage's best.

    Args:
        recipe: A recipe of a ContextSegmenter.
        data_dir: The data set's folder.

    Raises:
        InputError: for a file that cannot be read, or labels of a single class.
    """

    def __init__(self, recipe: Recipe, data_dir: str | os.PathLike[str]) -> None:
        super().__init__(recipe)
        classes = recipe.net.head == "classification"
        self.goal = Goal("mean_iou", "mean IoU", True) if classes else Goal("mae", "mean absolute error")
        self.images = task(recipe.data.reader, recipe.net.head)
        fold = {"fold": recipe.data.fold} if recipe.data.fold else {}
        self.pairs, self.held_out = (self.images.pairs(data_dir, split, **fold) for split in ("train", "validation"))
        for pairs in (self.pairs, self.held_out):
            show(pairs, recipe.net)
        for _ in itertools.chain(self.pairs, self.held_out):  # a bad file must show now, not in the middle of an epoch
            pass
        if classes:
            _check_labels(self.pairs, self.images, f"{data_dir}: its training")

    def model(self, schedule: Stage, previous: Any) -> ContextSegmenter:
        """The stage's model, untrained or from `init`, with the weights that it shares with that of the stage before."""
        net, names = self.recipe.net, self.images.names(self.pairs)
        options = dict(vars(net))
        light, imagenet = {name: options.pop(name) for name in LIGHT}, options.pop("imagenet")
        palette = self.pairs.palette if net.head == "classification" else ()
        options |= {"num_classes": len(names), "class_names": names, "palette": palette}
        options["dtype"] = self.recipe.training.dtype
        if self.images.things:
            options |= {"things": self.images.things, "diameter": median_diameter(self.pairs)}
        if schedule.train == "front_end":
            options["context"] = "none"
        if self.recipe.init:
            del options["front_end"]
            model = ContextSegmenter.from_preset(self.recipe.init, **options)
        else:
            model = ContextSegmenter(front_end_options=light if net.front_end == "light" else {}, **options)
        if imagenet:
            model.front_end.load_imagenet()
        if previous is not None:
            _copy_weights(previous, model)
        if schedule.train == "context":
            model.front_end.trainable = False
            model.scores.trainable = False
        return model

    def batch_size(self, schedule: Stage) -> int:
        """Images of a batch; if there are fewer, all are in one batch."""
        return min(schedule.batch_size, len(self.pairs))

    def batches(self, model: ContextSegmenter, schedule: Stage) -> ImageBatches:
        """Augmented images."""
        augmentation, seed = make_augmentation(self.recipe, schedule), self.recipe.training.seed
        return ImageBatches(self.pairs, augmentation, schedule.batch_size, seed, self.images.target)

    def objective(self, model: ContextSegmenter, schedule: Stage) -> dict[str, Any]:
        """The stage's loss; class weights are counted in the training labels."""
        labels = (self.images.target(labels) for _, labels in self.pairs)
        weights = class_weights(schedule.class_weights, labels, model.num_classes)
        return {"loss": make_loss(self.recipe, schedule, weights)}

    def amounts(self) -> dict[str, int]:
        """Images."""
        return {"training_images": len(self.pairs), "validation_images": len(self.held_out)}

    def evaluate(self, model: ContextSegmenter) -> dict[str, Any]:
        """Mean IoU or mean absolute error, at one scale and without mirror images."""
        return evaluate_pairs(model, self.held_out, self.images, scales=(1.0,), flip=False)

    def prepare(self, model: ContextSegmenter, batches: ImageBatches) -> None:
        """Batch statistics belong to the weights of the last steps; the averaged ones need their own."""
        measure_batch_statistics(model, (images for images, _ in itertools.islice(batches.epochs(), STATISTICS_STEPS)))


def median_diameter(pairs: LabelledImages) -> float:
    """The median diameter, in pixels, of discs as large as the things of all images."""
    areas = [np.unique(labels[labels > 0], return_counts=True)[1] for _, labels in pairs]
    return round(float(np.median(2 * np.sqrt(np.concatenate(areas) / np.pi))), 1)


def _copy_weights(source: ContextSegmenter, target: ContextSegmenter) -> None:
    """Copies every weight that both models have, by path and shape."""
    weights = {(weight.path, tuple(weight.shape)): weight for weight in source.weights}
    for weight in target.weights:
        if (weight.path, tuple(weight.shape)) in weights:
            weight.assign(weights[weight.path, tuple(weight.shape)])


def _check_labels(pairs: LabelledImages, images: ImageTask, where: str, without_void: bool = True) -> None:
    """Refuses labels of a single class: of a mask of 0 and 255 whose 255 is void nothing is left.

    Args:
        pairs: The labels.
        images: What they mean.
        where: What the message begins with.
        without_void: Whether to refuse them also if all pixels count.
    """
    numbers: set[int] = set()
    for _, labels in pairs:
        numbers |= set(np.unique(images.target(labels)).tolist())
        if len(numbers - {VOID}) > 1:
            return
    if VOID not in numbers and not without_void:
        return
    only = ", ".join(images.names(pairs)[number] for number in numbers - {VOID}) or "no class"
    raise InputError(
        f"{where} labels hold {only} alone; label images hold the numbers of at least two classes "
        "(a mask of 0 and 255 must be saved as 0 and 1)"
    )


def make_loss(recipe: Recipe, stage: Stage, weights: list[float] | None) -> keras.losses.Loss:
    """The stage's loss, with a weight for each class; None lets all count the same."""
    if recipe.net.head == "regression":
        return RegressionLoss()
    return SegmentationLoss(stage.loss, weights, stage.label_smoothing)


def make_augmentation(recipe: Recipe, stage: Stage) -> Augmentation:
    """What the recipe varies in a stage."""
    training = recipe.training
    names = [field.name for field in fields(Augmentation) if field.name not in ("crop", "scale")]
    return Augmentation(stage.crop, stage.scale, **{name: getattr(training, name) for name in names})


def evaluate(
    model: ContextSegmenter,
    data_dir: str | os.PathLike[str],
    split: str,
    reader: str | None = None,
    fold: str = "",
    scales: Sequence[float] | None = None,
    flip: bool | None = None,
    diameter: float | None = None,
) -> dict[str, Any]:
    """Figures of a model on a split of a data set, those of `evaluate_pairs`, with the split and its number of images.

    Args:
        model: The model.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".
        reader: The data set; None finds it by the model's classes.
        fold: The film of camvid that was held out in training, as `dilatednets.data.camvid.load` has it.
        scales: As `ContextSegmenter.segment` has it, and so are all that follow.
        flip: Whether to average over the mirror image.
        diameter: Of the things, in pixels.

    Raises:
        InputError: for bad data, or classes that are not the model's.
    """
    images = task_of(model, reader)
    if fold and images.pairs is not camvid.load:
        raise InputError("fold: only camvid has any; leave it out")
    pairs = images.pairs(data_dir, split, **({"fold": fold} if fold else {}))
    show(pairs, model)
    names = images.names(pairs)
    if model.class_names and model.class_names != names:
        raise InputError(
            f"{data_dir}: its classes are {', '.join(names)}; the model knows {', '.join(model.class_names)}; "
            "load it with num_classes to train it on others"
        )
    if model.num_classes != len(names):
        raise InputError(f"{data_dir}: {len(names)} classes, but the model has {model.num_classes} outputs")
    if model.head == "classification":
        _check_labels(pairs, images, f"{data_dir}: its {split}", without_void=False)
    figures = evaluate_pairs(model, pairs, images, scales=scales, flip=flip, diameter=diameter)
    return {**figures, "images": len(pairs), "split": split}
