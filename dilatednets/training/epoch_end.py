"""What happens at the end of each epoch of a training run."""

import importlib.util
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from dilatednets.errors import InputError
from dilatednets.training.data_parallel import is_first_process, on_one_device
from dilatednets.training.run_folder import RunFolder

OF_KERAS = ("name", "trainable", "dtype", "build_config")
"""Of a model's configuration, what says nothing of the data."""


@dataclass(frozen=True)
class Goal:
    """The figure on validation by which the best model of a run is chosen.

    Args:
        metric: Its name.
        words: What it is called when it is said.
        higher_is_better: Its direction.
    """

    metric: str
    words: str
    higher_is_better: bool = False

    def better(self, value: float, others: list[float]) -> bool:
        """Whether `value` beats all of `others`."""
        sign = -1 if self.higher_is_better else 1
        return all(sign * value < sign * other for other in others)


@contextmanager
def averaged_weights(model: Any) -> Iterator[None]:
    """Within it, a model in training has its averaged weights; after it, those that are trained further."""
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    # It would not give the plain weights back after the last of `epochs`, since fit drops them: no epoch is the last.
    swap.set_params({"epochs": 0})
    swap.set_model(model)
    swap.on_epoch_end(0)
    yield
    swap.on_epoch_begin(1)


class EpochEnd(keras.callbacks.Callback):
    """Evaluates the averaged weights, keeps the last and the stage's best as presets, and saves the state.

    Stops the run, with advice, at the first loss that is no number.

    Args:
        model: The model that is trained, compiled with an optimiser that averages weights and is built.
        task: What is trained, a `dilatednets.training.loop.Task`.
        run: The run's folder.
        stage: Name of the stage, in whose name its end is kept; empty if there is but one.
        batches: The training batches.
        last_epoch: Epochs of the run up to the end of this stage; then the model is left with its averaged weights.
    """

    def __init__(self, model: Any, task: Any, run: RunFolder, stage: str, batches: Any, last_epoch: int) -> None:
        super().__init__()
        self.net, self.task, self.run, self.stage, self.batches = model, task, run, stage, batches
        schedules = task.recipe.schedules
        self.schedule = schedules[stage]
        self.keep_as = [f"stages/{stage}"] if len(schedules) > 1 else []
        self.first_epoch, self.last_epoch = last_epoch - self.schedule.epochs, last_epoch
        self.history: list[dict[str, Any]] = []
        self._copy: Any = None
        # What a resumed run must be of, taken before training: a model may note figures of it in its configuration.
        config = {key: value for key, value in model.get_config().items() if key not in OF_KERAS}
        self.of = {"steps_per_epoch": batches.steps_per_epoch, **task.amounts(), **config}

    @property
    def _variables(self) -> list[Any]:
        """What the state holds: after the last epoch of a stage the weights alone, since the optimiser has done its work."""
        over = len(self.history) >= self.last_epoch
        return [*self.net.variables] if over else [*self.net.variables, *self.net.optimizer.variables]

    def restore(self) -> int:
        """Restores the last state, if it is of this stage; returns the epoch to go on with."""
        self.history = self.run.history()
        if self.first_epoch < len(self.history) <= self.last_epoch:
            self.run.restore(self._variables, self.of)
        return len(self.history)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the loss."""
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise self._diverged(f"the loss became {loss} in step {batch + 1}")

    def _diverged(self, what: str) -> InputError:
        recipe = self.task.recipe
        return InputError(
            f"{recipe.schedule_key(self.stage)}.learning_rate: {what} of epoch {len(self.history) + 1}; lower it from "
            f"{self.schedule.learning_rate} (try a third), or training.clip_norm from {recipe.training.clip_norm}, "
            "and start again in another folder"
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """See the class."""
        logs = {} if logs is None else logs
        goal, key = self.task.goal, f"validation_{self.task.goal.metric}"
        over = epoch + 1 >= self.last_epoch
        row: dict[str, Any] = {"epoch": epoch + 1, **{name: float(value) for name, value in logs.items()}, key: None}
        if over or (epoch + 1) % self.task.recipe.training.evaluate_every == 0:
            with averaged_weights(self.net):
                self.task.prepare(self.net, self.batches)
                net = self._shown()
                figures = self.task.evaluate(net)
                value = float(figures[goal.metric])
                if not math.isfinite(value):
                    raise self._diverged(f"validation became {value} at the end")
                logs[key] = row[key] = value  # for the callbacks that log
                rows = self.history[self.first_epoch :]  # another stage may have trained another net
                known = [r[key] for r in rows if r.get(key) is not None]
                print(f"\nepoch {epoch + 1}: {value:.4f} {goal.words} on validation", flush=True)
                names = ["last", *(["best"] if goal.better(value, known) else []), *(self.keep_as if over else [])]
                self.task.note(net, figures)
                if is_first_process():
                    self._save(net, names)
        self.history.append(row)
        if over:  # the stage leaves them in the model, as fit itself does at its end
            self.net.optimizer.finalize_variable_values(self.net.trainable_variables)
        self.run.save_state(self._variables, self.history, self.of)
        if is_first_process():
            with on_one_device():
                self.task.show(self.run, epoch + 1)

    def _shown(self) -> Any:
        """The model as it is now; a copy on one device, if it is on several: the first process may work on it alone."""
        if keras.distribution.distribution() is None:
            return self.net
        if self._copy is None:
            with on_one_device():
                self._copy = type(self.net).from_config(self.net.get_config())
        self._copy.set_weights(self.net.get_weights())
        return self._copy

    def _save(self, net: Any, names: list[str]) -> None:
        with on_one_device():
            averaged = in_float32(net)
            for name in names:
                averaged.save_to_preset(self.run.path / name, recipe=self.run.recipe_text)


def in_float32(model: Any) -> Any:
    """The same weights in a model that computes in float32, whatever policy it was trained with."""
    return model if model.dtype_policy.name == "float32" else in_dtype(model, "float32")


def in_dtype(model: Any, dtype: str) -> Any:
    """A copy with the same weights and another precision."""
    copy = type(model).from_config({**model.get_config(), "dtype": dtype})
    copy.set_weights(model.get_weights())
    return copy


def tensorboard(path: Path) -> list[keras.callbacks.Callback]:
    """TensorBoard logs, where TensorFlow is there to write them."""
    if keras.backend.backend() == "tensorflow" and importlib.util.find_spec("tensorboard"):
        return [keras.callbacks.TensorBoard(path / "tensorboard")]
    return []
