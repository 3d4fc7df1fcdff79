"""The tasks: sizes as published, examples that are what they say, grids of one size, scores that NumPy computes."""

import itertools

import keras
import numpy as np
import pytest
import scipy.io
from scipy.special import expit, log_softmax

from dilatednets.benchmarks.sequence_tasks import examples
from dilatednets.benchmarks.sequence_tasks.cores import CORES
from dilatednets.benchmarks.sequence_tasks.objectives import OBJECTIVES
from dilatednets.benchmarks.sequence_tasks.runs import build
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS
from dilatednets.cli.compare import SEQUENCE_TASKS


def test_the_command_knows_all_tasks():
    assert tuple(TASKS) == SEQUENCE_TASKS


@pytest.mark.parametrize(
    ("task", "parameters"),
    [("adding_200", 58_051), ("adding_600", 70_369), ("sequential_mnist", 66_910), ("jsb_chorales", 269_938)]
    + [("nottingham", 1_053_238)],
)
def test_the_tcn_has_its_published_size(task, parameters):
    assert build(TASKS[task], "tcn", TASKS[task].settings("tcn")).count_params() == parameters


@pytest.mark.parametrize("core", CORES)
def test_all_cores_have_as_many_parameters(core):
    task = TASKS["copy_1000"]
    for settings in task.grid(core)[:2]:
        assert build(task, core, settings).count_params() == pytest.approx(13_230, rel=0.08)


@pytest.mark.parametrize("name", TASKS)
def test_every_core_gets_the_same_tuning(name):
    for core in CORES:
        grid = TASKS[name].grid(core)
        assert len(grid) == 4 and len({tuple(point.items()) for point in grid}) == 4
        assert 5 * TASKS[name].epochs_of(core, is_grid=True) <= 2 * TASKS[name].epochs_of(core, is_grid=False) + 5


@pytest.mark.parametrize("name", ["adding_200", "copy_500"])
def test_made_examples_differ_by_seed_and_validation_is_fixed(name):
    task = TASKS[name]
    one, other = (task.reader(None, "train", seed)[0] for seed in (1, 2))
    assert len(task.reader(None, "validation", 1)[0].x) == 1000
    assert one.x.shape == (task.count, task.steps, task.features)
    assert (one.x != other.x).any()
    first, again = (task.reader(None, "validation", seed)[0] for seed in (1, 2))
    np.testing.assert_array_equal(first.x, again.x)
    assert (first.x != task.reader(None, "test", 1)[0].x).any()


def test_what_is_lost_without_a_memory_is_what_the_task_says():
    """The best answer without a look at the sequence: the mean sum; blanks, and an even guess at the ten symbols."""
    task = TASKS["adding_200"]
    _, y, _ = task.reader(None, "train", 0)[0]
    assert ((y - y.mean()) ** 2).mean() == pytest.approx(task.nothing_learned, rel=0.05)
    task = TASKS["copy_500"]
    _, y, weights = task.reader(None, "validation", 0)[0]
    logits = np.full((*y.shape, 10), -40.0)
    logits[:, :-10, 0], logits[:, -10:, 1:9] = 0, 0
    lost = OBJECTIVES["copying"].score(y, logits)
    assert (lost * weights).sum() / weights.sum() == pytest.approx(task.nothing_learned)


def test_pieces_of_music_are_padded_and_said_a_step_ahead(tmp_path, rng):
    pieces = [(rng.random((length, 88)) < 0.1).astype("uint8") for length in (65, 66, 30, 2)]
    cells = np.empty((1, len(pieces)), object)
    cells[0] = pieces
    scipy.io.savemat(tmp_path / "JSB_Chorales.mat", dict.fromkeys(("traindata", "validdata", "testdata"), cells))
    short, long = TASKS["jsb_chorales"].reader(tmp_path, "train", 0)
    assert short.x.shape == (3, 64, 88) and long.x.shape == (1, 128, 88)
    np.testing.assert_array_equal(short.x[0], pieces[0][:-1])
    np.testing.assert_array_equal(short.y[0], pieces[0][1:])
    assert short.weights.sum(axis=1).tolist() == [64, 29, 1] and long.weights.sum() == 65


def test_characters_are_each_said_once_with_a_past(tmp_path):
    text = "To be, or not to be: that is the question.\n" * 100
    (tmp_path / "input.txt").write_text(text)
    x, y, weights = TASKS["characters"].reader(tmp_path, "train", 0)[0]
    np.testing.assert_array_equal(x[0, 1:], y[0, :-1])
    said = [y[row, weights[row] == 1] for row in range(len(y))]
    joined = np.concatenate(said)
    np.testing.assert_array_equal(joined, np.concatenate([y[0, 64:], *(row[64:] for row in y[1:])]))
    assert len(joined) == 256 * len(x)
    np.testing.assert_array_equal(x[1, :64], x[0, 256:])


def test_spoken_digits_end_at_the_last_step(sample_dir):
    x, y, _ = TASKS["spoken_digits"].reader(sample_dir, "validation", 0)[0]
    assert x.shape[1:] == (400, 16) and set(y) <= set(range(10))
    assert np.abs(x[:, -20:]).max() > 0.1 and 0.1 < x.std() < 10


def test_losses_are_the_scores(rng):
    """The losses that Keras trains by, of a padded batch, are what NumPy and SciPy say of the answers that count."""
    y, p = rng.integers(0, 2, (2, 5, 88)).astype("float32"), rng.standard_normal((2, 5, 88)).astype("float32")
    weights = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], "float32")
    chances = expit(p.astype("float64"))
    frames = -(y * np.log(chances) + (1 - y) * np.log(1 - chances)).sum(axis=-1)
    expected = (frames * weights).sum() / 7
    assert float(OBJECTIVES["keys"].loss()(y, p, sample_weight=weights)) == pytest.approx(expected, rel=1e-5)
    assert (OBJECTIVES["keys"].score(y, p) * weights).sum() / 7 == pytest.approx(expected, rel=1e-5)
    y, p = rng.integers(0, 65, (2, 5)), rng.standard_normal((2, 5, 65)).astype("float32")
    nats = -np.take_along_axis(log_softmax(p, axis=-1), y[..., None], axis=-1)[..., 0]
    loss = float(keras.ops.convert_to_numpy(OBJECTIVES["characters"].loss()(y, p, sample_weight=weights)))
    assert loss == pytest.approx((nats * weights).sum() / 7, rel=1e-5)
    np.testing.assert_allclose(OBJECTIVES["characters"].score(y, p), nats / np.log(2), rtol=1e-5)


def test_batches_show_each_example_once(rng):
    buckets = [examples.Examples(np.arange(s, e), np.arange(s, e), np.ones(e - s)) for s, e in ((0, 8), (100, 103))]
    shuffled = [batch.x.tolist() for batch in examples.batches(buckets, 4, rng)]
    assert sorted(itertools.chain(*shuffled)) == [*range(8), 100, 101, 102]
    assert sorted(map(len, shuffled)) == [3, 4, 4]
    again = [batch.x.tolist() for batch in examples.batches(buckets, 4, np.random.default_rng(0))]
    assert shuffled == again != [batch.x.tolist() for batch in examples.batches(buckets, 4, None)]


def test_a_folder_is_the_set_s_own_or_the_one_that_holds_it(tmp_path):
    (tmp_path / "fsdd").mkdir()
    assert examples.folder_of(tmp_path, ("spoken_digits", "fsdd")) == tmp_path / "fsdd"
    assert examples.folder_of(tmp_path / "fsdd", ("spoken_digits", "fsdd")) == tmp_path / "fsdd"
