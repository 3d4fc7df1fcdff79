"""Verdicts by rules, on records that tests write; and the page of docs/, made again from those that are stored."""

import json
import re

import pytest
from helpers import CHECKOUT

from dilatednets.benchmarks.sequence_tasks import plan, records, report, verdict
from dilatednets.benchmarks.sequence_tasks.cores import CORES, RECURRENT
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS
from dilatednets.cli.main import main
from dilatednets.errors import InputError


def write_all(folder, name, scores):
    """The records of all runs of a task, with these scores by core, one a seed."""
    task = TASKS[name]
    for core in CORES:
        backend = "jax 0.7" if core in RECURRENT else "tensorflow 2.16"
        known = {"task": name, "core": core, "parameters": 10, "macs_per_step": 9.0, "ended": "epochs"}
        known["made_with"] = f"keras 3.15, {backend}, x86_64"
        for number, settings in enumerate(task.grid(core)):
            path = records.path_of(folder, name, core, f"grid-{number}")
            curve = {"curve": [], "best": 0.5, "seed": 0, "is_grid": True, "settings": settings}
            records.write(path, known | curve)
        for seed, score in enumerate(scores[core]):
            path = records.path_of(folder, name, core, f"seed-{seed}")
            chance = (1 - score) / 2 if task.objective.higher_is_better else 2 * score
            curve = [{"steps": 100, "score": chance}, {"steps": 200 + 100 * seed, "score": score}]
            found = {"best": score, "seed": seed, "is_grid": False, "settings": task.grid(core)[0], "curve": curve}
            records.write(path, known | found)


def mnist(**changes):
    tcn, gru = [0.991, 0.992, 0.993], [0.986, 0.987, 0.988]
    rest = {"tcn_no_dilation": [0.3], "lstm": [0.98], "rnn": [0.2], "attention": [0.97], "min_gru": [0.98]}
    return {"tcn": tcn, "gru": gru, **rest, **changes}


@pytest.mark.parametrize(
    ("changes", "outcome", "says"),
    [
        ({}, "better", "The TCN is better than the best recurrent net, the GRU: 0.992 (0.991 to 0.993, 3 seeds)"),
        ({"gru": [0.9905, 0.9915, 0.9925]}, "no different", "Yet 1 of the TCN's 3 seeds are better than every seed"),
        ({"gru": [0.9905, 0.9915, 0.9925]}, "no different", "is not confirmed"),
        ({"gru": [0.994, 0.995, 0.996]}, "worse", "is contradicted"),
        ({"gru": [0.981, 0.98, 0.98]}, "untuned", "the recurrent nets count as untuned"),
        ({"gru": [0.986]}, "incomplete", "gru-seed-1, gru-seed-2"),
    ],
)
def test_verdicts_follow_the_rules(tmp_path, changes, outcome, says):
    write_all(tmp_path, "sequential_mnist", mnist(**changes))
    found = verdict.of_task("sequential_mnist", tmp_path)
    assert found.outcome == outcome
    assert says in found.words


def test_a_lower_loss_is_better_and_the_paper_may_be_contradicted(tmp_path):
    hopeless = {core: [0.16] for core in ("tcn_no_dilation", "rnn", "attention", "min_gru")}
    scores = {"tcn": [1e-5] * 5, "gru": [3e-5] * 5, "lstm": [0.16], **hopeless}
    write_all(tmp_path, "adding_600", scores)
    found = verdict.of_task("adding_600", tmp_path)
    assert found.outcome == "better"
    assert "The paper, where the TCN is worse" in found.words and "is contradicted" in found.words


def test_who_learns_with_every_seed_is_better_than_who_learns_nothing(tmp_path):
    nothing = TASKS["copy_500"].nothing_learned
    hopeless = {core: [nothing] for core in ("tcn_no_dilation", "lstm", "gru", "rnn")}
    write_all(
        tmp_path, "copy_500", {"tcn": [1e-5] * 5, "attention": [1e-3] * 5, "min_gru": [nothing * 0.95], **hopeless}
    )
    found = verdict.of_task("copy_500", tmp_path)
    assert found.outcome == "better" and "Dilation is what it takes" in found.words
    assert "The minGRU (linear recurrence) is worse" in found.words and found.words.endswith(
        "(Tallec & Ollivier 2018)."
    )
    write_all(
        tmp_path / "b",
        "copy_500",
        {"tcn": [1e-5] * 4 + [nothing], "attention": [1e-3] * 5, "min_gru": [1e-4] * 5, **hopeless},
    )
    found = verdict.of_task("copy_500", tmp_path / "b")
    assert found.outcome == "no different" and "Yet 4 of the TCN's 5 seeds are better" in found.words


def test_without_records_every_verdict_is_withheld(tmp_path):
    verdicts = {task: verdict.of_task(task, tmp_path) for task in TASKS}
    assert {found.outcome for found in verdicts.values()} == {"incomplete"}
    assert "There is no overall verdict yet: runs of 10 of 10 tasks are missing" in verdict.overall(verdicts)


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        (["better", "better"], "^Yes, on all of these tasks. .* the TCN is better on 2 "),
        (["worse", "worse"], "^No, it is worse on all "),
        (["no different"], "^No, they are no different on any .* no different on 1 "),
        (["better", "worse"], "^It depends on the task. .* better on 1 .*, worse on 1 "),
        (["better", "untuned"], "^Yes, .* better on 1 .* Left out, .* untuned: Adding problem, 600 steps.$"),
        (["untuned"], "^Left out"),
        (["better", "incomplete"], "^There is no overall verdict yet: runs of 1 of 2 tasks .* better on 1 "),
    ],
)
def test_the_overall_verdict(outcomes, says):
    verdicts = {task: verdict.Verdict(one, "") for task, one in zip(TASKS, outcomes, strict=False)}
    assert re.search(says, verdict.overall(verdicts))


def test_the_command_prints_tables_of_records(tmp_path, capsys):
    folder = tmp_path / "records"
    write_all(folder, "sequential_mnist", mnist())
    times = {"tcn": 200.0, "gru": 300.0}
    row = {"streaming_steps_per_second": 1234.0, "sequences_per_second": 50.0, "state_bytes": 512}
    cores = {core: row | {"milliseconds_per_training_step": ms} for core, ms in times.items()}
    slower_in_training = {
        "milliseconds_per_training_step": 900.0,
        "streaming_steps_per_second": 2345.0,
        "state_bytes": 512,
    }
    records.write_costs(folder, "sequential_mnist", "tensorflow", {"cores": cores})
    records.write_costs(folder, "sequential_mnist", "jax", {"cores": {"gru": slower_in_training}})
    assert main(["compare", "sequential_mnist", "--report", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    rows = {line.split(" | ")[0]: line for line in out.splitlines() if line.startswith("| ")}
    assert "| 0.962 | 300.0 |" in rows["| GRU"] and "| 2,345 | 50 | 512 |" in rows["| GRU"]
    # Seeds reach 0.986, the weakest, at 200, 300 and 400 steps of both nets: 300 in the middle.
    assert "| 90 / 60 (0.986) |" in rows["| GRU"]
    assert "dilatednets compare sequential_mnist --data-dir DIR --cores CORE" in out
    assert "learning_rate 0.004, bias 0.0" in rows["| GRU"]
    assert (
        "with tensorflow 2.16 (attention, min_gru, tcn, tcn_no_dilation), jax 0.7 (gru, lstm, rnn). A row again" in out
    )


def test_costs_of_an_older_form_are_refused(tmp_path):
    records.write(tmp_path / "adding_200" / "costs.json", {"task": "adding_200", "cores": {}})
    with pytest.raises(InputError, match=r"costs\.json: does not hold costs by backend; remove it"):
        records.costs(tmp_path, "adding_200")


def test_the_page_in_docs_says_what_the_records_say():
    assert (CHECKOUT / "docs" / "tcn_or_rnn.md").read_text(encoding="utf-8") == report.page(), "make readmes"


def test_the_page_and_its_pictures_are_written(tmp_path):
    folder = tmp_path / "records"
    write_all(folder, "sequential_mnist", mnist())
    report.write_page(tmp_path, folder)
    text = (tmp_path / "tcn_or_rnn.md").read_text()
    assert "![Score against cost](tcn_or_rnn/sequential_mnist.png)" in text and text.count("![") == 1
    assert (tmp_path / "tcn_or_rnn" / "sequential_mnist.png").read_bytes().startswith(b"\x89PNG")
    assert "## Nottingham" in text and "Withheld: runs are missing, tcn-grid-0" in text


def test_stored_records_are_of_the_tasks_and_grids_as_they_are():
    for task in TASKS:
        for record in records.runs(records.STORED, task):
            assert record["task"] == task and record["core"] in CORES
            assert record["settings"] in TASKS[task].grid(record["core"]), json.dumps(record["settings"])
            if not record["is_grid"] and plan.chosen(task, record["core"], records.STORED):
                assert record["settings"] == plan.chosen(task, record["core"], records.STORED)
