"""A chunker comes back from its preset, and goes on to other labels, words and parts of speech."""

import json

import numpy as np
import pytest
from chunkers import numbers, pos_of, text_of
from conftest import tiny_chunker

from dilatednets.zoo import catalogue, model_card, presets
from dilatednets.zoo.tcn_chunker import TCNChunker


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "arguments", [{}, {"pos": "input", "decoder": "softmax", "causal": True, "tokenizer": "plain"}]
)
def test_a_preset_comes_back(arguments, tmp_path):
    model = tiny_chunker(**arguments)
    folder = tmp_path / "mine"
    model.save_to_preset(folder, {"description": "Finds phrases."}, 'name = "mine"\n')
    same = catalogue.from_preset(folder)
    assert type(same) is TCNChunker
    assert {**same.get_config(), "name": None} == {**model.get_config(), "name": None}
    for a, b in zip(same.weights, model.weights, strict=True):
        assert a.path == b.path
        np.testing.assert_array_equal(numbers(a), numbers(b))
    sentences = [text_of(8), text_of(3)]
    assert same.tag(sentences, [pos_of(8), pos_of(3)]) == model.tag(sentences, [pos_of(8), pos_of(3)])
    assert model_card.golden_error(same, folder) < 1e-6
    next(w for w in same.weights if w.path == "scores/bias").assign(np.ones(len(same.tags)))
    assert model_card.golden_error(same, folder) > 0.01
    with np.load(folder / "golden.npz", allow_pickle=False) as golden:
        outputs = {"tags", "pos"} if same.pos_scores is not None else {"tags"}
        assert set(golden.files) == outputs | {f"input_{name}" for name in same.encode(sentences, sentences)}
        assert {name: golden[name].dtype.kind for name in golden.files if name in outputs} == dict.fromkeys(
            outputs, "f"
        )
    card = presets.card(folder)
    assert card["class"] == "TCNChunker" and card["macs_per_word"] == model.describe()["macs_per_word"]
    assert "Receptive field, words" in (folder / "README.md").read_text()


def test_a_preset_holds_no_code(joint, tmp_path):
    joint.save_to_preset(tmp_path / "mine")
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert names == {"config.json", "model.weights.h5", "golden.npz", "card.json", "README.md"}
    content = json.loads((tmp_path / "mine" / "config.json").read_text())
    assert content["class"] == "TCNChunker" and set(content) == {"class", "config"}
    assert not {"module", "registered_name", "class_name"} & set(content["config"])
    import h5py

    with h5py.File(tmp_path / "mine" / "model.weights.h5") as file:
        kinds = []
        file.visititems(lambda name, item: kinds.append(getattr(item, "dtype", np.dtype("f4")).kind))
        assert set(kinds) == {"f"}


@pytest.fixture(scope="module")
def saved(joint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "joint"
    joint.save_to_preset(folder)
    return folder


def kept(model, trained):
    """Names of layers of which all weights, and of which none, are as in the trained model."""
    old = {weight.path: numbers(weight) for weight in trained.weights}
    same = {}
    for weight in model.weights:
        equal = weight.path in old and np.array_equal(numbers(weight), old[weight.path])
        same.setdefault(weight.path.split("/")[0], []).append(equal)
    return {name for name, equal in same.items() if all(equal)}, {n for n, equal in same.items() if not any(equal)}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("labels", [["NP", "PP", "VP"], ["VP", "NP"], ["X"]])
def test_other_labels_get_fresh_scores_on_the_trained_body(saved, joint, labels):
    model = TCNChunker.from_preset(saved, labels=labels)
    same, fresh = kept(model, joint)
    assert fresh == {"scores", "crf"} and len(same) + 2 == len({w.path.split("/")[0] for w in joint.weights})
    assert model.labels == tuple(labels) and len(model.tags) == 1 + 4 * len(labels)
    assert not any(np.any(numbers(weight)) for weight in model.crf.weights)
    np.testing.assert_array_equal(numbers(model.crf.transitions), 0)
    np.testing.assert_array_equal(
        numbers(model(model.encode([text_of(5)]))["pos"]), numbers(joint(joint.encode([text_of(5)]))["pos"])
    )
    assert [len(tags) for tags in model.tag([text_of(5)])] == [5]


def test_the_same_labels_keep_everything(saved, joint):
    model = TCNChunker.from_preset(saved, labels=list(joint.labels), words=list(joint.features.words), dropout=0.5)
    assert kept(model, joint)[1] == set() and model.get_config()["dropout"] == 0.5


@pytest.mark.usefixtures("eager")
def test_another_decoder_or_scheme(saved, joint):
    assert kept(TCNChunker.from_preset(saved, scheme="iob2"), joint)[1] == {"scores", "crf"}
    model = TCNChunker.from_preset(saved, decoder="softmax")
    assert model.crf is None and kept(model, joint)[1] == set()
    model = TCNChunker.from_preset(saved, pos="none")
    assert model.pos_scores is None and kept(model, joint)[1] == set()
    model = TCNChunker.from_preset(saved, pos="input")
    same, fresh = kept(model, joint)
    assert fresh == {"pos_embedding"} and "projection" not in same  # its inputs are wider
    assert [len(tags) for tags in model.tag([["it"]], [["DT"]])] == [1]


@pytest.mark.parametrize(
    ("argument", "entries", "layer"),
    [
        ("words", ["dog", "cat", "it"], "word_embedding"),
        ("words", ["dog", "works", "the", "a", "it", "in", "cat"], "word_embedding"),  # as many
        ("shapes", ["Xx", "new", "xx"], "shape_embedding"),
        ("characters", "owx", "character_encoder"),
    ],
)
def test_what_is_known_keeps_its_vectors_among_others(saved, joint, argument, entries, layer):
    model = TCNChunker.from_preset(saved, **{argument: entries})
    old_entries = joint.get_config()[argument]
    old, new = (next(numbers(w) for w in m.weights if w.path.startswith(layer)) for m in (joint, model))
    assert new.shape == (2 + len(entries), old.shape[1])
    np.testing.assert_array_equal(new[:2], old[:2])
    for row, entry in enumerate(entries, start=2):
        if entry in old_entries:
            np.testing.assert_array_equal(new[row], old[2 + list(old_entries).index(entry)])
        else:
            assert not (new[row] == old).all(axis=1).any()
    same, _ = kept(model, joint)
    assert same | {layer} == {weight.path.split("/")[0] for weight in joint.weights}
    if layer == "character_encoder":
        np.testing.assert_array_equal(numbers(model.character_encoder.conv.kernel), joint.character_encoder.conv.kernel)
    # A sentence of what both know gets the same scores.
    words = [["it", "dog", "it"]]
    if argument == "words":
        before, after = (numbers(m(m.encode(words))["tags"]) for m in (joint, model))
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_other_parts_of_speech(saved, joint, given_pos, tmp_path):
    assert kept(TCNChunker.from_preset(saved, pos_tags=["DT", "X", "Y"]), joint)[1] == {"pos_scores", "pos_projection"}
    given_pos.save_to_preset(tmp_path / "input")
    model = TCNChunker.from_preset(tmp_path / "input", pos_tags=["VB", "X", "DT"])
    old, new = (numbers(m.pos_embedding.embeddings) for m in (given_pos, model))
    np.testing.assert_array_equal(new[[0, 1, 2, 4]], old[[0, 1, 4, 2]])


def test_word_vectors_are_set_by_normal_form(joint):
    model = TCNChunker.from_config(joint.get_config())
    before = numbers(model.word_embedding.embeddings).copy()
    vectors = {"Dog": np.full(6, 1.0), "dog": np.full(6, 2.0), "1984": np.full(6, 3.0), "cat": np.full(6, 4.0)}
    assert model.set_word_vectors(vectors) == 2
    after = numbers(model.word_embedding.embeddings)
    changed = {"dog": 1.0, "0000": 3.0}
    for row, word in enumerate(model.features.words, start=2):
        np.testing.assert_array_equal(after[row], np.full(6, changed[word]) if word in changed else before[row])
    np.testing.assert_array_equal(after[:2], before[:2])
