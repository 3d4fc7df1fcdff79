"""Sentences end to end score as each alone does, whatever the windows, and words are embedded once."""

import numpy as np
import pytest
from chunkers import numbers, pos_of, text_of
from helpers import tiny_chunker
from hypothesis import given, settings
from hypothesis import strategies as st

from dilatednets.zoo.tcn_chunker import model as model_module
from dilatednets.zoo.tcn_chunker import packed_sentences


@settings(max_examples=8)
@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    window=st.sampled_from([5, 4096]),
    kernel_size=st.integers(1, 4),
    causal=st.booleans(),
)
def test_sentences_end_to_end_score_as_padded_ones_do(lengths, window, kernel_size, causal):
    model = tiny_chunker(pos="input", kernel_size=kernel_size, causal=causal, dilations=(2, 1))
    sentences = [text_of(length, seed) for seed, length in enumerate(lengths)]
    parts = [pos_of(length, seed) for seed, length in enumerate(lengths)]
    padded = numbers(model(model.encode(sentences, parts))["tags"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_module, "compiled", lambda function, *arguments, **options: function)
        patch.setattr(packed_sentences, "WINDOW", window)
        found, nothing = model.scorer()(sentences, parts)
    assert [len(one) for one in found] == lengths and not any(map(len, nothing))
    for row, one in enumerate(found):
        np.testing.assert_allclose(one.reshape(-1, 9), padded[row, : len(one)], atol=1e-5)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("causal", "kernel_size", "pos"),
    [(False, 3, "joint"), (True, 3, "input"), (False, 2, "joint"), (False, 4, "input")],
)
def test_a_very_long_sentence_gets_the_same_as_in_one_piece(causal, kernel_size, pos, monkeypatch):
    model = tiny_chunker(causal=causal, kernel_size=kernel_size, pos=pos)
    sentences = [text_of(150), text_of(20), text_of(101)]
    parts = [pos_of(len(sentence)) for sentence in sentences] if pos == "input" else None
    whole = {name: numbers(value) for name, value in model(model.encode(sentences, parts)).items()}
    widths, scored = [], model._scored

    def spied(new, x, *more):
        widths.append(len(x))
        return scored(new, x, *more)

    monkeypatch.setattr(model, "_scored", spied)
    monkeypatch.setattr(packed_sentences, "WINDOW", 16)
    found, numbers_of_pos = model.scorer()(sentences, parts)
    assert len(widths) >= 271 / 16
    assert max(widths) < 2 * (16 + 2 * (model.receptive_field - 1)) <= 120  # twice: JAX gets powers of two
    for row, sentence in enumerate(sentences):
        np.testing.assert_allclose(found[row], whole["tags"][row, : len(sentence)], atol=1e-5)
        if pos == "joint":
            np.testing.assert_array_equal(numbers_of_pos[row], whole["pos"][row, : len(sentence)].argmax(-1))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("window", [20, 4096])
def test_padding_to_few_shapes_changes_no_score(window, monkeypatch):
    model = tiny_chunker()
    sentences = [["it", "works", "The", "dog"][:length] for length in (4, 1, 0, 3, 4)] * 8
    expected, _ = model.scorer()(sentences, None)
    monkeypatch.setattr(packed_sentences, "WINDOW", window)
    shapes = set()

    def score(new, x, places, seen):
        shapes.update(
            [*(size for array in new.values() for size in array.shape[1:]), len(x), len(places), seen.shape[1]]
        )
        return model._scored(new, x, places, seen)

    scorer = model.scorer()
    scorer.score, scorer.few_shapes = score, True
    for found, scores in zip(scorer(sentences, None)[0], expected, strict=True):
        np.testing.assert_allclose(found, scores, atol=1e-5)
    assert shapes <= {16, 32, 64, 128, 256}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("pos", ["joint", "input"])
def test_words_are_embedded_once_in_a_stream(pos, monkeypatch):
    model = tiny_chunker(pos=pos)
    sentences = [text_of(length, length) for length in (7, 3, 9, 7, 5)]
    parts = [pos_of(len(sentence)) for sentence in sentences] if pos == "input" else None
    want = model.scorer()(sentences, parts)[0]
    parts_of = (lambda i: None) if parts is None else (lambda i: parts[i : i + 1])
    embedded, encode = [], model.encode

    def spied(some, tags=None):
        embedded.extend(zip(*some, *(tags or []), strict=True))
        return encode(some, tags)

    monkeypatch.setattr(model, "encode", spied)
    scorer = model.scorer()
    for i, sentence in enumerate(sentences):
        np.testing.assert_allclose(scorer([sentence], parts_of(i))[0][0], want[i], atol=1e-5)
    assert len(embedded) == len(set(embedded)) <= sum(map(len, sentences)) and embedded
    monkeypatch.setattr(packed_sentences, "FORGET_BEYOND", 3)  # forgotten, and learnt again
    for i, sentence in enumerate(sentences):
        np.testing.assert_allclose(scorer([sentence], parts_of(i))[0][0], want[i], atol=1e-5)
    assert len(embedded) > len(set(embedded))


@pytest.mark.usefixtures("eager")
def test_words_are_not_known_before_they_are_embedded(monkeypatch):
    model = tiny_chunker()
    sentences = [["it", "works"]]
    want = model.scorer()(sentences, None)[0][0]
    scorer, encode = model.scorer(), model.encode

    def interrupted(some, tags=None):
        raise MemoryError("no more")

    scorer.encode = interrupted
    with pytest.raises(MemoryError):
        scorer(sentences, None)
    scorer.encode = encode
    np.testing.assert_allclose(scorer(sentences, None)[0][0], want, atol=1e-5)
