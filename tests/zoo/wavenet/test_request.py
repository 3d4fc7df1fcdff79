import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import request
from dilatednets.zoo.wavenet.model import WaveNet


def test_shorter_texts_of_a_batch_end_in_silence(tiny_model, front_end):
    asked = request.resolve(tiny_model, text=["1", "1 2 3"], speaker="bob")
    short, long = (front_end.frames(text, "bob") for text in ("1", "1 2 3"))
    np.testing.assert_array_equal(asked.frames[1], long)
    np.testing.assert_array_equal(asked.frames[0, : len(short)], short)
    np.testing.assert_array_equal(asked.frames[0, len(short) :], front_end.features([], len(long) - len(short)))
    assert tiny_model.generate(text=["1", "1 2 3"], speaker="bob").shape == (2, 80 * len(long))


def test_numpy_s_numbers_are_numbers(tiny_model):
    plain = tiny_model.generate(100, text="1", speaker=1, seed=3, temperature=0.5)
    numpy_s = tiny_model.generate(
        np.int64(100), text="1", speaker=np.array([1]), seed=np.int64(3), temperature=np.float32(0.5)
    )
    np.testing.assert_array_equal(numpy_s, plain)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"text": "ten", "speaker": "ann"}, r"cannot say 'ten'.*zero, one"),
        ({"text": "", "speaker": "ann"}, "nothing to say"),
        ({"text": "1", "speaker": "eve"}, "no speaker 'eve'; choose one of ann, bob"),
        ({"text": "1", "speaker": 2}, "no speaker 2"),
        ({"text": "1"}, "choose one of ann, bob"),
        ({"speaker": "ann"}, "needs text"),
        ({"text": "1", "speaker": "ann", "temperature": 0}, "temperature: must be above 0"),
        ({"text": "1", "speaker": "ann", "temperature": float("nan")}, "temperature"),
        ({"text": "1", "speaker": "ann", "seed": -1}, "seed"),
        ({"text": "1", "speaker": "ann", "num_samples": 0}, "num_samples"),
        ({"text": "1", "speaker": "ann", "num_samples": 10**6}, "num_samples: 1000000 samples .* more than the text"),
        ({"text": [1, 2], "speaker": "ann"}, "text: must be a string"),
        ({"text": "1", "speaker": 1.0}, "no speaker 1.0"),
        ({"text": "1", "speaker": "ann", "prime": np.zeros((0, 5))}, "prime"),
        ({"speaker": "ann", "condition": np.zeros((0, 9, 42))}, "condition"),
        ({"text": "1", "speaker": "ann", "condition": np.zeros((9, 42))}, "not both"),
        ({"speaker": "ann", "condition": np.zeros((9, 3))}, "need .frames, 42."),
        ({"text": ["1", "2", "3"], "speaker": ["ann", "bob"]}, "one, or as many of each"),
        ({"text": [], "speaker": "ann"}, "text: empty"),
        ({"text": "1", "speaker": "ann", "prime": np.full(9, 2.0)}, "prime"),
        ({"text": "1", "speaker": "ann", "prime": np.zeros(10**5)}, "more than the text lasts"),
    ],
)  # fmt: skip
def test_bad_requests_get_one_line(tiny_model, arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        tiny_model.generate(**arguments)
    assert "\n" not in str(caught.value)


def test_bad_requests_of_an_unconditional_model():
    model = WaveNet((1, 2), 2, 4, 8, 4)
    for arguments, says in (
        ({}, "num_samples"),
        ({"num_samples": 5, "speaker": "a"}, "has no speakers"),
        ({"num_samples": 5, "text": "1"}, "not trained on text"),
        ({"num_samples": 5, "condition": np.zeros((1, 1))}, "no local condition"),
    ):
        with pytest.raises(InputError, match=says):
            model.generate(**arguments)
    with pytest.raises(InputError, match="chunk_samples"):
        list(model.stream(5, chunk_samples=0))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"text": b"four two"}, "^text: must be a string, not bytes; decode them first"),
        ({"text": {}}, "^text: must be a string, not dict"),
        ({"text": 4}, "^text: must be a string, not int"),
        ({"text": [b"4"]}, "^text: must be a string"),
        ({"speaker": b"ann"}, "^speaker: no speaker b'ann'; choose one of ann, bob"),
        ({"speaker": True}, "^speaker: no speaker True"),
        ({"speaker": {}}, "^speaker: no speaker {}"),
        ({"temperature": 1e-50}, "^temperature: must be from 1e-30"),
        ({"temperature": 1e39}, "^temperature: must be from 1e-30"),
        ({"temperature": "hot"}, "^temperature: must be a number"),
        ({"seed": 1.5}, "^seed: must be an integer"),
        ({"num_samples": "9"}, "^num_samples: must be an integer"),
        ({"prime": np.full(9, np.nan)}, "^prime: holds NaN"),
        ({"prime": np.full(9, -np.inf)}, "^prime: "),
        ({"prime": np.zeros((2, 9, 1))}, "^prime: must be of shape"),
        ({"prime": "a.wav"}, "^prime: must be an array"),
        ({"text": None, "condition": np.full((9, 42), -np.inf)}, "^condition: holds NaN or infinity"),
        ({"text": None, "condition": [["a"]]}, "^condition: "),
        ({"text": None, "condition": [[0.0], [0.0, 1.0]]}, "^condition: must be an array"),
        ({"text": None}, "^text: this model needs text"),
    ],
)  # fmt: skip
def test_faults_in_requests_get_one_line_that_begins_with_the_argument(tiny_model, arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        tiny_model.generate(**{"text": "1", "speaker": "ann", **arguments})
    assert "\n" not in str(caught.value)


def test_faults_a_prime_of_integers_is_the_audio_it_is(tiny_model):
    codes = (np.sin(np.arange(300) / 5) * 9000).astype(np.int16)
    asked = [request.resolve(tiny_model, text="1", speaker="ann", prime=one) for one in (codes, codes / 32768)]
    np.testing.assert_array_equal(asked[0].prime, asked[1].prime.astype(np.float32))
