"""Augmentation is label-safe and the same for the same seed; nuclei's targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data import nuclei
from dilatednets.data.augmentation import Augmentation, augment
from dilatednets.data.image_batches import ImageBatches
from dilatednets.data.label_images import LabelledImages
from dilatednets.errors import InputError


def pair(height=30, width=40, seed=0):
    """Labels in blocks, and an image whose colours tell them."""
    blocks = np.random.default_rng(seed).integers(0, 5, (height // 10, width // 10))
    labels = np.kron(blocks, np.ones((10, 10), int)).astype(np.int16)
    return np.repeat(labels[..., None] * 50, 3, 2).astype(np.uint8), labels


class Pairs(LabelledImages):
    """Pairs made in memory."""

    def __init__(self, count):
        super().__init__([None] * count, [None] * count, ("a", "b", "c", "d", "e"))

    def __getitem__(self, index):
        return pair(seed=index)


@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(8, 60), st.integers(8, 60)),
    st.tuples(st.floats(0.3, 1.0), st.floats(1.0, 3.0)),
    st.floats(1.0, 1.5),
    st.booleans(),
)
def test_labels_are_never_mixed_or_made_up(seed, crop, scale, aspect, turn):
    image, labels = pair()
    options = Augmentation(crop, scale, aspect, flip=True, turn=turn)
    view, seen = augment(image, labels, options, np.random.default_rng(seed))
    assert view.shape == (*crop, 3) and view.dtype == np.uint8
    assert seen.shape == crop and set(np.unique(seen)) <= set(np.unique(labels)) | {-1}
    again = augment(image, labels, options, np.random.default_rng(seed))
    np.testing.assert_array_equal(view, again[0])
    np.testing.assert_array_equal(seen, again[1])


@given(st.integers(0, 10**6), st.floats(0.6, 2.0), st.booleans())
def test_labels_stay_on_their_image(seed, scale, turn):
    """Away from edges between labels, the colour is that of the label."""
    image, labels = pair(60, 80)
    options = Augmentation((40, 40), (scale, scale), turn=turn)
    view, seen = augment(image, labels, options, np.random.default_rng(seed))
    middle = seen[2:-2, 2:-2]
    shifts = [seen[2 + dy : 38 + dy, 2 + dx : 38 + dx] for dy in (-2, 0, 2) for dx in (-2, 0, 2)]
    inside = np.all([shift == middle for shift in shifts], axis=0) & (middle >= 0)
    assert inside.any()
    np.testing.assert_allclose(view[2:-2, 2:-2][inside], np.repeat(middle[inside][:, None] * 50, 3, 1), atol=1)


def test_without_change_the_view_is_the_image():
    image, labels = pair()
    view, seen = augment(image, labels, Augmentation((30, 40), (1, 1), flip=False), np.random.default_rng(0))
    np.testing.assert_array_equal(view, image)
    np.testing.assert_array_equal(seen, labels)


def test_margins_are_reflected_in_the_image_and_void_in_the_labels():
    """On a ramp, a pixel's value tells the place it was taken from, to a fraction of a pixel."""
    image = np.repeat(np.arange(10, dtype=np.uint8)[None, :, None] * 20, 10, 0).repeat(3, 2)
    labels = np.zeros((10, 10), np.int16)
    view, seen = augment(image, labels, Augmentation((10, 40), (1, 1), flip=False), np.random.default_rng(1))
    left = int(np.flatnonzero((seen >= 0).all(axis=0))[0])
    assert (
        (seen[:, :left] == -1).all() and (seen[:, left + 10 :] == -1).all() and (seen[:, left : left + 10] >= 0).all()
    )
    values = view[5, :, 0] / 20
    place = np.arange(40) - left + (values[left + 5] - 5)
    mirrored = np.abs(np.mod(place + 9, 18) - 9)  # 3 2 1 0 1 2 ... 8 9 8 ...: the edge is not repeated
    clear = np.abs(mirrored - np.round(mirrored / 9) * 9) > 1  # not at the edge itself, which the filter rounds off
    np.testing.assert_allclose(values[clear], mirrored[clear], atol=0.06)


def test_colours_change_and_labels_do_not():
    image, labels = pair()
    plain, coloured = (Augmentation((30, 40), (1, 1), flip=False, colour=c, blur=c) for c in (0.0, 0.5))
    view, seen = augment(image, labels, coloured, np.random.default_rng(0))
    assert np.abs(view.astype(int) - augment(image, labels, plain, np.random.default_rng(0))[0]).max() > 5
    np.testing.assert_array_equal(seen, labels)


def test_batches_are_the_same_for_the_same_seed_wherever_a_run_goes_on():
    first = list(ImageBatches(Pairs(7), Augmentation((16, 16)), 2, seed=3).epochs(0, 3))
    later = list(ImageBatches(Pairs(7), Augmentation((16, 16)), 2, seed=3).epochs(2, 1))
    assert len(first) == 9 and len(later) == 3
    for (a, b), (c, d) in zip(first[6:], later, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
    other = next(ImageBatches(Pairs(7), Augmentation((16, 16)), 2, seed=4).epochs())
    assert not np.array_equal(other[0], first[0][0])


def test_few_images_make_one_batch():
    batches = ImageBatches(Pairs(3), Augmentation((16, 16)), 8)
    assert batches.batch_size == 3 and batches.steps_per_epoch == 1


@pytest.mark.tensorflow
def test_the_pipeline_gives_the_batches():
    batches = ImageBatches(Pairs(5), Augmentation((16, 20)), 2, target=lambda labels: labels[..., None] * 2.0)
    for (a, b), (c, d) in zip(batches.dataset(0, 2), batches.epochs(0, 2), strict=True):
        np.testing.assert_array_equal(a.numpy(), c)
        np.testing.assert_array_equal(b.numpy(), d)
        assert b.shape == (2, 16, 20, 1)


def test_distance_is_what_a_search_finds(rng):
    cells = np.zeros((16, 18), int)
    cells[2:9, 3:10], cells[9:14, 3:12], cells[0:6, 12:18] = 1, 2, 5  # 1 and 2 touch; 5 reaches the image's edge
    got = nuclei.edge_distance(cells)[..., 0]
    rows, columns = np.indices(cells.shape)
    for i, j in np.argwhere(cells > 0):
        outside = cells != cells[i, j]
        nearest = np.sqrt(((rows - i) ** 2 + (columns - j) ** 2)[outside].min())
        assert got[i, j] == pytest.approx(nearest)
    assert (got[cells == 0] == 0).all()
    beyond = np.pad(cells, ((0, 0), (0, 4)), constant_values=-1)  # as augmentation does where the image ends
    np.testing.assert_array_equal(nuclei.edge_distance(beyond)[:, :18, 0], got)
    cells[0] = -1
    assert (nuclei.edge_distance(cells)[0] == -1).all() and (nuclei.nucleus_mask(cells)[0] == -1).all()
    assert nuclei.edge_distance(np.ones((4, 3), int)).min() == pytest.approx(5)


def test_peaks_are_counted_where_nuclei_touch():
    rows, columns = np.indices((60, 90))
    cells = np.zeros((60, 90), int)
    for number, (y, x) in enumerate([(15, 15), (15, 34), (40, 60), (45, 20)], start=1):
        cells[(rows - y) ** 2 + (columns - x) ** 2 < 100] = number
    assert nuclei.count_peaks(nuclei.edge_distance(cells)[..., 0]) == 4
    assert nuclei.count_peaks(np.zeros((20, 20))) == 0


def test_nuclei_are_refused_without_their_index(tmp_path):
    for content, says in [
        (None, "not an index with columns id and split"),
        ("a\tb\n1\t2\n", "not an index with columns id and split"),
        ("id\tsplit\nx\ttrain\n", "names no image of split val"),
    ]:
        if content is not None:
            (tmp_path / "index.tsv").write_text(content)
        with pytest.raises(InputError, match=says):
            nuclei.load(str(tmp_path), "validation")
    with pytest.raises(InputError, match="nuclei has train, validation, val, test"):
        nuclei.load(str(tmp_path), "dev")
    pairs = nuclei.load(str(tmp_path), "train")
    with pytest.raises(InputError, match=r"x\.png: no such file"):
        pairs[0]
