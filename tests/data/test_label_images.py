"""Label images: by numbers, by colours, with void; turned by EXIF; what is refused, with the cure that fits."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from dilatednets.data.images import read_labels
from dilatednets.data.label_images import LabelledImages
from dilatednets.errors import Note

PALETTE = ((0, 0, 0), (200, 0, 0), (0, 0, 200))
TRUTH = np.random.default_rng(0).integers(0, 3, (12, 16))


def pair(folder, label, image=None, **options):
    """The labels of a pair of files."""
    (Image.new("RGB", label.size) if image is None else image).save(folder / "image.png")
    label.save(folder / "label.png")
    options = {"palette": PALETTE, **options}
    return LabelledImages([folder / "image.png"], [folder / "label.png"], ("a", "b", "c"), **options)


def with_palette(indices, colours):
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette([value for colour in colours for value in colour])
    return image


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_palettes_in_another_order_are_mapped_by_their_colours_faults(tmp_path, order):
    place = np.argsort(order)
    label = with_palette(place[TRUTH], [PALETTE[number] for number in order])
    np.testing.assert_array_equal(pair(tmp_path, label)[0][1], TRUTH)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_masks_in_colours_are_read_faults(tmp_path, mode):
    colours = np.array([*PALETTE, (9, 9, 9)], np.uint8)
    truth = np.where(np.arange(16) < 2, 3, TRUTH)
    label = Image.fromarray(colours[truth]).convert(mode)
    np.testing.assert_array_equal(pair(tmp_path, label, void_colour=(9, 9, 9))[0][1], np.where(truth == 3, -1, truth))


@pytest.mark.parametrize("colours", [((1, 2, 3),) * 3, ((0, 0, 0), (128, 0, 0), (0, 128, 0))])
def test_numbers_of_palettes_that_say_nothing_of_the_classes_stay(tmp_path, colours):
    np.testing.assert_array_equal(pair(tmp_path, with_palette(TRUTH, colours))[0][1], TRUTH)


def test_grey_that_was_saved_as_colours_is_numbers_faults(tmp_path):
    grey = Image.fromarray(TRUTH.astype(np.uint8)).convert("RGB")
    np.testing.assert_array_equal(pair(tmp_path, grey)[0][1], TRUTH)
    black_or_white = Image.fromarray((TRUTH > 0).astype(np.uint8) * 255)
    pairs = pair(tmp_path, black_or_white, palette=((0, 0, 0), (255, 255, 255), (1, 2, 3)))
    np.testing.assert_array_equal(pairs[0][1], TRUTH > 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_where_white_is_zero_numbers_are_as_stored_and_colours_as_seen_faults(tmp_path, dtype):
    pairs = pair(tmp_path, Image.new("L", (16, 12)))
    pairs.labels = [tmp_path / "label.tif"]
    tifffile.imwrite(pairs.labels[0], TRUTH.astype(dtype), photometric="miniswhite")
    np.testing.assert_array_equal(pairs[0][1], TRUTH)
    np.testing.assert_array_equal(read_labels(pairs.labels[0]), TRUTH)
    white_or_black = np.iinfo(dtype).max - np.where(TRUTH > 0, 255, 0).astype(dtype)
    tifffile.imwrite(pairs.labels[0], white_or_black, photometric="miniswhite")
    pairs = LabelledImages(pairs.images, pairs.labels, ("a", "b", "c"), palette=((0, 0, 0), (255, 255, 255), (1, 2, 3)))
    np.testing.assert_array_equal(pairs[0][1], TRUTH > 0)


def test_colours_of_no_class_are_refused_faults(tmp_path, refusal):
    smooth = Image.fromarray(np.array(PALETTE, np.uint8)[TRUTH])
    smooth.putpixel((0, 0), (100, 0, 0))
    smooth.putpixel((1, 0), (100, 0, 0))
    smooth.putpixel((2, 0), (7, 7, 7))
    says = "3 pixels have colours of no class, the most of them (100, 0, 0); save label images without smooth edges"
    assert says in refusal(pair(tmp_path, smooth).__getitem__, 0)
    half = with_palette(TRUTH, [PALETTE[1], (5, 5, 5), PALETTE[2]])
    assert "have colours of no class, the most of them (5, 5, 5)" in refusal(pair(tmp_path, half).__getitem__, 0)
    twice = pair(tmp_path, Image.fromarray(np.array(PALETTE, np.uint8)[TRUTH]), palette=(PALETTE[1],) * 3)
    assert "have colours of no class" in refusal(twice.__getitem__, 0)


@pytest.mark.parametrize(
    ("numbers", "ignore", "says"),
    [
        ([0, 1, 255], None, 'if 255 marks pixels that do not count, they need "ignore": 255 in classes.json'),
        ([0, 1, 255], 9, "if 255 marks pixels that do not count, they need the label 9"),
        (
            [0, 255],
            None,
            "a mask of 0 and 255 must be saved as 0 and 1, or class 1 be given the colour [255, 255, 255]",
        ),
        (
            [0, 128],
            None,
            "a mask of 0 and 128 must be saved as 0 and 1, or class 1 be given the colour [128, 128, 128]",
        ),
        ([0, 3], None, "holds the label 3, but classes are 0 to 2; label images hold class numbers, or colours"),
        ([1, 2, 3], None, "holds the label 3, but classes are 0 to 2; if they count from 1, subtract 1"),
        ([0, 40, 90], None, "label images hold class numbers, or colours of the classes"),
    ],
)
def test_numbers_of_no_class_are_refused_with_the_cure_that_fits_faults(tmp_path, numbers, ignore, says, refusal):
    label = Image.fromarray(np.resize(np.array(numbers, np.uint8), (12, 16)))
    assert says in refusal(pair(tmp_path, label, ignore=ignore).__getitem__, 0)


def turned(image, orientation):
    exif = image.getexif()
    exif[0x0112] = orientation
    image.info["exif"] = exif.tobytes()
    return image


@pytest.mark.parametrize(("shape", "orientation"), [((16, 16), 6), ((12, 16), 3), ((12, 16), 6)])
def test_labels_that_are_not_turned_as_their_image_are_refused_faults(tmp_path, shape, orientation, refusal):
    label = Image.fromarray(np.resize(TRUTH, shape).astype(np.uint8))
    image = turned(Image.new("RGB", label.size), orientation)
    pairs = pair(tmp_path, label, image)
    image.save(tmp_path / "image.png", exif=image.info["exif"])
    assert "label.png: its image image.png is turned by EXIF, and it is not" in refusal(pairs.__getitem__, 0)
    label.save(tmp_path / "label.png", exif=image.info["exif"])
    np.testing.assert_array_equal(pairs[0][1], np.rot90(np.asarray(label), 2 if orientation == 3 else -1))


def test_labels_drawn_on_the_turned_image_fit(tmp_path):
    image = turned(Image.new("RGB", (16, 12)), 6)
    pairs = pair(tmp_path, Image.fromarray(TRUTH.T.astype(np.uint8)), image)
    image.save(tmp_path / "image.png", exif=image.info["exif"])
    np.testing.assert_array_equal(pairs[0][1], TRUTH.T)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_is_void_among_values_faults(tmp_path, dtype, refusal):
    values = np.where(TRUTH == 0, np.nan, TRUTH / 2).astype(dtype)
    pairs = pair(tmp_path, Image.new("L", (16, 12)), any_label=True)
    pairs.labels = [tmp_path / "label.tif"]
    tifffile.imwrite(pairs.labels[0], values)
    labels = pairs[0][1]
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, np.where(np.isnan(values), -1, values))
    for wrong in (-0.5, -2, np.inf):  # which the loss would leave out
        pairs._cache.clear()
        tifffile.imwrite(pairs.labels[0], np.where(TRUTH == 0, wrong, values).astype(dtype))
        assert "values are finite and 0 or above, or NaN for void" in refusal(pairs.__getitem__, 0)


PAPER_AND_INK = ((255, 255, 255), (0, 0, 0))


def masks(folder, *labels, palette=PAPER_AND_INK, **options):
    """The labels of pairs whose label images are given."""
    Image.new("L", labels[0].size).save(folder / "image.png")
    paths = [folder / f"{number}.png" for number in range(len(labels))]
    for path, label in zip(paths, labels, strict=True):
        label.save(path)
    pairs = LabelledImages([folder / "image.png"] * len(paths), paths, ("paper", "ink"), palette=palette, **options)
    return [pair[1] for pair in pairs]


@pytest.mark.parametrize(
    ("palette", "white"),
    [(PAPER_AND_INK, 0), (PAPER_AND_INK[::-1], 1), (((1, 2, 3), (4, 5, 6)), 1), (((255, 255, 255), (4, 5, 6)), 1)],
)
def test_masks_of_1_bit_are_mapped_as_those_of_8_faults(tmp_path, palette, white):
    is_white = TRUTH > 0
    (labels,) = masks(tmp_path, Image.fromarray(is_white), palette=palette)
    np.testing.assert_array_equal(labels, np.where(is_white, white, 1 - white))
    if set(palette) == set(PAPER_AND_INK):
        np.testing.assert_array_equal(masks(tmp_path, Image.fromarray(is_white).convert("L"))[0], 1 - is_white)


@pytest.mark.parametrize("written", ["by Pillow", "by tifffile"])
def test_bits_of_which_numbers_and_colours_disagree_are_refused_faults(tmp_path, written, refusal):
    path = tmp_path / "label.tif"
    Image.new("L", (16, 12)).save(tmp_path / "image.png")
    if written == "by Pillow":
        Image.fromarray(TRUTH > 0).save(path, compression="group4", tiffinfo={262: 0})
    else:
        tifffile.imwrite(path, TRUTH == 0)  # white where truth is above 0
    says = "label.tif: 1-bit TIFF in which white is stored as 0"
    for palette in (PAPER_AND_INK[::-1], ((1, 2, 3), (4, 5, 6)), ((255, 255, 255), (4, 5, 6))):
        pairs = LabelledImages([tmp_path / "image.png"], [path], ("a", "b"), palette=palette)
        assert says in refusal(pairs.__getitem__, 0)
    assert says in refusal(read_labels, path)
    pairs = LabelledImages([tmp_path / "image.png"], [path], ("paper", "ink"), palette=PAPER_AND_INK)
    np.testing.assert_array_equal(pairs[0][1], TRUTH == 0)  # white is paper, which is 0 either way


@pytest.mark.parametrize("bands", [1, 3])
def test_colours_of_16_bits_are_those_of_8_faults(tmp_path, bands):
    Image.new("L", (16, 12)).save(tmp_path / "image.png")
    for colours in (((0, 0, 0), (255, 255, 255), (90, 90, 90)), PALETTE[: 3 if bands == 3 else 0]):
        values = np.array(colours or [(0,), (1,), (2,)], np.uint16)[..., :bands]
        values = values * (257 if colours else 1)
        tifffile.imwrite(
            tmp_path / "label.tif", values[TRUTH].squeeze(), photometric="rgb" if bands == 3 else "minisblack"
        )
        pairs = LabelledImages([tmp_path / "image.png"], [tmp_path / "label.tif"], "abc", palette=colours or PALETTE)
        np.testing.assert_array_equal(pairs[0][1], TRUTH)


def test_black_or_white_of_1_bit_may_be_void_faults(tmp_path):
    options = {"palette": ((255, 255, 255), (200, 0, 0)), "void_colour": (0, 0, 0)}
    (labels,) = masks(tmp_path, Image.fromarray(TRUTH > 0), **options)
    np.testing.assert_array_equal(labels, np.where(TRUTH > 0, 0, -1))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Image.fromarray((TRUTH > 0).astype(np.uint8) * 255), 1),
        (Image.fromarray(np.full((12, 16), 255, np.uint8)), 1),
        (Image.fromarray(TRUTH > 0), 1),
        (Image.fromarray((TRUTH > 0).astype(np.uint8) * 255).convert("RGB"), 1),
        (Image.fromarray((TRUTH > 0).astype(np.uint8)), 0),
        (Image.fromarray(np.ones((12, 16), np.uint8)), 0),
    ],
)
def test_what_could_be_numbers_or_colours_is_what_the_others_are_faults(tmp_path, other, expected):
    black = Image.new("L", (16, 12))
    for labels in (masks(tmp_path, black, other)[0], masks(tmp_path, other, black)[1]):
        assert set(labels.ravel().tolist()) == {expected}


def test_what_could_be_numbers_or_colours_is_named_where_no_other_says_faults(tmp_path):
    with pytest.warns(
        Note, match=r"0\.png: could be class numbers or colours, and no other label image says which"
    ) as notes:
        assert not np.any(masks(tmp_path, Image.new("L", (16, 12)), Image.new("L", (16, 12))))
    assert len(notes) == 1
    assert not np.any(masks(tmp_path, Image.new("L", (16, 12)), palette=PAPER_AND_INK[::-1]))  # the same either way
