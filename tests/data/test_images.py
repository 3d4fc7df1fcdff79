"""Any image as RGB, label images as numbers; what is refused, and with which words."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from dilatednets.data.images import as_rgb, pixels_of, read_labels
from dilatednets.plots import labels as label_plots

COLOURS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "tif"])
def test_lossless_files_come_back(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(COLOURS).save(path, **({"lossless": True} if suffix == "webp" else {}))
    np.testing.assert_array_equal(as_rgb(path), COLOURS)
    np.testing.assert_array_equal(as_rgb(str(path)), COLOURS)


def test_every_mode_is_shown_as_a_viewer_shows_it(tmp_path):
    grey = COLOURS[..., 0]
    tripled = np.repeat(grey[..., None], 3, axis=2)
    alpha = np.concatenate([COLOURS, np.full((5, 7, 1), 9, np.uint8)], axis=2)
    palette = Image.fromarray(grey % 3)
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    sixteen = grey.astype(np.uint16) * 257
    black_or_white = np.where(tripled > 50, 255, 0).astype(np.uint8)
    for image, expected in [
        (grey, tripled),
        (Image.fromarray(grey), tripled),
        (grey[..., None], tripled),
        (alpha, COLOURS),
        (Image.fromarray(alpha), COLOURS),
        (sixteen, tripled),
        (Image.fromarray(sixteen), tripled),
        (palette, np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)[grey % 3]),
        (Image.fromarray(black_or_white[..., 0]).convert("1"), black_or_white),
    ]:
        np.testing.assert_array_equal(as_rgb(image), expected)
    Image.fromarray(sixteen).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(as_rgb(tmp_path / "deep.png"), tripled)


def test_rotation_noted_in_exif_is_carried_out(tmp_path):
    picture = Image.fromarray(COLOURS)
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise to view
    picture.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        for image in (tmp_path / "a.png", opened):
            np.testing.assert_array_equal(as_rgb(image), np.rot90(COLOURS, -1))
        assert opened.size == (7, 5), "the caller's image was turned"


def test_what_is_no_image_is_refused(tmp_path, refusal):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("not an image")
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:2000])
    Image.new("CMYK", (4, 4)).save(tmp_path / "print.jpg")
    Image.fromarray(np.full((4, 4), 200, np.int32)).save(tmp_path / "numbers.tif")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "exif.png", exif=b"Exif\x00\x00nonsense")
    for name, says in [
        ("empty.png", "is empty; fetch or write it again"),
        ("numbers.tif", "32-bit values of unknown range"),
        ("text.png", "no known format"),
        ("half.png", "not a readable image"),
        ("none.png", "no such file"),
        ("print.jpg", "CMYK colours, which depend on a profile; convert it to RGB"),
        ("dot.png", "1x1 pixels; an image needs at least 2x2"),
        ("exif.png", "not a readable image"),
        ("", "is a folder, not an image"),
    ]:
        message = refusal(as_rgb, tmp_path / name)
        assert says in message and str(tmp_path / name) in message
    assert "must hold integers of 8 or 16 bits, not float64" in refusal(as_rgb, np.zeros((4, 4, 3)))
    assert "not (2, 4, 4, 3)" in refusal(as_rgb, np.zeros((2, 4, 4, 3), np.uint8))
    assert "not (0, 4, 3)" in refusal(as_rgb, np.zeros((0, 4, 3), np.uint8))
    assert "not list" in refusal(as_rgb, [[1, 2]])
    assert "floating-point values" in refusal(as_rgb, Image.new("F", (4, 4)))


@pytest.mark.parametrize("limit", [20, 10])  # above it Pillow warns, and above twice that it refuses
def test_a_large_image_is_no_attack_faults(tmp_path, monkeypatch, limit):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_rgb(tmp_path / "a.png").shape == (5, 7, 3)
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_come_as_numbers(tmp_path, dtype):
    labels = np.array([[0, 3], [200, 7]], dtype)
    Image.fromarray(labels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), labels)
    label_plots.label_image(labels.astype(int), [(1, 2, 3)] * 201).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "b.png"), labels)


def test_labels_in_colours_are_refused(tmp_path, refusal):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    assert "has 3 bands; label images hold class numbers" in refusal(read_labels, tmp_path / "a.png")


@pytest.mark.parametrize(
    ("image", "dtype", "largest"),
    [
        (np.full((4, 4), 200), np.uint8, 200),
        (np.full((4, 4, 1), 300, np.int32), np.uint16, 300),
        (np.full((4, 4), 200, np.int16), np.uint16, 200),  # of a camera of 16 bits
        (np.full((4, 4, 3), True), np.uint8, 255),
    ],
)
def test_integers_of_any_type_are_pixels_faults(image, dtype, largest):
    pixels = pixels_of(image)
    assert pixels.dtype == dtype and pixels.shape == (4, 4, 3) and pixels.max() == largest


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.full((4, 4), -1), "values from -1 to -1; pixels are 0 to 255"),
        (np.full((4, 4), 70000), "values from 70000 to 70000"),
        (np.zeros((4, 4, 8), np.uint8), "has 8 bands, but 3 are needed"),
        (np.zeros((4, 4), complex), "must hold integers of 8 or 16 bits, not complex128"),
        (b"bytes", "not bytes; wrap them in io.BytesIO"),
        (io.BytesIO(b"bytes"), "image: not a readable image"),
    ],
)
def test_arrays_that_are_no_pixels_are_refused_faults(image, says, refusal):
    assert says in refusal(pixels_of, image)


def test_bands_are_as_many_as_asked_for_faults(refusal):
    grey, many = COLOURS[..., :1], np.repeat(COLOURS, 2, axis=2)
    np.testing.assert_array_equal(pixels_of(many, 6), many)
    np.testing.assert_array_equal(pixels_of(np.repeat(grey, 3, axis=2), 1), grey)
    assert "has 3 bands, but 1 is needed" in refusal(pixels_of, COLOURS, 1)
    assert "has 1 band, but 6 are needed" in refusal(pixels_of, grey, 6)
    assert "has 1 page, so there is no page 2" in refusal(pixels_of, grey, 1, 2)


def test_a_file_object_is_read_from_its_start_faults():
    file = io.BytesIO()
    Image.fromarray(COLOURS).save(file, "PNG")
    np.testing.assert_array_equal(pixels_of(file), COLOURS)
    file.seek(7)
    np.testing.assert_array_equal(as_rgb(file), COLOURS)
