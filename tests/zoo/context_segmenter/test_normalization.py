"""Brightness is taken out of pictures: gain, offset and bit depth change no answer."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers import tiny_segmenter
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from PIL import Image

from dilatednets.data.label_images import LabelledImages
from dilatednets.zoo.context_segmenter import inference, normalization, tiling
from dilatednets.zoo.context_segmenter.normalization import HIGH, LOW, SAMPLED, eight_bits, levels, normalized, sampled
from dilatednets.zoo.context_segmenter.tasks import show

SEEDS = st.integers(0, 10**6)


def picture(seed=0, size=(40, 50), bands=3, top=255):
    """Soft spots on a dark ground, uint8."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(size)
    light = rng.uniform(0.02, 0.05, (*size, bands))
    for row, column, width in rng.uniform((0, 0, 2), (*size, 8), (6, 3)):
        light += np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / width**2)[..., None] * rng.uniform(0.3, 1)
    return (np.clip(light, 0, 1) * top).astype(np.uint8)


@pytest.fixture(scope="module")
def model():
    return tiny_segmenter(normalization="percentiles")


def without_brightness(images):
    """Pictures as the net has them, (batch, height, width, channels)."""
    images = ops.cast(images, "float32")
    return ops.convert_to_numpy(normalized(images, levels(images)))


@given(SEEDS, st.sampled_from([1, 3, 5]))
def test_levels_and_pictures_as_numpy_has_them(seed, bands):
    images = np.stack([picture(seed, bands=bands), picture(seed + 1, bands=bands) // 3])
    expected = []
    for image in images.astype(np.float64):
        grey = np.sort(image.mean(-1), axis=None)
        dark, bright = grey[int(LOW * (grey.size - 1))], grey[int(HIGH * (grey.size - 1))]
        assert (grey < dark).mean() <= LOW and (grey > bright).mean() <= 1.5 * (1 - HIGH)
        expected.append(np.clip((image - dark) / (bright - dark), -1, 2) * 255)
    np.testing.assert_allclose(without_brightness(images), expected, atol=1e-2)


@given(SEEDS, st.floats(0.05, 200), st.floats(-1000, 1000))
def test_faults_gain_and_offset_do_not_matter(seed, gain, offset):
    image = picture(seed)[None].astype(np.float32)
    np.testing.assert_allclose(without_brightness(image * gain + offset), without_brightness(image), atol=0.5)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.uint16),  # 8 bits in 16
        lambda x: x.astype(np.uint16) * 16,  # 12 bits in 16
        lambda x: x.astype(np.uint16) * 257,
        lambda x: x.astype(np.int64),
        lambda x: x + np.uint8(20),
        lambda x: 2 * x,
    ],
)
def test_faults_the_net_gives_the_same_for_other_exposures(change, model):
    image = picture(top=120)
    expected = model.segment(image)
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(model.segment(change(image)), expected)


def test_streets_keep_their_brightness():
    """Without normalisation, 16 bits count as 8 do, and a picture that is darker is another one."""
    model, image = tiny_segmenter(), picture()
    np.testing.assert_array_equal(model.segment(image.astype(np.uint16) * 257), model.segment(image))
    assert np.any(model.segment(image // 2) != model.segment(image))


@pytest.mark.parametrize("value", [0, 7, 255, 65535])
def test_faults_blank_pictures(value, model):
    blank = np.full((1, 9, 11, 3), value, np.uint16)
    np.testing.assert_array_equal(without_brightness(blank), 0)
    speck = blank.copy()
    speck[0, 4, 5] = 65535 - value
    assert np.all(np.isfinite(without_brightness(speck))) and np.abs(without_brightness(speck)).max() <= 510
    for least in ((2, 2), (2, 9)):
        assert model.segment(np.full(least, value, np.uint16)).shape == least


def test_a_hot_pixel_does_not_darken_the_picture():
    image = picture(size=(60, 60))[None].astype(np.float32)
    hot = image.copy()
    hot[0, 3, 3] = 65535
    others = np.abs(without_brightness(hot) - without_brightness(image))[0].max(-1)
    assert others[3, 3] > 100 and np.sort(others, axis=None)[-2] < 30


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_sample_of_a_large_picture(height, width):
    image = np.broadcast_to(
        np.arange(height, dtype=np.float32)[:, None, None] + np.zeros((1, width, 1)), (height, width, 1)
    )
    part = np.asarray(sampled(image[None]))[0]
    assert part.shape[0] <= SAMPLED and part.shape[1] <= SAMPLED
    assert min(part.shape[:2]) >= min(height, width, SAMPLED // 2)
    assert part[0].max() == 0 and part[-1].min() >= height - 1 - height // SAMPLED


def test_faults_tiles_have_the_levels_of_the_whole_picture(monkeypatch, model):
    """Its left half is dark: a tile with levels of its own would see other things there."""
    monkeypatch.setattr(tiling, "TILE", 96)
    monkeypatch.setattr(tiling, "OVERLAP", 48)
    monkeypatch.setattr(tiling, "IGNORED", 16)
    image = picture(size=(100, 290))
    image[:, :145] //= 6
    tiles = model.segment(image)
    whole = np.argmax(ops.convert_to_numpy(model.averaged_outputs(image[None]))[0], -1)
    assert (tiles == whole).mean() > 0.98
    np.testing.assert_array_equal(model.segment(image.astype(np.uint16) * 16), tiles)
    none = SimpleNamespace(**vars(normalization) | {"levels": lambda images: None})
    monkeypatch.setattr(inference, "normalization", none)
    assert (model.segment(image) == whole).mean() < 0.95


@pytest.mark.parametrize("band", [0, 1, 2])
def test_faults_a_grey_picture_coloured_in_one_band_is_seen_as_grey(band, model, tmp_path):
    grey = picture(bands=1, size=(60, 70))
    expected = model.segment(np.repeat(grey, 3, axis=2))
    coloured = np.zeros((60, 70, 3), np.uint8)
    coloured[..., band] = grey[..., 0]
    np.testing.assert_array_equal(model.segment(coloured), expected)
    served = ops.convert_to_numpy(model.averaged_outputs(np.stack([coloured, np.repeat(grey, 3, axis=2)])))
    np.testing.assert_array_equal(np.argmax(served, -1), [expected, expected])
    Image.fromarray(coloured).save(tmp_path / "coloured.jpg")  # which leaves something in the other bands
    assert normalization.only_band(np.asarray(Image.open(tmp_path / "coloured.jpg"))[None])[0] == band


def test_pictures_of_several_bands_stay_as_they_are():
    two = picture(size=(60, 70))
    two[..., 0] = 0
    two[..., 1] = two[::-1, :, 1] // 2
    images = np.stack([two, picture(3, size=(60, 70)), np.full((60, 70, 3), 7, np.uint8)])
    np.testing.assert_array_equal(ops.convert_to_numpy(normalization.grey(images)), images)


def test_faults_a_picture_of_few_values_is_named_where_brightness_matters(model):
    image = picture().astype(np.uint16)
    with pytest.warns(UserWarning, match="uses values .* of 0 to 65535 only; the model expects the whole range"):
        tiny_segmenter().segment(image)
    model.segment(image)


def with_hot_pixel(image):
    image[3, 3] = 65535
    return image


SIXTEEN_BITS = {
    "few bits": lambda image: image.astype(np.uint16) * 3,
    "hot pixel": lambda image: with_hot_pixel(image.astype(np.uint16) * 3),
    "offset": lambda image: with_hot_pixel(image.astype(np.uint16) * 2 + 30000),
    "all bits": lambda image: image.astype(np.uint16) * 257,
}


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("kind", SIXTEEN_BITS)
def test_8_bits_hold_what_the_net_sees_of_16_faults(kind, bands):
    image = SIXTEEN_BITS[kind](picture(bands=bands))
    seen, expected = (without_brightness(x[None]) for x in (eight_bits(image), image))
    np.testing.assert_allclose(seen, expected, atol=8)  # of three times 255


def test_8_bits_of_16_where_one_band_holds_all_there_is_or_nothing_does():
    blue = with_hot_pixel(picture().astype(np.uint16)) * np.array([0, 0, 1], np.uint16)
    assert len(np.unique(eight_bits(blue)[..., 2])) > 80 and not eight_bits(blue)[..., :2].any()
    assert not eight_bits(np.full((20, 30, 3), 700, np.uint16)).any()
    spot = np.full((50, 60, 1), 700, np.uint16)
    spot[7, 7] = 900
    assert eight_bits(spot)[7, 7] == 255 and eight_bits(spot).sum() == 255


@pytest.mark.parametrize("kind", SIXTEEN_BITS)
def test_nets_learn_from_what_they_see_faults(model, tmp_path, kind):
    """Pictures for training and evaluation, in 8 bits, give the answers that `segment` gives for the file."""
    image = SIXTEEN_BITS[kind](picture(bands=1))[..., 0]
    Image.fromarray(image).save(tmp_path / "a.png")
    Image.fromarray(np.ones(image.shape, np.uint8)).save(tmp_path / "b.png")
    pairs = LabelledImages([tmp_path / "a.png"], [tmp_path / "b.png"], ("ground", "spot"), any_label=True)
    show(pairs, model)
    assert np.mean(model.segment(pairs[0][0]) == model.segment(tmp_path / "a.png")) > 0.98
    pairs._cache.clear()
    show(pairs, tiny_segmenter())
    np.testing.assert_array_equal(pairs[0][0][..., 0], image // 257)
