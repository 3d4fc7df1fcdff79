"""Of several takes, the one is kept whose words the net tells best from others."""

import numpy as np
import pytest
from keras import ops
from wavenets import make

from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import request
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.takes import SEED_STEP, best_take, clarity


@pytest.fixture(scope="module")
def talkative(front_end):
    """A net that is far from silent: with weights at random, large enough to make words differ."""
    rng = np.random.default_rng(0)
    model = WaveNet((1, 2, 4), 2, 8, 16, 8, speakers=("ann", "bob"), text=front_end.get_config(), condition_channels=4)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def test_words_stand_where_the_text_has_them(front_end):
    frames = front_end.frames("four two two", "ann")
    said = front_end.words_in(frames)
    hop, segments = front_end.hop, front_end.align(["four", "two", "two"], "ann")
    for (first, end), segment in zip(said, segments, strict=True):
        assert abs(first * hop - segment.start) <= hop and abs(end * hop - segment.end) <= hop
    assert front_end.words_in(frames[: said[1][0] + 1]) == [said[0], (said[1][0], said[1][0] + 1)]
    assert front_end.words_in(front_end.features([], 5)) == []


def test_other_words_are_those_of_the_text_moved_on(front_end):
    """With equal durations of all words, the frames of another text."""
    words = front_end.vocabulary
    others = front_end.with_other_words(front_end.frames("0 9 4", "ann"))
    for number in range(len(words)):
        text = " ".join(words[(words.index(word) + number) % len(words)] for word in ("zero", "nine", "four"))
        np.testing.assert_array_equal(others[number], front_end.frames(text, "ann"))


def test_clarity_is_bayes_rule_over_the_whole_call(talkative):
    """Written out with a call over all that was said."""
    asked = request.resolve(talkative, text=["1", "3"], speaker=["ann", "bob"], seed=0)
    audio = np.random.default_rng(1).uniform(-1, 1, (2, asked.num_samples)).astype(np.float32)
    found = clarity(talkative, asked, audio)
    hop = talkative.condition_hop
    for row in range(2):
        [(first, end)] = talkative.front_end.words_in(asked.frames[row])
        bits = []
        for frames in talkative.front_end.with_other_words(asked.frames[row]):
            inputs = {"audio": audio[row : row + 1], "speaker": asked.speaker[row : row + 1], "condition": frames[None]}
            each = ops.convert_to_numpy(talkative.distribution.bits(inputs["audio"], talkative(inputs)))
            bits.append(each[0, first * hop : end * hop].sum())
        assert found[row] == pytest.approx(min(bits[1:]) - bits[0], abs=0.05)


def test_words_of_the_prime_are_not_judged(talkative):
    asked = request.resolve(talkative, text="1 3", speaker="ann", seed=0)
    audio = np.random.default_rng(1).uniform(-1, 1, (1, asked.num_samples)).astype(np.float32)
    [(first, _), (second, _)] = talkative.front_end.words_in(asked.frames[0])
    hop = talkative.condition_hop
    both, last, none = (
        clarity(talkative, asked._replace(prime=audio[:, :n]), audio[:, n:])[0]
        for n in (first * hop, second * hop, second * hop + 1)
    )
    assert both == clarity(talkative, asked, audio)[0] < last < none == np.inf


@pytest.mark.parametrize("seed", [3, [3, 4]])
def test_the_clearest_take_of_each_voice_is_kept(talkative, seed):
    how = {"text": ["1", "2"], "speaker": "ann", "engine": "xla"}
    best = talkative.generate(**how, seed=seed, takes=3)
    seeds = [np.add(seed, number * SEED_STEP, dtype=object) for number in range(3)]
    alone = [talkative.generate(**how, seed=list(one) if isinstance(seed, list) else int(one)) for one in seeds]
    asked = request.resolve(talkative, text=["1", "2"], speaker="ann", seed=0)
    clear = [clarity(talkative, asked, audio) for audio in alone]
    assert len(np.unique(clear)) == 6
    for row, number in enumerate(np.argmax(clear, axis=0)):
        np.testing.assert_array_equal(best[row], alone[number][row])
    np.testing.assert_array_equal(talkative.generate(**how, seed=seed, takes=1), alone[0])


def test_faults_of_takes(tiny_model):
    asked = {"text": "1", "speaker": "ann"}
    for takes in (0, -1, 1.5, "2"):
        with pytest.raises(InputError, match="takes: must be"):
            tiny_model.generate(**asked, takes=takes)
    with pytest.raises(InputError, match="takes: they are compared when they are whole"):
        next(iter(tiny_model.stream(**asked, takes=2)))
    model = make("softmax", conditioned=False)
    with pytest.raises(InputError, match="takes: this model reads no text"):
        best_take(model, request.resolve(model, 5, takes=2))
