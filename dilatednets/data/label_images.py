"""Images with a label image each: found, checked, read."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from dilatednets.data.image_files import numbers_of, orientation_of
from dilatednets.data.images import pixels_of, read_labels
from dilatednets.data.label_colours import class_numbers, is_in_colours
from dilatednets.data.picture_folders import LABEL_SUFFIXES, SUFFIXES, pictures_below
from dilatednets.errors import InputError, Note

CACHE_BYTES = 2**30


@dataclass
class LabelledImages:
    """Pairs of an image and its label image, read when asked for and kept as long as they fit into memory.

    Args:
        images: The files of the images.
        labels: The files of the label images, in the same order: class numbers, or colours of `palette`.
        class_names: The names of classes 0, 1, ...
        ignore: The label of pixels that do not count. None if all count.
        palette: One (R, G, B) for each class.
        any_label: Whether labels may be any number from 0: instances, or values to regress, where -1 and NaN do not count.
        void_colour: The colour of pixels that do not count, in label images in colours. None if all count.
        channels: Bands of the images.
        eight_bits: A function that makes 8 bits of an image of 16, for nets to which brightness says nothing; None does it
            by the full range.

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
    void_colour: Sequence[int] | None = None
    channels: int = 3
    eight_bits: Callable[[np.ndarray], np.ndarray] | None = None
    _cache: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(Image uint8 (height, width, channels), labels (height, width); ignored pixels are -1).

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
        image, labels = self._pixels(image_path), self._labels(label_path)
        turned, size = orientation_of(image_path), image.shape[:2]
        fits = turned == 1 or (turned > 4 and labels.shape == size and size[0] != size[1])
        if not fits and orientation_of(label_path) == 1:
            raise InputError(
                f"{label_path}: its image {image_path.name} is turned by EXIF, and it is not; save the image as it is seen, "
                "without EXIF"
            )
        if labels.shape != size:
            raise InputError(
                f"{label_path}: {labels.shape[1]}x{labels.shape[0]} pixels, but its image {image_path.name} has "
                f"{size[1]}x{size[0]}; a label image needs its image's size"
            )
        void = (labels == -1) if self.ignore is None else (labels == -1) | (labels == self.ignore)
        void |= np.isnan(labels)
        if np.all(void):
            raise InputError(f"{label_path}: every pixel is void{self._marked()}; remove the pair")
        labels = np.where(void, -1, labels)
        if self.any_label:
            if not np.all(np.isfinite(labels)) or labels.min() < -1 or np.any((labels < 0) & ~void):
                wrong = labels[~np.isfinite(labels) | ((labels < 0) & ~void)][0]
                raise InputError(
                    f"{label_path}: holds the label {wrong}; values are finite and 0 or above, or NaN for void"
                )
            return image, labels
        self._check(labels, void, label_path)
        return image, labels.astype(np.int16)

    def _pixels(self, path: Path) -> np.ndarray:
        """The image in 8 bits."""
        pixels = pixels_of(path, self.channels)
        if pixels.dtype == np.uint8:
            return pixels
        return (pixels // 257).astype(np.uint8) if self.eight_bits is None else self.eight_bits(pixels)

    def _labels(self, path: Path) -> np.ndarray:
        if self.any_label:
            return read_labels(path)
        classes = self.palette, self.ignore, self.void_colour
        return class_numbers(numbers_of(path), *classes, str(path), lambda: self._in_colours)

    @cached_property
    def _in_colours(self) -> bool:
        """Whether label images that could be in numbers as well are in colours: as the first that could not is."""
        for path in self.labels:
            known = is_in_colours(numbers_of(path), self.palette, self.ignore, self.void_colour, str(path))
            if known is not None:
                return known
        words = "could be class numbers or colours, and no other label image says which; taken as numbers"
        warnings.warn(Note(f"{self.labels[0]}: {words}; save label images in RGB, or with a palette"), stacklevel=2)
        return False

    def _check(self, labels: np.ndarray, void: np.ndarray, path: Path) -> None:
        """Refuses numbers that are no classes, with the cure that fits them."""
        last = len(self.class_names) - 1
        known = np.unique(labels[~void])
        unknown = known[(known < 0) | (known > last)]
        if not unknown.size:
            return
        cure = "label images hold class numbers, or colours of the classes"
        other = int(unknown[-1])
        if other > last + 1 and set(known.tolist()) <= {0, other}:
            colour = 3 * [255 if other == 65535 else other]
            cure = f"a mask of 0 and {other} must be saved as 0 and 1" + (
                f", or class 1 be given the colour {colour}" if colour[0] <= 255 else ""
            )
        elif unknown.tolist() == [255]:
            void_as = '"ignore": 255 in classes.json' if self.ignore is None else f"the label {self.ignore}"
            cure = f"if 255 marks pixels that do not count, they need {void_as}"
        elif unknown.tolist() == [last + 1] and 0 not in known:
            cure = "if they count from 1, subtract 1"
        raise InputError(
            f"{path}: holds the label {unknown[-1] if unknown[-1] > last else unknown[0]}, but classes are "
            f"0 to {last}{'' if self.ignore is None else f' and {self.ignore} for ignored'}; {cure}"
        )

    def _marked(self) -> str:
        return "" if self.ignore is None else f" (label {self.ignore})"


def find_pairs(image_folder: Path, label_folder: Path) -> tuple[list[Path], list[Path]]:
    """Matches the files of two folders, and of those below them, by their names without suffix.

    Args:
        image_folder: The folder of images.
        label_folder: The folder of label images, in the same folders below it. Their names may end in `_mask`.

    Returns:
        The image files and the label files, in order of name.

    Raises:
        InputError: If a folder is missing or holds no images, or if a file has no partner.

    Example:
    >>> find_pairs(Path("nowhere"), Path("nowhere"))
    Traceback (most recent call last):
    dilatednets.errors.InputError: nowhere: no such folder
    """
    images, labels = _by_name(image_folder, SUFFIXES), _by_name(label_folder, LABEL_SUFFIXES)
    for name in [name for name in labels if name not in images and name.removesuffix("_mask") in images]:
        bare = name.removesuffix("_mask")
        if bare in labels:
            raise InputError(f"{labels[name]}: {labels[bare].name} is of the same image; keep one of the two")
        labels[bare] = labels.pop(name)
    for name in images.keys() ^ labels.keys():
        if name in images:
            raise InputError(f"{images[name]}: has no label image {name}.png in {label_folder}")
        raise InputError(f"{labels[name]}: has no image of that name in {image_folder}")
    names = sorted(images)
    return [images[name] for name in names], [labels[name] for name in names]


def _by_name(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Files by their path below the folder, without suffix."""
    by_name: dict[str, Path] = {}
    for path in pictures_below(folder, suffixes):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if (first := by_name.setdefault(name, path)) != path:
            raise InputError(f"{path}: {first.name} has the same name; keep one of the two")
    return by_name
