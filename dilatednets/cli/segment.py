"""The command `segment`."""

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError


def segment(options: Namespace) -> None:
    """`dilatednets segment MODEL IMAGE... --output DIR [--scales S ...] [--flip] [--count]`."""
    from dilatednets.files import check_writable
    from dilatednets.training.segmentation_data import task_of
    from dilatednets.zoo import catalogue

    output = Path(options.output)
    stems = [Path(image).stem for image in options.images]
    _check_targets(options.images, [output / f"{stem}{end}.png" for stem in stems for end in ("", "_overlay")])
    check_scales(options)
    check_writable(output / "labels.png")
    model = catalogue.from_preset(options.model, "ContextSegmenter")
    if options.count and task_of(model).count is None:
        raise InputError(f"--count: {options.model} labels areas, not things that could be counted")
    for image, stem in zip(options.images, stems, strict=True):
        words = segment_file(model, image, output / stem, options.count, scales=options.scales, flip=options.flip)
        print(f"{output / stem}.png and {stem}_overlay.png: {words}", flush=True)


def _check_targets(images: list[str], targets: list[Path]) -> None:
    """Refuses to write over an image that is to be read, or twice to one file."""
    read = {Path(image).resolve() for image in images}
    times = Counter(targets)
    for target in targets:
        if target.resolve() in read:
            raise InputError(f"{target}: is one of the images and would be overwritten; choose another --output")
        if times[target] > 1:
            raise InputError(f"{target}: two images would be written there; segment them into different folders")


def check_scales(options: Namespace) -> None:
    """Refuses magnifications that are none."""
    from dilatednets.zoo.context_segmenter import LARGEST_SCALE, SMALLEST_SCALE

    if options.scales is not None and not all(SMALLEST_SCALE <= scale <= LARGEST_SCALE for scale in options.scales):
        raise InputError(f"--scales: must be from {SMALLEST_SCALE} to {LARGEST_SCALE:g}, not {options.scales}")


def segment_file(model: Any, image: str | Path, stem: Path, count: bool = False, **how: Any) -> str:
    """Writes what a model sees in an image as `stem`.png and `stem`_overlay.png; returns it in words.

    Args:
        model: A ContextSegmenter.
        image: An image file.
        stem: Where, without a suffix.
        count: Whether to count things.
        **how: Arguments of `ContextSegmenter.segment`.
    """
    from dilatednets.data import label_plots
    from dilatednets.data.images import as_rgb
    from dilatednets.data.plots import save_png
    from dilatednets.training.segmentation_data import task_of

    rgb = as_rgb(image)
    if model.head_name == "classification":
        found = model.segment(rgb, **how)
        names = model.class_names or tuple(map(str, range(model.num_classes)))
        palette = model.palette or label_plots.default_palette(model.num_classes)
        save_png(label_plots.label_image(found, palette), stem.with_name(f"{stem.name}.png"))
        picture = label_plots.overlay(rgb, found, palette, names)
        words = label_plots.shares(found, names)
    else:
        found = model.regress(rgb, **how)
        steps = label_plots.value_steps(found[..., 0])
        save_png(label_plots.value_image(found[..., 0], steps), stem.with_name(f"{stem.name}.png"))
        picture = label_plots.value_overlay(rgb, found[..., 0], (model.class_names or ("value",))[0])
        words = f"values {found.min():.1f} to {found.max():.1f}, {steps} grey levels a unit"
    save_png(picture, stem.with_name(f"{stem.name}_overlay.png"))
    counting = task_of(model).count if count else None
    return words if counting is None else f"{words}; {counting(found)} counted"
