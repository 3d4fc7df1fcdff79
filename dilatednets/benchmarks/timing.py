"""How benchmarks measure: by turns in one process, and what the processor is."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 5


def by_turns(calls: dict[tuple[str, str], Callable[[], Any]], seconds: float) -> dict[tuple[str, str], float]:
    """Calls a second of each: the median of `ROUNDS` rounds that they take by turns.

    Args:
        calls: The functions to time, by name. Each is called once before, to compile.
        seconds: The time to measure each for, in all.

    Example:
    >>> by_turns({("sum", "python"): lambda: sum(range(100))}, 0.01)["sum", "python"] > 100
    True
    """
    for call in calls.values():
        call()
    rates: dict[tuple[str, str], list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            count, begin = 0, time.perf_counter()
            while count == 0 or time.perf_counter() - begin < seconds / ROUNDS:
                call()
                count += 1
            rates[name].append(count / (time.perf_counter() - begin))
    return {name: statistics.median(values) for name, values in rates.items()}


def cpu(info: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """How many "cores" this process may use, and whether they have "amx_bf16" and "avx512_bf16": "yes", "no" or "unknown".

    Args:
        info: The file in which Linux lists what the processor can do.

    Example:
    >>> cpu(Path("nothing"))["amx_bf16"]
    'unknown'
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = info.read_text(encoding="utf-8").split() if info.is_file() else None
    flags = ("amx_bf16", "avx512_bf16")
    return {"cores": cores} | {f: "unknown" if words is None else "yes" if f in words else "no" for f in flags}
