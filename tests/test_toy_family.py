"""A family that no shared room knows does all that the others do: shared rooms name no model."""

import json

import numpy as np
import pytest
import toy

import dilatednets
from dilatednets import files, registry
from dilatednets.cli.main import main
from dilatednets.errors import InputError
from dilatednets.play import server
from dilatednets.play.forms import Part
from dilatednets.training.epoch_end import EpochEnd

RECIPE = """
name = "toy"
model = "Scale"
[training]
epochs = 3
learning_rate = 0.05
warmup_steps = 0
weight_decay = 0.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Handfuls of three pebbles that weigh 1, 2 and 3 ounces; and the family in the registry."""
    folder = tmp_path_factory.mktemp("toy")
    for split, seed in (("train", 0), ("validation", 1)):
        pebbles = np.random.default_rng(seed).integers(0, 5, (64, 3))
        rows = np.concatenate([pebbles, pebbles @ [[1], [2], [3]]], axis=1)
        np.savetxt(folder / f"{split}.pebbles", rows)
    (folder / "recipe.toml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.FAMILIES, "Scale", registry.Family("Scale", "toy"))
        yield folder


def command(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def train(folder, run, *more):
    command("train", folder / "recipe.toml", "--data-dir", folder, "--output", run, *more)


@pytest.fixture(scope="module")
def preset(folder):
    arguments = ["train", folder / "recipe.toml", "--data-dir", folder, "--output", folder / "run"]
    whole = EpochEnd.on_epoch_end

    def stop(self, epoch, logs=None):
        whole(self, epoch, logs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochEnd, "on_epoch_end", stop)
        assert main([str(argument) for argument in arguments]) == 130
    train(folder, folder / "run", "--resume")
    return folder / "run" / "best"


def test_going_on_with_a_run_that_is_not_there_is_said_faults(folder, tmp_path, capfd):
    train(folder, tmp_path / "misspelt", "--resume")
    assert "misspelt: holds no run to go on with; a new one begins there" in capfd.readouterr().err


def test_it_is_trained_and_goes_on_where_it_stopped(folder, preset, capsys):
    rows = (folder / "run" / "history.csv").read_text().splitlines()
    assert rows[0].split(",")[-1] == "validation_ounces_off"
    errors = [float(row.split(",")[-1]) for row in rows[1:]]
    assert len(errors) == 3 and errors[2] < errors[0]
    train(folder, folder / "whole")
    assert "ounces off on validation" in capsys.readouterr().out
    weights = [dilatednets.from_preset(folder / run / "last").get_weights() for run in ("run", "whole")]
    for stopped, uninterrupted in zip(*weights, strict=True):
        np.testing.assert_array_equal(stopped, uninterrupted)


def test_its_preset_is_described_evaluated_and_drawn(folder, preset, capsys):
    command("describe", preset, "--plot", folder / "a.png")
    assert "weighs 3 pebbles at once" in capsys.readouterr().out and (folder / "a.png").stat().st_size > 5000
    command("evaluate", preset, "--data-dir", folder, "--json")
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    model = dilatednets.from_preset(preset)
    assert figures["ounces_off"] == pytest.approx(model.evaluate_on(folder)["ounces_off"])
    assert "| Receptive field, pebbles | 3 |" in (preset / "README.md").read_text()


def test_the_command_offers_its_verb(preset, capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "tell what a handful of pebbles weighs" in capsys.readouterr().out
    command("weigh", preset, 1, 0, 2)
    model = dilatednets.from_preset(preset)
    said = float(capsys.readouterr().out.split()[0])
    assert said == pytest.approx(float(np.asarray(model(np.array([[1.0, 0.0, 2.0]])))[0, 0]), abs=1e-5)


def test_its_page_is_played(preset, tmp_path):
    with server.opened(str(preset), 0) as page:
        [name] = page.models.handles
        assert name == preset.name and page.models.page(name).words == "Weighs pebbles."
        [said] = page.models.answer(name, {"pebbles": Part(b"1 0 2")})
    model = dilatednets.from_preset(preset)
    assert float(said.text) == pytest.approx(float(np.asarray(model(np.array([[1.0, 0.0, 2.0]])))[0, 0]), abs=1e-5)


def test_a_family_without_a_page_says_so_faults(preset, monkeypatch):
    monkeypatch.delattr(toy, "page")
    with pytest.raises(InputError, match="there is no page for a Scale"), server.opened(str(preset), 0):
        pass


@pytest.mark.tensorflow
def test_it_is_served_without_keras(folder, preset, capsys):
    from served import ask

    command("export", preset, folder / "models", "--name", "toy")
    assert (folder / "models" / "models.config").is_file()
    handful = np.array([[1, 2, 3]], np.float32)
    (answer,) = ask(folder / "models" / "toy" / "1", [("serving_default", {"handful": handful})])
    expected = np.asarray(dilatednets.from_preset(preset)(handful))
    np.testing.assert_allclose(answer["ounces"], expected, rtol=1e-5)


def test_a_class_of_no_family_is_an_error(preset, monkeypatch):
    monkeypatch.delitem(registry.FAMILIES, "Scale")
    with pytest.raises(InputError, match="unknown class 'Scale'; models are WaveNet"):
        dilatednets.from_preset(preset)
    with pytest.raises(InputError, match="key model: 'Scale' cannot be trained"):
        registry.parse_recipe({"name": "toy", "model": "Scale"})
    with pytest.raises(InputError, match="recipe: must be a table of keys, not str"):
        registry.parse_recipe("recipe.toml")


def test_a_family_may_be_a_module_of_a_package(tmp_path, monkeypatch):
    (tmp_path / "outer").mkdir()
    (tmp_path / "outer" / "__init__.py").touch()
    (tmp_path / "outer" / "inner.py").write_text('VERB = "inner"\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.Family("Inner", "outer.inner").verb().VERB == "inner"


def test_two_trainings_do_not_share_a_folder_faults(folder, preset, capsys):
    again = ["train", folder / "recipe.toml", "--data-dir", folder, "--output", folder / "run", "--resume"]
    with files.locked(folder / "run"):
        before = (folder / "run" / "state.npz").stat().st_mtime_ns
        assert main([*map(str, again)]) == 2
    assert "run: is being written by another process; wait for it" in capsys.readouterr().err
    assert (folder / "run" / "state.npz").stat().st_mtime_ns == before
    command(*again)


def test_bad_data_are_refused_before_a_run_is_spoken_of_faults(folder, tmp_path, capsys):
    where = ["--data-dir", str(tmp_path / "none"), "--output", str(tmp_path / "run")]
    assert main(["train", str(folder / "recipe.toml"), *where]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and not (tmp_path / "run").exists()


def test_unknown_options_of_an_evaluation_are_named_faults(folder, preset):
    with pytest.raises(InputError, match="scale: no option of the evaluation of a Scale; options are: none"):
        dilatednets.from_preset(preset).evaluate_on(folder, scale=2)


def test_an_interrupted_training_says_how_to_go_on_faults(folder, tmp_path, capsys, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(EpochEnd, "on_epoch_end", stop)
    arguments = ["train", str(folder / "recipe.toml"), "--data-dir", str(folder), "--output", str(tmp_path / "run")]
    assert main(arguments) == 130
    assert capsys.readouterr().err == "dilatednets: stopped; go on by the same command and --resume\n"
