"""Odd requests to a served WaveNet: answered, or refused in one clear line."""

import keras
import numpy as np
import pytest
from served import ask

from dilatednets.zoo.wavenet.model import WaveNet

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
SAY = {"text": ["4 2", "9"], "speaker": ["ann", "bob"], "temperature": np.float32(0.8), "seed": np.int32(3)}
SCORE = {"audio": np.full((2, 500), 0.1, np.float32), "text": ["four two", "9"], "speaker": ["ann", "bob"]}
NONE = np.array([], "S")
NUMBERS = {"num_samples": np.array([9], np.int32), "temperature": np.float32(1), "seed": np.int32(0)}
FRAMES = {"condition": np.zeros((1, 3, 2), np.float32), "temperature": np.float32(1), "seed": np.int32(0)}


def changed(request, **values):
    return {**request, **values}


ANSWERED = {
    "plain": ("serving_default", SAY),
    "by rows": ("serving_default", changed(SAY, temperature=np.full(2, 0.8, np.float32), seed=np.full(2, 3, np.int32))),
    "as people write it": ("serving_default", changed(SAY, text=["\u201c\uff14\u201d \u2013 (Two)", "\u0669\u2026"])),
    "stream by rows": ("stream", changed(SAY, temperature=np.full(2, 0.8, np.float32), seed=np.full(2, 3, np.int32))),
    "no rows": ("serving_default", changed(SAY, text=NONE, speaker=NONE)),
    "no rows, numbers by rows": (
        "serving_default",
        changed(SAY, text=NONE, speaker=NONE, temperature=np.zeros(0, np.float32), seed=np.zeros(0, np.int32)),
    ),
    "score": ("score", SCORE),
    "score of no rows": ("score", {"audio": np.zeros((0, 500), np.float32), "text": NONE, "speaker": NONE}),
    "score with one text for all": ("score", changed(SCORE, text=["9"], speaker=["bob"])),
    "score with that text twice": ("score", changed(SCORE, text=["9", "9"], speaker=["bob", "bob"])),
    "score a little beyond": ("score", changed(SCORE, audio=np.full((2, 500), 1.2, np.float32))),
    "score of full scale": ("score", changed(SCORE, audio=np.ones((2, 500), np.float32))),
}
REFUSED = {
    "two temperatures": (changed(SAY, temperature=np.array([1, 0.5], np.float32)), "temperature: give one number"),
    "three seeds": (changed(SAY, seed=np.array([1, 1, 1], np.int32)), "seed: give one number"),
    "two seeds": (changed(SAY, seed=np.array([1, 2], np.int32)), "seed: give one number"),
    "no temperature": (changed(SAY, temperature=np.zeros(0, np.float32)), "temperature: give one number"),
    "negative temperature": (changed(SAY, temperature=np.float32(-1)), "temperature: must be above 0"),
    "infinite temperature": (changed(SAY, temperature=np.float32(np.inf)), "temperature: must be above 0"),
    "NaN temperature": (changed(SAY, temperature=np.float32(np.nan)), "temperature: must be above 0"),
    "temperature that rounds to 0": (changed(SAY, temperature=np.float32(1e-40)), "temperature: must be above 0"),
    "negative seeds": (changed(SAY, seed=np.full(2, -1, np.int32)), "seed: must be at least 0"),
    "three speakers": (changed(SAY, speaker=["ann", "bob", "ann"]), "speaker: choose among ann, bob"),
    "no speaker": (changed(SAY, speaker=NONE), "speaker: choose among ann, bob"),
    "unknown word": (changed(SAY, text=["(ten)", "1"]), "text: cannot say ten; this model"),
}
UNSCORED = {
    "NaN audio": ({"audio": np.full((2, 500), np.nan, np.float32)}, "audio: holds NaN"),
    "infinite audio": ({"audio": np.full((2, 500), -np.inf, np.float32)}, "audio: holds NaN or infinity"),
    "audio in the range of integers": ({"audio": np.full((2, 500), 9000, np.float32)}, "reaches beyond [-1, 1]"),
    "no samples": ({"audio": np.zeros((2, 0), np.float32)}, "audio: holds no samples"),
    "three texts": ({"text": ["1", "2", "3"]}, "text: give as many rows"),
    "no text": ({"text": NONE}, "text: give as many rows"),
}
STATES = {
    "temperature -1": ({"temperature": np.float32(-1)}, "temperature: must be above 0"),
    "seed -1": ({"seed": np.int32(-1)}, "seed: must be at least 0"),
    "position -5": ({"position": np.int32(-5)}, "position: must be at least 0"),
    "position behind the end": ({"position": np.int32(10**6)}, "position: all samples have been made"),
    "speaker 7": ({"speaker": np.array([0, 7], np.int32)}, "speaker: no such number"),
    "num_samples 0": ({"num_samples": np.array([0, 5000], np.int32)}, "num_samples: must be above 0"),
    "NaN condition": ({"condition": np.full((2, 90, 42), np.nan, np.float32)}, "condition: holds NaN"),
    "codes that are none": ({"recent": np.full((2, 2), 999, np.int32)}, "recent: holds no samples"),
    "another batch": ({"num_samples": np.array([5000], np.int32)}, "state: all of it must be of one batch size"),
}


@pytest.fixture(scope="module")
def answers(front_end, tmp_path_factory):
    """All answers of one server."""
    keras.utils.set_random_seed(0)
    size = {"dilations": (1, 2, 4), "residual_channels": 8, "gate_channels": 16, "skip_channels": 8}
    model = WaveNet(**size, speakers=("ann", "bob"), text=front_end.get_config(), condition_channels=4)
    folder = tmp_path_factory.mktemp("served") / "1"
    model.export(folder)
    [start] = ask(folder, [("stream_start", SAY)])
    start.pop("seconds")
    requests = dict(ANSWERED)
    requests |= {name: ("serving_default", request) for name, (request, _) in REFUSED.items()}
    requests |= {name: ("score", {**SCORE, **changes}) for name, (changes, _) in UNSCORED.items()}
    requests |= {name: ("stream_next", {**start, **changes}) for name, (changes, _) in STATES.items()}
    return dict(zip(requests, ask(folder, list(requests.values())), strict=True))


@pytest.mark.parametrize("name", ANSWERED)
def test_faults_odd_requests_are_answered(answers, name):
    assert "error" not in answers[name], str(answers[name]["error"])


@pytest.mark.parametrize("name", ["by rows", "as people write it", "stream by rows"])
def test_faults_what_means_the_same_is_answered_alike(answers, name):
    np.testing.assert_array_equal(answers[name]["audio"], answers["plain"]["audio"])


def test_faults_no_rows_are_answered_with_none(answers):
    for name in ("no rows", "no rows, numbers by rows"):
        assert answers[name]["audio"].shape == (0, 0) and answers[name]["num_samples"].shape == (0,)
    assert answers["score of no rows"]["bits_per_sample"].shape == (0,)


def test_faults_scores_do_not_depend_on_how_the_same_is_said(answers):
    for one, other in (
        ("score with one text for all", "score with that text twice"),
        ("score a little beyond", "score of full scale"),
    ):
        np.testing.assert_allclose(answers[one]["bits_per_sample"], answers[other]["bits_per_sample"], rtol=1e-5)
        assert np.isfinite(answers[one]["bits_per_sample"]).all()


@pytest.mark.parametrize(
    ("name", "words"), [(name, words) for name, (_, words) in (REFUSED | UNSCORED | STATES).items()]
)
def test_faults_bad_requests_are_refused_in_clear_words(answers, name, words):
    assert words in str(answers[name].get("error")), answers[name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "plain", "refused"),
    [
        (
            {"output": "gaussian"},
            NUMBERS,
            {"num_samples: must be above 0": {"num_samples": np.array([9, 0], np.int32)}},
        ),
        (
            {"condition_features": 2, "condition_hop": 40},
            FRAMES,
            {
                "condition: has no frames": {"condition": np.zeros((1, 0, 2), np.float32)},
                "condition: holds NaN": {"condition": np.full((1, 3, 2), -np.inf, np.float32)},
            },
        ),
        (
            {"mel": {"sample_rate": 8000, "hop": 40, "bands": 2, "f_max": 4000.0}, "sample_rate": 8000},
            {**FRAMES, "condition": FRAMES["condition"] * 0 - 5},
            {"decibels and energies are others": {"condition": np.full((1, 3, 2), -60, np.float32)}},
        ),
    ],
)
def test_faults_of_requests_without_text(settings, plain, refused, tmp_path):
    model = WaveNet((1, 2), 2, 4, 8, 4, condition_channels=4, **settings)
    model.export(tmp_path / "1")
    none = {name: value[:0] for name, value in plain.items() if value.ndim}
    requests = [plain, {**plain, **none}, *({**plain, **changes} for changes in refused.values())]
    whole, empty, *wrong = ask(tmp_path / "1", [("serving_default", request) for request in requests])
    assert whole["audio"].shape[0] == 1 and empty["audio"].shape[0] == 0
    for words, answer in zip(refused, wrong, strict=True):
        assert words in str(answer["error"])
