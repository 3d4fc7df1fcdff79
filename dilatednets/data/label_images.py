"""Images with a label image each: found, checked, read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dilatednets.data.images import as_rgb, read_labels
from dilatednets.errors import InputError

LABEL_SUFFIXES = (".png", ".webp", ".bmp", ".tif", ".tiff")
SUFFIXES = (*LABEL_SUFFIXES, ".jpg", ".jpeg")
"""Of images; JPEG would change the numbers of labels near edges."""
CACHE_BYTES = 2**30


@dataclass
class LabelledImages:
    """Pairs of an image and its label image, read when asked for and kept as long as they fit into memory.

    Args:
        images: Files of images.
        labels: Files of label images, in the same order: one channel, or a palette, of class numbers.
        class_names: Names of classes 0, 1, ...
        ignore: Label of pixels that do not count; None if all count.
        palette: An (R, G, B) a class.
        any_label: Whether labels may be any number: instances, or values to regress.
    """

    images: Sequence[Path]
    labels: Sequence[Path]
    class_names: Sequence[str]
    ignore: int | None = None
    palette: Sequence[Sequence[int]] = ()
    any_label: bool = False
    _cache: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)
    _cached_bytes: int = 0

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(Image uint8 (height, width, 3), labels (height, width); ignored pixels are -1).

        Raises:
            InputError: for files that are no images, differ in size, or hold labels that are no classes.
        """
        if index not in self._cache:
            pair = self._read(self.images[index], self.labels[index])
            size = sum(array.nbytes for array in pair)
            if self._cached_bytes + size > CACHE_BYTES:
                return pair
            self._cache[index] = pair
            self._cached_bytes += size
        return self._cache[index]

    def _read(self, image_path: Path, label_path: Path) -> tuple[np.ndarray, np.ndarray]:
        image, labels = as_rgb(image_path), read_labels(label_path)
        if image.shape[:2] != labels.shape:
            raise InputError(
                f"{label_path}: {labels.shape[1]}x{labels.shape[0]} pixels, but its image {image_path.name} has "
                f"{image.shape[1]}x{image.shape[0]}; a label image needs its image's size"
            )
        void = np.zeros(labels.shape, bool) if self.ignore is None else labels == self.ignore
        if np.all(void):
            raise InputError(f"{label_path}: every pixel is void (label {self.ignore}); remove the pair")
        if self.any_label:
            return image, np.where(void, -1, labels)
        wrong = ((labels < 0) | (labels >= len(self.class_names))) & ~void
        if np.any(wrong):
            raise InputError(_unknown_label(label_path, labels[wrong], len(self.class_names), self.ignore))
        return image, np.where(void, -1, labels).astype(np.int16)


def _unknown_label(path: Path, values: np.ndarray, classes: int, ignore: int | None) -> str:
    value = int(values.max() if values.max() >= classes else values.min())
    advice = "label images hold class numbers, not colours"
    if value == 255 and ignore != 255 and set(np.unique(values)) == {255}:
        advice = "a mask of 0 and 255 must be saved as 0 and 1"
    also = "" if ignore is None else f" and {ignore} for ignored"
    return f"{path}: holds the label {value}, but classes are 0 to {classes - 1}{also}; {advice}"


def find_pairs(image_folder: Path, label_folder: Path) -> tuple[list[Path], list[Path]]:
    """Image and label files of two folders, matched by name without suffix, in order of name.

    Raises:
        InputError: for a folder that is missing or holds no images, or a file without its partner.
    """
    images, labels = _by_stem(image_folder, SUFFIXES), _by_stem(label_folder, LABEL_SUFFIXES)
    for stem in images.keys() ^ labels.keys():
        if stem in images:
            raise InputError(f"{images[stem]}: has no label image {stem}.png in {label_folder}")
        raise InputError(f"{labels[stem]}: has no image of that name in {image_folder}")
    names = sorted(images)
    return [images[name] for name in names], [labels[name] for name in names]


def _by_stem(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    files = [path for path in folder.iterdir() if path.suffix.lower() in suffixes and not path.name.startswith(".")]
    if not files:
        raise InputError(f"{folder}: holds no images ({', '.join(suffixes)})")
    found: dict[str, Path] = {}
    for path in sorted(files):
        if path.stem in found:
            raise InputError(f"{path}: {found[path.stem].name} has the same name; keep one of the two")
        found[path.stem] = path
    return found
