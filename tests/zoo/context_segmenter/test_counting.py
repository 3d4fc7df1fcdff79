"""Things are told apart and counted: by regions, by a map of distances, and by both."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.nuclei import edge_distance
from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter import archive
from dilatednets.zoo.context_segmenter.counting import count_error, instances, matches, things_of
from dilatednets.zoo.context_segmenter.tasks import ImageTask, evaluate_pairs
from dilatednets.zoo.context_segmenter.verb import segmented
from dilatednets.zoo.context_segmenter.watershed import told_apart

SEEDS = st.integers(0, 10**6)


def discs(*circles, size=(60, 90)):
    """Label image of discs (row, column, radius), numbered from 1; where two overlap, the later one lies above."""
    rows, columns = np.indices(size)
    labels = np.zeros(size, int)
    for number, (row, column, radius) in enumerate(circles, start=1):
        labels[np.hypot(rows - row, columns - column) < radius] = number
    return labels


def scattered(seed):
    """Discs, some of which touch."""
    rng = np.random.default_rng(seed)
    return discs(*(rng.uniform((10, 10, 4), (50, 80, 9)) for _ in range(rng.integers(1, 9))))


@given(SEEDS, st.booleans(), st.integers(0, 20), st.integers(0, 20))
def test_where_things_lie_does_not_change_how_many_there_are(seed, distances, down, across):
    labels = scattered(seed)
    distance = edge_distance(labels)[..., 0] if distances else None
    moved = [x if x is None else np.pad(x, ((down, 7), (across, 5))) for x in (labels > 0, distance)]
    here, there = told_apart(labels > 0, distance), told_apart(*moved)
    height, width = labels.shape
    assert here.dtype == np.int32 and set(np.unique(here)) == set(range(here.max() + 1))
    np.testing.assert_array_equal(there[down : down + height, across : across + width] > 0, here > 0)
    assert matches(here, there[down : down + height, across : across + width]) == (here.max(), 0, 0)


@given(SEEDS)
def test_the_numbers_of_things_do_not_matter(seed):
    labels, found = scattered(seed), scattered(seed + 1)
    names = np.concatenate([[0], 1 + np.random.default_rng(seed).permutation(500)[: labels.max()]])
    assert matches(labels, labels)[1:] == (0, 0) and count_error(labels, told_apart(labels > 0) * 0) == 1
    assert matches(names[labels], found) == matches(labels, found)
    assert matches(labels, found) == tuple(np.array(matches(found, labels))[[0, 2, 1]])
    assert count_error(names[labels], found) == count_error(labels, found)


@pytest.mark.parametrize(
    "circles",
    [
        [(30, 30, 12), (30, 52, 12)],
        [(30, 30, 14), (30, 49, 7)],
        [(20, 30, 10), (36, 36, 9), (20, 48, 10)],
        [(25, 40, 9), (41, 40, 9)],
    ],
)
def test_faults_touching_things_are_told_apart_by_their_true_distances(circles):
    labels = discs(*circles)
    distance = edge_distance(labels)[..., 0]
    assert told_apart(labels > 0).max() == 1 and count_error(labels, told_apart(labels > 0)) > 0
    for found in (told_apart(labels > 0, distance), told_apart(None, distance)):
        assert matches(labels, found, 0.8) == (len(circles), 0, 0)


def test_a_thing_is_not_cut_because_its_distances_are_rough():
    labels = discs((30, 45, 16))
    noise = np.random.default_rng(0).normal(0, 0.4, labels.shape)
    assert told_apart(labels > 0, edge_distance(labels)[..., 0] + noise).max() == 1


@pytest.mark.parametrize(("least", "kept"), [(0, 3), (1, 3), (2, 2), (12, 2), (13, 1), (26, 0)])
@pytest.mark.parametrize("distances", [False, True])
def test_small_things_do_not_count(least, kept, distances):
    labels = np.zeros((20, 30), int)
    labels[2:7, 2:7], labels[10:13, 10:14], labels[18, 28] = 1, 2, 3  # 25, 12 and 1 pixels
    found = told_apart(labels > 0, edge_distance(labels)[..., 0] if distances else None, least)
    assert found.max() == kept == len(np.unique(found)) - 1
    assert np.all(found[labels == 0] == 0)


@pytest.mark.parametrize("distance", [None, np.zeros((9, 7), np.float32), np.full((9, 7), -3.0)])
def test_nothing_and_a_single_pixel(distance):
    mask = np.zeros((9, 7), bool)
    assert told_apart(mask, distance).max() == 0 and told_apart(mask, distance).shape == (9, 7)
    mask[4, 3] = True
    np.testing.assert_array_equal(told_apart(mask, distance), mask)
    assert told_apart(mask, distance, 2).max() == 0
    if distance is not None:
        assert told_apart(None, distance).max() == 0


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        ([0, 0], [0, 0], (0, 0, 0)),
        ([1, 1], [0, 0], (0, 0, 1)),
        ([0, 0], [3, 3], (0, 1, 0)),
        ([-1, -1], [0, 0], (0, 0, 0)),  # unknown
        ([1, 1], [1, 0], (0, 1, 1)),  # IoU of just one half
        ([1, 1, 1], [4, 4, 0], (1, 0, 0)),
    ],
)
def test_matches(truth, found, expected):
    assert matches(np.array([truth]), np.array([found])) == expected


def stand_in(labels, head, things=True, diameter=0.0):
    """A model that knows the answer: of background, spore and cell, cells are things; or of their width and distance."""
    classes = ("background", "spore", "cell") if head == "classification" else ("width", "distance")
    distance = edge_distance(labels)[..., 0]
    return SimpleNamespace(
        head=head,
        diameter=diameter,
        scales=(1.0,),
        class_names=classes,
        things=classes[-1:] if things else (),
        segment=lambda image, **options: np.where(labels > 0, 2, image),
        regress=lambda image, **options: np.stack([distance * 0, distance], -1),
    )


def test_faults_instances_by_both_models_in_either_order():
    labels = discs((30, 30, 12), (30, 52, 12))
    spores = (np.arange(labels.size).reshape(labels.shape) < 200).astype(int)  # of no thing
    outlines, distances = (stand_in(labels, head) for head in ("classification", "regression"))
    pair = instances(outlines, spores, distances)
    assert matches(labels, pair, 0.9) == (2, 0, 0)
    np.testing.assert_array_equal(pair, instances(distances, spores, outlines))
    assert instances(outlines, spores).max() == 1 and instances(outlines, spores, min_size=10**4).max() == 0
    for model in (outlines, distances):
        predicted = (model.segment if model is outlines else model.regress)(spores)
        np.testing.assert_array_equal(things_of([(model, predicted)]), instances(model, spores))


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        ({}, 0),
        ({"diameter": 5.0}, 2),
        ({"diameter": 20.0}, 0),
        ({"scales": (2.0,)}, 2),
        ({"scales": (0.5, 1.0, 2.0)}, 0),
        ({"diameter": 5.0, "min_size": 5}, 0),
        ({"min_size": 4}, 2),
    ],
)
@pytest.mark.parametrize("head", ["classification", "regression"])
def test_what_counts_is_as_small_as_the_things_that_are_asked_for_faults(head, asked, counted, monkeypatch):
    labels = np.zeros((20, 30), int)
    labels[2:4, 2:4], labels[10:12, 20:22] = 1, 2  # 4 pixels each; of things of 10 pixels, 8 are the least
    model = stand_in(labels, head, diameter=10.0)
    model.num_classes, model.palette, model.channels = len(model.class_names), (), 3
    pixels, asked = np.zeros((20, 30, 3), np.uint8), dict(asked)
    model.segment = lambda image, **options: np.where(labels > 0, 2, 0)
    assert instances(model, pixels, **asked).max() == counted
    monkeypatch.setattr(archive.registry, "from_preset", lambda handle, kind: model)
    monkeypatch.setattr(archive.presets, "card", lambda handle: {})
    mapper = archive.Mapper("tiny", count=True, **asked)
    assert mapper.answer([mapper.read({"image": pixels})])[0]["count"] == counted
    if head == "classification":  # a distance is the first of values here
        assert f"; {counted} counted" in segmented(model, pixels, True, **asked)[2]
    if "min_size" not in asked:
        task = ImageTask(None, model.class_names, things=model.things, target=lambda labels: model.segment(labels))
        if head == "regression":
            task = ImageTask(None, model.class_names, things=model.things, target=lambda labels: model.regress(labels))
        error = evaluate_pairs(model, [(pixels, labels)], task, **asked)["count_error"]
        assert error == 1 - counted / 2


@pytest.mark.parametrize(
    ("model", "partner", "words"),
    [
        ("areas", None, "^things: "),
        ("outlines", "areas", "^things: "),
        ("outlines", "outlines", "^partner: gives classification"),
        ("distances", "distances", "^partner: gives regression"),
    ],
)
def test_faults_models_that_cannot_count_together(model, partner, words):
    labels = discs((30, 30, 12))
    models = {
        "areas": stand_in(labels, "regression", things=False),
        "outlines": stand_in(labels, "classification"),
        "distances": stand_in(labels, "regression"),
        None: None,
    }
    with pytest.raises(InputError, match=words):
        instances(models[model], labels * 0, models[partner])
