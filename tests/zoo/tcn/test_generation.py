"""What is drawn, and from what."""

import keras
import numpy as np
import pytest
from helpers import tiny_tcn

from dilatednets.errors import InputError
from dilatednets.zoo.tcn.generation import draw


@pytest.mark.parametrize("chords", [False, True], ids=["tokens", "chords"])
def test_each_step_is_drawn_from_the_scores_after_those_before_it(chords):
    """The same noise, and scores of one parallel call over all that was made."""
    model = tiny_tcn(4, task="next", multi_label=chords)
    prime = np.array([[1, 2, 3]]) if not chords else np.array([[[0, 1, 1, 0], [1, 0, 0, 0]]])
    made = model.generate(6, prime=prime, seed=3, temperature=0.7)
    whole = np.concatenate([prime, made], axis=1)
    scores = keras.ops.convert_to_numpy(model(whole.astype("float32") if chords else whole))[:, prime.shape[1] - 1 : -1]
    rng = np.random.default_rng(3)
    drawn = [draw(scores[:, step : step + 1], chords, 0.7, rng) for step in range(6)]
    np.testing.assert_array_equal(np.concatenate(drawn, axis=1), made)
    assert made.dtype == np.int32


def test_the_seed_tells_and_the_batch_is_free():
    model = tiny_tcn(5, task="next")
    same = model.generate(20, batch_size=2, seed=1)
    np.testing.assert_array_equal(same, model.generate(20, batch_size=2, seed=1))
    assert same.shape == (2, 20) and np.any(same != model.generate(20, batch_size=2, seed=2))


def test_draws_have_the_probabilities_of_the_scores():
    rng = np.random.default_rng(0)
    tokens = draw(np.tile(np.log([0.2, 0.8]), (4000, 1)), False, 1.0, rng)
    labels = draw(np.full((4000, 1), np.log(0.3 / 0.7)), True, 1.0, rng)
    assert tokens.mean() == pytest.approx(0.8, abs=0.03) and labels.mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"steps": 0}, "steps: must be above 0"),
        ({"steps": 2.5}, "steps: must be an integer"),
        ({"temperature": 0}, "temperature: must be above 0"),
        ({"temperature": float("nan")}, "temperature: must be above 0"),
        ({"seed": -1}, "seed: must be 0 or above"),
        ({"batch_size": 0}, "batch_size: must be above 0"),
        ({"prime": [[7]]}, "prime: must be token numbers, integers from 0 to 4"),
        ({"prime": [1, 2]}, r"prime: must be an array of shape \(any, any\)"),
        ({"prime": []}, "prime: must be an array"),
        ({"prime": [[1]], "batch_size": 2}, "batch_size: 2, but prime has 1 sequences; leave it out"),
    ],
)
def test_faults_of_requests(request_, words):
    with pytest.raises(InputError, match=words):
        tiny_tcn(5, task="next").generate(**{"steps": 3, **request_})


def test_faults_of_models_and_chords():
    with pytest.raises(InputError, match="is for models of what comes next; this one does classify"):
        tiny_tcn().generate(3)
    with pytest.raises(InputError, match="prime: must hold 0 and 1"):
        tiny_tcn(2, task="next", multi_label=True).generate(3, prime=[[[0.5, 1.0]]])
