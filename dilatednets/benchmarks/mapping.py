"""How fast an archive goes through a model: by one worker and by several, beside the plain command in one process."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.archives import shards
from dilatednets.benchmarks.timing import cpu
from dilatednets.errors import InputError, a, one_line

SHARE = 8
"""Each is timed on the archive and on an eighth of it; the difference leaves out what starting takes."""
PLAIN = "plain command"
WATCHED_EVERY = 0.5
"""Seconds between two looks at how much memory workers hold."""


def run(handle: Any, records: int | None = None, workers: Sequence[int] = (1, 2)) -> dict[str, Any]:
    """Times the same records on one core each, by turns in one run.

    Args:
        handle: A preset's name or folder.
        records: How many; None for what the family says.
        workers: Numbers of workers.

    Returns:
        {"cpu", "model", "records", "rows": [{"who", "start": seconds, "rate": records a second, "ratio": to the last,
        "memory": the most bytes of a worker on the eighth and on all, "steady": `steadiness` of the shards of all}]}.

    Raises:
        InputError: for a model whose family names no archive for this, for too few cores, or if a command fails.
    """
    family = registry.family_of_preset(handle)
    part: Any = family.part("archive") if family.has("archive") else None
    if not hasattr(part, "example_archive"):
        raise InputError(f"benchmark map: has no example of an archive for {a(family.model)}; try another model")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < max(workers):
        raise InputError(f"--workers: {max(workers)} need as many cores, and there are {len(cores)}; give fewer")
    sizes = [(records or part.RECORDS) // SHARE, records or part.RECORDS]
    seconds: dict[str, list[float]] = {PLAIN: [], **{f"{count} workers": [] for count in workers}}
    memory: dict[str, list[int]] = {who: [] for who in seconds}
    steady: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            (archive := Path(folder, f"archive-{size}")).mkdir()
            path = str(part.example_archive(archive, size))
            for who, count in zip(seconds, (0, *workers), strict=True):
                output = str(Path(folder, f"{who}-{size}"))
                mapped = ["map", str(handle), path, "--output", output, "--workers", str(count)]
                command = mapped if count else part.plain_command(str(handle), path, output)
                took, most = _cost(command, cores[: max(count, 1)])
                seconds[who].append(took)
                memory[who].append(most)
                steady[who] = steadiness(Path(output, shards.FOLDER))
    rows: list[dict[str, Any]] = []
    for who, (few, many) in seconds.items():
        if many <= few:
            raise InputError(f"--records: {sizes[1]} are too few to tell from what starting {who} takes; give more")
        rate = (sizes[1] - sizes[0]) / (many - few)
        ratio = rate / rows[-1]["rate"] if rows else 1.0
        row = {"who": who, "start": few - sizes[0] / rate, "rate": rate, "ratio": ratio}
        rows.append({**row, "memory": memory[who], "steady": steady[who]})
    return {"cpu": cpu(), "model": str(handle), "records": sizes[1], "rows": rows}


def steadiness(folder: Path) -> float | None:
    """How fast the last quarter of the shards was made, of the speed of the first quarter; None of fewer than eight.

    Args:
        folder: Where they are; they are of like sizes.
    """
    made = sorted(path.stat().st_mtime for path in folder.glob("part-*"))
    quarter = len(made) // 4
    took = made[-1] - made[-1 - quarter] if quarter > 1 else 0.0
    return (made[quarter] - made[0]) / took if took else None


def _cost(command: list[str], cores: Sequence[int]) -> tuple[float, int]:
    """How many seconds a command takes on some cores, a thread a core; and the most bytes that a worker of it holds."""
    before = os.sched_getaffinity(0)
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "dilatednets", *command]
    begin, most = time.perf_counter(), 0
    os.sched_setaffinity(0, cores)
    try:
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=said) as process,
        ):
            while True:
                try:
                    process.wait(WATCHED_EVERY)
                    break
                except subprocess.TimeoutExpired:
                    most = max(most, _memory_of_workers())
            said.seek(0)
            complaint = said.read()
    finally:
        os.sched_setaffinity(0, before)
    if process.returncode:
        raise InputError(f"{' '.join(command[:2])}: failed ({one_line(complaint)}); see its own message")
    return time.perf_counter() - begin, most


def _memory_of_workers() -> int:
    """The most bytes that one of Ray's workers on this machine has held, or 0."""
    most = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::"):
                peak = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
                most = max(most, 1024 * int(peak[1]) if peak else 0)
        except OSError:  # it has just ended
            continue
    return most


def report(result: dict[str, Any]) -> str:
    """The figures as a Markdown table.

    Args:
        result: What `run` gives.

    Example:
    >>> rows = [{"who": "plain command", "start": 4.0, "rate": 10.0, "ratio": 1.0, "memory": [0, 0], "steady": None}]
    >>> print(report({"cpu": {"cores": 2}, "model": "m", "records": 64, "rows": rows}).splitlines()[-1])
    | plain command | 4.0 | 10.0 | 1.00 |  |  |
    """
    few, many = (f"{count:,}" for count in (result["records"] // SHARE, result["records"]))
    lines = [
        f"{result['model']}, {many} records, each worker one core of {result['cpu']['cores']}:",
        "| who | seconds to start | records/s | to the line before | "
        f"MB of a worker, {few} / {many} | last quarter to first |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        memory = " / ".join(f"{most / 1e6:,.0f}" for most in row["memory"]) if any(row["memory"]) else ""
        steady = "" if row["steady"] is None else f"{row['steady']:.2f}"
        lines.append(
            f"| {row['who']} | {row['start']:.1f} | {row['rate']:,.1f} | {row['ratio']:.2f} | {memory} | {steady} |"
        )
    return "\n".join(lines)
