"""IDX files of digits: splits, packed or plain, and damaged ones."""

import gzip

import numpy as np
import pytest

from dilatednets.data import mnist
from dilatednets.errors import InputError


def write(folder, images, labels, name="train", pack=True):
    """The files as the format's description has them, by an independent hand: a header in hexadecimal digits."""
    for kind, array, head in (("images-idx3", images, "00000803"), ("labels-idx1", labels, "00000801")):
        sizes = "".join(f"{length:08x}" for length in array.shape)
        data = bytes.fromhex(head + sizes) + array.astype(np.uint8).tobytes()
        path = folder / f"{name}-{kind}-ubyte{'.gz' if pack else ''}"
        path.write_bytes(gzip.compress(data) if pack else data)
    return folder


@pytest.fixture
def digits(rng):
    return rng.integers(0, 256, (12, 28, 28)), rng.integers(0, 10, 12)


@pytest.mark.parametrize("pack", [True, False])
def test_splits(tmp_path, digits, pack):
    images, labels = digits
    write(tmp_path, images, labels, pack=pack)
    write(tmp_path, images[:3], labels[:3], "t10k", pack)
    for split, part in (("train", slice(10)), ("validation", slice(10, 12)), ("test", slice(3))):
        x, y = mnist.read(tmp_path, split)
        np.testing.assert_array_equal(x, images.reshape(12, 784)[part])
        np.testing.assert_array_equal(y, labels[part])
        assert x.dtype == np.uint8 and y.dtype == np.int64


def test_validation_is_the_last_ten_thousand(tmp_path):
    count = 60_000
    labels = np.arange(count) % 7
    write(tmp_path, np.zeros((count, 28, 28)), labels)
    for split, part in (("train", slice(50_000)), ("validation", slice(50_000, count))):
        np.testing.assert_array_equal(mnist.read(tmp_path, split)[1], labels[part])


def test_permuted_pixels_are_the_same_ones_in_an_order_that_stays(rng):
    images = rng.integers(0, 256, (3, 784))
    order = mnist.permuted(np.arange(784)[None])[0]
    assert sorted(order) == list(range(784)) and order[:4].tolist() == [318, 2, 606, 446]
    np.testing.assert_array_equal(mnist.permuted(images), images[:, order])


def test_faults_of_files(tmp_path, digits):
    images, labels = digits
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte.gz: missing; `dilatednets fetch mnist`"):
        mnist.read(tmp_path, "train")
    with pytest.raises(InputError, match="split: no split 'dev'"):
        mnist.read(tmp_path, "dev")
    write(tmp_path, images[:2], labels[:2])
    with pytest.raises(InputError, match=r"2 images, too few for a validation split"):
        mnist.read(tmp_path, "validation")
    write(tmp_path, images, labels[:5])
    with pytest.raises(InputError, match=r"5 labels for the 12 images of train-images-idx3-ubyte.gz"):
        mnist.read(tmp_path, "train")
    write(tmp_path, images, labels + 10)
    with pytest.raises(InputError, match=r"holds label 1\d, but digits are 0 to 9"):
        mnist.read(tmp_path, "train")
    write(tmp_path, images[:, :20], labels)
    with pytest.raises(InputError, match=r"holds images of 20 x 28, not 28 x 28"):
        mnist.read(tmp_path, "train")


def test_faults_of_damaged_files(tmp_path, digits):
    path = write(tmp_path, *digits, pack=False) / "train-images-idx3-ubyte"
    whole = path.read_bytes()
    for data, words in (
        (whole[:-1], "is cut short"),
        (whole + b"\0", "is longer than it says"),
        (b"", "is no IDX file"),
        (whole[:3] + b"\1" + whole[4:], "is no IDX file"),
        (whole[:4] + b"\xff" * 4 + whole[8:], "says it holds 4294967295 items"),
        (whole[:4] + b"\0" * 4 + whole[8:], "says it holds 0 items"),
    ):
        path.write_bytes(data)
        with pytest.raises(InputError, match=f"train-images-idx3-ubyte: {words}.*; fetch it again"):
            mnist.read(tmp_path, "train")
    path = write(tmp_path, *digits) / "train-images-idx3-ubyte.gz"
    packed = path.read_bytes()
    for data in (packed[:99], b"no gzip", packed[:60] + b"\xff" * 9 + packed[69:]):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"ubyte.gz: .*; fetch it again"):
            mnist.read(tmp_path, "train")


@pytest.mark.parametrize("scale", [1, 15])
@pytest.mark.parametrize("dark_on_light", [False, True])
def test_a_picture_is_brought_to_the_size_and_place_of_a_digit(scale, dark_on_light):
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255  # its middle is that of the picture
    picture = digit if scale == 1 else np.pad(np.kron(digit, np.ones((scale, scale), np.uint8)), ((9, 90), (300, 1)))
    found = mnist.of_picture(255 - picture if dark_on_light else picture)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found.reshape(28, 28), digit)


@pytest.mark.parametrize(("gain", "offset"), [(1 / 255, 0), (0.2, 100), (1, 0)])
def test_how_bright_a_small_picture_is_does_not_matter_faults(gain, offset, rng):
    digit = rng.integers(0, 2, (28, 28), np.uint8) * 255
    digit[[0, -1]], digit[:, [0, -1]] = 0, 0
    found = mnist.of_picture((digit * gain + offset).round().astype(np.uint8))
    np.testing.assert_array_equal(found.reshape(28, 28), digit)


def test_a_picture_of_one_shade_is_no_digit_faults():
    for shade in (0, 128, 255):
        with pytest.raises(InputError, match="is of one shade"):
            mnist.of_picture(np.full((40, 30), shade, np.uint8))
