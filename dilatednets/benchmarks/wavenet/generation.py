"""How fast a WaveNet generates, beside the loops one would otherwise write."""

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.rules import checked, each_positive, positive
from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.request import Request


def run(model: WaveNet, batches: Sequence[int] = (1, 8), seconds: float = 3.0) -> dict[str, Any]:
    """Measures generation at several batch sizes, the baselines, and what the machine would allow.

    Args:
        model: Any WaveNet; its conditions are random.
        batches: Batch sizes to measure.
        seconds: Each measurement lasts at least this long.

    Returns:
        {"model": its cost, "machine": ..., "rows": [...], "baselines": [...], "memory_of_10_s_bytes": ...}, all measured
        in this run.

    Raises:
        InputError: for batch sizes or seconds that are not above 0.
    """
    batches = checked(batches, Annotated[Sequence[int], each_positive], "batches")
    seconds = checked(seconds, Annotated[float, positive], "seconds")
    facts = model.describe()
    memory = generation_memory(model)
    machine = machine_bounds(model)
    rows = []
    for batch in batches:
        compile_seconds, rate = generation_rate(model, batch, seconds)
        macs = rate * facts["macs_per_sample"]
        rows.append(
            {
                "batch": batch,
                "compile_seconds": compile_seconds,
                "samples_per_second": rate,
                "real_time_factor": rate / facts["sample_rate"] / batch,
                "macs_per_second": macs,
                "of_weight_reading_bound": rate / batch / machine["weight_readings_per_second"],
                "of_arithmetic_bound": macs / machine["macs_per_second"],
            }
        )
    baselines = [{"name": "one call of the framework a sample", "samples_per_second": step_loop_rate(model, seconds)}]
    torch_rate = torch_loop_rate(model, seconds)
    if torch_rate is not None:
        baselines.append({"name": "PyTorch incremental loop, as in wavenet_vocoder", "samples_per_second": torch_rate})
    first = rows[0]["samples_per_second"]
    for baseline in baselines:
        baseline["ratio"] = first / baseline["samples_per_second"]
    return {"model": facts, "machine": machine, "rows": rows, "baselines": baselines, "memory_of_10_s_bytes": memory}


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


def generation_rate(model: WaveNet, batch: int, seconds: float) -> tuple[float, float]:
    """(Seconds to compile and make the first chunk, samples a second over the whole batch after it)."""
    request = _request(model, batch, 100 * loop.CHUNK_SAMPLES)
    chunks = itertools.chain.from_iterable(loop.stream(model, request) for _ in itertools.count())
    begin = time.perf_counter()
    next(chunks)
    compile_seconds = time.perf_counter() - begin
    return compile_seconds, _rate(lambda: next(chunks), seconds) * batch * loop.CHUNK_SAMPLES


def step_loop_rate(model: WaveNet, seconds: float) -> float:
    """Samples a second of the loop one would write first: one call of a compiled step a sample, state kept outside."""
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

    return _rate(sample, seconds)


def torch_loop_rate(model: WaveNet, seconds: float) -> float | None:
    """Samples a second of a PyTorch loop of the same size; None without PyTorch (extra `benchmark`)."""
    try:
        from dilatednets.benchmarks.wavenet.torch_incremental import IncrementalWaveNet
    except ImportError:
        return None
    return _rate(IncrementalWaveNet(model).sample, seconds)


def machine_bounds(model: WaveNet) -> dict[str, float]:
    """What bounds generation here: reading all weights once a sample, and float32 arithmetic.

    Both are measured with NumPy's BLAS: a matrix-vector product over as many weights as a sample touches, and a product
    of two large matrices on all cores.
    """
    weights = max(model.describe()["macs_per_sample"], 512)
    matrix = np.random.default_rng(0).standard_normal((weights // 512, 512), np.float32)
    vector = np.ones(512, np.float32)
    square = np.random.default_rng(0).standard_normal((1024, 1024), np.float32)
    return {
        "weight_readings_per_second": _rate(lambda: matrix @ vector, 0.5),
        "macs_per_second": _rate(lambda: square @ square, 0.5) * 1024**3,
    }


def _rate(call: Callable[[], Any], seconds: float) -> float:
    """Calls a second."""
    call()
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - begin)


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
    facts, machine = result["model"], result["machine"]
    lines = [
        f"{facts['layers']} layers, {facts['parameters']:,} parameters, {facts['macs_per_sample']:,} MACs a sample, "
        f"{facts['sample_rate']} Hz",
        "batch  compile s  samples/s  real time  GMAC/s  of weight-reading bound  of arithmetic bound",
    ]
    for row in result["rows"]:
        lines.append(
            f"{row['batch']:5d}  {row['compile_seconds']:9.1f}  {row['samples_per_second']:9,.0f}  "
            f"{row['real_time_factor']:8.2f}x  {row['macs_per_second'] / 1e9:6.2f}  "
            f"{row['of_weight_reading_bound']:22.0%}  {row['of_arithmetic_bound']:18.1%}"
        )
    for baseline in result["baselines"]:
        lines.append(
            f"{baseline['name']}: {baseline['samples_per_second']:,.0f} samples/s; "
            f"batch {result['rows'][0]['batch']} above is {baseline['ratio']:.1f} times that"
        )
    lines.append(f"10 s of audio took {result['memory_of_10_s_bytes'] / 1e6:,.0f} MB more than the loaded model")
    lines.append(
        f"This machine: {machine['macs_per_second'] / 1e9:.0f} GMAC/s in large products, weights of this net read "
        f"{machine['weight_readings_per_second']:,.0f} times a second. Compare ratios between machines, not rates."
    )
    return "\n".join(lines)
