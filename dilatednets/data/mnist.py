"""MNIST: handwritten digits, 28 x 28 grey levels (LeCun, Cortes & Burges), in IDX files."""

import gzip
import math
import os
import struct
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from dilatednets.data.sequences import check_split
from dilatednets.data.splits import data_folder
from dilatednets.errors import InputError, one_line

FROM = "https://storage.googleapis.com/cvdf-datasets/mnist"
FILES = {
    f"{name}.gz": (f"{FROM}/{name}.gz", digest)
    for name, digest in {
        "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    }.items()
}
"""Files by name: where they are, and their SHA-256."""
SIDE = 28
PIXELS = SIDE * SIDE
VALIDATION = 10_000
"""Number of images that validation takes from the end of those to train on."""
MOST = 1_000_000
"""Images in a file; what claims more is damaged, and would be asked of the memory at once."""


def read(data_dir: str | os.PathLike[str], split: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads a split, in the order of its files.

    Validation is the last 10,000 of the 60,000 images of `train-*`, or the last sixth where that is less, and train the
    images before. Files may be packed by gzip (`.gz`) or plain.

    Args:
        data_dir: The folder of `train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`, `t10k-images-idx3-ubyte.gz`
            and `t10k-labels-idx1-ubyte.gz`, or of the two that the split needs.
        split: "train", "validation" or "test".

    Returns:
        Images uint8 (count, 784), row by row from the top left, 0 for the ground and 255 for ink; and labels int64
        (count,), the digits.

    Raises:
        InputError: if a file is missing, damaged, or does not belong to the other.

    Reference:
        LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition", Proc. IEEE 86.
    """
    name = "t10k" if check_split(split) == "test" else "train"
    folder = data_folder(data_dir)
    image_path, label_path = (_find(folder, f"{name}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    images, labels = _read_idx(image_path, (SIDE, SIDE)), _read_idx(label_path, ())
    if len(images) != len(labels):
        raise InputError(
            f"{label_path}: {len(labels)} labels for the {len(images)} images of {image_path.name}; fetch both again"
        )
    if labels.max() > 9:
        raise InputError(f"{label_path}: holds label {labels.max()}, but digits are 0 to 9; fetch it again")
    images, labels = images.reshape(-1, PIXELS), labels.astype(np.int64)
    if name == "t10k":
        return images, labels
    cut = len(images) - min(VALIDATION, len(images) // 6)
    if split == "train":
        return images[:cut], labels[:cut]
    if cut == len(images):
        raise InputError(f"{image_path}: {cut} images, too few for a validation split; give 6 or more")
    return images[cut:], labels[cut:]


def permuted(images: np.ndarray) -> np.ndarray:
    """Images (count, 784) with their pixels in the fixed order of permuted MNIST here, which NumPy's seed 0 draws.

    Reference:
        Le, Jaitly & Hinton 2015, "A Simple Way to Initialize Recurrent Networks of Rectified Linear Units"
        (arXiv 1504.00941), section 4.2; their order was never published, and each library has its own.
    """
    return images[:, np.random.default_rng(0).permutation(PIXELS)]


def of_picture(grey: np.ndarray) -> np.ndarray:
    """A picture of a digit as MNIST has them: 28 x 28, light on dark, 20 pixels at most, its centre of mass in the middle.

    Args:
        grey: uint8 (height, width), light on dark or dark on light. One of 28 x 28 is left in its
            place.

    Returns:
        uint8 (784,).

    Raises:
        InputError: for a picture of one shade.

    Reference:
        As of `read`, section III.A.

    Example:
    >>> page = np.full((300, 200), 255, np.uint8)
    >>> page[50:250, 90:110] = 0  # a one
    >>> digit = of_picture(page).reshape(28, 28)
    >>> digit.any(axis=1).sum(), digit.any(axis=0).sum()  # high, wide
    (20, 2)
    """
    ink = grey.astype(np.float32)
    if np.median(np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])) > (ink.min() + ink.max()) / 2:
        ink = 255 - ink
    if np.ptp(ink) == 0:
        raise InputError("image: is of one shade; give a digit, dark on light or light on dark")
    ink = (ink - ink.min()) / np.ptp(ink) * 255
    if ink.shape == (SIDE, SIDE):
        return (ink + 0.5).astype(np.uint8).reshape(PIXELS)
    rows, columns = (np.flatnonzero((ink > 64).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(round(20 * side / max(ink.shape)), 1) for side in ink.shape)
    ink = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    middle = [np.average(np.arange(side), weights=ink.sum(axis=1 - axis)) for axis, side in enumerate(ink.shape)]
    top, left = (
        int(np.clip(round((SIDE - 1) / 2 - place), 0, SIDE - side))
        for place, side in zip(middle, ink.shape, strict=True)
    )
    digit = np.zeros((SIDE, SIDE), np.uint8)
    digit[top : top + height, left : left + width] = ink + 0.5
    return digit.reshape(PIXELS)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise InputError(f"{folder / name}.gz: missing; `dilatednets fetch mnist` fetches it, see datasets/mnist")


def _read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """An array of bytes whose items have a given shape; see "The IDX file format" on the data set's page."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            return _parse_idx(file, shape, str(path))
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or one_line(error)}); fetch it again") from error
    except Exception as error:  # a damaged one can fail anywhere in gzip and zlib
        raise InputError(f"{path}: is damaged ({one_line(error)}); fetch it again") from error


def _parse_idx(file: IO[bytes] | gzip.GzipFile, shape: tuple[int, ...], path: str) -> np.ndarray:
    rank = 1 + len(shape)
    head = file.read(4 + 4 * rank)
    if len(head) < 4 + 4 * rank or head[:4] != bytes([0, 0, 8, rank]):  # two zeros, the type uint8, dimensions
        raise InputError(f"{path}: is no IDX file of bytes in {rank} dimensions; fetch it again")
    count, *found = struct.unpack(f">{rank}I", head[4:])
    if tuple(found) != shape:
        raise InputError(f"{path}: holds images of {' x '.join(map(str, found))}, not 28 x 28; fetch it again")
    size = count * math.prod(shape)
    if not 0 < count <= MOST:
        raise InputError(f"{path}: says it holds {count} items; fetch it again")
    data = file.read(size + 1)
    if len(data) != size:
        raise InputError(f"{path}: is {'cut short' if len(data) < size else 'longer than it says'}; fetch it again")
    return np.frombuffer(data, np.uint8).reshape(count, *shape)
