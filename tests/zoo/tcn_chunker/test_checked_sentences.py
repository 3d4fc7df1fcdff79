"""What Keras's doors of a chunker take, and that each wrong array is one line before anything is computed."""

import keras
import numpy as np
import pytest
from helpers import tiny_chunker

from dilatednets.errors import InputError

SENTENCES = [["it", "works"], ["the", "dog", "in", "the"], ["a"]]


@pytest.fixture(scope="module")
def model():
    made = tiny_chunker(decoder="softmax")
    made.compile("sgd", jit_compile=False)
    return made


def right(model):
    """Inputs and targets that pass; those of padded words stand for nothing."""
    rng = np.random.default_rng(0)
    x = model.encode(SENTENCES)
    names = {"tags": model.tags, "pos": model.pos_tags}
    return x, {name: rng.integers(-1, len(known), x["words"].shape) for name, known in names.items()}


def with_one(array, value):
    array = np.array(array, np.result_type(array, type(value)))
    array[1, 2] = value
    return array


WRONG = {
    "too large": ("tags", lambda a: with_one(a, 9), "tags: must hold numbers from 0 to 8, -1 if unknown, not 9"),
    "too small": ("tags", lambda a: with_one(a, -2), "tags: must hold numbers from 0 to 8, -1 if unknown, not -2"),
    "a half": ("tags", lambda a: with_one(a, 0.5), "tags: must hold numbers from 0 to 8, -1 if unknown, not 0.5"),
    "NaN": ("tags", lambda a: with_one(a, np.nan), "tags: holds NaN or infinity"),
    "of parts of speech": ("pos", lambda a: with_one(a, 3), "pos: must hold numbers from 0 to 2, -1 if unknown, not 3"),
    "one a sentence": ("tags", lambda a: a[:, 0], r"tags: must be an array of shape \(3, 4\), not \(3,\)"),
    "another length": ("tags", lambda a: a[:, :3], r"tags: must be an array of shape \(3, 4\), not \(3, 3\)"),
    "another batch": ("tags", lambda a: a[:2], r"tags: must be an array of shape \(3, 4\), not \(2, 4\)"),
    "a column each": ("tags", lambda a: a[..., None], r"tags: must be an array of shape \(3, 4\), not \(3, 4, 1\)"),
    "texts": ("tags", lambda a: np.full(a.shape, "O"), "tags: must hold real numbers"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_targets_are_one_line_faults(model, case):
    name, change, words = WRONG[case]
    x, y = right(model)
    y[name] = change(y[name])
    doors = [
        lambda: model.evaluate(x, y, verbose=0),
        lambda: model.fit(x, y, verbose=0),
        lambda: model.fit(*right(model), validation_data=(x, y), verbose=0),
        lambda: model.train_on_batch(x, y),
        lambda: model.test_on_batch(x, y),
    ]
    for door in doors:
        with pytest.raises(InputError, match=words) as refused:
            door()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: {**x, "words": x["words"] + 99}, "words: must hold numbers from 0 to 8, not 1"),
        (lambda x: {**x, "shapes": x["shapes"] - 1}, "shapes: must hold numbers from 0 to 6, not -1"),
        (
            lambda x: {**x, "characters": x["characters"][0]},
            r"characters: must be an array of shape \(3, 4, any\), not",
        ),
        (
            lambda x: {"words": x["words"]},
            "characters: is missing; encode makes words, characters, shapes of sentences",
        ),
    ],
)
def test_wrong_words_are_one_line_faults(model, change, words):
    x, y = right(model)
    with pytest.raises(InputError, match=words):
        model.evaluate(change(x), y, verbose=0)
    with pytest.raises(InputError, match=words):
        model.predict(change(x), verbose=0)


def test_right_arrays_are_measured_as_without_the_check(model):
    """Whatever stands at padded words, and however whole numbers are kept; by NumPy."""
    x, y = right(model)
    real = x["words"] > 0
    expected = 0.0
    for name, weight in (("tags", 1.0), ("pos", model.pos_weight)):
        scores, known = keras.ops.convert_to_numpy(model(x)[name]), real & (y[name] >= 0)
        chosen = np.take_along_axis(scores, np.maximum(y[name], 0)[..., None], -1)[..., 0]
        expected += weight * np.sum((np.log(np.exp(scores).sum(-1)) - chosen)[known]) / known.sum()
    spoilt = {name: np.where(real, numbers, 99).astype(float) for name, numbers in y.items()}
    for given in (y, spoilt, {name: numbers.tolist() for name, numbers in y.items()}):
        assert model.evaluate(x, given, verbose=0) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 1), (3, 5)])
def test_targets_of_data_sets_have_the_shape_of_the_words_faults(model, shape):
    x, _ = right(model)
    with pytest.raises(InputError, match=r"tags: must be of shape \(3, 4\), one number for each word, not"):
        model.compute_loss(x=x, y={"tags": np.zeros(shape, np.int32)}, y_pred=model(x))
