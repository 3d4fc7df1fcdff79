"""The command `segment`: a label, or a value, for every pixel of images."""

import glob
import itertools
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from dilatednets import registry
from dilatednets.arguments import PRESET, add_model, check_at_least_one, refuse_in_the_end
from dilatednets.errors import InputError
from dilatednets.rules import checked, not_negative, positive

VERB, HELP = "segment", "label every pixel of images"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the images, and how they are evaluated."""
    add_model(parser, f"a ContextSegmenter: {PRESET}")
    words = "image files of any format, mode and size, folders of them, or quoted patterns such as 'scans/**/*.tif'"
    parser.add_argument("images", nargs="+", metavar="IMAGE|FOLDER", help=words)
    words = "folder for STEM.png and STEM_overlay.png, in folders as below FOLDER; of several pages STEM_p1.png, ...; "
    words += "where two images have one STEM it keeps their suffixes, as in a.tif.png"
    parser.add_argument("--output", required=True, metavar="DIR", help=words)
    parser.add_argument(
        "--page", type=int, metavar="N", help="the page of files of several, from 1 (default: all pages)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files of DIR")
    add_evaluation_arguments(parser)
    parser.add_argument(
        "--count", action="store_true", help="count things, with the model's partner if its card names one"
    )
    words = "also write STEM_instances.png, the number of each pixel's thing, and STEM_instances.csv, a line for each"
    parser.add_argument("--instances", action="store_true", help=words)
    words = "things of fewer pixels do not count (default: a tenth of a typical one, as --diameter has it)"
    parser.add_argument("--min-size", type=int, metavar="PIXELS", help=words)


def add_evaluation_arguments(parser: ArgumentParser) -> None:
    """Adds --scales, --diameter and --flip."""
    words = "magnifications over which a segmenter averages (default: the model's)"
    parser.add_argument("--scales", type=float, nargs="+", help=words)
    words = "diameter, in pixels, of the things in the images, instead of --scales, if they are not as in training"
    parser.add_argument("--diameter", type=float, metavar="PIXELS", help=words)
    words = "whether a segmenter also averages over the mirror image (default: as the model)"
    parser.add_argument("--flip", action=BooleanOptionalAction, help=words)


def evaluation_options(options: Namespace) -> dict[str, Any]:
    """The arguments of `ContextSegmenter.segment` that the command line holds, checked.

    Args:
        options: What was parsed, the arguments of `add_evaluation_arguments` among it.

    Raises:
        InputError: for magnifications out of range.
    """
    names = ("scales", "diameter", "flip")
    chosen = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if "scales" in chosen:
        from dilatednets.zoo.context_segmenter.model import Scales

        checked(chosen["scales"], Scales, "--scales")
    if "diameter" in chosen:
        checked(chosen["diameter"], Annotated[float, positive], "--diameter")
    return chosen


class Job(NamedTuple):
    """One picture that is to be segmented."""

    image: Path
    page: int | None
    """Which one of a file of several."""
    stem: Path
    """Where the results go, without their ends."""
    instances: bool
    """Whether each thing's number is written, too."""

    @property
    def targets(self) -> list[Path]:
        """The files that will be written."""
        ends = (".png", "_overlay.png", *(("_instances.png", "_instances.csv") if self.instances else ()))
        return [self.stem.with_name(self.stem.name + end) for end in ends]


def run(options: Namespace) -> None:
    """`dilatednets segment MODEL IMAGE|FOLDER... --output DIR [--count] [--instances] ...`.

    A file that cannot be read leaves the others to be segmented: the errors come at the end.
    """
    from dilatednets.files import check_writable

    output, failures = Path(options.output), []
    check_at_least_one("--page", options.page)
    checked(options.min_size, Annotated[int, not_negative] | None, "--min-size")
    count = options.count or options.instances
    images = told_apart([pair for argument in options.images for pair in images_of(argument, output)])
    jobs: list[Job] = []
    for image, below in images:
        try:
            jobs += jobs_of(image, output / below, options.page, options.instances)
        except InputError as error:
            failures.append(error)
    check_targets([image for image, _ in images], jobs, options.overwrite)
    evaluation = evaluation_options(options)
    check_writable(output / "labels.png")
    model = registry.from_preset(options.model, "ContextSegmenter")
    if count and not model.things:
        raise InputError(f"--count: {options.model} labels areas, not things that could be counted")
    partner = partner_of(options.model) if count else None
    for job in jobs:
        try:
            counting = (count, partner, options.min_size, job.instances)
            words = segment_file(model, job.image, job.stem, *counting, page=job.page, **evaluation)
        except InputError as error:
            failures.append(error)
        else:
            others = " and ".join(target.name for target in job.targets[1:])
            print(f"{job.targets[0]} and {others}: {words}", flush=True)
    refuse_in_the_end(failures)


def images_of(argument: str, output: Path) -> list[tuple[Path, Path]]:
    """The files that an argument names, each with its path in the output folder, without suffix.

    Args:
        argument: A file, a folder, or a pattern.
        output: The output folder; what lies there already is no input of a folder or pattern above it.

    Raises:
        InputError: If a folder holds no images, or nothing fits a pattern.
    """
    from dilatednets.data.picture_folders import pictures_below

    path = Path(argument)
    if path.is_dir():
        root, found = path, pictures_below(path)
    elif not path.exists() and glob.has_magic(argument):
        root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
        found = [name for name in map(Path, sorted(glob.glob(argument, recursive=True))) if name.is_file()]
    else:
        return [(path, Path(path.stem))]
    if path.resolve() != output.resolve():
        found = [name for name in found if output.resolve() not in name.resolve().parents]
    if not found:
        raise InputError(f"{argument}: no image is there; give files, folders or a pattern of files that exist")
    return [(name, name.relative_to(root).with_suffix("")) for name in found]


def told_apart(images: list[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """The same, where pictures of one name, such as a scan and its preview, keep their suffixes: a.tif and a.png.

    Args:
        images: Files, each with its path in the output folder, without suffix.

    Example:
    >>> found = told_apart([(Path("a.tif"), Path("a")), (Path("a.png"), Path("a")), (Path("b.png"), Path("b"))])
    >>> [str(below) for _, below in found]
    ['a.tif', 'a.png', 'b']
    """
    whole = [below.with_name(below.name + image.suffix) for image, below in images]
    chosen, before = [below for _, below in images], whole[:0]
    while chosen != before:  # since a.tif, once it keeps its suffix, may have the name of a.tif.png without
        before, count = chosen, Counter(chosen)
        chosen = [full if count[one] > 1 else one for one, full in zip(chosen, whole, strict=True)]
    return [(image, below) for (image, _), below in zip(images, chosen, strict=True)]


def jobs_of(image: Path, stem: Path, page: int | None, instances: bool) -> list[Job]:
    """The pictures of a file: the page that is asked for, else all of them.

    Raises:
        InputError: If it is no image, or has no such page.
    """
    from dilatednets.data.image_files import chosen_page, pages_of

    pages = pages_of(image)
    if pages == 1:
        chosen_page(pages, page, str(image))
        return [Job(image, None, stem, instances)]
    chosen = range(1, pages + 1) if page is None else [chosen_page(pages, page, str(image)) + 1]
    digits = len(str(pages))
    return [Job(image, number, stem.with_name(f"{stem.name}_p{number:0{digits}}"), instances) for number in chosen]


def check_targets(images: list[Path], jobs: list[Job], overwrite: bool) -> None:
    """Refuses to write over an image that is to be read, twice to one file, or over what is there, unless that is wanted.

    Raises:
        InputError: naming the first such file.
    """
    from dilatednets.targets import check_absent

    sources = {image.resolve() for image in images}
    seen: set[Path] = set()
    for target in (target for job in jobs for target in job.targets):
        if target.resolve() in sources:
            raise InputError(f"{target}: is one of the images and would be overwritten; choose another --output")
        if target in seen:
            raise InputError(f"{target}: two images would be written there; segment them into different folders")
        check_absent("output", target, overwrite)
        seen.add(target)


def partner_of(handle: Any) -> Any:
    """The model that a preset's card names as its partner in counting; None if it names none."""
    from dilatednets.presets import presets

    name = presets.card(handle).get("partner")
    return registry.from_preset(name, "ContextSegmenter") if name else None


def segment_file(
    model: Any,
    image: Any,
    stem: Path,
    count: bool = False,
    partner: Any = None,
    min_size: int | None = None,
    instances: bool = False,
    page: int | None = None,
    **evaluation: Any,
) -> str:
    """Writes the labels, or values, of an image as `stem`.png and `stem`_overlay.png; returns them in words.

    Args:
        model: A ContextSegmenter.
        image: An image file, or whatever else `ContextSegmenter.segment` takes.
        stem: The path of both files, without their ends.
        count: Whether to count things, of a model that knows some.
        partner: The model that tells apart what this one does not; see `counting.instances`.
        min_size: Things of fewer pixels do not count; None for a tenth of a typical one.
        instances: Whether to write `stem`_instances.png and .csv, too.
        page: Which picture of a file of several, from 1.
        **evaluation: Other arguments of `ContextSegmenter.segment`, such as `scales` and `flip`.
    """
    from dilatednets.data.images import pixels_of
    from dilatednets.plots.figure import save
    from dilatednets.zoo.context_segmenter import counting

    pixels = pixels_of(image, model.channels, page)
    label_map, picture, words, found = segmented(model, pixels, count, partner, min_size, **evaluation)
    save(label_map, stem.with_name(f"{stem.name}.png"))
    save(picture, stem.with_name(f"{stem.name}_overlay.png"))
    if instances and count:
        counting.write(found, stem)
    return words


def segmented(
    model: Any, pixels: Any, count: bool = False, partner: Any = None, min_size: int | None = None, **evaluation: Any
) -> tuple[Any, Any, str, Any]:
    """The label, or value, image of pixels, the overlay, what is seen in words, and the things, None without `count`.

    Args:
        model: As of `segment_file`, and so all others.
        pixels: As `dilatednets.data.images.pixels_of` gives them.
        count: Whether to count.
        partner: The other model.
        min_size: Pixels of the smallest thing.
        **evaluation: Other arguments of `ContextSegmenter.segment`.
    """
    from dilatednets.plots import labels as label_plots
    from dilatednets.plots.palette import default_palette
    from dilatednets.zoo.context_segmenter import counting

    if model.head == "classification":
        result = model.segment(pixels, **evaluation)
        names = model.class_names or tuple(map(str, range(model.num_classes)))
        palette = model.palette or default_palette(model.num_classes)
        label_map, picture = (
            label_plots.label_image(result, palette),
            label_plots.overlay(pixels, result, palette, names),
        )
        words = label_plots.shares(result, names)
    else:
        result = model.regress(pixels, **evaluation)
        values, steps = result[..., 0], label_plots.value_steps(result[..., 0])
        label_map = label_plots.value_image(values, steps)
        picture = label_plots.value_overlay(pixels, values, (model.class_names or ("value",))[0])
        words = f"values {result.min():.1f} to {result.max():.1f}, {steps} grey levels a unit"
    if not count:
        return label_map, picture, words, None
    predictions = [(model, result)]
    if partner is not None:
        verb = partner.segment if partner.head == "classification" else partner.regress
        predictions.append((partner, verb(pixels, **evaluation)))
    found = counting.things_of(predictions, min_size, **evaluation)
    alone = "outlines" if model.head == "classification" else "distances"
    return label_map, picture, f"{words}; {found.max()} counted{'' if partner else f', by {alone} alone'}", found
