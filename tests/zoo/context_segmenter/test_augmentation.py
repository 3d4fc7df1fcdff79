"""Augmentation is label-safe and the same for the same seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.zoo.context_segmenter.augmentation import Augmentation, augment


def pair(height=30, width=40, seed=0):
    """Labels in blocks, and an image whose colours tell them."""
    blocks = np.random.default_rng(seed).integers(0, 5, (height // 10, width // 10))
    labels = np.kron(blocks, np.ones((10, 10), int)).astype(np.int16)
    return np.repeat(labels[..., None] * 50, 3, 2).astype(np.uint8), labels


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


@given(
    st.integers(0, 10**6), st.floats(1, 3), st.floats(1, 30), st.floats(0, 60), st.floats(0, 0.2), st.integers(0, 255)
)
def test_faults_exposures_change_brightness_alone(seed, gamma, gain, offset, noise, top):
    """Labels stay, values stay within bytes, and what is bright does not vanish however much it is darkened."""
    image, labels = pair()
    image = np.where(labels[..., None] == labels.max(), np.uint8(top), image // 8)
    how = {"gamma": gamma, "gain": gain, "offset": offset, "noise": noise}
    plain, exposed = (Augmentation((30, 40), (0.8, 1.2), turn=True, exposed=share, **how) for share in (0.0, 1.0))
    (view, seen), (other, same) = (augment(image, labels, how, np.random.default_rng(seed)) for how in (plain, exposed))
    np.testing.assert_array_equal(same, seen)
    assert other.dtype == np.uint8 and other.shape == view.shape
    if not noise and view.max() == 255:
        assert int(other.max()) >= 8
        order = np.argsort(view, axis=None, kind="stable")
        assert np.all(np.diff(other.ravel()[order].astype(int)) >= 0)  # brighter stays brighter


def test_faults_exposures_reach_what_users_brought():
    """A quarter as bright, 20 grey levels added, and gamma 2 are among the views of a recipe that allows them."""
    image, labels = pair()
    how = Augmentation((30, 40), (1, 1), flip=False, exposed=1.0, gamma=2.5, gain=8.0, offset=40.0, noise=0.02)
    views = [augment(image, labels, how, np.random.default_rng(seed))[0].astype(int) for seed in range(60)]
    brightest, darkest = ([int(np.percentile(view, share)) for view in views] for share in (99, 1))
    assert min(brightest) < image.max() / 4 and max(darkest) >= 20
    middle = [np.median(view[labels == 2]) / np.median(view[labels == 4]) for view in views]  # 0.5 as it is
    assert min(middle) < 0.35 and max(middle) > 0.7
