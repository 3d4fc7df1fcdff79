"""What `dilatednets benchmark fine-tuning` teaches a ContextSegmenter: nuclei."""

import os
from typing import Any

import keras

from dilatednets.data import nuclei
from dilatednets.training.fine_tuning import FineTuning, fit_on
from dilatednets.zoo.context_segmenter.augmentation import Augmentation
from dilatednets.zoo.context_segmenter.batch_statistics import measure_batch_statistics
from dilatednets.zoo.context_segmenter.image_batches import ImageBatches
from dilatednets.zoo.context_segmenter.loss import SegmentationLoss
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.tasks import evaluate_pairs, task


def fine_tuning(preset: str, data_dir: str | os.PathLike[str], held_out: str | os.PathLike[str]) -> FineTuning:
    """Nuclei, learnt from a few images of them.

    Args:
        preset: The trained ContextSegmenter.
        data_dir: A folder of nuclei, whose training images are learnt from.
        held_out: A folder of nuclei, on whose validation images both nets are measured.
    """
    pairs, test = nuclei.load(data_dir, "train"), nuclei.load(held_out, "validation")
    tuned = ContextSegmenter.from_preset(preset, num_classes=2, class_names=nuclei.CLASSES, head="classification")
    untrained = ContextSegmenter.from_config(tuned.get_config())
    batches = ImageBatches(pairs, Augmentation((256, 256), turn=True, colour=0.3), 5, target=nuclei.nucleus_mask)
    for net in (tuned, untrained):
        net.compile(keras.optimizers.Adam(1e-3), SegmentationLoss())

    def learn(net: Any, first: int, count: int) -> None:
        fit_on(batches)(net, first, count)
        # So few steps leave moving statistics of the net that it started as.
        measure_batch_statistics(net, [images for images, _ in batches.epochs(0, 2)])

    def measure(net: Any) -> float:
        figures = evaluate_pairs(net, test, task("nuclei", "classification"), scales=(1.0,), flip=False)
        return figures["class_iou"].get("nucleus", 0.0)

    return FineTuning("nucleus_iou", "IoU of nuclei", f"{len(pairs)} images", tuned, untrained, 20, learn, measure)
