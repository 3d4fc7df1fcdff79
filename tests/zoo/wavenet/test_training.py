"""Training runs: what they leave behind, that a crash changes nothing, and that they say what is wrong."""

import csv
import dataclasses
import json
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from helpers import CHECKOUT

from dilatednets import registry
from dilatednets.data import spoken_digits
from dilatednets.data.audio import read_audio
from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe
from dilatednets.training import epoch_end
from dilatednets.training.loop import compile_model
from dilatednets.training.recipe import recipe_toml
from dilatednets.zoo.wavenet import training
from dilatednets.zoo.wavenet.model import WaveNet

NET = {"dilations": [1, 2, 4], "residual_channels": 8, "gate_channels": 16, "skip_channels": 8, "condition_channels": 4}
TRAINING = {
    "epochs": 2,
    "batch_size": 16,
    "target": 1600,
    "learning_rate": 1e-2,
    "ema": 0.5,
    "sample_every": 0,
    "jit_compile": False,
}  # which is quicker where there are few steps; test_cli trains with XLA


def tiny_recipe(**changes):
    return parse_recipe({"name": "tiny", "model": "WaveNet", "net": NET, "training": {**TRAINING, **changes}})


def recipe_from(preset):
    return parse_recipe({"name": "mine", "init": str(preset), "training": TRAINING})


RECIPE = tiny_recipe(sample_every=2, sample_text="one")


def state(run):
    with np.load(run / "state.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def history(run):
    return list(csv.DictReader((run / "history.csv").read_text().splitlines()))


def assert_same_end(run, other):
    """Equal weights, optimiser state and history; equal best weights."""
    first, second = state(run), state(other)
    assert first.keys() == second.keys() and len(first) > 30
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
    weights = [WaveNet.from_preset(folder / "best").get_weights() for folder in (run, other)]
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def finished(sample_dir, tmp_path_factory):
    """A run of two epochs."""
    run = tmp_path_factory.mktemp("runs") / "finished"
    assert registry.train(RECIPE, sample_dir, run) == run / "best"
    return run


def test_run_leaves_what_it_promises(finished):
    assert {path.name for path in finished.iterdir()} - {"tensorboard"} == {
        "recipe.toml", "state.npz", "history.csv", "best", "last", "samples",
    }  # fmt: skip
    rows = history(finished)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    bits = [float(row["validation_bits_per_sample"]) for row in rows]
    assert bits[1] < bits[0] < 8
    assert {path.name for path in (finished / "samples").iterdir()} == {
        "epoch_002_jackson.wav", "epoch_002_jackson.png",
    }  # fmt: skip
    assert len(read_audio(finished / "samples" / "epoch_002_jackson.wav")) > 1000


@pytest.mark.tensorflow
def test_tensorboard_logs_are_written(finished):
    pytest.importorskip("tensorboard")  # TensorFlow 2.21 no longer brings it
    assert any(path.stat().st_size > 0 for path in (finished / "tensorboard").rglob("events.*"))


def test_best_is_a_preset_that_reaches_what_the_history_says(finished, sample_dir):
    model = WaveNet.from_preset(finished / "best")
    assert model.speakers == ("jackson", "theo")
    best = min(float(row["validation_bits_per_sample"]) for row in history(finished))
    result = model.evaluate_on(sample_dir)
    assert result["bits_per_sample"] == pytest.approx(best, abs=1e-4)
    recordings = spoken_digits.load(sample_dir, "validation")
    assert result["recordings"] == len(recordings) == 40
    assert result["samples"] == sum(len(r.audio) for r in recordings)
    assert (finished / "best" / "recipe.toml").read_text() == (finished / "recipe.toml").read_text()


@pytest.mark.slow
def test_faults_samples_are_made_when_a_model_is_kept(sample_dir, tmp_path):
    """By the weights of that epoch, and not before there are any."""
    recipe = tiny_recipe(epochs=3, evaluate_every=2, sample_text="one")
    recipe = dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, sample_every=1))
    registry.train(recipe, sample_dir, tmp_path)
    assert [row["validation_bits_per_sample"] != "" for row in history(tmp_path)] == [False, True, True]
    assert [path.name for path in (tmp_path / "samples").glob("*.wav")] == ["epoch_002_jackson.wav"]


@pytest.mark.parametrize(
    ("sample_every", "evaluate_every", "epochs"),
    [(1, 1, [1, 2, 3, 4, 5, 6]), (2, 1, [2, 4, 6]), (2, 3, [3, 6]), (3, 2, [4]), (4, 4, [4]), (0, 2, [])],
)
def test_the_epochs_of_samples(sample_every, evaluate_every, epochs):
    task = training.BaseTask(tiny_recipe(sample_every=sample_every, evaluate_every=evaluate_every))
    assert [epoch for epoch in range(1, 7) if task.shows(epoch)] == epochs


@pytest.mark.slow
def test_interrupted_run_ends_the_same(finished, sample_dir, tmp_path, monkeypatch):
    plain = epoch_end.EpochEnd.on_train_batch_end

    def crash(self, batch, logs=None):
        plain(self, batch, logs)
        if len(self.history) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(epoch_end.EpochEnd, "on_train_batch_end", crash)
        registry.train(RECIPE, sample_dir, tmp_path / "run")
    assert len(json.loads(str(state(tmp_path / "run")["history"]))) == 1
    # The state holds the weights that training goes on with; the preset holds their average.
    plain_weights = [state(tmp_path / "run")[f"variable_{i}"] for i in range(3)]
    averaged = WaveNet.from_preset(tmp_path / "run" / "last").get_weights()[:3]
    assert any(np.abs(a - b).max() > 0 for a, b in zip(plain_weights, averaged, strict=True))
    registry.train(RECIPE, sample_dir, tmp_path / "run", resume=True)
    assert_same_end(tmp_path / "run", finished)


def test_resuming_a_finished_run_changes_nothing(finished, sample_dir):
    before = state(finished)
    assert registry.train(RECIPE, sample_dir, finished, resume=True) == finished / "best"
    for name, value in state(finished).items():
        np.testing.assert_array_equal(value, before[name])


def start(run, *more):
    """`dilatednets train` in a process of its own."""
    recipe = run.with_suffix(".toml")
    recipe.write_text(recipe_toml(RECIPE))
    data_dir = CHECKOUT / "datasets" / "spoken_digits" / "sample"
    command = [sys.executable, "-m", "dilatednets.cli.main", "train", recipe, "--data-dir", data_dir, "--output", run]
    command = [*map(str, command), *more]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("wait", ["state.npz"])
def test_killed_run_ends_the_same(finished, tmp_path, wait):
    """kill -9 as soon as a file of the first epoch's end is there, at whatever point that is."""
    run = tmp_path / "run"
    process = start(run)
    deadline = time.monotonic() + 120
    while not (run / wait).exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    process = start(run, "--resume")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-2000:]
    assert_same_end(run, finished)


def test_a_run_is_not_overwritten(finished, sample_dir):
    with pytest.raises(InputError, match="holds a run already; go on with it by --resume"):
        registry.train(tiny_recipe(), sample_dir, finished)


def test_a_run_goes_on_by_its_own_recipe_only(finished, sample_dir):
    with pytest.raises(InputError, match="is not the recipe given"):
        registry.train(tiny_recipe(epochs=9), sample_dir, finished, resume=True)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off", None])
def test_foreign_state_is_refused(finished, sample_dir, tmp_path, content):
    recipe = tiny_recipe()
    (tmp_path / "recipe.toml").write_text(recipe_toml(recipe))
    if content is None:
        np.savez(tmp_path / "state.npz", history=np.array("[]"), variable_0=np.zeros(3))
    else:
        (tmp_path / "state.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"state\.npz: not this run's state"):
        registry.train(recipe, sample_dir, tmp_path, resume=True)


@pytest.mark.slow
def test_diverged_loss_stops_with_advice(sample_dir, tmp_path):
    with pytest.raises(InputError, match=r"training\.learning_rate: the loss became (nan|inf).*lower it from 1e\+30"):
        registry.train(tiny_recipe(learning_rate=1e30, clip_norm=1e30, warmup_steps=0), sample_dir, tmp_path)
    assert not (tmp_path / "best").exists()


@pytest.mark.slow
def test_validation_that_is_no_number_stops_with_advice(sample_dir, tmp_path, monkeypatch):
    """After the last step of an epoch no loss tells."""
    monkeypatch.setattr(training, "evaluate_windows", lambda model, windows: float("nan"))
    with pytest.raises(InputError, match=r"learning_rate: validation became nan at the end of epoch 1; lower it"):
        registry.train(tiny_recipe(), sample_dir, tmp_path / "run")
    assert not (tmp_path / "run" / "state.npz").exists()


def test_text_that_cannot_be_said_is_refused_before_training(sample_dir, tmp_path):
    with pytest.raises(InputError, match="cannot say 'ten'"):
        registry.train(tiny_recipe(sample_every=9, sample_text="ten"), sample_dir, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_bad_data_leaves_no_run_behind(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        registry.train(tiny_recipe(), tmp_path / "nothing", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_fine_tuning_keeps_known_speakers_and_makes_new_ones(sample_dir, tmp_path, tiny_model):
    recordings = spoken_digits.load(sample_dir, "train")
    tiny_model.save_to_preset(tmp_path / "start")
    recipe = recipe_from(tmp_path / "start")
    fresh = training.build_model(recipe, recordings)
    assert fresh.speakers == ("jackson", "theo")
    lengths = [len(r.audio) / 8000 for r in recordings if (r.speaker, r.word) == ("theo", "six")]
    assert fresh.text["durations"]["theo"]["six"] == pytest.approx(np.exp(np.mean(np.log(lengths))), rel=0.1)
    fresh.save_to_preset(tmp_path / "known")
    recipe = recipe_from(tmp_path / "known")
    for a, b in zip(training.build_model(recipe, recordings).get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_voice_that_said_some_words_only(sample_dir, tmp_path, front_end, tiny_model):
    """From scratch, the model's words are those of the recordings; a preset keeps all of its own."""
    recordings = [r for r in spoken_digits.load(sample_dir, "train") if r.speaker == "theo" and r.word != "nine"]
    model = training.build_model(tiny_recipe(), recordings)
    assert len(model.text["vocabulary"]) == 9
    with pytest.raises(InputError, match="cannot say 'nine'"):
        model.generate(text="nine", speaker="theo")
    with pytest.raises(InputError, match="cannot say '9'"):
        model.generate(text="9", speaker="theo")
    with pytest.raises(InputError, match="recordings of nine: the model's words are zero"):
        everything = [r for r in spoken_digits.load(sample_dir, "train") if r.speaker == "theo"]
        training.make_windows(model, tiny_recipe(), everything)

    tiny_model.save_to_preset(tmp_path / "start")
    recordings = [dataclasses.replace(r, speaker=s) for s in ("ann", "theo") for r in recordings]
    recipe = recipe_from(tmp_path / "start")
    model = training.build_model(recipe, recordings)
    durations = model.text["durations"]
    assert durations["theo"]["nine"] == 0.1 and durations["theo"]["six"] > 0.2  # the average voice's, its own
    assert durations["ann"] == front_end.durations["ann"] and durations[""] == front_end.durations[""]
    vectors, trained = (np.asarray(m.speaker_embedding.embeddings) for m in (model, tiny_model))
    np.testing.assert_array_equal(vectors[0], trained[0])  # ann is who she was
    assert np.abs(vectors[1] - trained[1]).max() > 0


def test_fine_tuning_needs_a_model_of_text_at_the_same_rate(sample_dir, tmp_path):
    WaveNet((1, 2), 2, 4, 8, 4, sample_rate=8000).save_to_preset(tmp_path / "mute")
    recipe = recipe_from(tmp_path / "mute")
    with pytest.raises(InputError, match="was not trained on text at 8000 Hz"):
        training.build_model(recipe, spoken_digits.load(sample_dir, "train"))


def test_a_model_trained_in_bfloat16_is_kept_in_float32():
    model = WaveNet((1, 2), 2, 4, 8, 4, dtype="mixed_bfloat16")
    plain = epoch_end.in_float32(model)
    assert plain.dtype_policy.name == "float32" and plain.blocks[0].compute_dtype == "float32"
    for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert epoch_end.in_float32(plain) is plain


@pytest.mark.parametrize(("steps", "momentum"), [(20_000, 0.999), (100, 0.9), (5, 1 / 11)])
def test_a_model_is_compiled_as_its_recipe_says(steps, momentum):
    """The rate warms up and decays to the end; the average reaches back over a tenth of the run at most."""
    schedule = tiny_recipe(learning_rate=1e-2, final_learning_rate=1e-3, warmup_steps=10, ema=0.999).training
    model = WaveNet((1,), 2, 4, 8, 4)
    compile_model(model, schedule, schedule, steps, training.Task.clip, **training.bits(model))
    assert model.optimizer.ema_momentum == pytest.approx(momentum)
    assert (model.optimizer.clipnorm, model.optimizer.global_clipnorm) == (1.0, None)
    rates = [float(keras.ops.convert_to_numpy(model.optimizer._learning_rate(step))) for step in (0, 10, steps)]
    assert rates == pytest.approx([1e-3, 1e-2, 1e-3] if steps >= 100 else [1e-2, 1e-3, 1e-3], rel=1e-4)


def test_evaluation_of_unknown_speakers_is_refused(tiny_model, sample_dir):
    with pytest.raises(InputError, match="recordings of jackson, theo, the model has ann, bob"):
        tiny_model.evaluate_on(sample_dir)
    with pytest.raises(InputError, match="--reader: camvid: a WaveNet's data are spoken_digits or recordings"):
        tiny_model.evaluate_on(sample_dir, reader="camvid")
