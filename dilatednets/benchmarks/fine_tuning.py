"""A trained segmenter and the same net from scratch, learning new classes from a few images."""

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dilatednets.data import nuclei
from dilatednets.data.augmentation import Augmentation
from dilatednets.data.image_batches import ImageBatches
from dilatednets.training.batch_statistics import settle
from dilatednets.training.fitting import data_of
from dilatednets.training.segmentation_data import evaluate_pairs, task
from dilatednets.training.segmentation_loss import SegmentationLoss
from dilatednets.zoo.context_segmenter import ContextSegmenter

COLOURS = {"fine-tuned": (38, 84, 144), "from scratch": (245, 125, 21)}


def run(
    preset: str,
    data_dir: str,
    epochs: int = 20,
    every: int = 2,
    learning_rate: float = 1e-3,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Teaches both nets to find nuclei, with the same images, batches and optimiser.

    Args:
        preset: A ContextSegmenter.
        data_dir: A folder of `nuclei`; its train split is learnt, its validation split measured.
        epochs: Of both.
        every: Epochs between measurements.
        learning_rate: Of Adam, for both.
        say: Told of each measurement when it is there.

    Returns:
        {"images", "curves": {"fine-tuned": [{"epoch", "seconds", "nucleus_iou"}, ...], "from scratch": [...]}}; seconds are
        those of training.
    """
    pairs, held_out = nuclei.load(data_dir, "train"), nuclei.load(data_dir, "validation")
    keras.utils.set_random_seed(0)
    trained = ContextSegmenter.from_preset(preset, num_classes=2, class_names=nuclei.CLASSES, head="classification")
    nets = {"fine-tuned": trained, "from scratch": ContextSegmenter.from_config(trained.get_config())}
    curves: dict[str, list[dict[str, float]]] = {}
    for name, net in nets.items():
        batches = ImageBatches(pairs, Augmentation((256, 256), turn=True, colour=0.3), 5, target=nuclei.nucleus_mask)
        net.compile(keras.optimizers.Adam(learning_rate), SegmentationLoss())
        seconds, curve = 0.0, []
        for epoch in range(0, epochs, every):
            begin = time.perf_counter()
            count = min(every, epochs - epoch)
            steps = batches.steps_per_epoch * count
            net.fit(data_of(batches, epoch), steps_per_epoch=steps, verbose=0, shuffle=False)
            # So few steps leave moving statistics of the net that it started as.
            settle(net, [images for images, _ in batches.epochs(0, 2)])
            seconds += time.perf_counter() - begin
            figures = evaluate_pairs(net, held_out, task("nuclei", "classification"), scales=(1.0,), flip=False)
            curve.append(
                {"epoch": epoch + count, "seconds": seconds, "nucleus_iou": figures["class_iou"].get("nucleus", 0.0)}
            )
            say(f"{name}: epoch {epoch + count}, {seconds:.0f} s, IoU of nuclei {curve[-1]['nucleus_iou']:.4f}")
        curves[name] = curve
    return {"images": len(pairs), "curves": curves}


def report(result: dict[str, Any]) -> str:
    """The curves as a Markdown table."""
    names = list(result["curves"])
    lines = [
        "| epochs | " + " | ".join(f"IoU of nuclei, {name}" for name in names) + " |",
        "| --- " * (len(names) + 1) + "|",
    ]
    for rows in zip(*result["curves"].values(), strict=True):
        lines.append(f"| {rows[0]['epoch']} | " + " | ".join(f"{row['nucleus_iou']:.4f}" for row in rows) + " |")
    return "\n".join(lines)


def plot(result: dict[str, Any]) -> Image.Image:
    """The curves as a picture."""
    width, height, left, top, right, bottom = 720, 400, 70, 50, 30, 60
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(16), ImageFont.load_default(13)
    draw.text((20, 14), f"IoU of nuclei on validation, learnt from {result['images']} images", (30, 30, 40), font)
    last = max(row["epoch"] for curve in result["curves"].values() for row in curve)

    def place(epoch: float, iou: float) -> tuple[float, float]:
        return left + epoch / last * (width - left - right), height - bottom - iou * (height - top - bottom)

    for iou in np.arange(0, 1.01, 0.2):
        draw.line((*place(0, iou), *place(last, iou)), (225, 228, 234))
        draw.text((left - 34, place(0, iou)[1] - 8), f"{iou:.1f}", (80, 80, 90), small)
    for epoch in range(0, last + 1, max(last // 5, 1)):
        draw.text((place(epoch, 0)[0] - 6, height - bottom + 8), str(epoch), (80, 80, 90), small)
    draw.text((width // 2 - 20, height - 28), "epochs", (80, 80, 90), small)
    for number, (name, curve) in enumerate(result["curves"].items()):
        points = [place(row["epoch"], row["nucleus_iou"]) for row in curve]
        draw.line(points, COLOURS[name], 3, joint="curve")
        draw.text((width - 180, height - bottom - 60 + 22 * number), name, COLOURS[name], font)
    return image
