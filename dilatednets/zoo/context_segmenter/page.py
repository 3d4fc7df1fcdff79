"""What `dilatednets play` shows of a segmenter: a picture beside what is seen in it."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from PIL import Image

from dilatednets.data.images import pixels_of
from dilatednets.data.picture_folders import SUFFIXES
from dilatednets.data.samples import sample
from dilatednets.errors import InputError
from dilatednets.pages import Download, File, Number, Page, Picture, Shown, Words
from dilatednets.plots.figure import encoded
from dilatednets.plots.labels import plain
from dilatednets.presets import presets
from dilatednets.zoo.context_segmenter.verb import partner_of, segmented

MOST_PIXELS = 16_000_000


def page(model: Any, handle: str) -> Page:
    """A picture; of things, they are counted, with the model's partner if it has one."""
    names = ", ".join(model.class_names) or "classes by number"
    of_nuclei = presets.recipe(handle).get("data", {}).get("reader") == "nuclei"
    example = sorted((sample("nuclei") / "images").iterdir())[0] if of_nuclei else None
    image = File("image", "Picture", SUFFIXES, example)
    words = f"Drop a picture, of at most {MOST_PIXELS // 10**6} million pixels. It shows: {names}."
    number = Number("page", "Page of a file of several, from 1 (empty: its only one)")
    return Page(words, [image, number], partial(answer, model, partner_of(handle) if model.things else None))


def answer(model: Any, partner: Any, image: Any, page: int | None) -> Iterator[Shown]:
    """The picture, the same with its labels or values over it, and the label image to keep."""
    _check_size(image)
    pixels = pixels_of(image, model.channels, page)
    label_map, overlay, words, _ = segmented(model, pixels, bool(model.things), partner)
    yield Picture("Picture", plain(pixels))
    yield Picture("What is seen in it", overlay)
    yield Words("In words", words)
    yield Download("labels.png", encoded(label_map))


def _check_size(image: Any) -> None:
    """Refuses what would take minutes before it is decoded; what cannot be read is refused as it is."""
    size = (0, 0)
    with contextlib.suppress(OSError, ValueError, SyntaxError):
        try:
            with Image.open(image) as picture:
                size = picture.size
        except Image.DecompressionBombError:
            size = (MOST_PIXELS, 2)
    if size[0] * size[1] > MOST_PIXELS:
        most = f"{MOST_PIXELS // 10**6} million pixels are the most here"
        raise InputError(f"{image}: is too large, {most}; the command segment takes pictures of any size")
