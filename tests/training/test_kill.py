"""kill -9 at ten random moments of a training that saves all the time: it ends the same, and no preset is half there."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers import CHECKOUT

from dilatednets import registry
from dilatednets.presets import golden
from dilatednets.registry import parse_recipe
from dilatednets.training.recipe import recipe_toml

KILLS, EPOCHS = 5, 35
# An epoch is a step: most of the time goes into saving.
RECIPE = {
    "name": "tiny",
    "model": "TCNChunker",
    "data": {"reader": "columns"},
    "net": {
        "pos": "none",
        "width": 8,
        "dilations": [1],
        "word_channels": 4,
        "character_channels": 0,
        "shape_channels": 0,
    },
    "training": {"epochs": EPOCHS, "batch_size": 4, "learning_rate": 1e-3, "ema": 0.9, "evaluate_every": 1},
}


def start(folder, run):
    command = [sys.executable, "-m", "dilatednets.cli.main", "train", folder / "recipe.toml", "--resume"]
    command += ["--data-dir", folder / "data", "--output", run]
    return subprocess.Popen(
        list(map(str, command)), cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-2000:]


def epochs_done(run):
    path = run / "history.csv"
    return len(list(csv.DictReader(path.read_text().splitlines()))) if path.is_file() else 0


def check_presets(run):
    """Whatever has been saved loads, and gives what it gave."""
    for folder in (run / "best", run / "last"):
        if folder.exists():
            json.loads((folder / "card.json").read_text())
            assert golden.largest_error(registry.from_preset(folder), folder) < 1e-5


@pytest.mark.slow
@pytest.mark.tensorflow
def test_five_kills_change_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    for split in ("train", "val"):
        (tmp_path / "data" / f"{split}.txt").write_text("the DT B-NP\ndog NN I-NP\nsaw VB B-VP\n\n" * 4)
    (tmp_path / "recipe.toml").write_text(recipe_toml(parse_recipe(RECIPE)))
    finish(start(tmp_path, tmp_path / "whole"))
    run, rng, killed_at = tmp_path / "killed", random.Random(0), []
    for _ in range(KILLS):
        process, before = start(tmp_path, run), epochs_done(run)
        deadline = time.monotonic() + 120
        # A few epochs further, and a moment later.
        while epochs_done(run) < min(before + rng.randint(1, 4), EPOCHS - 1) and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()[1][-2000:]
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        killed_at.append(epochs_done(run))
        check_presets(run)
    assert killed_at == sorted(killed_at) and len(set(killed_at)) > KILLS // 2
    finish(start(tmp_path, run))
    ends = [np.load(folder / "state.npz") for folder in (run, tmp_path / "whole")]
    assert ends[0].files == ends[1].files
    for name in ends[0].files:
        np.testing.assert_array_equal(ends[0][name], ends[1][name], err_msg=name)
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
