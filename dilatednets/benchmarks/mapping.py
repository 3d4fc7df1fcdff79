"""How fast an archive goes through a model: by one worker and by several, beside the plain command in one process."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.benchmarks.timing import cpu
from dilatednets.errors import InputError, a, one_line

SHARE = 8
"""Each is timed on the archive and on an eighth of it; the difference leaves out what starting takes."""
PLAIN = "plain command"


def run(handle: Any, records: int | None = None, workers: Sequence[int] = (1, 2)) -> dict[str, Any]:
    """Times the same records on one core each, by turns in one run.

    Args:
        handle: A preset's name or folder.
        records: How many; None for what the family says.
        workers: Numbers of workers.

    Returns:
        {"cpu", "model", "records", "rows": [{"who", "start": seconds, "rate": records a second, "ratio": to the last}]}.

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
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            (archive := Path(folder, f"archive-{size}")).mkdir()
            path = str(part.example_archive(archive, size))
            for who, count in zip(seconds, (0, *workers), strict=True):
                output = str(Path(folder, f"{who}-{size}"))
                mapped = ["map", str(handle), path, "--output", output, "--workers", str(count)]
                command = mapped if count else part.plain_command(str(handle), path, output)
                seconds[who].append(_seconds(command, cores[: max(count, 1)]))
    rows: list[dict[str, Any]] = []
    for who, (few, many) in seconds.items():
        if many <= few:
            raise InputError(f"--records: {sizes[1]} are too few to tell from what starting {who} takes; give more")
        rate = (sizes[1] - sizes[0]) / (many - few)
        ratio = rate / rows[-1]["rate"] if rows else 1.0
        rows.append({"who": who, "start": few - sizes[0] / rate, "rate": rate, "ratio": ratio})
    return {"cpu": cpu(), "model": str(handle), "records": sizes[1], "rows": rows}


def _seconds(command: list[str], cores: Sequence[int]) -> float:
    """How long a command takes on some cores, a thread a core."""
    before = os.sched_getaffinity(0)
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
    begin = time.perf_counter()
    os.sched_setaffinity(0, cores)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dilatednets", *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.sched_setaffinity(0, before)
    if done.returncode:
        raise InputError(f"{' '.join(command[:2])}: failed ({one_line(done.stderr)}); see its own message")
    return time.perf_counter() - begin


def report(result: dict[str, Any]) -> str:
    """The figures as a Markdown table.

    Args:
        result: What `run` gives.

    Example:
    >>> rows = [{"who": "plain command", "start": 4.0, "rate": 10.0, "ratio": 1.0}]
    >>> print(report({"cpu": {"cores": 2}, "model": "m", "records": 64, "rows": rows}).splitlines()[-1])
    | plain command | 4.0 | 10.0 | 1.00 |
    """
    lines = [
        f"{result['model']}, {result['records']:,} records, each worker one core of {result['cpu']['cores']}:",
        "| who | seconds to start | records/s | to the line before |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['who']} | {row['start']:.1f} | {row['rate']:,.1f} | {row['ratio']:.2f} |" for row in result["rows"]
    ]
    return "\n".join(lines)
