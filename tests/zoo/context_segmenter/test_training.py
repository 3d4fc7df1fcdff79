"""Training a segmenter by its stages: what a run leaves, that a crash changes nothing, what is refused."""

import csv
import json
import shutil

import numpy as np
import pytest
from keras import ops
from PIL import Image

from dilatednets import registry
from dilatednets.cli.main import main
from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe
from dilatednets.training.epoch_end import EpochEnd
from dilatednets.training.recipe import recipe_toml
from dilatednets.zoo.context_segmenter.model import ContextSegmenter
from dilatednets.zoo.context_segmenter.training import Task, evaluate

NET = {"widths": [4, 4, 8, 8], "blocks": [0, 0], "dilations": [1], "output_channels": 8}
STAGE = {"epochs": 1, "batch_size": 2, "crop": [32, 32], "learning_rate": 1e-2}


def recipe_of(stages=None, training=None, data=None, net=None, **more):
    return parse_recipe(
        {
            "name": "tiny",
            "model": "ContextSegmenter",
            "data": data or {"reader": "folder"},
            "net": {**NET, **(net or {})},
            "training": {"ema": 0.5, **(training or {})},
            "stages": stages or {"all": STAGE},
            **more,
        }
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Bright discs on dark ground, classes ground and disc, some void; in the layout of an own folder."""
    folder = tmp_path_factory.mktemp("discs")
    (folder / "classes.json").write_text('{"classes": {"ground": [0, 0, 0], "disc": [255, 200, 0]}, "ignore": 255}')
    rng = np.random.default_rng(0)
    rows, columns = np.indices((40, 48))
    for split, count in (("train", 5), ("validation", 2)):
        for kind in ("images", "labels"):
            (folder / split / kind).mkdir(parents=True)
        for number in range(count):
            y, x = rng.integers(12, 28), rng.integers(12, 36)
            disc = ((rows - y) ** 2 + (columns - x) ** 2 < 81).astype(np.uint8)
            image = 40 + 120 * disc[..., None] + rng.integers(0, 30, (40, 48, 3))
            disc[0] = 255
            Image.fromarray(image.astype(np.uint8)).save(folder / split / "images" / f"{number}.png")
            Image.fromarray(disc).save(folder / split / "labels" / f"{number}.png")
    return str(folder)


def state(run):
    with np.load(run / "state.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def history(run):
    return list(csv.DictReader((run / "history.csv").read_text().splitlines()))


STAGES = {
    "front_end": {**STAGE, "train": "front_end", "epochs": 2},
    "context": {**STAGE, "train": "context"},
    "joint": {**STAGE, "epochs": 2, "crop": [40, 48]},
}


@pytest.fixture(scope="module")
def staged(data_dir, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "staged"
    assert registry.train(recipe_of(STAGES), data_dir, str(run)) == run / "best"
    return run


@pytest.mark.slow
def test_stages_leave_what_they_promise(staged, data_dir):
    assert {path.name for path in staged.iterdir()} - {"tensorboard"} == {
        "recipe.toml", "state.npz", "history.csv", "best", "last", "stages",
    }  # fmt: skip
    assert {path.name for path in (staged / "stages").iterdir()} == {"front_end", "context", "joint"}
    assert ContextSegmenter.from_preset(staged / "stages" / "front_end").context is None
    rows = history(staged)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    figures = [float(row["validation_mean_iou"]) for row in rows]
    best = ContextSegmenter.from_preset(staged / "best")
    result = evaluate(best, data_dir, "validation")
    assert result["mean_iou"] == pytest.approx(max(figures[3:]), abs=1e-6) and result["images"] == 2
    assert set(result["class_iou"]) == {"ground", "disc"} and 0 < result["pixel_accuracy"] <= 1
    last = ContextSegmenter.from_preset(staged / "last")
    assert last.context is not None and last.class_names == ("ground", "disc") and last.palette[1] == (255, 200, 0)
    assert (staged / "best" / "recipe.toml").read_text() == (staged / "recipe.toml").read_text()


@pytest.mark.slow
def test_the_context_stage_changes_the_context_alone(data_dir, tmp_path):
    stages = {name: STAGES[name] for name in ("front_end", "context")}
    registry.train(recipe_of({"front_end": stages["front_end"]}), data_dir, tmp_path / "one")
    registry.train(recipe_of(stages), data_dir, tmp_path / "two")
    one, two = (ContextSegmenter.from_preset(tmp_path / name / "last") for name in ("one", "two"))
    kernels = [[w for w in m.weights if "moving" not in w.path and "context" not in w.path] for m in (one, two)]
    for a, b in zip(*kernels, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b), err_msg=a.path)
    identity = ContextSegmenter.from_preset(tmp_path / "one" / "last", context="basic")
    assert any(np.any(a != b) for a, b in zip(identity.context.get_weights(), two.context.get_weights(), strict=True))


def train_with_a_crash(monkeypatch, recipe, data_dir, run, epochs_done):
    """Trains until a step after so many epochs, and then again to the end."""
    plain = EpochEnd.on_train_batch_end

    def crash(self, batch, logs=None):
        plain(self, batch, logs)
        if len(self.history) == epochs_done:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EpochEnd, "on_train_batch_end", crash)
        registry.train(recipe, data_dir, run)
    assert len(json.loads(str(state(run)["history"]))) == epochs_done
    np.random.seed(99)
    registry.train(recipe, data_dir, run, resume=True)


def assert_same_state(run, whole):
    first, second = state(run), state(whole)
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("epochs_done", [1, 3])
def test_interrupted_stages_end_the_same(staged, data_dir, tmp_path, monkeypatch, epochs_done):
    """In the first stage, and between two."""
    run = tmp_path / "run"
    train_with_a_crash(monkeypatch, recipe_of(STAGES), data_dir, run, epochs_done)
    assert_same_state(run, staged)
    weights = [ContextSegmenter.from_preset(folder / "best").get_weights() for folder in (run, staged)]
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_stages_of_a_large_context_in_half_precision_resume_the_same(data_dir, tmp_path, monkeypatch):
    """What is drawn at random does not depend on what ran before in the process."""
    stages = {name: {**STAGE, "train": name} for name in ("front_end", "all")}
    recipe = recipe_of(stages, {"dtype": "mixed_bfloat16"}, net={"context": "large", "context_dilations": [1, 2]})
    registry.train(recipe, data_dir, tmp_path / "whole")
    train_with_a_crash(monkeypatch, recipe, data_dir, tmp_path / "run", 1)
    assert_same_state(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
def test_it_learns_to_tell_discs_from_ground(data_dir, tmp_path):
    recipe = recipe_of(
        {"all": {**STAGE, "epochs": 12, "batch_size": 5}}, {"evaluate_every": 12}, net={"context": "none"}
    )
    best = registry.train(recipe, data_dir, tmp_path / "run")
    assert evaluate(ContextSegmenter.from_preset(best), data_dir, "validation")["mean_iou"] > 0.7
    rows = history(tmp_path / "run")
    assert [bool(row["validation_mean_iou"]) for row in rows] == [False] * 11 + [True]


@pytest.mark.slow
def test_it_regresses(data_dir, tmp_path):
    recipe = recipe_of({"all": {**STAGE, "epochs": 2}}, net={"head": "regression", "context": "none"})
    best = registry.train(recipe, data_dir, tmp_path / "run")
    model = ContextSegmenter.from_preset(best)
    assert model.class_names == ("value",) and model.head == "regression"
    result = evaluate(model, data_dir, "validation", "folder")
    assert result["mae"] > 0 and np.isfinite(result["psnr"])


@pytest.mark.slow
def test_a_run_goes_on_from_a_preset(staged, data_dir, tmp_path):
    content = {"name": "more", "model": "ContextSegmenter", "init": str(staged / "last"), "data": {"reader": "folder"},
               "stages": {"all": {**STAGE, "learning_rate": 1e-9, "final_learning_rate": 1e-9}}}  # fmt: skip
    registry.train(parse_recipe(content), data_dir, tmp_path / "run")
    start, end = (ContextSegmenter.from_preset(path) for path in (staged / "last", tmp_path / "run" / "last"))
    for a, b in zip(start.trainable_weights, end.trainable_weights, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), atol=1e-6)


@pytest.mark.slow
def test_a_run_starts_from_a_preset_of_other_classes(staged, nuclei_dir, tmp_path):
    """By the command, as a user would."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'name = "a"\nmodel = "ContextSegmenter"\ninit = "{staged / "last"}"\n[data]\nreader = "nuclei"\n'
        "[stages.all]\nepochs = 1\nbatch_size = 10\ncrop = [32, 32]\nlearning_rate = 1e-9\nfinal_learning_rate = 1e-9\n"
    )
    assert main(["train", str(recipe), "--data-dir", str(nuclei_dir), "--output", str(tmp_path / "run")]) == 0
    start, end = (ContextSegmenter.from_preset(path) for path in (staged / "last", tmp_path / "run" / "last"))
    assert end.class_names == ("background", "nucleus")
    same = [
        np.allclose(*pair, atol=1e-6)
        for pair in zip(start.front_end.get_weights(), end.front_end.get_weights(), strict=True)
    ]
    assert sum(same) > len(same) / 2  # all but the statistics
    assert not np.allclose(start.scores.get_weights()[0], end.scores.get_weights()[0], atol=1e-3)


def test_a_bad_file_shows_before_a_run_begins(data_dir, tmp_path, capsys):
    shutil.copytree(data_dir, tmp_path / "data")
    bad = tmp_path / "data" / "train" / "labels" / "4.png"
    Image.fromarray(np.full((40, 48), 7, np.uint8)).save(bad)
    (tmp_path / "recipe.toml").write_text(recipe_toml(recipe_of()))
    command = ["train", tmp_path / "recipe.toml", "--data-dir", tmp_path / "data", "--output", tmp_path / "run"]
    assert main([*map(str, command)]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1 and f"{bad}: holds the label 7" in printed
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_data_that_does_not_fit_is_refused(staged, data_dir, tmp_path):
    def refusal(call, *arguments):
        with pytest.raises(InputError) as caught:
            call(*arguments)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "camvid has nothing for a head of regression" in refusal(
        registry.train,
        recipe_of(data={"reader": "camvid"}, net={"head": "regression"}),
        data_dir,
        str(tmp_path / "run"),
    )
    assert "trainannot: no such folder" in refusal(
        registry.train, recipe_of(data={"reader": "camvid"}), data_dir, str(tmp_path / "run")
    )
    assert not (tmp_path / "run").exists()
    model = ContextSegmenter.from_preset(staged / "last", num_classes=2, class_names=("x", "y"))
    assert "its classes are ground, disc; the model knows x, y" in refusal(
        evaluate, model, data_dir, "validation", "folder"
    )
    wide = ContextSegmenter.from_preset(staged / "last", num_classes=4)
    assert "2 classes, but the model has 4 outputs" in refusal(evaluate, wide, data_dir, "validation")


@pytest.mark.slow
def test_a_mask_whose_things_are_void_is_refused_faults(staged, data_dir, tmp_path):
    """0 and 255, with 255 as the label to ignore: there would be nothing to tell apart."""
    folder = tmp_path / "masks"
    shutil.copytree(data_dir, folder)
    for path in folder.glob("*/labels/*.png"):
        Image.fromarray(np.where(np.asarray(Image.open(path)) == 0, 0, 255).astype(np.uint8)).save(path)
    with pytest.raises(InputError, match=r"its training labels hold ground alone.*saved as 0 and 1"):
        registry.train(recipe_of({"all": STAGE}), str(folder), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    model = ContextSegmenter.from_preset(staged / "last")
    with pytest.raises(InputError, match=r"its validation labels hold ground alone.*saved as 0 and 1"):
        evaluate(model, folder, "validation", "folder")


def test_goals_know_their_direction(data_dir):
    goal = Task(recipe_of(), data_dir).goal
    assert goal.metric == "mean_iou" and goal.better(0.5, [0.4]) and not goal.better(0.4, [0.4])
    goal = Task(recipe_of(net={"head": "regression"}), data_dir).goal
    assert goal.metric == "mae" and goal.better(0.3, [0.4, 0.5]) and not goal.better(0.4, [0.4])
    assert goal.better(9.0, [])
