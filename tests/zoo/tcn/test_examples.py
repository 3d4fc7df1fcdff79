"""Examples of the readers of arrays, digits and music, and the recipes that they take."""

import gzip
from contextlib import nullcontext

import numpy as np
import pytest
from scipy.io import savemat

from dilatednets import registry
from dilatednets.data import mnist, polymusic
from dilatednets.data.audio import write_audio
from dilatednets.errors import InputError, Note
from dilatednets.zoo.tcn.examples import ExampleBatches, read
from dilatednets.zoo.tcn.model import TCN
from dilatednets.zoo.tcn.recipe import Data
from dilatednets.zoo.tcn.training import Task, evaluate, measure

TRAINING = {"epochs": 2, "learning_rate": 0.01, "batch_size": 2}
SMALL = {"dilations": [1, 2], "channels": 4, "dropout": 0.0}
CHORALES = {"reader": "polymusic", "set": "JSB_Chorales"}


def recipe(net, data):
    content = {"name": "small", "model": "TCN", "data": data, "net": {**SMALL, **net}, "training": TRAINING}
    return registry.parse_recipe(content)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("mnist"), np.random.default_rng(0)
    for name in ("train", "t10k"):
        for kind, head, size in (
            ("images-idx3", "000008030000000c0000001c0000001c", 784),
            ("labels-idx1", "000008010000000c", 1),
        ):
            array = rng.integers(0, 256 if size > 1 else 10, (12, size)).astype(np.uint8)
            (folder / f"{name}-{kind}-ubyte.gz").write_bytes(gzip.compress(bytes.fromhex(head) + array.tobytes()))
    return folder


@pytest.fixture(scope="module")
def chorales(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("polymusic"), np.random.default_rng(0)
    tables = {}
    for number, table in enumerate(("traindata", "validdata", "testdata")):
        tables[table] = np.empty((1, 3), object)
        for piece in range(3):
            roll = np.zeros((4 + piece + number, 88), np.uint8)
            roll[np.arange(len(roll)), rng.integers(40, 80, len(roll))] = 1
            roll[:-1, 30] = 1
            tables[table][0, piece] = roll
    savemat(folder / "JSB_Chorales.mat", tables)
    return folder


@pytest.mark.parametrize("order", ["rows", "permuted"])
def test_digits_are_sequences_of_pixels(digits, order):
    found = read(Data(reader="mnist", order=order), None, digits, "train")
    images, labels = mnist.read(digits, "train")
    wanted = mnist.permuted(images) if order == "permuted" else images
    np.testing.assert_array_equal(found.x, wanted[..., None])
    np.testing.assert_array_equal(found.y, labels)
    assert found.settings["labels"] == list("0123456789") and found.settings["outputs"] == 10
    np.testing.assert_allclose([found.settings["mean"], found.settings["scale"]], [[images.mean()], [images.std()]])


def test_voices_are_told_one_after_the_other(chorales):
    found = read(Data(**CHORALES, voices=3), None, chorales, "validation")
    for x, y, length, piece in zip(
        found.x, found.y, found.lengths, polymusic.read(chorales, "JSB_Chorales", "validation"), strict=True
    ):
        assert length == 3 * len(piece) + 1 and x[0] == y[length - 1] == 0
        np.testing.assert_array_equal(x[1:length], y[: length - 1])
        np.testing.assert_array_equal(polymusic.of_tokens(y[: length - 1], 3), piece)
    assert found.settings == {"vocabulary": 3 * 89, "outputs": 3 * 89}


def test_keys_are_told_all_at_once(chorales):
    found = read(Data(**CHORALES), None, chorales, "validation")
    for x, y, length, piece in zip(
        found.x, found.y, found.lengths, polymusic.read(chorales, "JSB_Chorales", "validation"), strict=True
    ):
        np.testing.assert_array_equal(x[:length], piece[:-1])
        np.testing.assert_array_equal(y[:length], piece[1:])


def test_nats_a_chord_are_those_of_all_its_tokens(chorales):
    task = Task(recipe({"task": "next"}, {**CHORALES, "voices": 2}), chorales)
    found = evaluate(task.net, chorales, "validation")
    steps, nats = 0, 0.0
    for piece in polymusic.read(chorales, "JSB_Chorales", "validation"):
        tokens = np.pad(polymusic.as_tokens(piece, 2), 1)
        scores = np.asarray(task.net(tokens[None, :-1]))[0].astype(np.float64)
        steps += len(piece)
        nats += np.sum(np.log(np.exp(scores).sum(axis=-1)) - scores[np.arange(len(scores)), tokens[1:]])
    np.testing.assert_allclose(found["nats_per_chord"], nats / steps, rtol=1e-5)
    np.testing.assert_allclose(found["bits_per_token"], nats / np.log(2) / (2 * steps + 3), rtol=1e-5)


@pytest.mark.parametrize(
    ("net", "data", "words"),
    [
        ({"task": "regress"}, {"reader": "mnist"}, "net.task: digits are classified"),
        ({"pooling": "none"}, {"reader": "mnist"}, "net.task: digits are classified"),
        ({}, CHORALES, "net.task: of music, what comes next is learnt, here labels"),
        ({"task": "next"}, CHORALES, "set net.multi_label to true"),
        (
            {"task": "next", "multi_label": True},
            {**CHORALES, "voices": 4},
            "here tokens, and then net.multi_label false",
        ),
        ({}, {"reader": "mnist", "voices": 4}, "data.voices: has no effect.*it is for polymusic"),
        ({"task": "next"}, {**CHORALES, "voices": 89}, "data.voices: must be 0 to 88, not 89"),
        ({}, {"order": "permuted"}, "data.order: has no effect.*it is for mnist"),
        ({}, {"reader": "mnist", "test": 0.3}, "data.test: has no effect.*these data are split already"),
        ({}, {"reader": "polymusic", "set": "Bach"}, "data.set: must be 'JSB_Chorales' or"),
    ],
)
def test_faults_of_recipes(net, data, words):
    with pytest.raises(InputError, match=words):
        recipe(net, data)


def test_faults_of_music_with_more_keys_than_voices(chorales):
    with pytest.raises(InputError, match="voices: 2 keys sound at once in this music, more than 1"):
        read(Data(**CHORALES, voices=1), None, chorales, "train")


def archives(folder, **arrays):
    for split in ("train", "validation", "test"):
        np.savez(folder / f"{split}.npz", **arrays)
    return folder


@pytest.mark.parametrize(
    ("net", "arrays", "expected"),
    [
        ({}, {"x": np.zeros((6, 9, 2)), "y": np.array(["b", "a"] * 3)}, {"outputs": 2, "features": 2}),
        ({"multi_label": True}, {"x": np.zeros((6, 9)), "y": np.eye(6)}, {"outputs": 6, "features": 1}),
        (
            {"pooling": "none", "frame": 2},
            {"x": np.zeros((6, 9)), "y": np.arange(30).reshape(6, 5) % 4},
            {"outputs": 4},
        ),
        ({"task": "regress"}, {"x": np.arange(54).reshape(6, 9) % 7, "y": np.zeros(6)}, {"vocabulary": 7}),
        ({"task": "forecast", "horizon": 3}, {"x": np.zeros((6, 9)), "y": np.zeros((6, 3, 2))}, {"outputs": 2}),
        ({"task": "next"}, {"x": np.arange(54).reshape(6, 9) % 5}, {"outputs": 5, "vocabulary": 5}),
        ({"task": "next", "multi_label": True}, {"x": np.zeros((6, 9, 4))}, {"outputs": 4, "features": 4}),
    ],
    ids=["classes", "labels", "frames", "values of tokens", "forecast", "tokens", "chords"],
)
def test_arrays_of_each_task(tmp_path, net, arrays, expected):
    noted = (
        pytest.warns(Note, match="taken for numbers of 7 tokens") if expected.get("vocabulary") == 7 else nullcontext()
    )
    with noted:
        task = Task(recipe(net, {"reader": "arrays"}), archives(tmp_path, **arrays))
    assert {name: getattr(task.net, name) for name in expected} == expected
    figures = measure(task.net, task.held_out)
    assert np.isfinite(figures[task.goal.metric])
    if net.get("task") == "next":
        inputs, y = task.examples.take(np.arange(2))
        np.testing.assert_array_equal(inputs["sequence"][:, 1:], y[:, :-1])


@pytest.mark.parametrize(
    ("net", "arrays", "words"),
    [
        ({}, {"x": np.zeros((4, 9))}, "holds no y"),
        (
            {},
            {"x": np.zeros((4, 9)), "y": np.zeros((4, 2), int)},
            r"y must be of shape \(count\) for this task, not \(4, 2\)",
        ),
        ({}, {"x": np.zeros((4, 9)), "y": np.array([0.5] * 4)}, "y must hold numbers of classes from 0 on"),
        ({}, {"x": np.zeros((4, 9)), "y": np.array([-1, 0, 1, 2])}, "y must hold numbers of classes from 0 on"),
        ({"pooling": "none"}, {"x": np.zeros((4, 9)), "y": np.zeros((4, 8), int)}, r"shape \(count, 9\)"),
        ({"multi_label": True}, {"x": np.zeros((4, 9)), "y": np.full((4, 3), 2)}, "y must hold 0 and 1"),
        ({"task": "forecast", "horizon": 4}, {"x": np.zeros((4, 9)), "y": np.zeros((4, 3))}, r"\(count, 4, outputs\)"),
        ({"task": "next"}, {"x": np.zeros((4, 9, 2))}, "set net.multi_label to true"),
        ({"task": "next", "multi_label": True}, {"x": np.zeros((4, 9), int)}, "set net.multi_label to false"),
        ({"task": "next"}, {"x": np.full((4, 9), -1)}, "x holds negative token numbers"),
        (
            {},
            {"x": np.full((4, 9), -500, "int16"), "y": np.arange(4) % 2},
            r"of one feature a step write x\[..., None\]",
        ),
        ({"task": "next"}, {"x": np.ones((4, 1), int)}, "one step have nothing that comes next"),
    ],
)
def test_faults_of_archives(tmp_path, net, arrays, words):
    with pytest.raises(InputError, match=f"train.npz: {words}|train.npz: .*{words}"):
        Task(recipe(net, {"reader": "arrays"}), archives(tmp_path, **arrays))


@pytest.mark.parametrize(
    "net", [{}, {"task": "regress", "pooling": "none", "frame": 2}, {"task": "forecast", "horizon": 2}]
)
@pytest.mark.parametrize("lengths", [pytest.param(None, marks=pytest.mark.slow), [9, 4, 7, 9, 1, 9]])
def test_faults_units_of_arrays_do_not_matter(tmp_path, net, lengths, rng):
    x = rng.normal(size=(6, 9, 2))
    y = rng.normal(size=(6, 5 if net.get("frame") else 2, 1)) if net else np.arange(6.0) % 3  # as pandas writes classes
    more, found = {} if lengths is None else {"lengths": np.array(lengths)}, []
    for gain, offset in ((1.0, 0.0), (1e6, 7e6), (1e-4, 0.0)):
        told = y * gain - offset if net else y
        archives(tmp_path, x=np.concatenate([x * gain + offset, np.full((6, 9, 1), 5.0)], axis=-1), y=told, **more)
        task = Task(recipe(net, {"reader": "arrays"}), tmp_path)
        inputs, _ = task.examples.take(np.arange(6))
        answer = np.asarray(task.net(inputs))
        found.append((answer + offset) / gain if net else answer)
        assert measure(task.net, task.held_out).get("scaled_error", 0) < 5
    for one in found[1:]:
        np.testing.assert_allclose(one, found[0], atol=0.02)


@pytest.mark.parametrize("net", [{"frame": 8}, {"frame": 80, "filters": 4}])
def test_faults_how_loud_recordings_are_does_not_matter(tmp_path, net, rng):
    sound, found = rng.uniform(-0.5, 0.5, (2, 3, 800)), []
    for gain in (1.0, 0.02):
        for label, number in np.ndindex(2, 3):
            write_audio(tmp_path / str(gain) / f"{label}" / f"{number}.flac", gain * sound[label, number], 8000)
        task = Task(recipe({**net, "pooling": "mean"}, {"reader": "audio_folder"}), tmp_path / str(gain))
        found.append(np.asarray(task.net(task.examples.take(np.arange(2))[0])))
    np.testing.assert_allclose(found[1], found[0], atol=0.02)


@pytest.mark.parametrize("net", [{}, {"task": "forecast", "horizon": 2}], ids=["classify", "forecast"])
def test_faults_a_model_says_whether_integers_are_tokens(tmp_path, rng, net):
    counts, y = rng.integers(-900, 900, (6, 9)), rng.normal(size=(6, 2)) if net else np.arange(6) % 2
    archives(tmp_path, x=counts.astype(np.float32), y=y)
    model = Task(recipe(net, {"reader": "arrays"}), tmp_path).net
    wanted = evaluate(model, tmp_path, "test")
    for x in (counts.astype("int16"), counts.astype("int16")[..., None], counts.astype("int64")):
        np.savez(tmp_path / "test.npz", x=x, y=y)
        assert evaluate(model, tmp_path, "test") == wanted
    archives(tmp_path, x=np.abs(counts), y=y)
    with pytest.warns(
        Note, match=rf"train.npz: .* {np.abs(counts).max() + 1} tokens; of measurements write x\[..., None"
    ):
        model = Task(recipe(net, {"reader": "arrays"}), tmp_path).net
    for x in (np.abs(counts) / 1.0, np.abs(counts)[..., None]):
        np.savez(tmp_path / "test.npz", x=x, y=y)
        with pytest.raises(InputError, match=r"test.npz: the model takes token numbers, integers \(count, time\)"):
            evaluate(model, tmp_path, "test")


def test_faults_integers_are_no_sound_of_arrays(tmp_path):
    model = TCN(outputs=2, frame=2, **SMALL, data={"reader": "audio_folder"})
    archives(tmp_path, x=np.ones((4, 8), "int16"), y=np.arange(4) % 2)
    with pytest.raises(InputError, match=r"x holds integers, and the model hears sound in \[-1, 1\]"):
        evaluate(model, tmp_path, "test", "arrays")


def test_faults_of_a_class_that_training_did_not_have(tmp_path):
    x = np.zeros((4, 9))
    archives(tmp_path, x=x, y=np.array([0, 1, 1, 0]))
    np.savez(tmp_path / "validation.npz", x=x, y=np.array([0, 1, 2, 0]))
    with pytest.raises(InputError, match="split validation has 3 outputs, the model 2"):
        Task(recipe({}, {"reader": "arrays"}), tmp_path)
    archives(tmp_path, x=x, y=np.array(["a", "b"] * 2))
    np.savez(tmp_path / "validation.npz", x=x, y=np.array(["a", "c"] * 2))
    with pytest.raises(InputError, match="label 'c' is none of those trained on, a, b"):
        Task(recipe({}, {"reader": "arrays"}), tmp_path)


NEAR = 1.7e9 + 20.0 * np.where(np.arange(60).reshape(6, 10, 1) % 3, 1, -1)


@pytest.mark.parametrize(
    ("net", "arrays", "words"),
    [
        ({}, {"x": NEAR}, r"x: column 0: differs by 19 around 1.7e\+09, .* take 1.7e\+09 off it"),
        ({}, {"x": np.concatenate([0 * NEAR, NEAR.astype(int) // 4], -1)}, "x: column 1: .* take 4.25e.08 off it"),
        (
            {},
            {"x": NEAR * np.array(np.arange(10)[:, None] < 5), "lengths": np.full(6, 5)},
            "x: column 0: differs by 19 around 1.7e.09",
        ),
        ({"task": "regress"}, {"x": NEAR - 1.7e9, "y": NEAR[:, 0]}, "y: column 0: .* take 1.7e.09 off it"),
        ({"task": "forecast", "horizon": 10}, {"x": NEAR - 1.7e9, "y": NEAR}, "y: column 0: .* take 1.7e.09 off it"),
    ],
)
def test_faults_of_arrays_of_which_32_bits_keep_too_little(tmp_path, net, arrays, words):
    archives(tmp_path, **{"y": np.arange(6) % 2, **arrays})
    with pytest.raises(InputError, match=f"train.npz: {words}"):
        Task(recipe(net, {"reader": "arrays"}), tmp_path)


@pytest.mark.parametrize(
    "x",
    [NEAR - 1.7e9, NEAR.astype(np.float32), 1e5 + NEAR / 1e9, 0 * NEAR + 0.1 + 1e-16 * np.sign(NEAR - 1.7e9)],
    ids=["without the offset", "of 32 bits already", "far from 0, but kept", "nothing but rounding"],
)
def test_arrays_that_32_bits_keep_are_taken(tmp_path, x):
    task = Task(recipe({}, {"reader": "arrays"}), archives(tmp_path, x=x, y=np.arange(6) % 2))
    np.testing.assert_array_equal(task.examples.x, x.astype(np.float32))


def test_batches_of_an_epoch_are_the_same_each_time(tmp_path):
    task = Task(
        recipe({}, {"reader": "arrays"}), archives(tmp_path, x=np.arange(50.0).reshape(10, 5), y=np.arange(10) % 2)
    )
    batches = ExampleBatches(task.examples, 4, seed=3)
    first, again, other = ([inputs["sequence"][:, 0, 0] for inputs, _ in batches.epoch(n)] for n in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert len(first) == 2 and len(set(np.ravel(first).tolist())) == 8 and np.any(np.array(first) != other)
    assert next(ExampleBatches(task.examples, 16, seed=3).epoch(0))[1].shape == (16,)
