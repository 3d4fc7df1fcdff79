"""Pictures of labels."""

import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.plots.labels import label_image, overlay, shares, value_image, value_overlay, value_steps
from dilatednets.plots.palette import default_palette

PALETTE = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_overlay_shows_image_labels_and_legend():
    labels = np.zeros((40, 300), int)
    labels[:, 150:] = 2
    picture = np.asarray(overlay(np.zeros((40, 300, 3), np.uint8), labels, PALETTE, ["a", "b", "c"]))
    assert picture.shape[1] == 300 and picture.shape[0] > 40
    assert picture[0, 0].tolist() == [128, 0, 0] and picture[39, 299].tolist() == [0, 0, 128]
    legend = picture[40:].reshape(-1, 3)
    assert (legend == (255, 0, 0)).all(1).any() and (legend == (0, 0, 255)).all(1).any()
    assert not (legend == (0, 255, 0)).all(1).any(), "a class that does not occur"


def test_large_overlay_is_shown_smaller():
    picture = overlay(np.zeros((10, 5000, 3), np.uint8), np.zeros((10, 5000), int), PALETTE, ["a", "b", "c"])
    assert picture.width == 5000 // 3 + 1


def test_long_legend_takes_as_many_lines_as_it_needs():
    labels, names = np.arange(200).reshape(10, 20), [f"a class with the number {n}" for n in range(200)]
    few, many = (
        overlay(np.zeros((10, 20, 3), np.uint8), labels % count, default_palette(200), names) for count in (2, 200)
    )
    assert many.height - 10 > 50 * (few.height - 10) and many.width < 300


def test_heat_goes_from_black_over_red_and_yellow_to_white():
    values = np.repeat([[0.0, 1.0, 2.0, 3.0]], 40, axis=0)
    picture = np.asarray(value_overlay(np.zeros((40, 4, 3), np.uint8), values, "height"), float)[0, :4]
    strength = 0.75 * np.sqrt(np.arange(4)[:, None] / 3)
    expected = 255 * np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)]) * strength
    np.testing.assert_allclose(picture, expected, atol=1)


def test_numbers_can_be_read_back_from_their_images():
    values = np.array([[0.0, 1.25], [100.5, 300.0]])
    assert value_steps(values) == 1 and value_steps(values[0]) == 256
    np.testing.assert_allclose(np.asarray(value_image(values)) / 256, [[0, 1.25], [100.5, 65535 / 256]])
    labels = np.arange(256).reshape(16, 16)
    image = label_image(labels, default_palette(256))
    np.testing.assert_array_equal(np.asarray(image), labels)
    assert image.convert("RGB").getpixel((1, 0)) == (128, 0, 0)
    with pytest.raises(InputError, match="65537 classes: a label image holds 65,536 at most"):
        label_image(labels, [(0, 0, 0)] * 65537)


@pytest.mark.parametrize("classes", [257, 300, 1000])
def test_more_classes_than_a_palette_holds_are_16_bit_grey_faults(classes):
    labels = np.arange(classes).reshape(1, -1)
    image = label_image(labels, default_palette(classes))
    assert image.mode.startswith("I")
    np.testing.assert_array_equal(np.asarray(image), labels)
    assert len(set(default_palette(classes))) == classes


@pytest.mark.parametrize(("dtype", "bands"), [(np.uint16, 3), (np.uint16, 1), (np.uint8, 8)])
def test_images_of_any_depth_and_bands_are_shown_faults(dtype, bands):
    image = np.full((40, 300, bands), 50, dtype)
    image[:20] = 200
    if dtype == np.uint16:
        image[3, 3] = 65535  # a hot pixel
    shown = np.asarray(overlay(image, np.zeros((40, 300), int), [(0, 0, 0)], ["a"]))[:40, 0, 0].tolist()
    assert shown == ([128] * 20 + [32] * 20 if dtype is np.uint16 else [100] * 20 + [25] * 20)


def test_shares_are_of_the_pixels_and_the_largest_comes_first():
    labels = np.array([[0, 2, 2, 2], [2, 2, 1, 1]])
    assert shares(labels, ["a", "b", "c", "d"]) == "c 62.5 %, b 25.0 %, a 12.5 %"


def test_default_palette_is_pascal_s():
    palette = default_palette(256)
    assert palette[:5] == [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128)]
    assert palette[8] == (64, 0, 0) and len(set(palette)) == 256
