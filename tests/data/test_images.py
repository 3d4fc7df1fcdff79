"""Any image as RGB; label images; pairs of them; what is refused, and with which words."""

import warnings

import numpy as np
import pytest
from PIL import Image

from dilatednets.data import camvid, image_folder, label_plots
from dilatednets.data.images import as_rgb, read_labels
from dilatednets.data.label_images import LabelledImages, find_pairs
from dilatednets.errors import InputError

COLOURS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def refusal(call, *arguments, **named):
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


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
    for image, expected in [
        (Image.fromarray(grey), tripled),
        (grey, tripled),
        (grey[..., None], tripled),
        (Image.fromarray(alpha), COLOURS),
        (alpha, COLOURS),
        (palette, np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)[grey % 3]),
        (Image.fromarray(sixteen), tripled),
        (sixteen, tripled),
        (
            Image.fromarray((grey > 50).astype(np.uint8) * 255).convert("1"),
            255 * np.repeat((grey > 50)[..., None], 3, 2),
        ),
    ]:
        np.testing.assert_array_equal(as_rgb(image), expected)
    Image.fromarray(sixteen).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(as_rgb(tmp_path / "deep.png"), tripled)


def test_rotation_noted_in_exif_is_carried_out(tmp_path):
    picture = Image.fromarray(COLOURS)
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise to view
    picture.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(as_rgb(tmp_path / "a.png"), np.rot90(COLOURS, -1))


def test_what_is_no_image_is_refused(tmp_path):
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
        ("empty.png", "empty.png: is empty; fetch or write it again"),
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


def test_a_large_image_is_no_attack(tmp_path, monkeypatch):
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


def test_labels_in_colours_are_refused(tmp_path):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    assert "is in mode RGB; label images hold class numbers" in refusal(read_labels, tmp_path / "a.png")


def make_camvid(folder, split="train", count=3, size=(12, 16)):
    """A folder in CamVid's layout; labels depend on the image."""
    rng = np.random.default_rng(0)
    for name in (split, f"{split}annot"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        labels = rng.integers(0, 12, size).astype(np.uint8)
        Image.fromarray(np.repeat(labels[..., None] * 20, 3, 2)).save(folder / split / f"f{number}.png")
        Image.fromarray(labels).save(folder / f"{split}annot" / f"f{number}.png")
    return folder


@pytest.mark.parametrize(
    ("split", "folder"), [("train", "train"), ("validation", "val"), ("val", "val"), ("test", "test")]
)
def test_camvid_is_read_from_a_folder_of_one_split(tmp_path, split, folder):
    make_camvid(tmp_path, folder)
    pairs = camvid.load(str(tmp_path), split)
    assert len(pairs) == 3 and len(pairs.class_names) == 11 == len(pairs.palette)
    for image, labels in pairs:
        raw = image[..., 0] // 20
        np.testing.assert_array_equal(labels, np.where(raw == 11, -1, raw.astype(int)))


def test_camvid_takes_webp(tmp_path):
    make_camvid(tmp_path)
    for path in list((tmp_path / "train").iterdir()):
        Image.open(path).save(path.with_suffix(".webp"), lossless=True)
        path.unlink()
    image, labels = camvid.load(str(tmp_path), "train")[0]
    raw = image[..., 0] // 20
    np.testing.assert_array_equal(labels, np.where(raw == 11, -1, raw.astype(int)))


def test_bad_pairs_are_refused(tmp_path):
    assert "missing; camvid has folders train/ and trainannot/" in refusal(camvid.load, str(tmp_path), "train")
    assert "camvid has train, validation, val, test" in refusal(camvid.load, str(tmp_path), "dev")
    make_camvid(tmp_path)
    image, label = tmp_path / "train" / "f1.png", tmp_path / "trainannot" / "f1.png"
    label.rename(tmp_path / "kept.png")
    assert "f1.png: has no label image f1.png in" in refusal(camvid.load, str(tmp_path), "train")
    (tmp_path / "kept.png").rename(label)
    image.rename(tmp_path / "kept.png")
    assert "f1.png: has no image of that name in" in refusal(camvid.load, str(tmp_path), "train")
    (tmp_path / "kept.png").rename(image)
    pairs = camvid.load(str(tmp_path), "train")
    for labels, says in [
        (np.zeros((12, 15), np.uint8), "15x12 pixels, but its image f1.png has 16x12"),
        (np.full((12, 16), 12, np.uint8), "holds the label 12, but classes are 0 to 10 and 11 for ignored"),
        (np.full((12, 16), 255, np.uint8), "a mask of 0 and 255 must be saved as 0 and 1"),
        (np.full((12, 16), 11, np.uint8), "every pixel is void (label 11); remove the pair"),
    ]:
        Image.fromarray(labels).save(label)
        message = refusal(pairs.__getitem__, 1)
        assert says in message and str(label) in message
    (tmp_path / "train" / "f1.webp").write_bytes(image.read_bytes())
    assert "has the same name" in refusal(camvid.load, str(tmp_path), "train")
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in refusal(find_pairs, tmp_path / "nothing", tmp_path / "nothing")
    assert "no such folder" in refusal(find_pairs, tmp_path / "none", tmp_path / "nothing")


def test_pairs_are_kept_only_while_they_fit(tmp_path, monkeypatch):
    pairs = camvid.load(str(make_camvid(tmp_path)), "train")
    assert pairs[0][0] is pairs[0][0]
    monkeypatch.setattr("dilatednets.data.label_images.CACHE_BYTES", 0)
    assert pairs[1][0] is not pairs[1][0]


def test_a_folder_of_ones_own(tmp_path):
    for name in ("train/images", "train/labels"):
        (tmp_path / name).mkdir(parents=True)
    Image.fromarray(COLOURS).save(tmp_path / "train" / "images" / "a.png")
    Image.fromarray((COLOURS[..., 0] % 2) * 255).save(tmp_path / "train" / "labels" / "a.png")
    for content in ["", "{}", '{"classes": {"a": [1, 2, 3]}}', '{"classes": {"a": [1, 2, 3], "b": [1, 2, 300]}}',
                    '{"classes": {"a": [1, 2, 3], "b": [1, 2, 3]}, "ignore": "no"}']:  # fmt: skip
        (tmp_path / "classes.json").write_text(content)
        assert "must be like" in refusal(image_folder.load, str(tmp_path), "train")
    (tmp_path / "classes.json").write_text('{"classes": {"a": [1, 2, 3], "b": [4, 5, 6]}}')
    pairs = image_folder.load(str(tmp_path), "train")
    assert "a mask of 0 and 255 must be saved as 0 and 1" in refusal(pairs.__getitem__, 0)
    (tmp_path / "classes.json").write_text('{"classes": {"a": [1, 2, 3], "b": [4, 5, 6]}, "ignore": 255}')
    pairs = image_folder.load(str(tmp_path), "train")
    assert isinstance(pairs, LabelledImages) and pairs.palette == ((1, 2, 3), (4, 5, 6))
    np.testing.assert_array_equal(pairs[0][1], -(COLOURS[..., 0] % 2).astype(int))
    values = image_folder.load(str(tmp_path), "train", any_label=True)
    np.testing.assert_array_equal(values[0][1], -(COLOURS[..., 0] % 2).astype(int))
    (tmp_path / "classes.json").unlink()
    values = image_folder.load(str(tmp_path), "train", any_label=True)
    np.testing.assert_array_equal(values[0][1], (COLOURS[..., 0] % 2) * 255)
    (tmp_path / "train").rename(tmp_path / "val")
    assert len(image_folder.load(str(tmp_path), "validation", any_label=True)) == 1
    (tmp_path / "classes.json").write_text('{"classes": {"a": [1, 2, 3], "b": [4, 5, 6]}, "ignore": 255}')
    label = tmp_path / "val" / "labels" / "a.png"
    Image.fromarray(np.full(COLOURS.shape[:2], 255, np.uint8)).save(label)
    void = image_folder.load(str(tmp_path), "val", any_label=True)
    assert "every pixel is void (label 255); remove the pair" in refusal(void.__getitem__, 0)
    label.unlink()
    Image.fromarray(np.full(COLOURS.shape[:2], -7, np.int32)).save(label.with_suffix(".tif"))
    assert "holds the label -7" in refusal(image_folder.load(str(tmp_path), "val").__getitem__, 0)
    label.with_suffix(".tif").unlink()
    Image.fromarray(COLOURS).save(label.with_suffix(".jpg"))  # whose numbers would not be those that were saved
    assert "holds no images (.png, .webp, .bmp, .tif, .tiff)" in refusal(image_folder.load, str(tmp_path), "val")


def test_overlays_show_image_labels_and_legend():
    labels = np.zeros((40, 300), int)
    labels[:, 150:] = 2
    palette = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    picture = np.asarray(label_plots.overlay(np.zeros((40, 300, 3), np.uint8), labels, palette, ["a", "b", "c"]))
    assert picture.shape[1] == 300 and picture.shape[0] > 40
    assert picture[0, 0].tolist() == [128, 0, 0] and picture[39, 299].tolist() == [0, 0, 128]
    legend = picture[40:].reshape(-1, 3)
    assert (legend == (255, 0, 0)).all(1).any() and (legend == (0, 0, 255)).all(1).any()
    assert not (legend == (0, 255, 0)).all(1).any(), "a class that does not occur"
    heat = np.asarray(label_plots.value_overlay(np.zeros((40, 300, 3), np.uint8), labels / 2.0, "height"))
    assert heat[0, 0].tolist() == [0, 0, 0] and heat[0, 299].min() > 150
    large = label_plots.overlay(np.zeros((10, 5000, 3), np.uint8), np.zeros((10, 5000), int), palette, ["a", "b", "c"])
    assert large.width <= 2048


def test_values_can_be_read_back_from_their_image(tmp_path):
    values = np.array([[0.0, 1.25], [100.5, 300.0]])
    assert label_plots.value_steps(values) == 1 and label_plots.value_steps(values[0]) == 256
    label_plots.value_image(values).save(tmp_path / "v.png")
    np.testing.assert_allclose(read_labels(tmp_path / "v.png") / 256, [[0, 1.25], [100.5, 65535 / 256]])


def test_default_palette_is_pascal_s():
    palette = label_plots.default_palette(256)
    assert palette[:5] == [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128)]
    assert palette[8] == (64, 0, 0) and len(set(palette)) == 256
