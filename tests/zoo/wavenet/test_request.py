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
        ({"text": "1", "speaker": "ann", "prime": np.zeros(10**5)}, "last as long as the text"),
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
        ({"prime": np.zeros((90, 1))}, "^prime: of shape .90, 1. would be 90 recordings of 1 samples; transpose it"),
        ({"prime": np.zeros(90000)}, "^prime: 90000 samples last as long as the text, [0-9]+, or longer; give a shorter"),
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


def silent_after(audio):
    return [int(np.flatnonzero(row).max(initial=-1)) + 1 for row in audio]


@pytest.mark.parametrize("engine", ["xla", "native_float32"])
def test_a_row_with_a_seed_of_its_own_is_what_that_seed_makes_alone(tiny_model, engine):
    """Whatever the rows beside it say, and however long they are; then it is silent."""
    if engine != "xla":
        pytest.importorskip("numba")
    asked = {"text": ["1", "1 2 3", "2"], "speaker": ["bob", "ann", "ann"], "seed": [7, 7, 2**63]}
    audio = tiny_model.generate(**asked, engine=engine)
    for row, (text, speaker, seed) in enumerate(zip(*asked.values(), strict=True)):
        alone = tiny_model.generate(text=text, speaker=speaker, seed=seed, engine=engine)[0]
        np.testing.assert_array_equal(audio[row, : len(alone)], alone)
        assert not audio[row, len(alone) :].any()
    chunks = list(tiny_model.stream(**asked, chunk_samples=1999, engine=engine))
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), audio, atol=1e-6)


def test_seeds_may_be_as_many_as_voices_of_one_request(tiny_model):
    audio = tiny_model.generate(text="1", speaker="ann", seed=[3, 4, 3])
    np.testing.assert_array_equal(audio[0], audio[2])
    assert audio.shape[0] == 3 and np.abs(audio[0] - audio[1]).max() > 0
    np.testing.assert_array_equal(audio[1:2], tiny_model.generate(text="1", speaker="ann", seed=4))


def test_a_batch_says_one_request_in_as_many_ways(tiny_model):
    audio = tiny_model.generate(text="1", speaker="ann", seed=3, batch=3)
    np.testing.assert_array_equal(audio, tiny_model.generate(text=["1"] * 3, speaker="ann", seed=3))
    assert audio.shape[0] == 3 and np.abs(audio[0] - audio[1]).max() > 0
    assert WaveNet((1, 2), 2, 4, 8, 4).generate(50, batch=2, seed=[1, 1]).shape == (2, 50)


def test_shorter_conditions_of_a_list_end_in_silence(tiny_model, front_end):
    frames = [front_end.frames(text, "ann") for text in ("1", "1 2 3", "2")]
    audio = tiny_model.generate(condition=frames, speaker="ann", seed=1)
    assert audio.shape == (3, 80 * len(frames[1]))
    assert all(end <= 80 * len(one) for end, one in zip(silent_after(audio), frames, strict=True))
    apart = tiny_model.generate(condition=frames, speaker="ann", seed=[1, 2, 3])
    for row, one in enumerate(frames):
        alone = tiny_model.generate(condition=one, speaker="ann", seed=row + 1)[0]
        np.testing.assert_array_equal(apart[row, : len(alone)], alone)
    asked = request.resolve(tiny_model, 100, condition=frames, speaker="ann")
    np.testing.assert_array_equal(
        asked.frames[0, len(frames[0]) :], request.silence(tiny_model, len(frames[1]) - len(frames[0]))
    )
    assert asked.num_samples == 100 and asked.lasts.tolist() == [len(one) for one in frames]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"batch": 0}, "^batch: must be above 0"),
        ({"batch": 2.5}, "^batch: must be an integer"),
        ({"batch": 3, "speaker": ["ann", "bob"]}, "^speaker: 2 given, but 3 of batch; give one, or as many of each"),
        ({"seed": [1, 2, 3], "speaker": ["ann", "bob"]}, "^seed: 3 given, but 2 of speaker"),
        ({"seed": []}, "^seed: empty; give at least one"),
        ({"seed": [1, -1]}, "^seed: must be 0 or above"),
        ({"seed": [1, 0.5]}, "^seed: must be an integer"),
        ({"text": None, "condition": [np.zeros((9, 42)), np.zeros((5, 41))]}, "^condition: number 1: need .frames, 42."),
        ({"text": None, "condition": [np.zeros((9, 42)), np.zeros((2, 42))], "prime": np.zeros(200)},
         "^condition: number 1 does not last longer than the prime, 200 samples"),
    ],
)  # fmt: skip
def test_faults_of_batches_are_told_by_the_argument(tiny_model, arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        tiny_model.generate(**{"text": "1", "speaker": "ann", **arguments})
    assert "\n" not in str(caught.value)


def test_faults_no_row_with_a_seed_of_its_own_is_cut_short_of_what_was_asked_for(tiny_model, front_end):
    """A row alone would be refused, too; and what all of them cover is made."""
    seed = [1, 2]
    frames = [front_end.frames(text, "ann") for text in ("1 2 3", "1")]
    samples = 80 * len(frames[1])
    for asked, says in (
        ({"text": ["1 2 3", "1"]}, f"^num_samples: {samples + 1} samples .* more than text number 1 lasts, {samples};"),
        ({"text": ["1", "1 2 3"]}, "^num_samples: .* more than text number 0 lasts"),
        ({"condition": frames}, f"^condition: number 1: {len(frames[1])} frames of 80 samples are too short for "),
        ({"text": ["1 2 3", "1"], "prime": np.zeros(80)}, r"and 80 of the prime. are more than text number 1 lasts"),
    ):
        with pytest.raises(InputError, match=says):
            tiny_model.generate(samples + 1, **asked, speaker="ann", seed=seed)
    assert tiny_model.generate(samples, condition=frames, speaker="ann", seed=seed).shape == (2, samples)
    assert tiny_model.generate(samples, text=["1 2 3", "1"], speaker="ann", seed=seed).shape == (2, samples)
    # Of one seed, the shorter one goes on in silence.
    assert tiny_model.generate(samples + 1, text=["1 2 3", "1"], speaker="ann", seed=1).shape == (2, samples + 1)
