"""What is to be heard at each step of words in a row."""

from types import SimpleNamespace

import numpy as np
import pytest

from dilatednets import registry
from dilatednets.data.samples import sample
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import spoken_examples
from dilatednets.zoo.tcn.spoken_examples import LABELS, SILENCE, SpokenExamples

RATE, FRAME = 1000, 10


def tones(count=4, samples=400):
    """A word is a tone of its own pitch."""
    time = np.arange(samples) / RATE
    return [np.sin(2 * np.pi * 50 * (1 + n) * time).astype(np.float32) * 0.1 for n in range(count)]


@pytest.fixture
def examples():
    return SpokenExamples(tones(), np.arange(4), SimpleNamespace(sample_rate=RATE), FRAME)


def test_the_answer_is_what_was_last_said(examples, monkeypatch):
    monkeypatch.setattr(SpokenExamples, "_said", lambda self, number, rng: self.audio[number])
    inputs, y, weights = examples.drawn(np.arange(4), np.random.default_rng(0))
    x, silence = inputs["sequence"], LABELS.index(SILENCE)
    assert x.shape == (4, 2400, 1) and y.shape == weights.shape == (4, 240)
    assert set(np.unique(weights)) == {0.0, np.float32(spoken_examples.GUESS), 1.0}
    for row in range(4):
        level = np.sqrt(np.mean(x[row].reshape(240, FRAME) ** 2, axis=1))
        loud = np.flatnonzero(level > 0.045)  # tones have 0.07, and noise 0.022 at most
        assert y[row, loud[20]] == row and weights[row, loud[20]] == np.float32(spoken_examples.GUESS)
        for step in np.flatnonzero(weights[row] == 1):
            since = step - max(loud[loud <= step], default=-999)
            assert since > 55 or step < loud[0] + 50 or step in loud if y[row, step] == silence else since <= 26, step


def test_examples_are_other_ones_each_time_and_the_same_again(examples):
    draw = lambda seed: examples.drawn(np.array([1]), np.random.default_rng(seed))[0]["sequence"]  # noqa: E731
    np.testing.assert_array_equal(draw(1), draw(1))
    assert np.any(draw(1) != draw(2))


def test_recordings_are_measured_by_the_last_word_heard():
    recipe = registry.parse_recipe({
        "name": "digits", "model": "TCN", "data": {"reader": "spoken_digits"},
        "net": {"pooling": "none", "frame": 80, "filters": 4, "dilations": [1], "channels": 4},
    })  # fmt: skip
    from dilatednets.zoo.tcn.training import build_model, evaluate

    model, _ = build_model(recipe, sample("spoken_digits"))
    assert model.labels == tuple(LABELS)
    figures = evaluate(model, sample("spoken_digits"), "validation")
    found = spoken_examples.read(recipe.data, recipe.net, sample("spoken_digits"), "validation")
    said = [[label for label in model.answer(one[None])["label"][0] if label != SILENCE] for one in found.audio]
    last = [labels[-1] if labels else SILENCE for labels in said]
    assert figures["accuracy"] == np.mean([LABELS.index(word) == y for word, y in zip(last, found.y, strict=True)])


def test_faults_of_recipes():
    content = {"name": "digits", "model": "TCN", "data": {"reader": "spoken_digits"}, "net": {"frame": 80}}
    with pytest.raises(InputError, match="digits are told as they are spoken"):
        registry.parse_recipe(content)
