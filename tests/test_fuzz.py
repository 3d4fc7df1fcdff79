"""Damaged files end in a result or one clear line; see fuzz.py."""

import subprocess
import sys

import fuzz
import pytest
from helpers import CHECKOUT

SLOW_TO_READ = ("config of a preset", "weights of a preset", "golden outputs")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_a_few_damaged_files(kind, tmp_path):
    row = fuzz.fuzz(kind, 6 if kind in SLOW_TO_READ else 100, 0, tmp_path)
    assert row["refused"] > row["files"] // 2 and row["read"] + row["refused"] == row["files"]


@pytest.mark.slow
def test_thousands_of_damaged_files():
    """In a process of their own, whose memory is bounded."""
    for count, kinds in ((1000, [kind for kind in fuzz.KINDS if kind not in SLOW_TO_READ]), (50, SLOW_TO_READ)):
        command = [sys.executable, str(CHECKOUT / "tests" / "fuzz.py"), str(count), "3", *kinds]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        assert all(f"| {kind} | {count:,} |" in done.stdout for kind in kinds)
