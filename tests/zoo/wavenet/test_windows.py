"""Training windows. Each sample of the recordings here has a value of its own, so that a window tells where it is from."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.spoken_digits import WORDS, Recording
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet.windows import SpeechWindows

HOP, FIELD, CONTEXT = 80, 100, 160


def make_recordings(count, rng, speakers=("ann", "bob")):
    """Recordings whose samples are numbered, through all of them, from 1 on: k is written as k / 2**20."""
    recordings, number = [], 1
    for index in range(count):
        length = int(rng.integers(300, 900))
        audio = (np.arange(number, number + length) / 2**20).astype(np.float32)
        number += length + 1  # a number left out: no two recordings look like one
        recordings.append(Recording(f"{index}.wav", WORDS[index % 3], speakers[index % 2], index, audio))
    return recordings


@pytest.fixture
def recordings(rng):
    return make_recordings(20, rng)


@pytest.fixture
def make_windows(front_end, recordings):
    def make(**changes):
        settings = {"recordings": recordings, "speakers": ("ann", "bob"), "receptive_field": FIELD, "target": 400}
        return SpeechWindows(**{**settings, "front_end": front_end, "batch_size": 3, **changes})

    return make


def numbers(audio):
    """The samples' numbers; 0 in pauses."""
    return np.round(audio * 2**20).astype(int)


def sources(recordings):
    """From a sample's number to the recording it is from, -1 for a pause."""
    source = np.full(1 + numbers(recordings[-1].audio[-1:])[0], -1)
    for index, recording in enumerate(recordings):
        source[numbers(recording.audio)] = index
    return source


def same_batches(left, right):
    for (inputs, *rest), (other_inputs, *other_rest) in zip(left, right, strict=True):
        assert set(inputs) == set(other_inputs) == {"audio", "speaker", "condition"}
        for a, b in zip([*inputs.values(), *rest], [*other_inputs.values(), *other_rest], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("evaluation", [False, True])
def test_a_window_is_one_stretch_of_one_speaker_s_words_and_pauses(make_windows, recordings, front_end, evaluation):
    source = sources(recordings)
    for window in make_windows(evaluation=evaluation).windows(3):
        code = numbers(window.audio)
        origin = source[code]
        assert {recordings[index].speaker for index in origin[origin >= 0]} <= {("ann", "bob")[window.speaker]}
        within = (origin[1:] == origin[:-1]) & (origin[1:] >= 0)
        assert np.all(np.diff(code)[within] == 1)
        for before, after in itertools.pairwise(np.flatnonzero(np.diff(origin)) + 1):
            if origin[before] < 0:  # a whole pause, between words or, with both margins, between utterances
                assert after - before <= (0.15 + 2 * front_end.margin) * 8000 + HOP
        for index in np.unique(origin[origin >= 0]):
            inside = np.flatnonzero(origin == index)
            whole = numbers(recordings[index].audio)
            assert inside[0] == 0 or code[inside[0]] == whole[0]  # a word begins at its beginning, ...
            assert inside[-1] == len(code) - 1 or code[inside[-1]] == whole[-1]  # ... and is heard to its end


@pytest.mark.parametrize("evaluation", [False, True])
def test_condition_names_the_word_that_is_heard(make_windows, recordings, front_end, evaluation):
    source = sources(recordings)
    for window in make_windows(evaluation=evaluation).windows(0):
        assert window.condition.shape == (len(window.audio) // HOP, front_end.num_features)
        for frame, centre in zip(window.condition, window.audio[HOP // 2 :: HOP], strict=True):
            index = source[numbers(centre)]
            unit = int(np.argmax(frame[: len(front_end.vocabulary) + 1]))
            if index < 0:
                assert unit == len(front_end.vocabulary)
            else:
                assert front_end.vocabulary[unit] == recordings[index].word
                assert frame[-1] == pytest.approx(np.log(len(recordings[index].audio) / 8000 / 0.4), abs=1e-5)


@pytest.mark.parametrize("evaluation", [False, True])
def test_context_covers_the_receptive_field_and_does_not_count(make_windows, evaluation):
    for window in make_windows(evaluation=evaluation).windows(0):
        assert len(window.audio) == len(window.weight) == CONTEXT + 400
        assert window.audio.dtype == window.weight.dtype == window.condition.dtype == np.float32
        assert not window.weight[:CONTEXT].any()
        spoken = window.audio[CONTEXT:] > 0
        np.testing.assert_array_equal(window.weight[CONTEXT:], spoken if evaluation else np.ones(400))


def test_context_is_what_the_window_before_ended_with(make_windows):
    ended = {}
    for window in make_windows(evaluation=True, recordings=make_recordings(6, np.random.default_rng(1))).windows(0):
        before = ended.get(window.speaker, np.zeros(CONTEXT))
        np.testing.assert_array_equal(window.audio[:CONTEXT], before)
        ended[window.speaker] = window.audio[-CONTEXT:]


def test_no_sample_counts_twice_in_an_epoch_of_training(make_windows, recordings):
    counted = np.concatenate([numbers(w.audio[w.weight > 0]) for w in make_windows().windows(0)])
    spoken = counted[counted > 0]
    assert len(np.unique(spoken)) == len(spoken)
    assert len(spoken) > 0.8 * sum(len(r.audio) for r in recordings)


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 5), st.sampled_from([0.0, 0.15]))
def test_evaluation_counts_every_sample_once_and_no_pause(front_end, seed, target, batch_size, max_gap):
    recordings = make_recordings(5, np.random.default_rng(seed))
    windows = SpeechWindows(
        recordings, front_end, ("ann", "bob", "silent"), FIELD, target * HOP, batch_size, seed, max_gap, 0, True
    )
    counted, total, batches = [], 0.0, 0
    for inputs, audio, weight in windows.epoch(0):
        np.testing.assert_array_equal(inputs["audio"], audio)
        assert audio.shape == weight.shape == (batch_size, CONTEXT + target * HOP)
        counted.append(numbers(audio[weight > 0]))
        total += weight.sum()
        batches += 1
    expected = np.concatenate([numbers(r.audio) for r in recordings])
    np.testing.assert_array_equal(np.sort(np.concatenate(counted)), expected)
    assert total == len(expected) and batches == windows.steps_per_epoch


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 4))
def test_an_epoch_has_as_many_full_batches_as_it_says(front_end, epoch, target, batch_size):
    recordings = make_recordings(16, np.random.default_rng(epoch))
    windows = SpeechWindows(recordings, front_end, ("ann", "bob"), FIELD, target * HOP, batch_size, max_gap=0.0)
    batches = list(windows.epoch(epoch))
    assert len(batches) == windows.steps_per_epoch
    for inputs, audio, weight in batches:
        assert inputs["speaker"].shape == (batch_size,) and inputs["speaker"].dtype == np.int32
        assert len(audio) == batch_size and weight.sum() == batch_size * target * HOP


def test_seed_and_epoch_alone_make_an_epoch(make_windows):
    same_batches(make_windows(seed=4).epoch(7), make_windows(seed=4).epoch(7))
    first = next(make_windows(seed=4).epoch(7))[1]
    for other in (make_windows(seed=4).epoch(8), make_windows(seed=5).epoch(7)):
        assert np.any(next(other)[1] != first)


def test_evaluation_is_the_same_in_each_epoch(make_windows):
    windows = make_windows(evaluation=True)
    same_batches(windows.epoch(0), windows.epoch(5))


def test_resuming_goes_on_with_what_would_have_come(make_windows):
    windows = make_windows()
    whole = list(windows.epochs(0, 4))
    assert len(whole) == 4 * windows.steps_per_epoch
    same_batches(make_windows().epochs(2, 2), whole[2 * windows.steps_per_epoch :])
    endless = itertools.islice(make_windows().epochs(2), 2 * windows.steps_per_epoch)
    same_batches(endless, whole[2 * windows.steps_per_epoch :])


@pytest.mark.tensorflow
@pytest.mark.parametrize("evaluation", [False, True])
def test_pipeline_gives_the_same_batches(make_windows, evaluation):
    windows = make_windows(evaluation=evaluation)
    same_batches(windows.dataset(1, 2).as_numpy_iterator(), windows.epochs(1, 2))


def test_target_must_be_whole_frames(make_windows):
    with pytest.raises(InputError, match="target: 410 samples are no multiple of the condition's hop of 80"):
        make_windows(target=410)


def test_unknown_speaker_is_named(make_windows):
    with pytest.raises(InputError, match="speakers: recordings of bob, the model has ann, cat"):
        make_windows(speakers=("ann", "cat"))


def test_too_little_audio_is_refused_with_a_cure(make_windows, recordings):
    with pytest.raises(InputError, match="too few for one batch of 100 windows of 400 samples; lower batch_size"):
        make_windows(batch_size=100)
    with pytest.raises(InputError, match="0 samples of audio are too few"):
        make_windows(recordings=[], evaluation=True)
    assert make_windows(recordings=recordings[:1], batch_size=100, evaluation=True).steps_per_epoch == 1


def neighbours(frames, front_end):
    """(this, previous, next) of each frame; -1 is silence."""
    size = len(front_end.vocabulary) + 1
    ids = frames[:, : 3 * size].reshape(len(frames), 3, size).argmax(axis=2)
    return {tuple(int(i) for i in np.where(row == size - 1, -1, row)) for row in ids}


def test_training_hears_what_generation_asks_for(make_windows, front_end):
    """Single words, beginnings and ends of utterances: every pattern of neighbours is in an epoch."""
    heard = set()
    recordings = make_recordings(200, np.random.default_rng(2))
    for window in make_windows(recordings=recordings, batch_size=1, target=1600).windows(0):
        heard |= neighbours(window.condition, front_end)
    for text in ("0", "1", "2", "0 1", "2 0 1"):
        assert neighbours(front_end.frames(text, "ann"), front_end) <= heard, text


def test_evaluation_does_not_depend_on_how_it_is_cut(recordings, front_end, tiny_model):
    """The model sees at each sample the same past and the same condition, wherever windows begin and end."""
    totals = []
    for target, batch_size in ((400, 3), (1600, 2), (80, 16)):
        windows = SpeechWindows(
            recordings, front_end, ("ann", "bob"), tiny_model.receptive_field, target, batch_size,
            lookahead=tiny_model.upsampler.lookahead, evaluation=True,
        )  # fmt: skip
        bits = 0.0
        for inputs, audio, weight in windows.epoch(0):
            assert inputs["condition"].shape[1] == audio.shape[1] // HOP + 3
            parameters = tiny_model(inputs)
            bits += float(np.sum(np.asarray(tiny_model.distribution.bits(audio, parameters)) * weight))
        totals.append(bits)
    assert totals == pytest.approx([totals[0]] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"batch_size": 0}, "batch_size: must be above 0"),
        ({"target": 0}, "target: must be above 0"),
        ({"receptive_field": -1}, "receptive_field"),
        ({"seed": -1}, "seed"),
        ({"max_gap": -0.1}, "max_gap"),
        ({"speakers": "ann"}, "speakers: must be a list of strings, not 'ann'"),
        ({"speakers": ["ann", "bob", "ann"]}, "speakers: must be a list of different names"),
    ],
)
def test_faults_in_arguments_are_named(make_windows, changes, says):
    with pytest.raises(InputError, match=says):
        make_windows(**changes)


def test_faults_integers_train_as_the_audio_they_are(make_windows, rng):
    codes = [rng.integers(-9000, 9000, 700).astype(np.int16) for _ in range(8)]
    made = [
        make_windows(recordings=[Recording(f"{i}.wav", "one", "ann", i, audio) for i, audio in enumerate(kind)])
        for kind in (codes, [code / np.float32(32768) for code in codes])
    ]
    same_batches(made[0].epoch(0), made[1].epoch(0))


@pytest.mark.parametrize("audio", [np.full(700, np.nan), np.full(700, 9000.0), np.zeros((700, 1)), np.zeros(0)])
def test_faults_recordings_that_are_no_audio_are_named(make_windows, recordings, audio):
    bad = Recording("3_ann_11.wav", "one", "ann", 11, audio)
    with pytest.raises(InputError, match=r"^3_ann_11\.wav: "):
        make_windows(recordings=[*recordings, bad])
