"""Examples of the readers of digits and of music, and the recipes that they take."""

import gzip

import numpy as np
import pytest
from scipy.io import savemat

from dilatednets import registry
from dilatednets.data import mnist, polymusic
from dilatednets.errors import InputError
from dilatednets.zoo.tcn.examples import read
from dilatednets.zoo.tcn.recipe import Data
from dilatednets.zoo.tcn.training import Task, evaluate

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
