"""The command `segment`: a label, or a value, for every pixel of images."""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.arguments import PRESET, add_model
from dilatednets.errors import InputError
from dilatednets.rules import checked

VERB, HELP = "segment", "label every pixel of images"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the images, and how they are evaluated."""
    add_model(parser, f"a ContextSegmenter: {PRESET}")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="image files of any format, mode and size")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for STEM.png and STEM_overlay.png")
    add_evaluation_arguments(parser)
    parser.add_argument("--count", action="store_true", help="count connected regions, or peaks of a map of distances")


def add_evaluation_arguments(parser: ArgumentParser) -> None:
    """Adds --scales and --flip."""
    words = "magnifications over which a segmenter averages (default: the model's)"
    parser.add_argument("--scales", type=float, nargs="+", help=words)
    words = "whether a segmenter also averages over the mirror image (default: as the model)"
    parser.add_argument("--flip", action=BooleanOptionalAction, help=words)


def evaluation_options(options: Namespace) -> dict[str, Any]:
    """The arguments of `ContextSegmenter.segment` that the command line holds, checked.

    Args:
        options: What was parsed, --scales and --flip among it.

    Raises:
        InputError: for magnifications out of range.
    """
    chosen = {name: getattr(options, name) for name in ("scales", "flip") if getattr(options, name) is not None}
    if "scales" in chosen:
        from dilatednets.zoo.context_segmenter.model import Scales

        checked(chosen["scales"], Scales, "--scales")
    return chosen


def run(options: Namespace) -> None:
    """`dilatednets segment MODEL IMAGE... --output DIR [--scales S ...] [--flip] [--count]`."""
    from dilatednets.files import check_writable
    from dilatednets.zoo.context_segmenter.tasks import task_of

    output = Path(options.output)
    stems = [Path(image).stem for image in options.images]
    _check_targets(options.images, [output / f"{stem}{end}.png" for stem in stems for end in ("", "_overlay")])
    evaluation = evaluation_options(options)
    check_writable(output / "labels.png")
    model = registry.from_preset(options.model, "ContextSegmenter")
    if options.count and task_of(model).count is None:
        raise InputError(f"--count: {options.model} labels areas, not things that could be counted")
    for image, stem in zip(options.images, stems, strict=True):
        words = segment_file(model, image, output / stem, options.count, **evaluation)
        print(f"{output / stem}.png and {stem}_overlay.png: {words}", flush=True)


def _check_targets(images: list[str], targets: list[Path]) -> None:
    """Refuses to write over an image that is to be read, or twice to one file."""
    sources = {Path(image).resolve() for image in images}
    for target, times in Counter(targets).items():
        if target.resolve() in sources:
            raise InputError(f"{target}: is one of the images and would be overwritten; choose another --output")
        if times > 1:
            raise InputError(f"{target}: two images would be written there; segment them into different folders")


def segment_file(model: Any, image: Any, stem: Path, count: bool = False, **evaluation: Any) -> str:
    """Writes the labels, or values, of an image as `stem`.png and `stem`_overlay.png; returns them in words.

    Args:
        model: A ContextSegmenter.
        image: An image file, or whatever else `ContextSegmenter.segment` takes.
        stem: The path of both files, without their ends.
        count: Whether to count things, of a model for which that is possible.
        **evaluation: The arguments `scales` and `flip` of `ContextSegmenter.segment`.
    """
    from dilatednets.data.images import as_rgb
    from dilatednets.plots import labels as label_plots
    from dilatednets.plots.figure import save
    from dilatednets.plots.palette import default_palette
    from dilatednets.zoo.context_segmenter.tasks import task_of

    rgb = as_rgb(image)
    if model.head == "classification":
        result = model.segment(rgb, **evaluation)
        names = model.class_names or tuple(map(str, range(model.num_classes)))
        palette = model.palette or default_palette(model.num_classes)
        label_map, picture = label_plots.label_image(result, palette), label_plots.overlay(rgb, result, palette, names)
        words = label_plots.shares(result, names)
    else:
        result = model.regress(rgb, **evaluation)
        values, steps = result[..., 0], label_plots.value_steps(result[..., 0])
        label_map = label_plots.value_image(values, steps)
        picture = label_plots.value_overlay(rgb, values, (model.class_names or ("value",))[0])
        words = f"values {result.min():.1f} to {result.max():.1f}, {steps} grey levels a unit"
    save(label_map, stem.with_name(f"{stem.name}.png"))
    save(picture, stem.with_name(f"{stem.name}_overlay.png"))
    counting = task_of(model).count if count else None
    return words if counting is None else f"{words}; {counting(result)} counted"
