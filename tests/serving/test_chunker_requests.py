"""Odd requests to a served chunker: answered as Python does, or refused in one clear line."""

import numpy as np
import pytest
from helpers import tiny_chunker
from served import ask

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
LONG = ["it", "works"] * 1500


def words(*rows):
    return "serving_default", {"tokens": np.array(rows, object).reshape(len(rows), -1)}


def text(*sentences):
    return "sentences", {"sentence": np.array(sentences, object)}


EMPTY = {
    "one row of none": (words([]), (1, 0)),
    "rows of padding": (words([""], [""]), (2, 1)),
    "no rows": (("serving_default", {"tokens": np.zeros((0, 3), object)}), (0, 3)),
    "nothing": (("serving_default", {"tokens": np.zeros((0, 0), object)}), (0, 0)),
    "an empty text": (text(""), (1, 0)),
    "blanks": (text(" ", "\n\u200b"), (2, 0)),
    "no texts": (text(), (0, 0)),
}
TEXTS = ["It works.[1] The dog.", "med. build", "\u20ac5 \u201ccafe\u0301\u201d \uff15", "It", ""]
ANSWERED = {
    "one word": (words(["dog"]), [["dog"]]),
    "a long sentence": (words(LONG), [LONG]),
    "a long word": (words(["a" * 50_000, "it"]), [["a" * 50_000, "it"]]),
    "no UTF-8": (words([b"caf\xe9", b"\xff"]), [["caf\ufffd", "\ufffd"]]),
    "text of no UTF-8": (text(b"the caf\xe9 works"), [["the", "caf\ufffd", "works"]]),
}
REFUSED = {
    "a gap": (words(["dog", "", "it"]), "tokens: an empty one before others"),
    "a gap in a later row": (words(["dog", "it"], ["", "it"]), "tokens: an empty one before others"),
}


@pytest.fixture(scope="module", params=["crf", pytest.param("softmax", marks=pytest.mark.slow)])
def served(request, tmp_path_factory):
    """A model, and its answers to all requests by their name."""
    model, folder = tiny_chunker(pos="none", decoder=request.param), tmp_path_factory.mktemp("served") / "1"
    model.export(folder)
    asked = {name: one[0] for table in (EMPTY, ANSWERED, REFUSED) for name, one in table.items()} | {
        "texts": text(*TEXTS)
    }
    return model, dict(zip(asked, ask(folder, list(asked.values())), strict=True))


@pytest.mark.parametrize("name", EMPTY)
def test_empty_requests_have_empty_answers_faults(served, name):
    answer = served[1][name]
    assert "error" not in answer, answer["error"]
    assert answer["tags"].size == np.prod(EMPTY[name][1]) and not any(answer["tags"].flat)
    if "confidence" in answer:
        assert answer["confidence"].shape == EMPTY[name][1] and not answer["confidence"].any()


@pytest.mark.parametrize("name", ANSWERED)
def test_odd_requests_are_answered_as_in_python_faults(served, name):
    model, answers = served
    assert "error" not in answers[name], answers[name]["error"]
    assert answers[name]["tags"].tolist() == model.tag(ANSWERED[name][1])


@pytest.mark.parametrize("name", REFUSED)
def test_requests_that_cannot_be_answered_faults(served, name):
    assert REFUSED[name][1] in str(served[1][name]["error"])


def test_texts_have_the_words_of_python_faults(served):
    model, answers = served
    for sentence, tokens, tags in zip(TEXTS, answers["texts"]["tokens"], answers["texts"]["tags"], strict=True):
        known = [pair for one in model.chunk_stream([sentence]) for pair in zip(one.tokens, one.tags, strict=True)]
        assert tokens[tokens != ""].tolist() == [token.text for token, _ in known]
        if len(list(model.chunk_stream([sentence]))) <= 1:  # a server takes each text as one sentence
            assert tags[tags != ""].tolist() == [tag for _, tag in known]


@pytest.mark.slow
def test_parts_of_speech_must_be_as_many_faults(tmp_path):
    model = tiny_chunker(pos="input")
    model.export(tmp_path / "1")
    tokens, pos = np.array([["the", "dog"]]), np.array([["DT", "NN"]])
    # Several times each: what fails first in a graph must not be left to chance.
    odd = [np.array([["DT"]]), np.array([["DT", "NN", "VB"]]), np.array([["DT", "NN"]] * 2)] * 5
    good, *wrong = ask(tmp_path / "1", [("serving_default", {"tokens": tokens, "pos": one}) for one in (pos, *odd)])
    assert good["tags"].tolist() == model.tag(tokens, pos)
    for answer in wrong:
        assert "pos: give one for each token" in str(answer["error"])
