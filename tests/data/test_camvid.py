"""The reader of CamVid, and of pairs of an image and its label image, on folders laid out as it is."""

import numpy as np
import pytest
from PIL import Image

from dilatednets.data import camvid
from dilatednets.data.label_images import find_pairs


def make_camvid(folder, split="train", suffix=".png"):
    """A folder in CamVid's layout; labels depend on the image."""
    rng = np.random.default_rng(0)
    for name in (split, f"{split}annot"):
        (folder / name).mkdir()
    for number in range(3):
        labels = rng.integers(0, 12, (12, 16), np.uint8)
        picture, options = Image.fromarray(np.repeat(labels[..., None] * 20, 3, 2)), {"lossless": True}
        picture.save(folder / split / f"f{number}{suffix}", **(options if suffix == ".webp" else {}))
        Image.fromarray(labels).save(folder / f"{split}annot" / f"f{number}.png")
    return folder


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize(
    ("split", "folder"), [("train", "train"), ("validation", "val"), ("val", "val"), ("test", "test")]
)
def test_camvid_is_read_from_a_folder_of_one_split(tmp_path, split, folder, suffix):
    make_camvid(tmp_path, folder, suffix)
    pairs = camvid.load(str(tmp_path), split)
    assert len(pairs) == 3 and len(pairs.class_names) == 11 == len(pairs.palette)
    for image, labels in pairs:
        raw = image[..., 0] // 20
        np.testing.assert_array_equal(labels, np.where(raw == 11, -1, raw.astype(int)))


def test_a_film_is_held_out(tmp_path, refusal):
    for split in ("train", "val"):
        make_camvid(tmp_path, split)
        for number, film in enumerate(camvid.FILMS):
            for folder, suffix in ((split, ".png"), (f"{split}annot", ".png")):
                (tmp_path / folder / f"f{number}{suffix}").rename(tmp_path / folder / f"{film}_{split}{suffix}")

    def names(split, fold):
        pairs = camvid.load(tmp_path, split, fold)
        assert [image.stem for image in pairs.images] == [label.stem for label in pairs.labels]
        return {image.stem for image in pairs.images}

    everything = {f"{film}_{split}" for film in camvid.FILMS for split in ("train", "val")}
    for film in camvid.FILMS:
        assert names("validation", film) == {f"{film}_train", f"{film}_val"} == everything - names("train", film)
    assert names("train", "") == {name for name in everything if name.endswith("train")}
    assert names("train", "none") == everything
    assert names("validation", "none") == names("validation", "") == {f"{film}_val" for film in camvid.FILMS}
    assert "fold: must be '' or 'none' or '0001TP' or" in refusal(camvid.load, tmp_path, "train", "0001tp")
    for split in ("train", "val"):
        for folder in (split, f"{split}annot"):
            (tmp_path / folder / f"0001TP_{split}.png").unlink()
    assert "no image for validation with fold 0001TP" in refusal(camvid.load, tmp_path, "validation", "0001TP")


def test_bad_pairs_are_refused(tmp_path, refusal):
    assert "missing; camvid has folders train/ and trainannot/" in refusal(camvid.load, str(tmp_path), "train")
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


def test_camvid_in_its_colours_is_the_same_faults(tmp_path):
    pairs = camvid.load(make_camvid(tmp_path), "train")
    before = [labels for _, labels in pairs]
    for path in pairs.labels:
        with Image.open(path) as label:
            Image.fromarray(np.array([*camvid.PALETTE, camvid.VOID_COLOUR], np.uint8)[np.asarray(label)]).save(path)
    for labels, expected in zip(camvid.load(tmp_path, "train"), before, strict=True):
        np.testing.assert_array_equal(labels[1], expected)
