"""Images with a label image each: found, checked, read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dilatednets.data.images import as_rgb, read_labels
from dilatednets.errors import InputError

LABEL_SUFFIXES = (".png", ".webp", ".bmp", ".tif", ".tiff")
SUFFIXES = (*LABEL_SUFFIXES, ".jpg", ".jpeg")
"""Suffixes of images. JPEG would change the numbers of labels near edges."""
CACHE_BYTES = 2**30


@dataclass
class LabelledImages:
    """Pairs of an image and its label image, read when asked for and kept as long as they fit into memory.

    Args:
        images: The files of the images.
        labels: The files of the label images, in the same order: one channel, or a palette, of class numbers.
        class_names: The names of classes 0, 1, ...
        ignore: The label of pixels that do not count. None if all count.
        palette: One (R, G, B) for each class.
        any_label: Whether labels may be any number: instances, or values to regress.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> folder = sample("nuclei")
    >>> pairs = LabelledImages(*find_pairs(folder / "images", folder / "labels"), ["nucleus"], any_label=True)
    >>> image, labels = pairs[0]
    >>> len(pairs), image.shape[:2] == labels.shape
    (28, True)
    """

    images: Sequence[Path]
    labels: Sequence[Path]
    class_names: Sequence[str]
    ignore: int | None = None
    palette: Sequence[Sequence[int]] = ()
    any_label: bool = False
    _cache: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(Image uint8 (height, width, 3), labels (height, width); ignored pixels are -1).

        Raises:
            InputError: If the files are not images, differ in size, or hold labels that are not classes.
        """
        if index in self._cache:
            return self._cache[index]
        pair = self._read(self.images[index], self.labels[index])
        if sum(array.nbytes for kept in (*self._cache.values(), pair) for array in kept) <= CACHE_BYTES:
            self._cache[index] = pair
        return pair

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
        last = len(self.class_names) - 1
        unknown = labels[((labels < 0) | (labels > last)) & ~void]
        if unknown.size:
            is_mask = np.all(unknown == 255)
            also = "" if self.ignore is None else f" and {self.ignore} for ignored"
            raise InputError(
                f"{label_path}: holds the label {unknown.max() if unknown.max() > last else unknown.min()}, but classes are "
                f"0 to {last}{also}; "
                + (
                    "a mask of 0 and 255 must be saved as 0 and 1"
                    if is_mask
                    else "label images hold class numbers, not colours"
                )
            )
        return image, np.where(void, -1, labels).astype(np.int16)


def find_pairs(image_folder: Path, label_folder: Path) -> tuple[list[Path], list[Path]]:
    """Matches the files of two folders by their names without suffix.

    Args:
        image_folder: The folder of images.
        label_folder: The folder of label images.

    Returns:
        The image files and the label files, in order of name.

    Raises:
        InputError: If a folder is missing or holds no images, or if a file has no partner.

    Example:
    >>> find_pairs(Path("nowhere"), Path("nowhere"))
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere: no such folder
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
    by_stem: dict[str, Path] = {}
    for path in sorted(files):
        if (first := by_stem.setdefault(path.stem, path)) != path:
            raise InputError(f"{path}: {first.name} has the same name; keep one of the two")
    return by_stem
