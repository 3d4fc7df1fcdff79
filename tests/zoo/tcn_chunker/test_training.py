"""Training a chunker by its recipe: it learns, a crash changes nothing, what is measured and what is refused."""

import csv
import itertools
import shutil

import numpy as np
import pytest
from chunkers import recipe_of, refusal, sentences_of, write
from helpers import CHECKOUT, tiny_chunker
from keras import ops

from dilatednets import registry
from dilatednets.cli.main import main
from dilatednets.data import conll2000, snips
from dilatednets.data.columns import TaggedSentence
from dilatednets.errors import InputError
from dilatednets.training.batches import data_of
from dilatednets.training.epoch_end import EpochEnd
from dilatednets.training.recipe import recipe_toml
from dilatednets.zoo.tcn_chunker import training as chunking
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.scoring import score
from dilatednets.zoo.tcn_chunker.training import evaluate


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chunks") / "data"
    return write(folder, train=sentences_of(16, 0), val=sentences_of(6, 1), test=sentences_of(6, 2))


@pytest.fixture(scope="module")
def run(data_dir, tmp_path_factory):
    """A run, and beside it what kill -9 would have left in its eleventh epoch."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    plain = EpochEnd.on_epoch_end

    def kept(self, epoch, logs=None):
        plain(self, epoch, logs)
        if epoch + 1 == 10:
            shutil.copytree(run, run.parent / "killed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochEnd, "on_epoch_end", kept)
        assert registry.train(recipe_of(), data_dir, str(run)) == run / "best"
    return run


def history(run):
    return list(csv.DictReader((run / "history.csv").read_text().splitlines()))


def state(run):
    with np.load(run / "state.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_it_learns_its_sentences(run, data_dir):
    model = TCNChunker.from_preset(run / "best")
    assert model.labels == ("NP", "VP") and model.pos_tags == (".", "DT", "JJ", "NN", "VB")
    result = evaluate(model, data_dir, "train")
    assert result["f1"] > 0.95 and result["pos_accuracy"] > 0.9 and result["sentences"] == 16
    assert evaluate(model, data_dir, "test")["f1"] > 0.8
    [tags] = model.tag([["the", "man", "has", "a", "dog", "."]])
    assert tags == ["B-NP", "I-NP", "B-VP", "B-NP", "I-NP", "O"]
    assert [(one.label, one.text) for one in model.chunk("The man has a\ndog.")][1:] == [
        ("VP", "has"),
        ("NP", "a\ndog"),
    ]


def test_a_run_leaves_what_it_promises(run, data_dir):
    names = {path.name for path in run.iterdir()} - {"tensorboard"}
    assert names == {"recipe.toml", "state.npz", "history.csv", "best", "last"}
    rows = history(run)
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 17)]
    assert [bool(row["validation_f1"]) for row in rows] == ([False] * 7 + [True]) * 2
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) / 3
    figures = [float(row["validation_f1"]) for row in rows if row["validation_f1"]]
    best, last = (evaluate(TCNChunker.from_preset(run / name), data_dir, "val")["f1"] for name in ("best", "last"))
    assert best == pytest.approx(max(figures)) and last == pytest.approx(figures[-1])
    assert (run / "best" / "recipe.toml").read_text() == (run / "recipe.toml").read_text() == recipe_toml(recipe_of())


@pytest.mark.slow
def test_an_interrupted_run_ends_the_same(run, data_dir):
    killed = run.parent / "killed"
    assert len(history(killed)) == 10
    np.random.seed(99)
    registry.train(recipe_of(), data_dir, str(killed), resume=True)
    first, second = state(killed), state(run)
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
    for name in ("best", "last"):
        weights = [TCNChunker.from_preset(folder / name).get_weights() for folder in (killed, run)]
        assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    # A run that is over goes on with nothing, and another may not begin there.
    assert registry.train(recipe_of(), data_dir, str(run), resume=True) == run / "best"
    with pytest.raises(InputError, match="holds a run already"):
        registry.train(recipe_of(), data_dir, str(run))
    with pytest.raises(InputError, match="is not the recipe given"):
        registry.train(recipe_of({"epochs": 17}), data_dir, str(run), resume=True)


X = [TaggedSentence(("the", "new", "dog"), ("B-X", "I-X", "O"))] * 3


def test_a_model_starts_from_a_preset_of_other_labels(run):
    start = TCNChunker.from_preset(run / "last")
    changes = {"decoder": "softmax", "scheme": "iob2", "dropout": 0.5}
    end = chunking.build_model(recipe_of(net=changes, init=str(run / "last")), X)
    assert end.labels == ("X",) and end.tags == ("O", "B-X", "I-X")
    assert end.features.words == [*start.features.words, "new"]  # it forgets no word
    assert end.pos_tags == start.pos_tags  # nor any part of speech, where the sentences have none
    assert end.crf is None and end.get_config()["dropout"] == 0.5
    assert end.get_config()["width"] == 16  # that of the preset
    for a, b in zip(
        [start.projection, *start.blocks, start.norm, start.pos_scores],
        [end.projection, *end.blocks, end.norm, end.pos_scores],
        strict=True,
    ):
        for one, other in zip(a.weights, b.weights, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other))
    vectors = [ops.convert_to_numpy(model.word_embedding.embeddings) for model in (start, end)]
    for word in ("dog", "the"):
        rows = [2 + model.features.words.index(word) for model in (start, end)]
        np.testing.assert_array_equal(vectors[1][rows[1]], vectors[0][rows[0]])


@pytest.mark.slow
def test_a_run_starts_from_a_preset_of_other_labels(run, tmp_path):
    """By the command, as a user would; with a rate that moves nothing."""
    folder = write(tmp_path / "mine", ("word", "tag"), train=X, val=X[:1])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'name = "a"\nmodel = "TCNChunker"\ninit = "{run / "last"}"\n[data]\nreader = "columns"\n'
        "[training]\nepochs = 1\nlearning_rate = 1e-9\nfinal_learning_rate = 1e-9\n"
    )
    assert main(["train", str(recipe), "--data-dir", folder, "--output", str(tmp_path / "run")]) == 0
    start, end = (TCNChunker.from_preset(path) for path in (run / "last", tmp_path / "run" / "last"))
    assert end.labels == ("X",)
    for a, b in zip(start.blocks, end.blocks, strict=True):
        for one, other in zip(a.weights, b.weights, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(one), ops.convert_to_numpy(other), atol=1e-6)


@pytest.mark.parametrize("pos", ["joint", "input", "none"])
def test_what_is_measured(pos, data_dir):
    model = tiny_chunker(pos=pos, labels=["NP", "VP"], pos_tags=["DT", "NN", "VB"])
    result = evaluate(model, data_dir, "validation", "columns")
    names = {"precision", "recall", "f1", "accuracy", "tokens", "by_label", "sentences", "repaired", "split"}
    assert set(result) == names | ({"pos_accuracy"} if pos == "joint" else set())
    sentences = sentences_of(6, 1)
    words, parts = [one.words for one in sentences], [one.pos for one in sentences]
    found = list(model.annotate(words, parts if pos == "input" else None))
    expected = score([one.tags for one in sentences], [one.tags for one in found])
    assert {name: result[name] for name in ("precision", "recall", "f1", "accuracy", "by_label")} == {
        name: expected[name] for name in ("precision", "recall", "f1", "accuracy", "by_label")
    }
    assert result["tokens"] == sum(map(len, words)) and result["sentences"] == 6
    assert result["split"] == "validation" and result["repaired"] == 0
    if pos == "joint":
        right = [a == b for one, other in zip(sentences, found, strict=True)
                 for a, b in zip(one.pos, other.pos, strict=True)]  # fmt: skip
        assert result["pos_accuracy"] == pytest.approx(np.mean(right))


def test_the_data_set_is_found_by_the_labels(data_dir, monkeypatch):
    sample = CHECKOUT / "datasets" / "conll2000" / "sample"
    labels = sorted({tag[2:] for one in conll2000.load(sample, "train") for tag in one.tags} - {""})
    labels = sorted({*labels, *(tag[2:] for one in conll2000.load(sample, "test") for tag in one.tags)} - {""})
    model = tiny_chunker(labels=labels)
    assert chunking.reader_of(model) == "conll2000"
    assert evaluate(model, str(sample), "test")["sentences"] == len(conll2000.load(sample, "test"))
    sample = CHECKOUT / "datasets" / "snips" / "sample"
    slots = sorted({tag[2:] for one in snips.load(sample, "test") for tag in one.tags} - {""})
    model = tiny_chunker(labels=slots, pos="none", tokenizer="plain")
    assert chunking.reader_of(model) == "snips"
    result = evaluate(model, str(sample), "test")
    assert result["sentences"] == len(snips.load(sample, "test")) and "pos_accuracy" not in result
    assert chunking.reader_of(tiny_chunker()) == "columns"


def test_labels_that_the_model_does_not_know(data_dir, tmp_path):
    model = tiny_chunker(labels=["NP", "PP"])
    assert refusal(evaluate, model, data_dir, "test") == (
        f"{data_dir}: label VP is unknown to the model, which has NP, PP; train it on sentences that have it, or name "
        "another reader"
    )
    assert "reader: 'nuclei': a chunker's data sets are conll2000, snips, columns" in refusal(
        evaluate, model, data_dir, "test", "nuclei"
    )
    assert "columns has train, validation" in refusal(evaluate, model, data_dir, "all")


def test_invalid_tags_are_repaired_and_counted(tmp_path):
    bad = TaggedSentence(("the", "dog", "saw", "a", "cat"), ("I-NP", "I-NP", "I-VP", "O", "I-NP"), ("DT",) * 5)
    good = TaggedSentence(("the", "dog"), ("B-NP", "I-NP"), ("DT", "NN"))
    folder = write(tmp_path / "data", train=[bad, good], val=[bad, bad, good])
    model = tiny_chunker()
    assert evaluate(model, folder, "validation", "columns")["repaired"] == 6
    for scheme, expected in (
        ("iob2", ["B-NP", "I-NP", "B-VP", "O", "B-NP"]),
        ("iobes", ["B-NP", "E-NP", "S-VP", "O", "S-NP"]),
    ):
        recipe = recipe_of(net={"scheme": scheme})
        model = chunking.build_model(recipe, [bad, good])
        batches = chunking.make_batches(model, recipe, [bad, good])
        found = [[model.tags[n] for n in tags if n >= 0] for _, targets in batches.epoch(0) for tags in targets["tags"]]
        assert expected in found and len(found) == 2


def test_a_model_has_the_words_of_its_sentences(tmp_path):
    sentences = sentences_of(5, 0)
    more = [TaggedSentence(("lol", "the", "end"), (), ("UH", "DT", "NN"))]
    (tmp_path / "vectors.txt").write_text("Dog " + "1 " * 12 + "\nnever " + "2 " * 12 + "\n")
    recipe = recipe_of(data={"embeddings": str(tmp_path / "vectors.txt")})
    model = chunking.build_model(recipe, sentences, more)
    assert {"dog", "the", "lol", "end", "never"} <= set(model.features.words) and "UH" not in model.pos_tags
    table = ops.convert_to_numpy(model.word_embedding.embeddings)
    rows = {word: table[row].tolist() for row, word in enumerate(model.features.words, start=2)}
    assert rows["dog"] == [1] * 12 and rows["never"] == [2] * 12 and rows["lol"] != rows["the"]
    batches = chunking.make_batches(model, recipe, [*sentences, *more])
    inputs, targets = max(batches.epoch(0), key=lambda batch: (batch[1]["tags"][:, 0] < 0).any())
    row = int(np.flatnonzero(targets["tags"][:, 0] < 0)[0])
    assert (targets["tags"][row] == -1).all() and inputs["words"][row, 3] == 0
    assert targets["pos"][row, :3].tolist() == [-1, model.pos_tags.index("DT"), model.pos_tags.index("NN")]
    assert batches.pos_input is False
    given = chunking.build_model(recipe_of(net={"pos": "input"}), sentences)
    assert "pos" in next(chunking.make_batches(given, recipe_of(net={"pos": "input"}), sentences).epoch(0))[0]


def test_more_sentences_teach_parts_of_speech(data_dir, tmp_path):
    """Those of ewt go into the batches, and only there."""
    (tmp_path / "train.tsv").write_text("lol\tINTJ\tUH\nthe\tDET\tDT\ndog\tNOUN\tNN\n\n")
    recipe = recipe_of(data={"more_pos": "ewt", "more_pos_dir": str(tmp_path)})
    task = chunking.Task(recipe, data_dir)
    own, more = (task.batches(task.net, recipe.training).sentences[part] for part in (slice(16), slice(16, None)))
    assert [one.words for one in own] == [one.words for one in sentences_of(16, 0)] and task.held_out == sentences_of(
        6, 1
    )
    assert more == [TaggedSentence(("lol", "the", "dog"), (), ("UH", "DT", "NN"))]


def test_sentences_of_a_teacher(data_dir, tmp_path):
    """Those of the fold's own file go into the batches, beside the data set's, which come several times."""
    taught = sentences_of(3, 5)
    write(tmp_path, **{"fold-0": taught, "fold-1": sentences_of(9, 6)})
    recipe = recipe_of(data={"taught": str(tmp_path / "fold-{fold}.txt"), "repeats": 2})
    task = chunking.Task(recipe, data_dir)
    own = [one.words for one in sentences_of(16, 0)]
    batches = task.batches(task.net, recipe.training).sentences
    assert [one.words for one in batches] == [*own, *own, *(one.words for one in taught)]
    assert all(one.tags for one in batches) and len(task.held_out) == 6
    with pytest.raises(InputError, match=r"data\.taught: .*none/fold-0\.txt: missing; docs/training"):
        chunking.Task(recipe_of(data={"taught": str(tmp_path / "none" / "fold-{fold}.txt")}), data_dir)


@pytest.mark.slow
def test_training_by_folds(tmp_path, capsys):
    """The figures are those of the runs, after the last epoch; a run that is there is gone on with."""
    (tmp_path / "train.txt").write_text("the DT B-NP\nold JJ I-NP\nsaw VB B-VP\n\n" * 8 + "a DT O\n\n" * 8)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(recipe_toml(recipe_of({"epochs": 2, "evaluate_every": 2}, {"reader": "conll2000"})))
    command = ["train", str(recipe), "--data-dir", str(tmp_path), "--output", str(tmp_path / "runs")]
    assert main([*command, "--folds", "0", "5"]) == 0
    figures = [float(history(tmp_path / "runs" / f"fold-{fold}")[-1]["validation_f1"]) for fold in (0, 5)]
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:-1] == [f"  {fold}: {figure:.4f}" for fold, figure in zip((0, 5), figures, strict=True)]
    assert lines[-1] == f"  mean and standard deviation: {np.mean(figures):.4f} +- {np.std(figures, ddof=1):.4f}"
    assert main([*command, "--folds", "5", "--resume"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"  mean: {figures[1]:.4f}"


def test_folds_that_are_not_there_faults(data_dir, tmp_path, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(recipe_toml(recipe_of()))
    command = ["train", str(recipe), "--data-dir", data_dir, "--output", str(tmp_path / "runs"), "--folds", "1"]
    assert main(command) == 2
    assert "key data.fold: has no effect, since columns has splits of its own" in capsys.readouterr().err
    assert main([*command[:1], str(CHECKOUT / "zoo/wavenet_digits/recipe.toml"), *command[2:]]) == 2
    assert "--folds: " in (message := capsys.readouterr().err) and "its data have no folds; leave it out" in message
    assert not (tmp_path / "runs").exists()


def test_data_that_does_not_fit_is_refused(data_dir, tmp_path):
    out = str(tmp_path / "run")
    two = write(tmp_path / "two", ("word", "tag"), train=sentences_of(2, 0), val=sentences_of(2, 0))
    for net in ({"pos": "joint"}, {"pos": "input"}):
        assert refusal(registry.train, recipe_of(net=net), two, out) == (
            "net.pos: columns has no parts of speech; set net.pos to none"
        )
    none = write(tmp_path / "none", train=[TaggedSentence(("a",), ("O",), ("DT",))], val=sentences_of(2, 0))
    assert "data.reader: columns: no span in its training sentences" in refusal(registry.train, recipe_of(), none, out)
    assert "train.txt: missing" in refusal(registry.train, recipe_of(), str(tmp_path), out)
    assert "more_pos_dir: missing; name the folder of ewt by --set data.more_pos_dir=DIR" in refusal(
        registry.train, recipe_of(data={"more_pos": "ewt"}), data_dir, out
    )
    assert "train.tsv: missing; ewt has" in refusal(
        registry.train, recipe_of(data={"more_pos": "ewt", "more_pos_dir": str(tmp_path)}), data_dir, out
    )
    (tmp_path / "vectors.txt").write_text("the 1 2 3\n")
    assert "line 1: 3 numbers, but the net needs 12; set net.word_channels" in refusal(
        registry.train, recipe_of(data={"embeddings": str(tmp_path / "vectors.txt")}), data_dir, out
    )
    assert "pos_depth: must be from 1 to 2 blocks" in refusal(
        registry.train, recipe_of(net={"dilations": [1, 2], "pos_depth": 3}), data_dir, out
    )
    assert not (tmp_path / "run").exists()


def test_batches_do_not_depend_on_where_a_run_begins():
    sentences = sentences_of(9, 3)
    recipe = recipe_of()
    model = chunking.build_model(recipe, sentences)
    batches = chunking.make_batches(model, recipe, sentences)
    data = iter(data_of(batches, 2))
    for inputs, targets in itertools.islice(batches.epochs(2), 4):
        other_inputs, other_targets = next(data)
        for name, array in (*inputs.items(), *targets.items()):
            other = other_inputs[name] if name in inputs and array is inputs[name] else other_targets[name]
            np.testing.assert_array_equal(ops.convert_to_numpy(other), array)
