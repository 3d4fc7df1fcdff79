"""Runs: one that was stopped ends as if it had not been, one that is recorded is left alone; and the plan of them all."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from dilatednets.benchmarks.sequence_tasks import costs, examples, final_scores, plan, records, report, runs
from dilatednets.benchmarks.sequence_tasks.cores import CORES
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS
from dilatednets.errors import InputError


@pytest.fixture
def tiny(monkeypatch):
    """The adding problem in seconds: 10 steps, a small TCN, three epochs."""
    small = {"steps": 10, "count": 64, "reader": examples.adding(10, 64), "epochs": 3, "batch": 16, "enough": None}
    small |= {"tcn": {"width": 4, "levels": 2, "kernel_size": 2}}
    task = dataclasses.replace(TASKS["adding_200"], **small)
    monkeypatch.setitem(TASKS, "adding_200", task)
    return task


def run_of(core, task, name="seed-0"):
    return runs.Run("adding_200", core, task.grid(core)[0], 0, name)


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(tiny, tmp_path, monkeypatch):
    run = run_of("gru", tiny)
    whole = runs.train(run, None, tmp_path / "whole", progress=False)
    scored = runs.score
    calls = []

    def stopped(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return scored(*arguments)

    monkeypatch.setattr(runs, "score", stopped)
    with pytest.raises(KeyboardInterrupt):
        runs.train(run, None, tmp_path / "cut", progress=False)
    assert not (tmp_path / "cut" / "records").exists()
    monkeypatch.setattr(runs, "score", scored)
    cut = runs.train(run, None, tmp_path / "cut", progress=False)
    assert len(whole["curve"]) == 3 and whole["ended"] == "epochs"
    for one, other in zip(whole["curve"], cut["curve"], strict=True):
        assert one["steps"] == other["steps"]
        assert one["score"] == pytest.approx(other["score"], rel=1e-4)
    assert cut["best"] == min(point["score"] for point in cut["curve"])


def test_a_recorded_run_is_left_alone(tiny, tmp_path):
    run = run_of("rnn", tiny, "grid-0")
    record = runs.train(run, None, tmp_path, progress=False)
    assert record["is_grid"] and record["parameters"] > 0 and len(record["curve"]) == 1
    path = records.path_of(tmp_path / "records", "adding_200", "rnn", "grid-0")
    path.write_text(json.dumps(record | {"best": 123.0}))
    assert runs.train(run, None, tmp_path, progress=False)["best"] == 123.0
    assert not (tmp_path / "runs" / "adding_200" / "rnn-grid-0").exists()


def test_a_run_ends_by_patience_and_by_hours_and_says_so(tiny):
    curve = [{"steps": step, "score": score} for step, score in enumerate((0.3, 0.1, 0.2, 0.2))]
    patient, short = dataclasses.replace(tiny, patience=3), dataclasses.replace(tiny, patience=2)
    assert runs._end(patient, curve, 9, 10.0, None) == ""
    assert runs._end(short, curve, 9, 10.0, None) == "patience"
    assert runs._end(patient, curve, 9, 3601.0, 1.0) == "hours"
    assert runs._end(dataclasses.replace(patient, enough=0.1), curve, 9, 10.0, None) == "enough"
    assert runs._end(patient, curve, 4, 10.0, None) == "epochs"


def pretend(folder, task, core, name, best, **more):
    known = {"task": task, "core": core, "seed": int(name[-1]), "is_grid": name.startswith("grid"), "best": best}
    known |= {"settings": {}, "curve": [{"steps": 1, "score": best}], "parameters": 10, "macs_per_step": 9.0}
    records.write(records.path_of(folder, task, core, name), known | {"ended": "epochs"} | more)


def test_the_best_of_the_grid_is_chosen_and_who_learns_nothing_is_not_repeated(tmp_path):
    assert list(plan.seeded("sequential_mnist", "lstm", tmp_path)) == []
    for core in ("lstm", "gru", "rnn"):
        for number, settings in enumerate(TASKS["sequential_mnist"].grid(core)):
            pretend(
                tmp_path, "sequential_mnist", core, f"grid-{number}", [0.5, 0.9, 0.7, 0.2][number], settings=settings
            )
    assert plan.chosen("sequential_mnist", "lstm", tmp_path) == TASKS["sequential_mnist"].grid("lstm")[1]
    for core, best in (("lstm", 0.98), ("gru", 0.99), ("rnn", 0.12)):
        pretend(tmp_path, "sequential_mnist", core, "seed-0", best)
    assert [plan.wanted_seeds("sequential_mnist", core, tmp_path) for core in ("tcn", "lstm", "gru", "rnn")] == [
        3,
        1,
        3,
        1,
    ]
    assert plan.missing("sequential_mnist", tmp_path, ["gru"]) == ["gru-seed-1", "gru-seed-2"]


@pytest.mark.slow
def test_finished_runs_are_scored_on_test_by_their_best_weights(tiny, tmp_path, monkeypatch, capsys):
    def reader(folder, split, seed):
        """The test part is the validation part here: a run's best score must come out again."""
        return tiny.reader(folder, "train" if split == "train" else "validation", seed)

    few = dataclasses.replace(tiny, reader=reader, learning_rates=(1e-2,), seeds=1, seeds_of_others=1)
    monkeypatch.setitem(TASKS, "adding_200", few)
    for module in (plan, final_scores):
        monkeypatch.setattr(module, "CORES", {"rnn": CORES["rnn"]})
    with pytest.raises(ValueError, match="--test: adding_200 has runs to do, rnn-grid-0 first"):
        final_scores.score_all(["adding_200"], None, tmp_path)
    plan.run_all(["adding_200"], None, tmp_path)
    final_scores.score_all(["adding_200"], None, tmp_path)
    record = records.read(records.path_of(tmp_path / "records", "adding_200", "rnn", "seed-0"))
    scored = json.loads((tmp_path / "records" / "adding_200" / "test.json").read_text())["scores"]
    assert scored["rnn"] == [pytest.approx(record["best"], rel=1e-5)]
    assert "adding_200 rnn seed-0: squared error" in capsys.readouterr().out


def test_a_loss_that_is_no_number_ends_a_run_and_counts_as_the_worst(tiny, tmp_path):
    run = runs.Run("adding_200", "rnn", tiny.grid("rnn")[0] | {"learning_rate": 1e30}, 0, "seed-0")
    monstrous = np.full((64, 10, 2), 1e38, "float32")
    broken = dataclasses.replace(
        tiny, reader=lambda *_: [examples.Examples(monstrous, monstrous[:, 0, :1], np.ones(64))]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TASKS, "adding_200", broken)
        record = runs.train(run, None, tmp_path, progress=False)
    assert record["ended"] == "loss is no number" and record["best"] == runs.NO_NUMBER
    assert record["curve"][0]["loss"] is None and len(record["curve"]) == 1


@pytest.mark.slow
def test_costs_are_measured_for_every_core(tiny, tmp_path):
    result = costs.measure("adding_200", tmp_path, seconds=0.01, cores=["gru", "attention"])
    assert json.loads((tmp_path / "adding_200" / "costs.json").read_text()) == {keras.backend.backend(): result}
    for row in result["cores"].values():
        assert min(row["milliseconds_per_training_step"], row["streaming_steps_per_second"]) > 0
    # At 4 steps an epoch: 4 points of a grid with an epoch each, and 5 seeds with 3 epochs.
    step = sum(row["milliseconds_per_training_step"] for row in result["cores"].values())
    assert report.most_hours("adding_200", result) == pytest.approx((4 * 1 + 5 * 3) * 4 * step / 3.6e6)
    assert "All runs of it take at most" in report.cost_table(result)
    states = {core: row["state_bytes"] for core, row in result["cores"].items()}
    assert states["gru"] == 4 * result["cores"]["gru"]["width"]
    # Two blocks of keys and values for each of ten steps, and the count of steps.
    assert states["attention"] == 2 * 2 * 10 * 4 * result["cores"]["attention"]["width"] + 4


@pytest.mark.parametrize("name", TASKS)
def test_random_batches_have_the_shapes_of_the_task(name):
    task = TASKS[name]
    x, y, weights = costs.random_batch(task)
    assert x.shape[:2] == (task.batch, task.steps) and y.shape[: weights.ndim] == weights.shape


def test_faults_a_record_of_other_settings_is_refused(tiny, tmp_path):
    run = run_of("rnn", tiny)
    pretend(tmp_path / "records", "adding_200", "rnn", "seed-0", 0.1, settings={"learning_rate": 7})
    with pytest.raises(ValueError, match=r"other settings made it .* remove it to run it again"):
        runs.train(run, None, tmp_path)


def test_faults_a_run_that_other_settings_or_data_began_is_refused(tiny, tmp_path, monkeypatch):
    run = run_of("gru", tiny)

    def stopped(*arguments):
        raise KeyboardInterrupt

    saved = runs._save
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs, "_save", lambda *arguments: (saved(*arguments), stopped()))
        runs.train(run, None, tmp_path, progress=False)
    other = run._replace(settings={**run.settings, "learning_rate": 0.5})
    with pytest.raises(InputError, match=r"gru-seed-0: other settings or data began it .*; remove it to begin it anew"):
        runs.train(other, None, tmp_path, progress=False)
    monkeypatch.setitem(TASKS, "adding_200", dataclasses.replace(tiny, reader=examples.adding(10, 160)))
    with pytest.raises(InputError, match="other settings or data began it"):
        runs.train(run, None, tmp_path, progress=False)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"core": 1}'])
def test_faults_a_damaged_record_is_named(tmp_path, text):
    path = records.path_of(tmp_path, "adding_200", "rnn", "seed-0")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ValueError, match=r"rnn-seed-0\.json: is no record of a run; |rnn-seed-0\.json: is no record"):
        list(records.runs(tmp_path, "adding_200"))


def test_every_core_is_in_the_plan():
    assert {run.core for core in CORES for run in plan.grid("adding_200", core)} == set(CORES)
