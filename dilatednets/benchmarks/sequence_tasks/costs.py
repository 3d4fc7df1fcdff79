"""What each core costs: measured for all cores of a task in one run of a backend, by turns."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from dilatednets.backend import compiled
from dilatednets.benchmarks.sequence_tasks import plan, records
from dilatednets.benchmarks.sequence_tasks.cores import CORES, TCNS
from dilatednets.benchmarks.sequence_tasks.examples import Examples
from dilatednets.benchmarks.sequence_tasks.net import SequenceNet
from dilatednets.benchmarks.sequence_tasks.runs import build
from dilatednets.benchmarks.sequence_tasks.tasks import TASKS, Task
from dilatednets.benchmarks.timing import by_turns, cpu


def measure(name: str, folder: Path, seconds: float = 10.0, cores: list[str] | None = None) -> dict[str, Any]:
    """Measures cores with the settings that the grid chose, or with its first where it is not done, and keeps the result.

    It goes into costs.json, where what was measured on other backends stays.

    Args:
        name: The task's name.
        folder: The folder of records.
        seconds: For which each figure is measured, at least.
        cores: Those to measure; None for all. The run should have the machine to itself.

    Returns:
        {"task", "steps", "batch", "cpu", "cores": {core: {"settings", "width", "parameters", "macs_per_step",
        "milliseconds_per_training_step", "sequences_per_second", "streaming_steps_per_second", "state_bytes"}}}.
    """
    task = TASKS[name]
    batch = random_batch(task)
    result: dict[str, Any] = {"task": name, "steps": task.steps, "batch": task.batch, "cpu": cpu(), "cores": {}}
    calls: dict[tuple[str, str], Any] = {}
    for core in cores or CORES:
        settings = plan.chosen(name, core, folder) or task.grid(core)[0]
        net = build(task, core, settings, steps=1000)
        stream, size = streaming(task, core, settings)
        calls[core, "train"] = lambda net=net: net.train_on_batch(batch.x, batch.y, sample_weight=batch.weights)
        calls[core, "infer"] = lambda net=net: net.predict_on_batch(batch.x)
        calls[core, "stream"] = stream
        result["cores"][core] = {
            "settings": settings,
            "width": net.core_width,
            "parameters": net.count_params(),
            "macs_per_step": net.macs(task.steps),
            "state_bytes": size,
        }
    rates = by_turns(calls, seconds)
    for core, row in result["cores"].items():
        row["milliseconds_per_training_step"] = 1000 / rates[core, "train"]
        row["sequences_per_second"] = task.batch * rates[core, "infer"]
        row["streaming_steps_per_second"] = rates[core, "stream"]
    records.write_costs(folder, name, keras.backend.backend(), result)
    return result


def random_batch(task: Task) -> Examples:
    """A batch of the task's shapes, for timing."""
    rng = np.random.default_rng(0)
    count, steps = task.batch, task.steps
    if task.vocabulary:
        x = rng.integers(0, task.vocabulary, (count, steps)).astype("int32")
    else:
        x = rng.random((count, steps, task.features)).astype("float32")
    places = (count, steps) if task.every_step else (count,)
    if task.objective_name == "squared":
        return Examples(x, rng.random((*places, 1)).astype("float32"), np.ones(places, "float32"))
    if task.objective_name == "keys":
        y = rng.integers(0, 2, (*places, task.outputs)).astype("float32")
        return Examples(x, y, np.ones(places, "float32"))
    return Examples(x, rng.integers(0, task.outputs, places).astype("int32"), np.ones(places, "float32"))


def streaming(task: Task, core: str, settings: dict[str, Any]) -> tuple[Any, int]:
    """What takes one step of one stream and keeps its state, and the bytes of that state.

    Weight normalisation is folded into the kernels first, as one does for a net that no longer trains. Attention's state has
    room for a whole sequence; after that its last place is written again and again, which takes as long.
    """
    if core in TCNS and settings["normalization"] == "weight":
        settings = settings | {"normalization": "none"}
    net: SequenceNet = build(task, core, settings)
    # XLA makes one kernel of the many small operations of a step.
    step = compiled(net.step, net.variables)
    state = net.core.initial_state(1, task.steps)
    size = sum(keras.ops.convert_to_numpy(part).nbytes for part in keras.tree.flatten(state))
    x_t = np.zeros((1,) if task.vocabulary else (1, task.features), "int32" if task.vocabulary else "float32")
    kept = [state]

    def call() -> Any:
        answer, kept[0] = step(x_t, kept[0])
        return keras.ops.convert_to_numpy(answer)

    return call, size
