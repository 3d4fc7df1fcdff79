"""What `dilatednets play` shows of a segmenter: a picture beside what is seen in it."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from dilatednets.data.images import check_size, pixels_of
from dilatednets.data.picture_folders import SUFFIXES
from dilatednets.data.samples import sample
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
    words = f"Drop a picture, of at most {MOST_PIXELS // 10**6} million pixels. It sees {names}."
    number = Number("page", "Page of a file of several (may stay empty)")
    return Page(words, [image, number], partial(answer, model, partner_of(handle) if model.things else None))


def answer(model: Any, partner: Any, image: Any, page: int | None) -> Iterator[Shown]:
    """The picture, the same with its labels or values over it, and the label image to keep."""
    check_size(image, MOST_PIXELS, page)
    pixels = pixels_of(image, model.channels, page)
    label_map, overlay, words, _ = segmented(model, pixels, bool(model.things), partner)
    yield Picture("Picture", plain(pixels))
    yield Picture("What is seen in it", overlay)
    yield Words("In words", words)
    yield Download("labels.png", encoded(label_map))
