"""Trained models learn something new from a few examples, beside the same nets from scratch."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dilatednets.data import nuclei, snips, spoken_digits
from dilatednets.data.augmentation import Augmentation
from dilatednets.data.image_batches import ImageBatches
from dilatednets.data.sentence_batches import SentenceBatches
from dilatednets.data.text import WordFrontEnd
from dilatednets.data.windows import SpeechWindows
from dilatednets.errors import InputError
from dilatednets.training import chunking, speech
from dilatednets.training.batch_statistics import settle
from dilatednets.training.fitting import data_of
from dilatednets.training.layerwise import LayerwiseAdamW
from dilatednets.training.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.training.segmentation_data import evaluate_pairs, task
from dilatednets.training.segmentation_loss import SegmentationLoss
from dilatednets.zoo import presets
from dilatednets.zoo.context_segmenter import ContextSegmenter
from dilatednets.zoo.tcn_chunker import TCNChunker
from dilatednets.zoo.wavenet import WaveNet

COLOURS = {"fine-tuned": (38, 84, 144), "from scratch": (245, 125, 21)}


@dataclass
class Lesson:
    """Something new to learn.

    `metric` is measured on held-out data, `what` is its name for people, `examples` says what is learnt from. `tuned` and
    `untrained` are the same net with and without the preset's weights, compiled; `epochs` suits the tuned one.
    `learn(net, first_epoch, count)` trains, `measure(net)` gives the metric.
    """

    metric: str
    what: str
    examples: str
    tuned: Any
    untrained: Any
    epochs: int
    learn: Callable[[Any, int, int], None]
    measure: Callable[[Any], float]


def new_voice(preset: str, data_dir: str | os.PathLike[str], held_out: str | os.PathLike[str]) -> Lesson:
    """A voice that nobody has: the last speaker of a spoken_digits folder, played faster and higher by a sixth."""
    tuned = WaveNet.from_preset(preset, speakers=["new"])
    if tuned.text is None or tuned.upsampler is None:
        raise InputError(f"{preset}: speaks no text; only a WaveNet with text can learn a voice")
    untrained = WaveNet.from_config(tuned.get_config())
    front_end, lookahead = WordFrontEnd.from_config(tuned.text), tuned.upsampler.lookahead
    heard_at = round(tuned.sample_rate / 1.17)

    def windows(folder: str | os.PathLike[str], split: str, **options: Any) -> SpeechWindows:
        recordings = spoken_digits.load(folder, split, heard_at)
        last = spoken_digits.speakers(recordings)[-1]
        own = [replace(one, speaker="new") for one in recordings if one.speaker == last]
        return SpeechWindows(
            own, front_end, ["new"], tuned.receptive_field, lookahead=lookahead, batch_size=4, **options
        )

    train = windows(data_dir, "train", target=1600)
    test = windows(held_out, "validation", target=3200, evaluation=True)
    for block in tuned.blocks[: len(tuned.blocks) // 2]:
        block.trainable = False
    optimizers = LayerwiseAdamW(1e-3, rates={"speaker_embedding": 20}), keras.optimizers.AdamW(2e-3)
    for net, optimizer in zip((tuned, untrained), optimizers, strict=True):
        metrics = [BitsPerSample(net.distribution)]
        net.compile(optimizer, NegativeLogLikelihood(net.distribution), weighted_metrics=metrics)

    return Lesson(
        "bits_per_sample",
        "bits a sample",
        f"{len(train.recordings)} recordings",
        tuned,
        untrained,
        epochs=5,
        learn=_fit(train),
        measure=lambda net: speech.evaluate_windows(net, test),
    )


def new_classes(preset: str, data_dir: str | os.PathLike[str], held_out: str | os.PathLike[str]) -> Lesson:
    """Nuclei, in a folder of nuclei."""
    pairs, test = nuclei.load(data_dir, "train"), nuclei.load(held_out, "validation")
    tuned = ContextSegmenter.from_preset(preset, num_classes=2, class_names=nuclei.CLASSES, head="classification")
    untrained = ContextSegmenter.from_config(tuned.get_config())
    batches = ImageBatches(pairs, Augmentation((256, 256), turn=True, colour=0.3), 5, target=nuclei.nucleus_mask)
    for net in (tuned, untrained):
        net.compile(keras.optimizers.Adam(1e-3), SegmentationLoss())

    def learn(net: Any, first: int, count: int) -> None:
        _fit(batches)(net, first, count)
        # So few steps leave moving statistics of the net that it started as.
        settle(net, [images for images, _ in batches.epochs(0, 2)])

    def measure(net: Any) -> float:
        figures = evaluate_pairs(net, test, task("nuclei", "classification"), scales=(1.0,), flip=False)
        return figures["class_iou"].get("nucleus", 0.0)

    examples = f"{len(pairs)} images"
    return Lesson("nucleus_iou", "IoU of nuclei", examples, tuned, untrained, epochs=20, learn=learn, measure=measure)


def new_tags(preset: str, data_dir: str | os.PathLike[str], held_out: str | os.PathLike[str]) -> Lesson:
    """The slots of a snips folder."""
    train, test = snips.load(data_dir, "train"), snips.load(held_out, "validation")
    labels = sorted({tag[2:] for sentence in train for tag in sentence.tags} - {""})
    tuned = TCNChunker.from_preset(preset, labels=labels, tokenizer="plain")
    if tuned.pos_embedding is not None:
        raise InputError(f"{preset}: needs parts of speech, which snips has not; take a chunker of words alone")
    untrained = TCNChunker.from_config(tuned.get_config())
    batches = SentenceBatches.of(tuned, train, batch_size=8, word_dropout=0.25)
    tuned.compile(LayerwiseAdamW(2e-3, rates={"block": 0.3, "word_embedding": 0.3}))
    untrained.compile(keras.optimizers.AdamW(2e-3))

    return Lesson(
        "f1",
        "F1 of slots",
        f"{len(train)} requests",
        tuned,
        untrained,
        epochs=15,
        learn=_fit(batches),
        measure=lambda net: chunking.evaluate_sentences(net, test)["f1"],
    )


def _fit(batches: Any) -> Callable[[Any, int, int], None]:
    """`Lesson.learn` of batches as `data_of` takes them."""

    def learn(net: Any, first: int, count: int) -> None:
        steps = batches.steps_per_epoch * count
        net.fit(data_of(batches, first), steps_per_epoch=steps, verbose=0, shuffle=False)

    return learn


LESSONS = {"WaveNet": new_voice, "ContextSegmenter": new_classes, "TCNChunker": new_tags}
"""What each model learns."""


def run(
    preset: str,
    data_dir: str | os.PathLike[str],
    held_out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Teaches both nets, with the same examples in the same order; the one from scratch trains whole, at a rate of its own.

    Args:
        preset: A WaveNet, a ContextSegmenter or a TCNChunker.
        data_dir: A folder of spoken_digits, nuclei or snips; its train split is learnt.
        held_out: A folder whose validation split is measured; None is `data_dir`.
        epochs: Of both; None is what suits the lesson.
        say: Told of each measurement when it is there.

    Returns:
        {"metric", "what", "examples", "curves": {"fine-tuned": [{"epoch", "seconds", metric}, ...], "from scratch":
        [...]}}, from epoch 0, before any training; seconds are those of training.
    """
    keras.utils.set_random_seed(0)
    lesson = LESSONS[presets.class_name(preset)](preset, data_dir, held_out or data_dir)
    epochs = epochs or lesson.epochs
    every = math.ceil(epochs / 10)
    curves: dict[str, list[dict[str, Any]]] = {}
    for name, net in zip(COLOURS, (lesson.tuned, lesson.untrained), strict=True):
        seconds, curve = 0.0, curves.setdefault(name, [])
        for epoch in [*range(0, epochs, every), epochs]:
            if epoch:
                begin = time.perf_counter()
                done = curve[-1]["epoch"]
                lesson.learn(net, done, epoch - done)
                seconds += time.perf_counter() - begin
            value = lesson.measure(net)
            curve.append({"epoch": epoch, "seconds": seconds, lesson.metric: value})
            say(f"{name}: epoch {epoch}, {seconds:.0f} s, {lesson.what} {value:.4f}")
    return {"metric": lesson.metric, "what": lesson.what, "examples": lesson.examples, "curves": curves}


def report(result: dict[str, Any]) -> str:
    """The curves as a Markdown table."""
    names, metric = list(result["curves"]), result["metric"]
    lines = [
        "| epochs | " + " | ".join(f"{result['what']}, {name} | seconds" for name in names) + " |",
        "| --- " * (2 * len(names) + 1) + "|",
    ]
    for rows in zip(*result["curves"].values(), strict=True):
        cells = " | ".join(f"{row[metric]:.4f} | {row['seconds']:.0f}" for row in rows)
        lines.append(f"| {rows[0]['epoch']} | {cells} |")
    return "\n".join(lines)


def plot(result: dict[str, Any]) -> Image.Image:
    """The curves as a picture."""
    width, height, left, top, right, bottom = 720, 400, 70, 50, 30, 60
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(16), ImageFont.load_default(13)
    draw.text((20, 14), f"{result['what']} on validation, learnt from {result['examples']}", (30, 30, 40), font)
    rows = [row for curve in result["curves"].values() for row in curve]
    last, highest = max(row["epoch"] for row in rows), max(1, math.ceil(max(row[result["metric"]] for row in rows)))

    def place(epoch: float, value: float) -> tuple[float, float]:
        return left + epoch / last * (width - left - right), height - bottom - value / highest * (height - top - bottom)

    for value in np.linspace(0, highest, 6):
        draw.line((*place(0, value), *place(last, value)), (225, 228, 234))
        draw.text((left - 34, place(0, value)[1] - 8), f"{value:.1f}", (80, 80, 90), small)
    for epoch in range(0, last + 1, max(last // 5, 1)):
        draw.text((place(epoch, 0)[0] - 6, height - bottom + 8), str(epoch), (80, 80, 90), small)
    draw.text((width // 2 - 20, height - 28), "epochs", (80, 80, 90), small)
    for number, (name, curve) in enumerate(result["curves"].items()):
        points = [place(row["epoch"], row[result["metric"]]) for row in curve]
        draw.line(points, COLOURS[name], 3, joint="curve")
        draw.text((width - 180, height - bottom - 60 + 22 * number), name, COLOURS[name], font)
    return image
