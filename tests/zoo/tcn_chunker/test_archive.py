"""Archives of texts: the chunks that the model finds in each alone, with places in that text."""

import json

import pytest
from helpers import tiny_chunker

from dilatednets import registry
from dilatednets.archives import worker
from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker import archive


def test_texts_are_chunked_together_as_alone(eager, monkeypatch):
    model = tiny_chunker(pos="none")
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: model)
    mapper = archive.Mapper("tiny")
    texts = ["It works in the dog. A dog works.", "", "the dog", "It works."]
    rows, failed = worker.answers(mapper, [(str(n), {"text": text}) for n, text in enumerate([*texts, 5])])
    assert [row["chunks"] for row in rows] == [[chunk._asdict() for chunk in model.chunk(text)] for text in texts]
    assert failed[0][0] == "4" and failed[0][1].startswith("text: ")
    for row, text in zip(rows, texts, strict=True):
        assert all(text[chunk["start"] : chunk["end"]] == chunk["text"] for chunk in row["chunks"])
    lines = mapper.as_file(rows[0]["chunks"]).decode().splitlines()
    assert [json.loads(line) for line in lines] == rows[0]["chunks"] != []


def test_what_is_no_text_is_refused_faults(eager, monkeypatch):
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: tiny_chunker(pos="none"))
    mapper = archive.Mapper("tiny")
    tag = next(tag for tag in mapper.model.tags if tag != "O")
    for text, words in (
        ("I\0t\0", "may be UTF-16"),
        (f"It PRP {tag}\n", "a word and its tag in columns"),
        ("It works \ud83d", "text: holds '\\ud83d', half a character; cut texts between"),
    ):
        _, [(_, error)] = worker.answers(mapper, [("a", {"text": text})])
        assert words in error
    assert len(worker.answers(mapper, [("a", {"text": tag}), ("b", {"text": "Vitamin O"})])[0]) == 2


def test_a_model_that_needs_parts_of_speech_is_refused_faults(given_pos, monkeypatch):
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: given_pos)
    with pytest.raises(InputError, match="needs the part of speech of each word"):
        archive.Mapper("tiny")
