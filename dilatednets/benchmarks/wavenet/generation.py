"""How fast a WaveNet generates, by every engine, beside the loops one would otherwise write and what the core allows."""

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import numpy as np
from keras import ops

from dilatednets import native
from dilatednets.backend import compiled
from dilatednets.benchmarks.timing import by_turns, cpu
from dilatednets.rules import checked, each_positive, positive
from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.request import Request

STEP_LOOP = "one call of the framework a sample"
TORCH_LOOP = "PyTorch incremental loop, as in wavenet_vocoder"
Key = tuple[str, str]


def run(model: WaveNet, batches: Sequence[int] = (1, 8), seconds: float = 3.0) -> dict[str, Any]:
    """Measures generation by every engine at several batch sizes, and the baselines, by turns.

    Args:
        model: Any WaveNet; its conditions are random.
        batches: Batch sizes to measure.
        seconds: Each measurement lasts at least this long.

    Returns:
        {"model": its cost, "rows": [...], "baselines": [...], "memory_of_10_s_bytes": ...}, all measured in this run. A row
        of a native engine has a "bound", as `native_bound` gives it.

    Raises:
        InputError: for batch sizes or seconds that are not above 0.
    """
    batches = checked(batches, Annotated[Sequence[int], each_positive], "batches")
    seconds = checked(seconds, Annotated[float, positive], "seconds")
    facts = model.describe()
    memory = generation_memory(model)
    rows: list[dict[str, Any]] = []
    calls: dict[Key, Callable[[], Any]] = {}
    for engine, batch in itertools.product(loop.ENGINES if native.available() else ["xla"], batches):
        chunks = _chunks(model, batch, engine)
        begin = time.perf_counter()
        next(chunks)
        rows.append({"engine": engine, "batch": batch, "compile_seconds": time.perf_counter() - begin})
        calls[engine, str(batch)] = chunks.__next__
    calls[STEP_LOOP, "1"] = step_loop(model)
    if (torch_sample := torch_loop(model)) is not None:
        calls[TORCH_LOOP, "1"] = torch_sample
    rates = by_turns(calls, seconds)
    for row in rows:
        rate = rates[row["engine"], str(row["batch"])] * row["batch"] * loop.CHUNK_SAMPLES
        row["samples_per_second"] = rate
        row["real_time_factor"] = rate / facts["sample_rate"] / row["batch"]
        row["macs_per_second"] = rate * facts["macs_per_sample"]
        if kind := loop.ENGINES[row["engine"]]:
            row["bound"] = native_bound(facts["macs_per_sample"], kind)
    baselines = [
        {"name": name, "samples_per_second": rate} for (name, _), rate in rates.items() if name not in loop.ENGINES
    ]
    return {"model": facts, "rows": rows, "baselines": baselines, "memory_of_10_s_bytes": memory}


def generation_memory(model: WaveNet) -> int:
    """Bytes by which making 10 s of audio, compilation included, raises this process's peak of resident memory."""
    import resource  # not on Windows

    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    same = WaveNet.from_config(model.get_config())  # what it compiles is not kept for the measurements of speed
    before = peak()
    for _ in loop.stream(same, _request(same, 1, 10 * same.sample_rate)):
        pass
    return peak() - before


def _chunks(model: WaveNet, batch: int, engine: str) -> Iterator[np.ndarray]:
    """Chunk after chunk, without an end."""
    request = _request(model, batch, 100 * loop.CHUNK_SAMPLES)
    return itertools.chain.from_iterable(loop.stream(model, request, engine=engine) for _ in itertools.count())


def step_loop(model: WaveNet) -> Callable[[], None]:
    """A sample of the loop one would write first: one call of a compiled step a sample, state kept outside."""
    request = _request(model, 1, model.condition_hop)
    speaker = None if request.speaker is None else model.global_condition(request.speaker)
    local = None if request.frames is None else model.local_condition(request.frames, 1)
    conditions = model.project_conditions(speaker, local)
    condition = None if conditions is None else conditions[:, 0]
    noise = ops.full((1, model.distribution.noise_size), 0.5)

    def step(last: Any, state: Any) -> Any:
        parameters, state = model.step(last, state, condition)
        return model.distribution.sample(parameters, noise, 1.0), state

    program = compiled(step, model.variables, xla=False)
    carry = (ops.zeros(1), model.initial_state(1))

    def sample() -> None:
        nonlocal carry
        carry = program(*carry)

    return sample


def torch_loop(model: WaveNet) -> Callable[[], None] | None:
    """A sample of a PyTorch loop of the same size; None without PyTorch (extra `benchmark`)."""
    try:
        from dilatednets.benchmarks.wavenet.torch_incremental import IncrementalWaveNet
    except ImportError:
        return None
    return IncrementalWaveNet(model).sample


def native_bound(macs_per_sample: int, kind: str) -> dict[str, float]:
    """Samples a second of one voice if this core did nothing but read the weights, or nothing but multiply.

    Args:
        macs_per_sample: As many weights are read a sample.
        kind: Their type.

    Returns:
        "reading": one core reads an array of the weights' size again and again, as kernels read; "arithmetic": float32
        products of large matrices by NumPy's BLAS on all cores, shared out among these.
    """
    from dilatednets.benchmarks.wavenet.reading import WIDTH, read  # which needs numba

    size = macs_per_sample * np.dtype(kind).itemsize
    words = np.ones((max(size // (8 * WIDTH), 1), WIDTH), np.int64)
    square = np.ones((1024, 1024), np.float32)
    rates = by_turns({("reading", ""): lambda: read(words), ("arithmetic", ""): lambda: square @ square}, 0.5)
    macs_per_second = rates["arithmetic", ""] * 1024**3 / cpu()["cores"]
    return {"reading": rates["reading", ""], "arithmetic": macs_per_second / macs_per_sample}


def _request(model: WaveNet, batch: int, samples: int) -> Request:
    """An utterance with random conditions."""
    frames = None
    if model.condition_features:
        count = samples // model.condition_hop + 1
        frames = np.random.default_rng(0).random((batch, count, model.condition_features), np.float32)
    speaker = np.zeros(batch, np.int32) if model.speakers else None
    return Request(batch, samples, speaker, frames, None, 1.0, 0)


def report(result: dict[str, Any]) -> str:
    """The measurement as text."""
    facts, rows = result["model"], result["rows"]
    lines = [
        f"{facts['layers']} layers, {facts['parameters']:,} parameters, {facts['macs_per_sample']:,} MACs a sample, "
        f"{facts['sample_rate']} Hz",
        "engine          batch  first s  samples/s  real time  GMAC/s  against xla  of the bound of reading, of arithmetic",
    ]
    xla = {row["batch"]: row["samples_per_second"] for row in rows if row["engine"] == "xla"}
    for row in rows:
        rate = row["samples_per_second"]
        shares = "  ".join(f"{rate / bound:8.0%}" for bound in row.get("bound", {}).values() if row["batch"] == 1)
        ratio = f"{rate / xla[row['batch']]:10.2f}x"
        lines.append(
            f"{row['engine']:14s}  {row['batch']:5d}  {row['compile_seconds']:7.1f}  {rate:9,.0f}  "
            f"{row['real_time_factor']:8.2f}x  {row['macs_per_second'] / 1e9:6.2f}  {ratio}  {shares}"
        )
    best = rows[0]
    for baseline in result["baselines"]:
        lines.append(
            f"{baseline['name']}: {baseline['samples_per_second']:,.0f} samples/s; {best['engine']}, batch {best['batch']}, "
            f"makes {best['samples_per_second'] / baseline['samples_per_second']:.1f} times that"
        )
    for row in rows:
        if "bound" in row and row["batch"] == best["batch"]:
            lines.append(
                f"One core reads the weights of {row['engine']} {row['bound']['reading']:,.0f} times a second, and would "
                f"multiply for {row['bound']['arithmetic']:,.0f} samples"
            )
    lines.append(f"10 s of audio took {result['memory_of_10_s_bytes'] / 1e6:,.0f} MB more than the loaded model")
    lines.append("Compare ratios between machines, not rates.")
    return "\n".join(lines)
