"""What a word of a chunker sees, and what comes back from a preset, also to other labels, words and parts of speech."""

import json

import h5py
import numpy as np
import pytest
from chunkers import numbers, pos_of, scores, text_of
from helpers import tiny_chunker

from dilatednets import registry
from dilatednets.errors import InputError
from dilatednets.presets import golden, presets
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.word_features import WordFeatures


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("causal", "normalization", "shared"),
    [(False, "weight", False), (False, "layer", True), (True, "weight", True), (True, "layer", False)],
)
def test_a_sentence_gets_the_same_alone_and_padded_in_a_batch(causal, normalization, shared):
    model = tiny_chunker(
        causal=causal, normalization=normalization, shared=shared, iterations=2, pos_depth=3, decoder="softmax"
    )
    sentences = [text_of(length) for length in (5, 1, 14, 9)]
    together = scores(model, sentences)
    assert set(together) == {"tags", "pos"}
    for row, sentence in enumerate(sentences):
        for name, alone in scores(model, [sentence]).items():
            np.testing.assert_allclose(together[name][row, : len(sentence)], alone[0], atol=1e-5)
    for row, found in enumerate(model.scorer()(sentences, None)[0]):
        np.testing.assert_allclose(found, together["tags"][row, : len(found)], atol=1e-5)
        np.testing.assert_allclose(model.scorer()([sentences[row]], None)[0][0], found, atol=1e-5)
    assert model.tag(sentences) == [model.tag([sentence])[0] for sentence in sentences]


def offsets_seen(model, time=40):
    """How far from a word are those whose change changes its scores; by the name of the output."""
    words = text_of(time)
    others = [[*words[:t], "VIII" if words[t] == "." else ".", *words[t + 1 :]] for t in range(time)]
    inputs = model.encode([words, *others], [pos_of(time)] * (time + 1))
    if "pos" in inputs:  # the part of speech of the word changes, too
        at = np.arange(time)
        inputs["pos"][1 + at, at] = 5 - inputs["pos"][1 + at, at]
    found = {}
    for name, value in model(inputs).items():
        changed = np.abs(numbers(value)[1:] - numbers(value)[:1]).max(-1) > 1e-5  # more than another order of sums does
        found[name] = [t - at for t, at in zip(*np.nonzero(changed), strict=True)]
    return found


@pytest.mark.parametrize(
    ("pos", "arguments"),
    [
        ("none", {}),
        ("joint", {}),
        ("input", {}),
        ("joint", {"causal": True}),
        ("joint", {"iterations": 2, "shared": True, "pos_depth": 3}),
        ("joint", {"kernel_size": 2}),
    ],
)
def test_the_field_is_what_a_change_of_one_word_shows(pos, arguments):
    model = tiny_chunker(pos=pos, **arguments)
    seen = offsets_seen(model)["tags"]
    assert max(seen) - min(seen) + 1 == model.receptive_field
    if "causal" in arguments:
        assert max(seen) == 0
    elif "kernel_size" not in arguments:
        assert max(seen) == -min(seen)


@pytest.mark.usefixtures("eager")
def test_scores_of_a_causal_model_depend_on_no_word_after():
    model = tiny_chunker(causal=True, iterations=2, decoder="softmax")
    words = text_of(30)
    whole = scores(model, [words])
    for name, found in offsets_seen(model).items():
        assert max(found) == 0, name
    for length in (1, 7, 22):
        for name, begin in scores(model, [words[:length]]).items():
            np.testing.assert_allclose(begin[0], whole[name][0, :length], atol=1e-5)
    assert model.tag([words[:22]])[0] == model.tag([words])[0][:22]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"pos": "given"}, "pos: must be 'joint' or 'input' or 'none', not 'given'"),
        ({"scheme": "iob1"}, "scheme: must be 'iobes' or 'iob2'"),
        ({"decoder": "viterbi"}, "decoder: must be 'crf' or 'softmax'"),
        ({"normalization": "group"}, "normalization: must be 'weight' or 'layer' or 'batch' or 'none'"),
        ({"tokenizer": "spacy"}, "tokenizer: must be 'treebank' or 'plain'"),
        ({"width": 0}, "width: must be above 0, not 0"),
        ({"iterations": 0}, "iterations: must be above 0"),
        ({"dilations": ()}, "dilations: must be a list of positive integers"),
        ({"dilations": (1, 0)}, "dilations: must be a list of positive integers"),
        ({"kernel_size": 0}, "kernel_size: must be above 0, not 0"),
        ({"dropout": 1.5}, "dropout: must be at least 0 and below 1, not 1.5"),
        ({"character_channels": -1}, "character_channels: must be 0 or above, not -1"),
    ],
)
def test_arguments_out_of_range(arguments, says):
    with pytest.raises(InputError, match=says):
        TCNChunker(**{"labels": ["NP"], "pos": "none", **arguments})


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "arguments", [{}, {"pos": "input", "decoder": "softmax", "causal": True, "tokenizer": "plain"}]
)
def test_a_preset_comes_back(arguments, tmp_path):
    model = tiny_chunker(**arguments)
    folder = tmp_path / "mine"
    model.save_to_preset(folder, {"description": "Finds phrases."}, 'name = "mine"\n')
    same = registry.from_preset(folder)
    assert type(same) is TCNChunker
    assert {**same.get_config(), "name": None} == {**model.get_config(), "name": None}
    for a, b in zip(same.weights, model.weights, strict=True):
        assert a.path == b.path
        np.testing.assert_array_equal(numbers(a), numbers(b))
    sentences = [text_of(8), text_of(3)]
    assert same.tag(sentences, [pos_of(8), pos_of(3)]) == model.tag(sentences, [pos_of(8), pos_of(3)])
    assert golden.largest_error(same, folder) < 1e-6
    next(w for w in same.weights if w.path == "scores/bias").assign(np.ones(len(same.tags)))
    assert golden.largest_error(same, folder) > 0.01
    with np.load(folder / "golden.npz", allow_pickle=False) as stored:
        outputs = {"tags", "pos"} if same.pos_scores is not None else {"tags"}
        assert set(stored.files) == outputs | {f"input_{name}" for name in same.encode(sentences, sentences)}
        assert {name: stored[name].dtype.kind for name in stored.files if name in outputs} == dict.fromkeys(
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
    with h5py.File(tmp_path / "mine" / "model.weights.h5") as file:
        kinds = []
        file.visititems(lambda name, item: kinds.append(getattr(item, "dtype", np.dtype("f4")).kind))
        assert set(kinds) == {"f"}


@pytest.fixture(scope="module")
def saved(joint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "joint"
    joint.save_to_preset(folder)
    return folder


def same_and_fresh(model, trained):
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
    same, fresh = same_and_fresh(model, joint)
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
    assert same_and_fresh(model, joint)[1] == set() and model.get_config()["dropout"] == 0.5


@pytest.mark.usefixtures("eager")
def test_another_decoder_or_scheme(saved, joint):
    assert same_and_fresh(TCNChunker.from_preset(saved, scheme="iob2"), joint)[1] == {"scores", "crf"}
    model = TCNChunker.from_preset(saved, decoder="softmax")
    assert model.crf is None and same_and_fresh(model, joint)[1] == set()
    model = TCNChunker.from_preset(saved, pos="none")
    assert model.pos_scores is None and same_and_fresh(model, joint)[1] == set()
    model = TCNChunker.from_preset(saved, pos="input")
    same, fresh = same_and_fresh(model, joint)
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
    same, _ = same_and_fresh(model, joint)
    assert same | {layer} == {weight.path.split("/")[0] for weight in joint.weights}
    if layer == "character_encoder":
        np.testing.assert_array_equal(numbers(model.character_encoder.conv.kernel), joint.character_encoder.conv.kernel)
    # A sentence of what both know gets the same scores.
    words = [["it", "dog", "it"]]
    if argument == "words":
        before, after = (numbers(m(m.encode(words))["tags"]) for m in (joint, model))
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_other_parts_of_speech(saved, joint, given_pos, tmp_path):
    model = TCNChunker.from_preset(saved, pos_tags=["DT", "X", "Y"])
    assert same_and_fresh(model, joint)[1] == {"pos_scores", "pos_projection"}
    given_pos.save_to_preset(tmp_path / "input")
    model = TCNChunker.from_preset(tmp_path / "input", pos_tags=["VB", "X", "DT"])
    old, new = (numbers(m.pos_embedding.embeddings) for m in (given_pos, model))
    np.testing.assert_array_equal(new[[0, 1, 2, 4]], old[[0, 1, 4, 2]])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"labels": "PER"}, "labels: must be a list of strings, not 'PER'"),
        ({"labels": ["B-PER", "I-PER", "O"]}, r"labels: 'B-PER' is a tag; name the labels alone, as in \['PER'\]"),
        ({"labels": []}, "labels: name at least one"),
        ({"labels": ["a", "a"]}, "labels: must be a list of different names"),
        ({"labels": ["a", ""]}, "labels: must be a list of different names"),
        ({"labels": [" a"]}, "labels: must be a list of different names"),
        ({"pos": "input", "pos_tags": "NN"}, "pos_tags: must be a list of strings"),
        ({"words": ["a", ""]}, "words: must be neither empty nor with blanks around them, not ''"),
        ({"words": [" a"]}, "words: must be neither empty nor with blanks"),
        ({"words": "abc"}, "words: must be a list of strings"),
        ({"shapes": ["x", "x "]}, "shapes: must be neither empty"),
        ({"characters": ["ab"]}, "characters: must be single characters, not 'ab'"),
        ({"characters": b"ab"}, "characters: must be a list of strings"),
        ({"characters": [1]}, "characters: must be a string"),
    ],
)
def test_names_are_lists_of_names_faults(arguments, says):
    with pytest.raises(InputError, match=says):
        TCNChunker(**{"labels": ["NP"], "pos": "none", **arguments})


def test_vocabularies_of_any_text_are_taken_faults():
    features = WordFeatures.fit([["New York", "\xa0", "it"]] * 2)
    model = TCNChunker(["NP"], **features.get_config(), pos="none")
    assert set(model.words) == {"\xa0", "new york", "it"}
    assert TCNChunker(np.array(["NP"]), characters="ab ", pos="none").characters == ("a", "b", " ")


def test_arguments_that_contradict_a_preset_faults(saved):
    with pytest.raises(InputError, match="pos_tags: have no effect with pos='none'; leave one of them out"):
        TCNChunker.from_preset(saved, pos="none", pos_tags=["DT"])
