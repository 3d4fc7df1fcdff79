"""A folder of one's own images and label images, of classes and of values."""

import json

import numpy as np
import pytest
from PIL import Image

from dilatednets.data import image_folder
from dilatednets.data.label_images import LabelledImages

COLOURS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def test_a_folder_of_ones_own(tmp_path, refusal):
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


@pytest.mark.parametrize("ignore", [[9, 9, 9], [0, 0, 200]])
def test_void_may_be_a_colour_faults(tmp_path, ignore):
    for name in ("images", "labels"):
        (tmp_path / "train" / name).mkdir(parents=True)
    colours = np.array([(0, 0, 0), (200, 0, 0), ignore], np.uint8)
    truth = np.arange(12).reshape(3, 4) % 3
    for name in ("images/a.png", "labels/a.png"):
        Image.fromarray(colours[truth]).save(tmp_path / "train" / name)
    classes = {"classes": {"a": [0, 0, 0], "b": [200, 0, 0]}, "ignore": ignore}
    (tmp_path / "classes.json").write_text(json.dumps(classes), encoding="utf-8-sig")  # as Windows writes it
    np.testing.assert_array_equal(image_folder.load(tmp_path, "train")[0][1], np.where(truth == 2, -1, truth))


@pytest.mark.parametrize(
    "wrong",
    [{"ignore": True}, {"ignore": [1, 2]}, {"ignore": [200, 0, 0]}]
    + [{"classes": {"a": [1, 2, 3], "b": [1.5, 2, 3]}}, {"classes": {"a": [1, 2, 3], "b": [1, 2, 3]}}],
)
def test_colours_that_are_none_are_refused_faults(tmp_path, wrong, refusal):
    classes = {"classes": {"a": [0, 0, 0], "b": [200, 0, 0]}, **wrong}
    (tmp_path / "classes.json").write_text(json.dumps(classes), encoding="utf-8-sig")  # as Windows writes it
    assert "must be like" in refusal(image_folder.load, tmp_path, "train")
