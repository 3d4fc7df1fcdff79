"""An archive of pictures through a segmenter: label images, and counts where they are asked for."""

import io
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image

from dilatednets import registry
from dilatednets.data.images import pixels_of, size_of
from dilatednets.data.picture_folders import SUFFIXES
from dilatednets.data.samples import sample
from dilatednets.errors import InputError
from dilatednets.plots import labels as label_plots
from dilatednets.plots.palette import default_palette
from dilatednets.presets import presets
from dilatednets.rules import not_negative, positive
from dilatednets.zoo.context_segmenter import counting
from dilatednets.zoo.context_segmenter.inference import Scales


class Mapper:
    """Labels, or values, of every pixel.

    Args:
        handle: The preset.
        scales: Magnifications over which outputs are averaged; None for the model's.
        flip: Whether to average over the mirror image; None for the model's choice.
        diameter: Of the things, in pixels, instead of `scales`.
        page: Which picture of files of several, from 1.
        count: Whether to count things, with the model's partner if its card names one.
        min_size: Things of fewer pixels do not count; None for a tenth of a typical one.
    """

    FIELD, ALSO = "image", ()
    SUFFIXES = SUFFIXES
    FILE = ("labels", ".png")
    AT_ONCE = 1

    def __init__(
        self,
        handle: str,
        scales: Scales | None = None,
        flip: bool | None = None,
        diameter: Annotated[float, positive] | None = None,
        page: Annotated[int, positive] | None = None,
        count: bool = False,
        min_size: Annotated[int, not_negative] | None = None,
    ) -> None:
        self.model, self.partner = registry.from_preset(handle, "ContextSegmenter"), None
        self.options, self.page = {"scales": scales, "flip": flip, "diameter": diameter}, page
        self.count, self.min_size = count, min_size
        if count and not self.model.things:
            raise InputError(f"count: {handle} labels areas, not things that could be counted; leave it out")
        if count and (partner := presets.card(handle).get("partner")):
            self.partner = registry.from_preset(partner, "ContextSegmenter")

    def read(self, record: dict[str, Any]) -> tuple[Any, int]:
        """The picture, unread as yet, and its pixels; bytes are those of a file."""
        image = record["image"]
        source: Any = io.BytesIO(image) if isinstance(image, bytes) else image
        if hasattr(source, "shape") or isinstance(source, list):
            source = np.asarray(source)
            return source, source.shape[0] * source.shape[1]
        height, width = size_of(source, self.page)
        return source, height * width

    def size(self, item: tuple[Any, int]) -> int:
        """Pixels: pictures of one size follow each other, since some backends compile for each."""
        return item[1]

    def answer(self, items: list[tuple[Any, int]]) -> list[dict[str, Any]]:
        """Label images as PNG, as the command `segment` writes them."""
        return [self._answer(image) for image, _ in items]

    def _answer(self, image: Any) -> dict[str, Any]:
        pixels = pixels_of(image, self.model.channels, self.page)
        predictions = [(one, _ask(one, pixels, self.options)) for one in (self.model, self.partner) if one is not None]
        result = predictions[0][1]
        if self.model.head == "classification":
            picture = label_plots.label_image(result, self.model.palette or default_palette(self.model.num_classes))
            steps = 1
        else:
            steps = label_plots.value_steps(result[..., 0])
            picture = label_plots.value_image(result[..., 0], steps)
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        height, width = result.shape[:2]
        count = None
        if self.count:
            count = int(counting.things_of(predictions, self.min_size, **self.options).max(initial=0))
        return {"height": height, "width": width, "steps": steps, "count": count, "labels": stream.getvalue()}

    def example(self) -> dict[str, Any]:
        """An answer, for the types of its columns: `steps` are the grey levels a unit of values."""
        return {"height": 1, "width": 1, "steps": 1, "count": 1, "labels": b""}

    def as_file(self, labels: bytes) -> bytes:
        """The PNG."""
        return labels


def _ask(model: Any, pixels: Any, options: dict[str, Any]) -> Any:
    return (model.segment if model.head == "classification" else model.regress)(pixels, **options)


RECORDS = 512
"""Pictures of `benchmark map`."""


def example_archive(folder: Path, records: int) -> Path:
    """Writes pictures of 512 x 512, those of the sample of nuclei, repeated and cut."""
    known = [pixels_of(path) for path in sorted((sample("nuclei") / "images").iterdir())]
    for number in range(records):
        pixels = known[number % len(known)]
        rows, columns = -(-512 // pixels.shape[0]), -(-512 // pixels.shape[1])
        Image.fromarray(np.tile(pixels, (rows, columns, 1))[:512, :512]).save(folder / f"{number:06}.png")
    return folder


def plain_command(handle: str, path: str, output: str) -> list[str]:
    """The arguments of the command that does the same in one process."""
    return ["segment", handle, path, "--output", output]
