"""Any image as RGB, label images as numbers; what is refused, and with which words."""

import warnings

import numpy as np
import pytest
from PIL import Image

from dilatednets.data.images import as_rgb, read_labels
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
        ("text.png", "not a readable image"),
        ("half.png", "not a readable image"),
        ("none.png", "no such file"),
        ("print.jpg", "CMYK colours, which depend on a profile; convert it to RGB"),
        ("dot.png", "1x1 pixels; an image needs at least 2x2"),
        ("exif.png", "cannot be read as RGB"),
        ("", "not a readable image"),
    ]:
        message = refusal(as_rgb, tmp_path / name)
        assert says in message and str(tmp_path / name) in message
    assert "must be uint8 or uint16, not float64" in refusal(as_rgb, np.zeros((4, 4, 3)))
    assert "not (2, 4, 4, 3)" in refusal(as_rgb, np.zeros((2, 4, 4, 3), np.uint8))
    assert "not (0, 4, 3)" in refusal(as_rgb, np.zeros((0, 4, 3), np.uint8))
    assert "not list" in refusal(as_rgb, [[1, 2]])
    assert "floating-point values" in refusal(as_rgb, Image.new("F", (4, 4)))


def test_a_large_image_is_no_attack(tmp_path, monkeypatch, refusal):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)  # Pillow warns above it
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_rgb(tmp_path / "a.png").shape == (5, 7, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # and refuses above twice that
    assert "has more pixels than Pillow opens at once; cut it into parts" in refusal(as_rgb, tmp_path / "a.png")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_come_as_numbers(tmp_path, dtype):
    labels = np.array([[0, 3], [200, 7]], dtype)
    Image.fromarray(labels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), labels)
    label_plots.label_image(labels.astype(int), [(1, 2, 3)] * 201).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "b.png"), labels)


def test_labels_in_colours_are_refused(tmp_path, refusal):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    assert "is in mode RGB; label images hold class numbers" in refusal(read_labels, tmp_path / "a.png")
