"""Windows of recordings heard one by one. Each sample of the recordings here has a value of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.spoken_digits import Recording
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import MelFrontEnd
from dilatednets.zoo.wavenet.clip_windows import ClipWindows

MELS = MelFrontEnd(8000, 80, bands=20, window=256, fft_size=256, f_max=4000.0)
FIELD = 100


def make_recordings(lengths, speakers=("",)):
    """Samples are numbered, through all recordings, from 1 on: k is written as k / 2**20."""
    starts = np.cumsum([1, *lengths])
    return [
        Recording(
            f"{n}.wav", "", speakers[n % len(speakers)], 0, (np.arange(length) + start).astype(np.float32) / 2**20
        )
        for n, (length, start) in enumerate(zip(lengths, starts[:-1], strict=True))
    ]


def numbers(audio):
    return np.round(audio * 2**20).astype(int)


@given(
    st.lists(st.integers(1, 900), min_size=2, max_size=6),
    st.integers(1, 6),
    st.sampled_from([None, MELS]),
    st.sampled_from([(), ("ann", "bob")]),
    st.integers(0, 3),
)
def test_evaluation_counts_every_sample_once(lengths, batch_size, front_end, speakers, lookahead):
    recordings = make_recordings(lengths, speakers or ("",))
    windows = ClipWindows(recordings, front_end, speakers, FIELD, 240, batch_size, 0, lookahead, True)
    counted = []
    for inputs, audio, weight in windows.epoch(0):
        np.testing.assert_array_equal(inputs["audio"], audio)
        assert ("condition" in inputs) == (front_end is not None)
        counted.append(numbers(audio[weight > 0]))
    np.testing.assert_array_equal(np.sort(np.concatenate(counted)), np.arange(1, sum(lengths) + 1))


@pytest.mark.parametrize("evaluation", [False, True])
def test_what_a_window_sees_is_what_a_model_sees_that_begins_with_silence(evaluation):
    """Before each sample that counts lie the recording's own samples, and before these silence; mels are the recording's."""
    recordings = make_recordings([700, 1234, 555, 2000])
    own = {start: MELS.frames(one.audio) for start, one in ((numbers(one.audio)[0], one) for one in recordings)}
    first_of = {number: numbers(one.audio)[0] for one in recordings for number in numbers(one.audio)}
    windows = ClipWindows(recordings, MELS, (), FIELD, 240, 2, lookahead=3, evaluation=evaluation)
    seen = 0
    for window in windows.windows(5):
        assert len(window.condition) == len(window.audio) // 80 + 3
        for place in np.flatnonzero(window.weight):
            number = numbers(window.audio[place])
            first = first_of[number]
            past = np.maximum(number - np.arange(FIELD, -1, -1), first - 1)
            np.testing.assert_array_equal(
                numbers(window.audio[place - FIELD : place + 1]), np.where(past < first, 0, past)
            )
            mels, frame = own[first], (number - first) // 80
            around = np.arange(-3, 4)
            inside = (frame + around >= 0) & (frame + around < len(mels))
            given = window.condition[place // 80 + around]
            np.testing.assert_array_equal(given[inside], mels[(frame + around)[inside]])
            np.testing.assert_array_equal(given[~inside], MELS.silence(np.sum(~inside)))
            seen += 1
    assert seen > 0.7 * sum(len(one.audio) for one in recordings)


def test_epochs_differ_and_come_again():
    recordings = make_recordings([900] * 6)
    windows = [ClipWindows(recordings, MELS, (), FIELD, 240, 2, seed=4) for _ in range(2)]
    first, again = (list(one.epoch(7)) for one in windows)
    assert len(first) == windows[0].steps_per_epoch > 3
    for (_, audio, _), (_, same, _) in zip(first, again, strict=True):
        np.testing.assert_array_equal(audio, same)
    assert any(np.any(a[1] != b[1]) for a, b in zip(first, windows[0].epoch(8), strict=True))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"target": 250}, "target: 250 samples are no multiple of the condition's hop of 80"),
        ({"speakers": ("ann",)}, "speakers: recordings of .*, the model has ann"),
        ({"batch_size": 99}, "batch_size: 1800 samples of audio are too few"),
    ],
)
def test_faults_of_data_that_do_not_fit(changes, says):
    recordings = make_recordings([900, 900], ("bob",) if "speakers" in changes else ("",))
    with pytest.raises(InputError, match=says):
        ClipWindows(**{"recordings": recordings, "front_end": MELS, "speakers": (), "receptive_field": FIELD,
                       "target": 240, "batch_size": 2, **changes})  # fmt: skip
