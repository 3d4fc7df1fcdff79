"""How fast audio effects are: whole recordings, and the small blocks of a live signal, of which the slowest counts."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from dilatednets import native
from dilatednets.benchmarks.timing import by_turns
from dilatednets.rules import checked, each_positive, positive
from dilatednets.zoo.audio_effect.model import AudioEffect
from dilatednets.zoo.audio_effect.player import ENGINES

WHOLE_SECONDS = 2.0
"""Of the recording that is processed at once."""
MINUTE = 60.0
PATIENCE = 20.0
"""Seconds after which a live signal is broken off, if an engine does not keep up with it."""


def run(
    model: AudioEffect, blocks: Sequence[int] = (64,), seconds: float = 3.0, live_seconds: float = MINUTE
) -> dict[str, Any]:
    """Measures every engine there is, by turns, on noise.

    Args:
        model: Any AudioEffect; its knobs stand at 0.5.
        blocks: Samples of a block of the live signal.
        seconds: Each measurement lasts at least this long.
        live_seconds: Of audio, whose slowest block is told.

    Returns:
        {"model": its cost, "rows": [{"engine", "block", "real_time_factor", "block_ms", "slowest_ms", "late", "count"},
        ...]}; of "count" blocks, those that are "late" took longer than they last. Block 0 is a whole recording, of which
        there is no more than its speed.

    Raises:
        InputError: for blocks or seconds that are not above 0.
    """
    blocks = checked(blocks, Annotated[Sequence[int], each_positive], "blocks")
    seconds = checked(seconds, Annotated[float, positive], "seconds")
    rate = model.sample_rate
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(WHOLE_SECONDS * rate)).astype(np.float32)
    knobs = dict.fromkeys(model.knobs, 0.5) or None
    engines = ENGINES if native.available() else ENGINES[1:]
    states = {engine: model.initial_state(knobs=knobs, engine=engine) for engine in engines}

    def call(engine: str, block: int) -> Any:
        if not block:
            return lambda: model.process(noise, states[engine])
        pieces = [noise[start : start + block] for start in range(0, len(noise) // 4 - block, block)]
        return lambda: [model.process(piece, states[engine]) for piece in pieces]

    calls = {(engine, str(block)): call(engine, block) for engine in engines for block in (0, *blocks)}
    rates = by_turns(calls, seconds)
    rows = []
    for engine, block in ((engine, block) for engine in engines for block in (0, *blocks)):
        samples = block * len(range(0, len(noise) // 4 - block, block)) if block else len(noise)
        speed = rates[engine, str(block)] * samples / rate
        row = {"engine": engine, "block": block, "real_time_factor": speed, "block_ms": 1000 * block / rate}
        if block:
            row |= live(model, states[engine], noise, block, live_seconds)
        rows.append(row)
    return {"model": model.describe(), "rows": rows}


def live(model: AudioEffect, state: Any, noise: np.ndarray, block: int, seconds: float) -> dict[str, Any]:
    """The slowest block of a live signal of so many seconds, and how many come late."""
    pieces = [noise[start : start + block] for start in range(0, len(noise) - block + 1, block)]
    lasts, times, started = block / model.sample_rate, [], time.perf_counter()
    for number in range(max(round(seconds / lasts), 1)):
        begin = time.perf_counter()
        model.process(pieces[number % len(pieces)], state)
        times.append(time.perf_counter() - begin)
        if begin - started > PATIENCE:
            break
    late = sum(took > lasts for took in times)
    return {"slowest_ms": 1000 * max(times), "late": late, "count": len(times)}


def report(result: dict[str, Any]) -> str:
    """The measurement as text."""
    facts = result["model"]
    lines = [
        f"{facts['layers']} layers, {facts['parameters']:,} parameters, {facts['macs_per_sample']:,} MACs a sample, "
        f"{facts['sample_rate']} Hz, one stream",
        "engine    block  real time  live: slowest block, blocks that come late",
    ]
    for row in result["rows"]:
        block = row["block"] or "whole"
        told = ""
        if row["block"]:
            told = f"  {row['slowest_ms']:.2f} ms of {row['block_ms']:.2f} ms, {row['late']:,} of {row['count']:,}"
        lines.append(f"{row['engine']:8s}  {block!s:>5s}  {row['real_time_factor']:8.1f}x{told}")
    return "\n".join(lines)
