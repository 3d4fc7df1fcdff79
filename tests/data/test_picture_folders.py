"""What a folder of pictures holds: in any case of suffixes, in folders below, with names that end in _mask."""

import numpy as np
import pytest
from PIL import Image

from dilatednets.data.label_images import find_pairs
from dilatednets.data.picture_folders import pictures_below
from dilatednets.errors import Note


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(path, {".jpg": "JPEG"}.get(path.suffix.lower(), "PNG"))


@pytest.mark.parametrize("others", [["a.heic"], ["notes.txt", "below/b.npy"]])
def test_files_that_are_not_used_are_named_faults(tmp_path, others):
    make(tmp_path, "a.PNG", "below/b.Jpg", *others)
    make(tmp_path, ".hidden.txt", ".git/c.png", "Thumbs.db")
    with pytest.warns(Note) as notes:
        assert [path.name for path in pictures_below(tmp_path)] == ["a.PNG", "b.Jpg"]
    assert len(notes) == 1 and all(name in str(notes[0].message) for name in others)
    assert "Thumbs" not in str(notes[0].message) and "hidden" not in str(notes[0].message)


@pytest.mark.parametrize("label", ["below/a.png", "below/a_mask.png", "below/a_mask.TIF"])
def test_labels_are_found_below_and_by_their_suffix_faults(tmp_path, label):
    make(tmp_path, "images/below/a.jpg", "images/b.png", f"labels/{label}", "labels/b.png")
    images, labels = find_pairs(tmp_path / "images", tmp_path / "labels")
    assert [path.name for path in images] == ["b.png", "a.jpg"]
    assert labels == [tmp_path / "labels" / "b.png", tmp_path / "labels" / label]


def test_two_labels_of_an_image_are_refused_faults(tmp_path, refusal):
    make(tmp_path, "images/a.png", "labels/a.png", "labels/a_mask.png")
    says = "a_mask.png: a.png is of the same image; keep one of the two"
    assert says in refusal(find_pairs, tmp_path / "images", tmp_path / "labels")
    make(tmp_path, "images/a_mask.png")  # an image of that name
    assert len(find_pairs(tmp_path / "images", tmp_path / "labels")[0]) == 2
