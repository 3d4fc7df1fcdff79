"""What a run goes on with, and what it does not write over."""

import os
import shutil

import keras
import numpy as np
import pytest
from helpers import tiny_effect

from dilatednets import registry
from dilatednets.data.audio import write_audio
from dilatednets.errors import InputError, Note
from dilatednets.training.epoch_end import EpochEnd
from dilatednets.training.run_folder import RunFolder
from dilatednets.zoo.wavenet.model import WaveNet

NET = {"dilations": [1], "residual_channels": 2, "gate_channels": 4, "skip_channels": 2, "condition_channels": 2}
TRAINING = {"epochs": 2, "batch_size": 2, "target": 800, "sample_every": 0, "jit_compile": False}
RECIPE = registry.parse_recipe(
    {
        "name": "voices",
        "model": "WaveNet",
        "data": {"reader": "recordings", "pattern": "{word}_{speaker}_{}"},
        "net": NET,
        "training": TRAINING,
    }
)


def say(folder, word, speaker, numbers=range(6), seconds=0.4):
    for number in numbers:
        audio = 0.3 * np.sin(np.arange(round(seconds * 8000)) * (0.2 + 0.01 * number))
        write_audio(folder / f"{word}_{speaker}_{number}.wav", audio, 8000)


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Recordings of two speakers, and a run on them that was stopped after its first epoch."""
    folder = tmp_path_factory.mktemp("voices")
    for speaker in ("ann", "bob"):
        for word in ("yes", "no"):
            say(folder / "data", word, speaker)
    whole = EpochEnd.on_epoch_end

    def stop(self, epoch, logs=None):
        whole(self, epoch, logs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EpochEnd, "on_epoch_end", stop)
        registry.train(RECIPE, folder / "data", folder / "run")
    return folder


@pytest.fixture
def copy(voices, tmp_path):
    return shutil.copytree(voices, tmp_path / "voices")


def renamed(old, new):
    def change(data):
        for path in list(data.glob(f"*{old}*")):
            path.rename(path.with_name(path.name.replace(old, new)))

    return change


CHANGES = {
    "a speaker who comes first": (renamed("_bob_", "_aaron_"), "speakers, text"),
    "a word that comes last": (renamed("no_", "zero_"), "text"),
    "a third speaker": (lambda data: [say(data, word, "cat") for word in ("yes", "no")], "speakers"),
    "more recordings": (lambda data: say(data, "yes", "ann", range(6, 20)), "steps_per_epoch, training_samples"),
    "fewer": (lambda data: (data / "yes_ann_0.wav").unlink(), "_samples"),
}


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES)
def test_faults_a_run_does_not_go_on_with_other_data(copy, change, words):
    change(copy / "data")
    before = (copy / "run" / "state.npz").read_bytes()
    with pytest.raises(
        InputError, match=r"run: the data are not those of the run \(other .*resume with the run's own"
    ) as said:
        registry.train(RECIPE, copy / "data", copy / "run", resume=True)
    assert words in str(said.value) and "\n" not in str(said.value)
    assert (copy / "run" / "state.npz").read_bytes() == before


def of_version_0_1(run):
    """As such a version left it."""
    with np.load(run / "state.npz") as state:
        arrays = {name: state[name] for name in state.files if name != "of"}
    np.savez(run / "state.npz", **arrays)


def test_a_run_of_version_0_1_goes_on_if_its_weights_fit_faults(copy):
    of_version_0_1(copy / "run")
    say(copy / "more", "yes", "cat")
    say(copy / "more", "no", "cat")
    shutil.copytree(copy / "data", copy / "more", dirs_exist_ok=True)
    before = (copy / "run" / "state.npz").read_bytes()
    with pytest.raises(InputError, match=r"state.npz: not this run's state \(variable \d+ is of shape \(2, "):
        registry.train(RECIPE, copy / "more", copy / "run", resume=True)
    assert (copy / "run" / "state.npz").read_bytes() == before
    best = registry.train(RECIPE, copy / "data", copy / "run", resume=True)
    assert WaveNet.from_preset(best).speakers == ("ann", "bob")


def test_a_run_that_ended_no_epoch_begins_with_what_is_given(voices, tmp_path):
    """Nothing is known yet that other data could give another meaning."""
    shutil.copytree(voices / "data", tmp_path / "data")
    (tmp_path / "run").mkdir()
    shutil.copy(voices / "run" / "recipe.toml", tmp_path / "run")
    renamed("_bob_", "_aaron_")(tmp_path / "data")
    best = registry.train(RECIPE, tmp_path / "data", tmp_path / "run", resume=True)
    assert WaveNet.from_preset(best).speakers == ("aaron", "ann")


def test_what_is_the_same_on_another_machine_or_in_another_version(tmp_path):
    """Last digits may be others, and a version may have arguments that another has not."""
    variables, history = [keras.Variable(np.arange(3.0))], [{"epoch": 1}]
    run = RunFolder(tmp_path, RECIPE, resume=False)
    run.save_state(variables, history, {"scale": [1.5, 2], "names": ["a"], "gone": 1})
    variables[0].assign(np.zeros(3))
    assert run.restore(variables, {"scale": (1.5000001, 2), "names": ("a",), "new": 1}) == history
    np.testing.assert_array_equal(np.asarray(variables[0]), [0, 1, 2])
    variables[0].assign(np.zeros(3))
    for of in ({"scale": [1.501, 2]}, {"scale": [1.5]}, {"names": ["b"]}, {"names": {"a": 1}}):
        with pytest.raises(InputError, match=rf"those of the run \(other {next(iter(of))}\);"):
            run.restore(variables, of)
    two = [keras.Variable(np.zeros(3)), keras.Variable(np.zeros(3))]
    with pytest.raises(InputError, match=r"not this run's state \(1 variables for 2\)"):
        run.restore(two, {})
    np.testing.assert_array_equal(np.asarray([*variables, *two]), np.zeros((3, 3)))


@pytest.mark.parametrize("name", ["best", "last", "stages", "state.npz", "history.csv"])
@pytest.mark.parametrize("resume", [False, True])
def test_faults_what_no_run_made_is_not_written_over(tmp_path, name, resume):
    (tmp_path / name).mkdir()
    (tmp_path / name / "kept.txt").touch()
    with pytest.raises(InputError, match=f"holds {name}, but no recipe.toml.*choose another output folder"):
        RunFolder(tmp_path, RECIPE, resume)
    assert os.listdir(tmp_path) == [name] and os.listdir(tmp_path / name) == ["kept.txt"]


@pytest.mark.parametrize("resume", [False, True])
def test_faults_a_preset_is_no_run(tmp_path, resume):
    tiny_effect().save_to_preset(tmp_path / "mine", recipe=RunFolder(tmp_path / "run", RECIPE, False).recipe_text)
    before = sorted(os.listdir(tmp_path / "mine"))
    with pytest.raises(InputError, match="mine: is a preset, not a run; give the run's folder"):
        RunFolder(tmp_path / "mine", RECIPE, resume)
    assert sorted(os.listdir(tmp_path / "mine")) == before


def test_a_folder_of_other_things_may_become_a_run_s(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.warns(Note, match="holds no run to go on with"):
        RunFolder(tmp_path, RECIPE, resume=True)
    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "recipe.toml"]
