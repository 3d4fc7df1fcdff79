"""The command `compare`: what it refuses, in one line, and a comparison from end to end."""

import dataclasses

import pytest

from dilatednets.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sequential_minst"], "there are adding_200, adding_600"),
        (["sequential_minst"], "did you mean sequential_mnist?"),
        (["all"], "--data-dir: give the folder of the data; sequential_mnist needs it"),
        (["jsb_chorales"], "--data-dir: give the folder of the data; jsb_chorales needs it"),
        (["jsb_chorales", "--data-dir", "", "--cores", "rnn"], "--data-dir: must be the path of a folder"),
        (["jsb_chorales", "--data-dir", "nowhere", "--cores", "rnn"], "missing"),
        (["spoken_digits", "--data-dir", "nowhere", "--cores", "rnn"], "nowhere: no such folder"),
        (["adding_200", "--cores", "lsmt"], "--cores: 'lsmt': there are tcn, tcn_no_dilation"),
        (["adding_200", "--seeds", "0"], "--seeds: must be at least 1, not 0"),
        (["adding_200", "--hours", "0"], "--hours: must be above 0, not 0.0"),
        (["adding_200", "--hours", "nan"], "--hours: must be above 0"),
        (["adding_200", "--epochs", "3"], "--epochs: means nothing to adding_200; leave it out"),
        (["adding_200", "--set", "a=1"], "--set: means nothing to adding_200"),
        (["adding_200", "--test"], "--test: adding_200 has runs to do"),
        (["adding_200", "--output", "/dev/null/x"], "/dev/null/x"),
        (["snips", "--data-dir", "x", "--cores", "gru"], "--cores: means nothing to snips"),
        (["speech"], "--data-dir: give the data set's folder; speech needs it"),
    ],
)
def test_faults_are_refused_in_one_line(capsys, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


@pytest.mark.slow
def test_a_comparison_from_end_to_end(capsys, tmp_path, monkeypatch):
    from dilatednets.benchmarks.sequence_tasks import examples
    from dilatednets.benchmarks.sequence_tasks.tasks import TASKS

    small = {"steps": 8, "count": 32, "reader": examples.adding(8, 32), "epochs": 1, "batch": 16}
    small |= {"learning_rates": (1e-2,)}
    task = dataclasses.replace(TASKS["adding_200"], **small, tcn={"width": 3, "levels": 1, "kernel_size": 2})
    monkeypatch.setitem(TASKS, "adding_200", task)
    command = ["compare", "adding_200", "--output", str(tmp_path), "--cores", "rnn", "--seeds", "1"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "adding_200 rnn grid-1: epoch 1 of 1" in out and "| tanh RNN |" in out and "(one seed)" in out
    assert "Withheld: runs are missing, tcn-grid-0" in out
    assert len(list((tmp_path / "records" / "adding_200").iterdir())) == 3
    assert main(command) == 0
    assert "epoch" not in capsys.readouterr().out
